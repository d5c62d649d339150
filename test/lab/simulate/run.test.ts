/** The simulator: one seed is one run, its traces pass the judges of real traces, and a broken rule shrinks to its causes. */
import { expect, test } from "vitest";
import { judgeTrace } from "../../../lab/check/judge.ts";
import { withBug } from "../../../lab/bugs/plant.ts";
import { runBatch } from "../../../lab/simulate/batch.ts";
import { names, safeNames } from "../../../lab/simulate/capabilities.ts";
import { describeFault, faultNames } from "../../../lab/simulate/faults.ts";
import { found } from "../../../lab/simulate/judges.ts";
import { simulate } from "../../../lab/simulate/pool.ts";
import { runSchedule } from "../../../lab/simulate/run.ts";
import { drawSchedule } from "../../../lab/simulate/schedule.ts";
import { shrink } from "../../../lab/simulate/shrink.ts";
import { describeSchedule } from "../../../lab/simulate/story.ts";
import { mergeTraces, type TraceEvent } from "../../../trace/index.ts";

const CI = process.env["CI"] === "true";

test("the same seed gives the same hash, and another one another", async () => {
  for (const protocol of names) {
    const once = await runSchedule(drawSchedule(protocol, 1));
    expect(await runSchedule(drawSchedule(protocol, 1))).toEqual(once);
    expect((await runSchedule(drawSchedule(protocol, 2))).hash).not.toBe(once.hash);
  }
});

test("a trace that is kept changes nothing", async () => {
  for (const protocol of names) {
    const schedule = drawSchedule(protocol, 3);
    const events: TraceEvent[] = [];
    const traced = await runSchedule(schedule, { trace: (event) => events.push(event) });
    expect(traced).toEqual(await runSchedule(schedule));
    expect(events.length).toBeGreaterThan(0);
  }
});

test("how many threads run it changes nothing", async () => {
  const batch = { protocol: "2pc", seed: 1, schedules: 250 } as const;
  const [one] = await simulate([batch], { bug: null, workers: 1 });
  const [two] = await simulate([batch], { bug: null, workers: 2 });
  expect(one).toEqual(two);
  expect(one?.schedules).toBe(250);
});

test("every kind of fault happens", async () => {
  const { faults } = await runBatch({ protocol: "mixed", seed: 1, schedules: 600 });
  expect(faultNames.filter((name) => faults[name] === 0)).toEqual([]);
});

test("every fault has words of its own", () => {
  const words = new Set<string>();
  for (let seed = 1; seed <= 300; seed += 1)
    for (const fault of drawSchedule("3pc", seed).faults) {
      expect(describeFault(fault)).not.toMatch(/undefined|NaN/);
      words.add(fault.kind);
    }
  expect(words.size).toBeGreaterThanOrEqual(10);
});

test.each([...names, "mixed"] as const)(
  "the traces of %s pass the judges of real traces",
  async (protocol) => {
    for (let seed = 1; seed <= (CI ? 1_000 : 150); seed += 1) {
      const events: TraceEvent[] = [];
      await runSchedule(drawSchedule(protocol, seed), { trace: (event) => events.push(event) });
      expect(judgeTrace(mergeTraces([events])).violations, `seed ${seed}`).toEqual([]);
    }
  },
  300_000,
);

test("3pc-plain breaks where a slow node is taken for a dead one", async () => {
  const [tally] = await simulate([{ protocol: "3pc-plain", seed: 1, schedules: 20_000, faults: "all" }], {
    bug: null,
    stopAtFirst: true,
  });
  const broken = tally?.broken[0];
  expect(broken?.violations[0]?.rule).toBe("agreement");
  const { schedule, outcome } = await shrink(
    drawSchedule("3pc-plain", broken?.seed ?? 0, { faults: "all" }),
    "agreement",
  );
  expect(found(outcome.violations, ["agreement"])).not.toBeNull();
  // Another one may be left that only makes messages count as they did.
  expect(schedule.transactions.length).toBeLessThanOrEqual(2);
}, 300_000);

test("in a mixed run each transaction has a safe protocol of its own, and a violation shows the one that has the bug", async () => {
  const drawn = Array.from({ length: 50 }, (_, at) => drawSchedule("mixed", at + 1));
  expect(new Set(drawn.flatMap(({ transactions }) => transactions.map(({ protocol }) => protocol)))).toEqual(
    new Set(safeNames),
  );
  expect(drawn.some(({ transactions }) => new Set(transactions.map(({ protocol }) => protocol)).size >= 4)).toBe(true);
  await withBug("lost-promise", "mixed", async (options) => {
    const { broken } = await runBatch({ protocol: "mixed", seed: 1, schedules: 200 }, options);
    const { schedule } = await shrink(drawSchedule("mixed", broken[0]?.seed ?? 0), "paxos", options);
    expect(schedule.transactions.map(({ protocol }) => protocol)).toContainEqual(
      expect.stringMatching(/^paxos-commit/),
    );
    expect(describeSchedule(schedule).join("\n")).toMatch(/transaction \d, paxos-commit/);
  });
  await withBug("lost-locks", "mixed", async (options) => {
    const { broken } = await runBatch({ protocol: "mixed", seed: 1, schedules: 400 }, options);
    const [first] = broken;
    const rule = first?.violations[0]?.rule ?? "agreement";
    const { schedule } = await shrink(drawSchedule("mixed", first?.seed ?? 0), rule, options);
    // What nobody needs is gone.
    expect(schedule.setup.acceptors + schedule.setup.spares).toBe(0);
    expect(schedule.transactions.map(({ protocol }) => protocol)).toContain("2pc");
  });
}, 120_000);

test("what is not needed for a violation is left out of it", async () => {
  await withBug("m3-early-commit", "2pc", async (options) => {
    const drawn = drawSchedule("2pc", 4);
    const { violations } = await runSchedule(drawn, options);
    const rule = violations[0]?.rule ?? "agreement";
    const { schedule } = await shrink(drawn, rule, options);
    expect(rule).toBe("write-ahead");
    expect(schedule.transactions).toHaveLength(1);
    expect([...schedule.faults, ...(schedule.messages ?? [])]).toEqual([]);
    expect(describeSchedule(schedule)[0]).toBe("1 coordinator, 2 participants");
  });
});
