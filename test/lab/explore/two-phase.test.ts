/** The shipped two-phase commit, exhausted under faults; and what the papers warn of is found where it is planted. */

import { describe, expect, test } from "vitest";
import { exploreMachines, modelOf, type Model } from "../../../lab/index.ts";
import { noFaults } from "../../../lab/explore/machines/model.ts";
import type { ProtocolName } from "../../../protocols/index.ts";
import { wrapped, type Wrapped } from "../../../lab/bugs/machines.ts";
import { bugNamed } from "../../../lab/bugs/plant.ts";
import { asynchronous, isCI, unforced } from "./bent.ts";

type Row = readonly [protocol: ProtocolName, participants: number, crashes: number, distinct: number, depth: number];

const rows: readonly Row[] = [
  ["2pc", 1, 2, 673, 10],
  ["2pc", 2, 0, 5379, 16],
  ["2pc-presumed-nothing", 1, 2, 1475, 12],
  ["2pc-presumed-nothing", 2, 1, 29_001, 18],
  ["2pc-presumed-commit", 1, 2, 1475, 12],
  ["2pc-presumed-commit", 2, 0, 4096, 15],
];

const long: readonly Row[] = [
  ["2pc", 2, 2, 346_396, 20],
  ["2pc-presumed-nothing", 2, 2, 146_695, 20],
  ["2pc-presumed-commit", 2, 2, 226_561, 21],
];

test.each([...rows, ...(isCI ? long : [])])(
  "%s with %i participants and %i crashes, any losses and copies",
  { timeout: 300_000 },
  async (protocol, participants, crashes, distinct, depth) => {
    const exploration = await exploreMachines(asynchronous(protocol, crashes, { participants }));
    expect(exploration).toMatchObject({ distinct, depth, complete: true, violations: [] });
  },
);

test("messages that are counted leave the network when they come, and are lost and doubled only so often", async () => {
  const faults = { ...noFaults, losses: 1, duplicates: 1, timers: 1 };
  const exploration = await exploreMachines(modelOf("2pc", { votes: ["yes"], faults }));
  expect(exploration).toMatchObject({ distinct: 87_326, depth: 18, complete: true, violations: [] });
});

/** Where no timer fires, an abort needs a NO: the rule "abort validity" speaks of these runs. */
test("where nothing fails and no timer fires, what all agree to is committed", async () => {
  const model = modelOf("2pc", { faults: { ...noFaults, timers: 0 } });
  expect(await exploreMachines(model)).toMatchObject({ distinct: 1691, depth: 13, complete: true, violations: [] });
  const rash: Wrapped = {
    coordinator: (machine) => ({
      ...machine,
      step: (env, state, input) =>
        input.kind === "message" && input.body.kind === "vote"
          ? machine.step(env, state, { kind: "timeout", timer: "vote" })
          : machine.step(env, state, input),
    }),
  };
  const { violations } = await exploreMachines({ ...model, machines: wrapped("2pc", rash) });
  expect(violations.map(({ rule }) => rule)).toContain("abort validity");
});

describe("planted", () => {
  const known = (name: string): Wrapped => bugNamed(name).machines ?? {};
  const yes: Partial<Model> = { votes: ["yes"] };
  const committing = "2pc-presumed-commit";

  /** What is broken first, and after how many steps; each is found among so many states. */
  type Planted = readonly [
    name: string,
    protocol: ProtocolName,
    changed: Wrapped,
    crashes: number,
    changes: Partial<Model>,
    states: number,
    rule: string,
    steps: number,
  ];
  const found: readonly Planted[] = [
    ["m1: `collecting` is not forced", committing, known("m1-collecting-unforced"), 1, yes, 10_000, "refinement", 6],
    [
      "m2: acknowledged before it is forced",
      "2pc",
      { participant: unforced("committed") },
      1,
      yes,
      150_000,
      "stability",
      13,
    ],
    ["m3: COMMIT before its record", "2pc", { coordinator: unforced("commit") }, 1, yes, 10_000, "client truth", 7],
    ["m4: YES before its record", "2pc", { participant: unforced("prepare") }, 1, yes, 10_000, "agreement", 6],
    ["m5: the commit is not forced", committing, known("m5-commit-unforced"), 1, yes, 10_000, "client truth", 7],
    ["m6: a branch prepares unasked", committing, known("m6-prepares-unasked"), 1, {}, 10_000, "refinement", 2],
    [
      "m8: ABORT is acknowledged without a record",
      committing,
      known("m8-recordless-acknowledgement"),
      1,
      { oneShot: true },
      20_000,
      "refinement",
      7,
    ],
    [
      "m9: a late PREPARE is taken for a first one",
      committing,
      known("m9-late-prepare"),
      1,
      { oneShot: true },
      10_000,
      "agreement",
      6,
    ],
    ["m10: begun again", "2pc", known("m10-commit-again"), 0, {}, 10_000, "collected once, no alarm", 3],
  ];
  test.each(found)(
    "%s",
    { timeout: 60_000 },
    async (_name, protocol, changed, crashes, changes, states, rule, steps) => {
      const model = asynchronous(protocol, crashes, { ...changes, machines: wrapped(protocol, changed) });
      const { violations } = await exploreMachines(model, { states });
      expect(violations[0]).toMatchObject({ rule, trace: { length: steps + 1 } });
    },
  );

  test("a timer that is not set again is missed where everything else has come", async () => {
    const machines = wrapped("2pc", {
      coordinator: (machine) => ({
        ...machine,
        step: (env, state, input) => {
          const step = machine.step(env, state, input);
          return input.kind === "timeout" ? { ...step, timers: [] } : step;
        },
      }),
    });
    const faults = { ...noFaults, losses: 2, timers: 1 };
    const { violations } = await exploreMachines(modelOf("2pc", { machines, votes: ["yes"], faults }));
    const [stuck] = violations;
    expect(violations.map(({ rule }) => rule)).toEqual(["termination"]);
    expect(stuck?.trace.at(-1)?.state["in flight"]).toBe("");
  });
});
