/** The page says what was run, explains every figure, and hides no trouble. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { figuresOf } from "../../../lab/bench/figures.ts";
import { pageOf } from "../../../lab/bench/page.ts";
import type { Profile } from "../../../lab/bench/profile.ts";
import { measured } from "./measured.ts";

function page(of: ReturnType<typeof measured>, profiles: readonly Profile[] = []): string {
  const report = {
    nemcon: "1.2.3",
    verdict: "valid" as const,
    startedAt: "2026-01-02T03:04:05.000Z",
    elapsedSeconds: 60,
    machine: {
      cpu: "a processor",
      cores: 2,
      memoryBytes: 2 ** 33,
      system: "Linux 6",
      fileSystem: "ext4",
      node: "26.0.0",
      sqlite: "3.0.0",
      grpc: "1.0.0",
    },
    rounds: 1,
    seconds: 2,
    workload: { seed: 1, records: 100_000, valueBytes: 100 },
    figures: figuresOf(of),
    profiles,
    ...of,
  };
  return pageOf(report, "nemcon bench --rounds 1");
}

test("it names the command, the day and the machine", () => {
  const text = page(measured());
  for (const what of ["nemcon bench --rounds 1", "2026-01-02", "a processor, 2 cores", "ext4", "Node 26.0.0"])
    expect(text).toContain(what);
});

test("columns line up", () => {
  const tables = page(measured()).match(/(^\|.*\n)+/gm) ?? [];
  expect(tables).toHaveLength(4);
  for (const table of tables)
    expect(
      new Set(
        table
          .trimEnd()
          .split("\n")
          .map(({ length }) => length),
      ).size,
    ).toBe(1);
});

test("where the time goes, where that was looked at: the dearest part first, what is below a hundredth left out", () => {
  const parts = [
    { part: "runtime/engine", share: 0.2 },
    { part: "protocols", share: 0.009 },
  ];
  const load = { process: "load", busySeconds: 1, parts: [{ part: "client", share: 0.5 }], functions: [] };
  const functions = [{ name: "dispatch runtime/engine/engine.ts:1", share: 0.2 }];
  const text = page(measured(), [load, { process: "coordinator", busySeconds: 1, parts, functions }]);
  const rows = text
    .match(/^\| (client|runtime\/engine|protocols) .*$/gm)
    ?.map((row) => row.split(/[| ]+/).slice(1, -1));
  expect(rows).toEqual([
    ["client", "50.0", "0.0"],
    ["runtime/engine", "0.0", "20.0"],
  ]);
  expect(text).toContain("dispatch runtime/engine/engine.ts:1");
  expect(page(measured())).not.toContain("Where the time goes");
});

test("the dearest has the longest bar, and one at a time none, since it is another scale", () => {
  const bars = [...page(measured()).matchAll(/^([a-z-]+) +(█+) ([\d.]+)$/gm)].map(([, name, bar, micros]) => [
    name,
    bar?.length,
    micros,
  ]);
  expect(bars).toEqual([
    ["streamed", 24, "25.0"],
    ["fan-out", 19, "20.0"],
    ["paxos", 30, "31.3"],
    ["random", 48, "50.0"],
    ["library", 24, "25.0"],
    ["unary", 24, "25.0"],
  ]);
});

test("acceptors have a column of their own in what a transaction costs, empty where there are none", () => {
  const processes = { client: 1, coordinator: 2, "bank-a": 3, "bank-b": 3, "acceptor-1": 4, "acceptor-2": 4.5 };
  const text = page(measured([{ paxos: { cpuMicros: { total: 17.5, processes } } }]));
  const [, costs = ""] = text.split("## What a transaction costs");
  const cells = (start: string): string[] | undefined =>
    costs
      .split("\n")
      .find((line) => line.startsWith(start))
      ?.split("|")
      .map((cell) => cell.trim())
      .slice(1, -1);
  expect(cells("| µs of CPU a transaction")?.at(-1)).toBe("three acceptors");
  expect(cells("| paxos ")).toEqual(["paxos", "17.5", "1.0", "2.0", "6.0", "8.5"]);
  expect(cells("| streamed ")).toEqual(["streamed", "25.0", "5.0", "5.0", "15.0", "–"]);
});

test("a machine that had other things to do is said to be one", () => {
  const busy = { cores: { used: 1, others: 0.9 } };
  const all = ["streamed", "fan-out", "paxos", "random", "alone", "unsynced", "library", "unary"];
  const text = page(measured([Object.fromEntries(all.map((name) => [name, busy]))]));
  expect(text).toContain("Something else kept 0.90 of 2 cores busy");
  expect(page(measured())).not.toContain("Something else");
});

test("it says how large batches were", () => {
  expect(page(measured())).toContain(
    "coordinator carried 500 decisions, and one of a participant 400 votes and commits",
  );
});

test("answers that contradict the databases stand on it", () => {
  const text = page(measured([{ streamed: { violations: ["key 7 of bank-a is gone"] } }]));
  expect(text).toContain("**Invalid:**\n\n- streamed: key 7 of bank-a is gone");
  expect(text).not.toContain("and all agree");
});

test("docs/benchmarks.md, which it wrote, explains every figure that there is", () => {
  const written = readFileSync(new URL("../../../docs/benchmarks.md", import.meta.url), "utf8");
  for (const { name, meaning } of figuresOf(measured())) expect(written).toContain(`- **${name}**: ${meaning}.`);
});
