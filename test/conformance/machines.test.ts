/** The contract of a machine (docs/architecture.md), held for every protocol of the registry over what random schedules meet. */
import { isDeepStrictEqual } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import type { Absence, Closed, Input, LogRecord, Step, Timer } from "../../protocols/index.ts";
import { names } from "../../lab/simulate/capabilities.ts";
import { kindOf, type Met, walk } from "./walk.ts";

const SEEDS = 400;
const ID = "C.0001.00000001";

const closed = (outcome: Closed["outcome"]): Absence => ({
  kind: "closed",
  closed: {
    outcome,
    reason: outcome === "aborted" ? "VOTED_NO" : null,
    detail: "",
    result: null,
    participants: ["P1"],
    until: "closed",
  },
});
const absences: readonly Absence[] = [
  { kind: "fresh" },
  { kind: "lost" },
  { kind: "forgotten" },
  { kind: "foreign" },
  closed("committed"),
  closed("aborted"),
  closed("heuristic"),
  closed("read-only"),
];

const timers: readonly Timer[] = [
  "vote",
  "acknowledgement",
  "decision",
  "idle",
  "one-phase",
  "ballot",
  "flush",
  "nudge",
];
/** Kinds that a schedule may not meet at this role; messages of the other direction come from the other role's walk. */
const always: readonly Input[] = [
  ...timers.map((timer): Input => ({ kind: "timeout", timer })),
  { kind: "ask", reply: 1 },
  { kind: "operator", act: "cancel", reason: "", reply: null },
  { kind: "operator", act: "cancel", reason: "", reply: 1 },
  { kind: "operator", act: "force-commit", reason: "the acceptors are gone", reply: 1 },
  { kind: "operator", act: "force-abort", reason: "the acceptors are gone", reply: null },
  { kind: "operator", act: "acknowledge", reason: "", reply: 1 },
  { kind: "suspicion", node: "C", suspected: true },
  { kind: "suspicion", node: "P1", suspected: true },
  { kind: "suspicion", node: "P1", suspected: false },
  { kind: "suspicion", node: "C", suspected: false },
  { kind: "closed" },
  { kind: "resource", result: { kind: "applied", outcome: "damaged", detail: "a row has changed" } },
];

describe.each(names)("%s", (protocol) => {
  let roles: readonly Met[] = [];
  let inputs: readonly Input[] = [];

  beforeAll(async () => {
    const { coordinator, participant, acceptor } = await walk(protocol, SEEDS);
    roles = acceptor === null ? [coordinator, participant] : [coordinator, participant, acceptor];
    inputs = [...always, ...roles.flatMap((met) => [...met.inputs.values()].flat())];
  }, 60_000);

  /** Every state met, and what each restore of a prefix gives. */
  function* states(): Iterable<{ machine: Met["machine"]; env: Met["env"]; state: unknown }> {
    for (const met of roles) for (const state of [...met.states.values(), ...restored(met)]) yield { ...met, state };
  }

  test("the walk meets every kind of message and enough states to mean something", () => {
    const kinds = new Set(inputs.map(kindOf));
    expect(kinds.size).toBeGreaterThan(25);
    for (const { states } of roles) expect(states.size).toBeGreaterThan(10);
    // A leader of Paxos Commit writes nothing.
    const writers = roles.filter(({ records }) => records.size > 0);
    expect(writers).toHaveLength(2);
    for (const { records } of writers) expect(records.size).toBeGreaterThan(10);
  });

  test("every state and kind of input gives a step or a named reason, which then is all that it gives", () => {
    const faults: string[] = [];
    for (const { machine, env, state } of states())
      for (const input of inputs) {
        const fault = faultOf(machine.step(env, state, input), state);
        if (fault !== null) faults.push(`${fault} at ${kindOf(input)} in ${JSON.stringify(state)}`);
      }
    expect(faults).toEqual([]);
  }, 60_000);

  test("a machine is a function: the same state and input give the same step, and the state is left alone", () => {
    const faults: string[] = [];
    for (const { machine, env, state } of states()) {
      const before = structuredClone(state);
      for (const input of inputs) {
        const first = machine.step(env, state, input);
        if (!isDeepStrictEqual(first, machine.step(env, state, input)))
          faults.push(`${kindOf(input)} in ${JSON.stringify(before)}`);
      }
      if (!isDeepStrictEqual(before, state)) faults.push(`${JSON.stringify(before)} has changed`);
    }
    expect(faults).toEqual([]);
  }, 60_000);

  test("without a state, every absence and kind of input gives a step or a named reason", () => {
    const faults: string[] = [];
    for (const { machine, env } of roles)
      for (const absence of absences)
        for (const input of inputs) {
          const fault = faultOf(machine.absent(env, ID, absence, input), null);
          if (fault !== null) faults.push(`${fault} at ${kindOf(input)} of an id that is ${absence.kind}`);
        }
    expect(faults).toEqual([]);
  });

  test("who asks is answered, once", () => {
    for (const { machine, env, states } of roles)
      for (const state of states.values()) {
        const { effects = [] } = machine.step(env, state, { kind: "ask", reply: 7 });
        expect(effects.filter((effect) => effect.kind === "reply" && effect.to === 7)).toHaveLength(1);
      }
  });

  test("every prefix of the records that an instance wrote can be restored and shown", () => {
    for (const { machine, env, records } of roles)
      for (const written of records)
        for (let length = 0; length <= written.length; length += 1) {
          const { state, ignored } = machine.restore(env, ID, written.slice(0, length));
          expect(ignored).toBeUndefined();
          if (state !== null) expect(machine.view(state).state).toBeTypeOf("string");
        }
  });

  test("restore writes nothing: a crash in the middle of it, and it starts over", () => {
    for (const { machine, env, records } of roles)
      for (const written of records) {
        const step = machine.restore(env, ID, written);
        expect(step.records).toBeUndefined();
        expect(step).toEqual(machine.restore(env, ID, written));
      }
  });
});

function* restored({ machine, env, records }: Met): Iterable<unknown> {
  const seen = new Set<string>();
  for (const written of records) {
    const { state } = machine.restore(env, ID, written);
    const shape = written.map((record) => record.kind).join(" ");
    if (state === null || seen.has(shape)) continue;
    seen.add(shape);
    yield state;
  }
}

function faultOf(step: Step<unknown, LogRecord>, state: unknown): string | null {
  if (step.state === undefined) return "no state";
  if (step.ignored === undefined)
    return step.closed !== undefined && step.state !== null ? "closed and still there" : null;
  if (step.state !== state) return "ignored, and the state has changed";
  const { records, closed, sends, timers: set, effects } = step;
  return [records, closed, sends, set, effects].every((each) => each === undefined)
    ? null
    : "ignored, and something done";
}
