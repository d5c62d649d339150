/** The shipped three-phase commit, exhausted under faults; and the schedules of protocols §B.7, found unaided. */

import { describe, expect, test } from "vitest";
import { exploreMachines, modelOf, type Model } from "../../../lab/index.ts";
import { noFaults } from "../../../lab/explore/machines/model.ts";
import { asynchronous, isCI, withBug } from "./bent.ts";

type Row = readonly [participants: number, crashes: number, distinct: number, depth: number];

const quorum: readonly Row[] = [
  [1, 1, 3780, 16],
  [1, 2, 19_584, 18],
];

const longQuorum: readonly Row[] = [[2, 0, 121_378, 29]];

describe("3pc", () => {
  test.each([...quorum, ...(isCI ? longQuorum : [])])(
    "with %i participants and %i crashes, any losses and copies",
    { timeout: 300_000 },
    async (participants, crashes, distinct, depth) => {
      const exploration = await exploreMachines(asynchronous("3pc", crashes, { participants }));
      expect(exploration).toMatchObject({ distinct, depth, complete: true, violations: [] });
    },
  );
});

describe("3pc-plain, where timers wait until all has come", () => {
  const plain = (participants: number, faults: Partial<Model["faults"]>): Model =>
    modelOf("3pc-plain", { participants, faults: { ...noFaults, ...faults } });

  const synchronous: readonly Row[] = [
    [1, 1, 6958, 20],
    [1, 2, 151_927, 27],
    [2, 0, 1084, 17],
  ];
  const longSynchronous: readonly Row[] = [[1, 3, 1_236_939, 34]];
  test.each([...synchronous, ...(isCI ? longSynchronous : [])])(
    "agrees: %i participants, %i crashes, nobody taken for dead who is not",
    { timeout: 300_000 },
    async (participants, crashes, distinct, depth) => {
      const exploration = await exploreMachines(plain(participants, { crashes }));
      expect(exploration).toMatchObject({ distinct, depth, complete: true, violations: [] });
    },
  );

  /** S1 of §B.7: seven steps between a participant and its coordinator. */
  test("splits by one lost message and two suspicions", async () => {
    const { violations, complete } = await exploreMachines(plain(1, { losses: 1, suspicions: 2 }));
    expect(complete).toBe(true);
    const [agreement] = violations.filter(({ rule }) => rule === "agreement");
    expect(agreement?.trace).toHaveLength(1 + 7);
    expect(agreement?.trace.at(-1)?.state["P1"]).toContain("aborted");
    expect(agreement?.trace.at(-1)?.state["C"]).toContain("decided commit");
  });
});

describe("planted", () => {
  /** What is broken first, and after how many steps. */
  type Planted = readonly [bug: string, participants: number, crashes: number, rule: string, steps: number];

  const asynchronously: readonly Planted[] = [
    ["precommit-unforced", 1, 1, "client truth", 7],
    ["voter-without-record", 2, 1, "agreement", 8],
    ["early-attempt-acknowledgement", 1, 1, "agreement", 8],
    ["small-quorum", 2, 0, "agreement", 8],
    ["no-quorum-of-states", 2, 0, "agreement", 9],
    ["reused-election", 1, 0, "agreement", 8],
  ];
  test.each(asynchronously)("%s", { timeout: 60_000 }, async (name, participants, crashes, rule, steps) => {
    const machines = withBug(name);
    const model = asynchronous("3pc", crashes, { machines, participants, votes: ["yes"] });
    const { violations } = await exploreMachines(model, { states: 20_000 });
    expect(lengths(violations)).toMatchObject({ [rule]: steps });
  });

  const synchronously: readonly Planted[] = [
    ["s0-naive-timeouts", 1, 1, "agreement", 11],
    ["s2-unlocked-recovery", 1, 3, "agreement", 8],
    ["s3-without-coordinator", 1, 3, "agreement", 7],
    ["plain-precommit-unforced", 1, 2, "client truth", 9],
  ];
  test.each(synchronously)("%s", { timeout: 60_000 }, async (name, participants, crashes, rule, steps) => {
    const machines = withBug(name);
    const faults = { ...noFaults, crashes };
    const model = modelOf("3pc-plain", { machines, participants, votes: ["yes"], faults });
    const { violations } = await exploreMachines(model, { states: 100_000 });
    expect(lengths(violations)).toMatchObject({ [rule]: steps });
  });
});

function lengths(violations: readonly { readonly rule: string; readonly trace: readonly unknown[] }[]): object {
  return Object.fromEntries(violations.map(({ rule, trace }) => [rule, trace.length - 1]));
}
