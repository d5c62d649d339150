/** The shipped three-phase commit, exhausted under faults; and the schedules of protocols §B.7, found unaided. */

import { describe, expect, test } from "vitest";
import { exploreMachines, modelOf, type Model } from "../../../lab/index.ts";
import { noFaults } from "../../../lab/explore/machines/model.ts";
import { asynchronous, isCI } from "./bent.ts";

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
