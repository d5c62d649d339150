/** What large explorations find is kept, compared and shown; the page has what the file has. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { protocols } from "../../protocols/index.ts";
import { difference, type Entry, type Found, optionsOf, readManifest } from "../../tools/explore/manifest.ts";
import { runOne } from "../../tools/explore/run.ts";
import { table, withTable } from "../../tools/explore/table.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const entries = readManifest(join(root, "tools/explore/explored.json"));

const small: Entry = {
  name: "small",
  protocol: "2pc",
  budgets: { participants: 1, crashes: 2, losses: "any", duplicates: "any", timers: "any" },
};
const found: Found = { distinct: 673, depth: 10, stopped: null, broken: [], minutes: 0.1, memoryMiB: 90 };

test("each entry has a name of its own and a protocol that there is", () => {
  expect(new Set(entries.map(({ name }) => name)).size).toBe(entries.length);
  for (const { protocol } of entries) expect(Object.keys(protocols)).toContain(protocol);
});

test("docs/lab.md has the table of what was found", () => {
  const page = readFileSync(join(root, "docs/lab.md"), "utf8");
  expect(withTable(page, entries)).toBe(page);
});

test("the table has a row for what was run, and none for what was not", () => {
  const stopped: Found = { ...found, distinct: 4_000_000, stopped: "seconds", minutes: 30, memoryMiB: 2048 };
  const counted: Entry = {
    name: "counted",
    protocol: "paxos-commit",
    budgets: { participants: 2, acceptors: 1, crashes: 1, losses: 2, duplicates: 1, suspicions: 1, timers: 2 },
  };
  const broken: Found = { ...stopped, broken: ["agreement"] };
  const rows = table([{ ...small, found }, { ...counted, found: stopped }, { ...counted, found: broken }, small])
    .split("\n")
    .slice(2)
    .map((row) => row.split("|").map((cell) => cell.trim()));
  const budgets = "1 crash, 2 losses, 1 copy, 1 suspicion, 2 timers";
  expect(rows.map((row) => row.slice(1, -1))).toEqual([
    ["2pc, 1 participant", "2 crashes, any losses and copies, any timers", "673", "10", "yes", "hold", "0.1", "90 MiB"],
    [
      "paxos-commit, 2 participants, 1 acceptor",
      budgets,
      "4,000,000",
      "10",
      "no, stopped by time",
      "hold so far",
      "30.0",
      "2.0 GiB",
    ],
    expect.arrayContaining(["no, stopped by time", "broken: agreement"]),
  ]);
});

describe("a difference is", () => {
  const partly: Found = { ...found, stopped: "seconds" };
  test.each([
    ["another number of states", { ...found, distinct: 674 }, found, "expected 674 states, 10 deep"],
    ["another depth", { ...found, depth: 11 }, found, "expected 673 states, 11 deep"],
    ["a rule that is broken", found, { ...found, broken: ["agreement"] }, "broken: agreement"],
    ["the same where not everything was seen", partly, { ...partly, broken: ["agreement"] }, "broken: agreement"],
    ["one that is not any more", { ...found, broken: ["agreement"] }, found, "not broken any more: agreement"],
  ])("%s", (_what, before, now, words) => {
    expect(difference(before, now)).toBe(words);
  });

  test.each([
    ["how long it took", found, { ...found, minutes: 3, memoryMiB: 91 }],
    ["how far it came before it was stopped", partly, { ...partly, distinct: 5, depth: 2 }],
  ])("not %s", (_what, before, now) => {
    expect(difference(before, now)).toBe("");
  });
});

test("runs nemcon explore with the budgets of an entry", { timeout: 60_000 }, async () => {
  expect(optionsOf(small).join(" ")).toBe(
    "--protocol 2pc --participants 1 --crashes 2 --losses any --duplicates any --timers any",
  );
  expect(await runOne(small, { seconds: 60, memoryMiB: 4096 })).toMatchObject({
    distinct: 673,
    depth: 10,
    stopped: null,
    broken: [],
  });
});

test("refuses a name that is not there, and lists those that are", () => {
  const done = spawnSync(process.execPath, ["tools/explore-all.ts", "--only", "4pc"], { cwd: root, encoding: "utf8" });
  expect(done.status).toBe(64);
  expect(done.stderr).toContain("2pc-any-2");
});
