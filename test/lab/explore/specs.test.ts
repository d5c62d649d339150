/** The specifications have the published numbers of distinct states, and each of their steps is one of TCommit's. */

import { describe, expect, test } from "vitest";
import { explore, specNamed, type SpecName } from "../../../lab/index.ts";
import { paxosCommit } from "../../../lab/explore/specs/paxos-commit.ts";
import { COMMITTED, tcommit } from "../../../lab/explore/specs/tcommit.ts";
import { twoPhase } from "../../../lab/explore/specs/two-phase.ts";

type Row = readonly [spec: SpecName, rms: number, acceptors: number, ballots: number, distinct: number, depth: number];

const rows: readonly Row[] = [
  ["tcommit", 1, 1, 1, 4, 3],
  ["tcommit", 2, 1, 1, 12, 5],
  ["tcommit", 3, 1, 1, 34, 7],
  ["tcommit", 4, 1, 1, 96, 9],
  ["tcommit", 5, 1, 1, 274, 11],
  ["tcommit", 6, 1, 1, 792, 13],
  ["two-phase", 1, 1, 1, 12, 5],
  ["two-phase", 2, 1, 1, 56, 8],
  ["two-phase", 3, 1, 1, 288, 11],
  ["two-phase", 4, 1, 1, 1568, 14],
  ["two-phase", 5, 1, 1, 8832, 17],
  ["paxos-commit", 1, 1, 1, 8, 5],
  ["paxos-commit", 2, 1, 1, 44, 8],
  ["paxos-commit", 3, 1, 1, 302, 11],
  ["paxos-commit", 2, 1, 2, 1425, 16],
  ["paxos-commit", 1, 3, 1, 29, 7],
  ["paxos-commit", 2, 3, 1, 545, 12],
  ["paxos-commit", 1, 3, 2, 1461, 15],
];

const long: readonly Row[] = [
  ["two-phase", 6, 1, 1, 50_816, 20],
  ["paxos-commit", 3, 1, 2, 53_625, 23],
  ["paxos-commit", 1, 3, 3, 66_893, 23],
  ["paxos-commit", 2, 3, 2, 1_321_761, 28],
];

const isCI = process.env["CI"] === "true";

describe.each([...rows, ...(isCI ? long : [])])(
  "%s with %i RMs, %i acceptors, %i ballots",
  (spec, rms, acceptors, ballots, distinct, depth) => {
    test(`has ${distinct} states, ${depth} deep, that all keep every rule`, { timeout: 300_000 }, async () => {
      const system = specNamed(spec, { rms, acceptors, ballots, quorum: Math.floor(acceptors / 2) + 1 });
      expect(await explore(system)).toMatchObject({ distinct, depth, complete: true, violations: [] });
    });
  },
);

test("transitions are counted as TLC does where they are enumerated as the paper writes them", async () => {
  expect(await explore(tcommit(3))).toMatchObject({ generated: 94 });
  expect(await explore(twoPhase(3))).toMatchObject({ generated: 1146 });
});

test("with a quorum of one acceptor of three, 420 steps are none of TCommit's", async () => {
  const { violations, complete } = await explore(paxosCommit({ rms: 1, acceptors: 3, ballots: 2, quorum: 1 }));
  expect(complete).toBe(true);
  const refinement = violations.find(({ rule }) => rule === "refines TCommit");
  expect(refinement).toMatchObject({ count: 420 });
  expect(refinement?.trace.map(({ label }) => label)).toEqual([
    "initial",
    "RMPrepare(r1)",
    "Phase2b(a1, 0, r1)",
    "Decide: Commit",
    "RMRcvCommitMsg(r1)",
    "Phase1a(1, r1)",
    "Phase1b(a2, 1, r1)",
    "Phase2a(1, r1)",
    "Phase2b(a1, 1, r1)",
    "Decide: Abort",
    "RMRcvAbortMsg(r1)",
  ]);
  const agreement = violations.find(({ rule }) => rule === "one value chosen");
  expect(agreement?.trace.map(({ state }) => state["a1/r1"]).at(-1)).toBe("promised 1, accepted aborted at 1");
});

test("an RM that commits unasked is found by the shortest way to it", async () => {
  const spec = twoPhase(2);
  const planted: typeof spec = {
    ...spec,
    successors(state, next) {
      spec.successors(state, next);
      const rash = state.slice();
      rash[0] = COMMITTED;
      if (state[0] === 1) next("commits unasked", rash);
    },
  };
  const { violations } = await explore(planted);
  const [refinement] = violations.filter(({ rule }) => rule === "refines TCommit");
  expect(refinement?.trace.map(({ label }) => label)).toEqual(["initial", "RMPrepare(r1)", "commits unasked"]);
  const [consistency] = violations.filter(({ rule }) => rule === "consistent");
  expect(consistency?.trace).toHaveLength(4);
  expect(consistency?.trace.at(-1)?.state).toMatchObject({ r1: "committed", r2: "aborted" });
});

test("a TM that commits before it has heard everybody is found", async () => {
  const spec = twoPhase(2);
  const planted: typeof spec = {
    ...spec,
    successors(state, next) {
      spec.successors(state, next);
      if (spec.picture(state)["TM"] !== "init" || spec.picture(state)["heard"] === "") return;
      const rash = state.slice();
      // The last field is the decision: Commit. The TM's state comes behind those of the RMs.
      rash[rash.length - 1] = 1;
      rash[2] = 1;
      next("TMCommit too early", rash);
    },
  };
  const { violations } = await explore(planted);
  const labels = violations.map(({ rule, trace }) => [rule, trace.map(({ label }) => label).slice(1)]);
  expect(Object.fromEntries(labels)).toEqual({
    "refines TCommit": ["RMPrepare(r1)", "TMRcvPrepared(r1)", "TMCommit too early", "RMRcvCommitMsg(r1)"],
    consistent: [
      "RMPrepare(r1)",
      "TMRcvPrepared(r1)",
      "RMChooseToAbort(r2)",
      "TMCommit too early",
      "RMRcvCommitMsg(r1)",
    ],
  });
});

test("RMs are alike: by their permutations TCommit has as many states as the multisets that are consistent", async () => {
  const spec = tcommit(6);
  const folded = { ...spec, canonical: (state: Uint8Array) => state.toSorted() };
  // 28 multisets of working, prepared, aborted; of those with a committed RM the rest is prepared: 6.
  expect(await explore(folded)).toMatchObject({ distinct: 34, complete: true, violations: [] });
});
