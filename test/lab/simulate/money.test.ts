/** Transfers in simulated runs: what users would notice is noticed, by what clients were told and what the accounts hold. */
import { expect, test } from "vitest";
import { withBug } from "../../../lab/bugs/plant.ts";
import { safeRuns } from "../../../lab/simulate/capabilities.ts";
import { runSchedule } from "../../../lab/simulate/run.ts";
import { drawSchedule } from "../../../lab/simulate/schedule.ts";
import { shrink } from "../../../lab/simulate/shrink.ts";
import { isBalanced, transferOf } from "../../../lab/simulate/transfers.ts";

test("no transfer makes money or takes any, and each has a number of its own at every participant that it touches", () => {
  for (const protocol of safeRuns)
    for (let seed = 1; seed <= 100; seed += 1) {
      const { transactions } = drawSchedule(protocol, seed, { workload: "money" });
      const transfers = transactions.map(({ work }) => transferOf(Object.entries(work)));
      expect(transactions.every(({ work }) => isBalanced(work))).toBe(true);
      const numbers = transfers.flatMap(({ number }) => number ?? []);
      expect(new Set(numbers).size).toBe(numbers.length);
      for (const { brought, deltas } of transfers)
        for (const node of brought.keys()) expect(deltas.has(node)).toBe(true);
    }
});

test("a part of a transfer is none", () => {
  expect(isBalanced({ P1: ["add x -5", "add #1 -5"], P2: ["add y 5", "add #1 5"] })).toBe(true);
  expect(isBalanced({ P1: ["add x -5", "add #1 -5"] })).toBe(false);
  expect(isBalanced({ P1: ["add x -5"], P2: ["add y 5", "add #1 5"] })).toBe(false);
  expect(isBalanced({ P1: ["read x"], P2: ["read x", "add #1 0"] })).toBe(true);
});

test.each([
  ["m4-early-vote", "2pc", /was told committed, and only P\d of .* has it/],
  ["no-fence", "2pc", /was told aborted, and P\d has it/],
  ["no-read-locks", "2pc", /saw P1 x .*, which is -?\d+ altogether/],
  ["m6-prepares-unasked", "2pc-presumed-commit", /the accounts hold -?\d+, the ledgers say/],
  ["leader-aborts-alone", "paxos-commit", /was told aborted, and P\d, P\d has it/],
] as const)("who only looks at answers and accounts sees %s", async (bug, protocol, says) => {
  await withBug(bug, protocol, async (options) => {
    for (let seed = 1; seed <= 600; seed += 1) {
      const schedule = drawSchedule(protocol, seed, { workload: "money" });
      const { violations } = await runSchedule(schedule, { ...options, until: ["money"] });
      if (violations.some(({ rule, what }) => rule === "money" && says.test(what))) return;
    }
    expect.fail("nothing was seen");
  });
});

test("shrunk, it still moves money from account to account", async () => {
  await withBug("leader-aborts-alone", "paxos-commit", async (options) => {
    const drawn = drawSchedule("paxos-commit", 15, { workload: "money" });
    const { schedule, outcome } = await shrink(drawn, "money", options);
    expect(outcome.violations.map(({ rule }) => rule)).toContain("money");
    expect(schedule.transactions.length).toBeLessThan(drawn.transactions.length);
    expect(schedule.transactions.every(({ work }) => isBalanced(work))).toBe(true);
  });
});
