/** `nemcon dev`: the demonstration, the supervisor, what it refuses. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Branches } from "../../cli/dev/branches.ts";
import type { DemoFigures } from "../../cli/dev/demo.ts";
import { dev, isAlive, type Ready } from "./dev.ts";
import { eventually, freePorts } from "./processes.ts";

const directory = mkdtempSync(join(tmpdir(), "nemcon-dev-test-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Money {
  readonly moneyBefore: number;
  readonly moneyAfter: number;
  readonly moneyMoved: number;
}

test("the demonstration ends VALID, twice over the same directory", async () => {
  for (const seed of ["1", "2"]) {
    const { ended, line, stderr } = dev([
      "--once",
      "--port",
      "0",
      "--directory",
      join(directory, "demo"),
      "--seed",
      seed,
    ]);
    const ready = await line<Ready>();
    expect([
      ready.ready,
      ready.gateway,
      ready.acceptors.length,
      ready.coordinators.length,
      ready.participants.map(({ name }) => name),
    ]).toEqual([true, null, 3, 2, ["bank-a", "bank-b", "bank-c"]]);
    const { demo } = await line<{ demo: DemoFigures & { verdict: Money } }>();
    expect(demo.verdict.violations).toEqual([]);
    expect([demo.verdict.valid, demo.unknown, demo.branchesLeft]).toEqual([true, 0, 0]);
    expect(demo.committed).toBeGreaterThan(10);
    // The second act: two-phase commit waits, Paxos Commit does not, although an acceptor is gone too.
    const [blocking, other] = demo.left;
    expect([blocking?.protocol, blocking?.acceptor, other?.protocol, other?.acceptor]).toEqual([
      "2pc",
      null,
      "paxos-commit",
      "acceptor-1",
    ]);
    expect(blocking?.resolvedMs).not.toBeNull();
    expect([other?.blocked, other?.resolvedMs === null]).toEqual([0, false]);
    expect(demo.verdict.moneyAfter).toBe(demo.verdict.moneyBefore + demo.verdict.moneyMoved);
    expect(await ended, stderr()).toBe(0);
    for (const pid of Object.values(ready.pids)) expect(isAlive(pid)).toBe(false);
  }
});

// One of them where minutes count: all differ only in what they ask for.
const others = process.env["CI"] === "true" ? ["kv-a", "docs/shop.sql"] : ["docs/shop.sql"];

test.each(others)("the demonstration of %s ends VALID", async (workload) => {
  const args = ["--once", "--port", "0", "--workload", workload, "--directory", join(directory, basename(workload))];
  const { ended, line, stderr } = dev(args);
  await line<Ready>();
  const { demo } = await line<{ demo: DemoFigures }>();
  expect(demo.verdict.violations).toEqual([]);
  expect([demo.workload, demo.verdict.valid, demo.unknown, demo.branchesLeft]).toEqual([
    basename(workload),
    true,
    0,
    0,
  ]);
  expect(demo.committed).toBeGreaterThan(10);
  expect(demo.verdict.compared).toBe(demo.submitted);
  expect(await ended, stderr()).toBe(0);
});

test("a workload that is wrong is told with its line before anything starts", async () => {
  const file = join(directory, "wrong.sql");
  writeFileSync(file, "-- nemcon: transaction t\n\\set x rondom(1, 2)\n");
  const { ended, line } = dev(["--once", "--port", "0", "--workload", file]);
  const { error } = await line<{ error: { reason: string; message: string } }>();
  expect([await ended, error.reason]).toEqual([64, "USAGE"]);
  expect(error.message).toContain("wrong.sql:2: there is no function rondom");
});

test("a server that is killed comes back, and Ctrl-C leaves no process", async () => {
  const { child, ended, line } = dev([
    "--port",
    "0",
    "--participants",
    "1",
    "--coordinators",
    "1",
    "--directory",
    join(directory, "kill"),
  ]);
  const ready = await line<Ready>();
  process.kill(ready.pids["bank-a"] ?? 0, "SIGKILL");
  const branches = new Branches(ready.participants);
  await eventually("bank-a answers again", async () => (await branches.open().catch(() => null)) !== null);
  branches.close();
  child.kill("SIGINT");
  expect(await ended).toBe(0);
  for (const pid of Object.values(ready.pids)) expect(isAlive(pid)).toBe(false);
});

test("servers end when the supervisor is killed", async () => {
  const { child, ended, line } = dev([
    "--port",
    "0",
    "--participants",
    "1",
    "--coordinators",
    "1",
    "--directory",
    join(directory, "orphans"),
  ]);
  const ready = await line<Ready>();
  child.kill("SIGKILL");
  await ended;
  const pids = Object.values(ready.pids);
  await eventually("all servers ended", () => Promise.resolve(pids.every((pid) => !isAlive(pid))));
  expect(pids.length).toBe(5);
});

test("a taken port is named before anything starts", async () => {
  const [port = 0] = await freePorts(1);
  const { createServer } = await import("node:net");
  const holder = createServer().listen(port, "127.0.0.1");
  await new Promise((resolve) => holder.once("listening", resolve));
  const { ended, line } = dev([
    "--port",
    String(port - 10),
    "--participants",
    "1",
    "--coordinators",
    "1",
    "--directory",
    join(directory, "taken"),
  ]);
  const { error } = await line<{ error: { reason: string; message: string } }>();
  expect([await ended, error.reason]).toEqual([75, "PORT_TAKEN"]);
  expect(error.message).toContain(String(port));
  if (process.platform === "linux") expect(error.message).toContain(String(process.pid));
  holder.close();
});

test.each(["2", "4", "7"])("%s acceptors are refused: a group has 1, 3 or 5", async (acceptors) => {
  const { ended, line } = dev(["--acceptors", acceptors]);
  const { error } = await line<{ error: { reason: string; message: string } }>();
  expect(error).toMatchObject({ reason: "USAGE" });
  expect(error.message).toContain(acceptors);
  expect(await ended).toBe(64);
});
