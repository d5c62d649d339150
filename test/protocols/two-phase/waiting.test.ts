/** A decision is sent again, and an inquiry made again, for ever, with back-off up to a cap; neither is ever given up or flipped. */
import { describe, expect, test } from "vitest";
import {
  protocols,
  type Input,
  type LogRecord,
  type Machine,
  type Message,
  type Timer,
} from "../../../protocols/index.ts";
import { defaultTimes, envOf } from "../../../lab/simulate/setting.ts";

const ID = "C.0001.00000001";
const NOTHING = new Uint8Array(0);
const env = envOf("C");
const { coordinator, participant } = protocols["2pc"];
const ROUNDS = 200;

interface Waiting {
  readonly name: string;
  readonly machine: Machine<unknown, LogRecord>;
  readonly records: readonly LogRecord[];
  readonly timer: Timer;
  readonly firstMs: number;
  readonly sends: Message;
  /** From the second time on. */
  readonly besides?: readonly Message[];
}

const cases: readonly Waiting[] = [
  {
    name: "COMMIT to who has not acknowledged",
    machine: coordinator,
    records: [{ kind: "commit", participants: ["P1"] }],
    timer: "acknowledgement",
    firstMs: defaultTimes.acknowledgementMs,
    sends: { kind: "decision", decision: "commit" },
  },
  {
    name: "RESOLVE_1P without a result",
    machine: coordinator,
    records: [{ kind: "one-phase", participant: "P1" }],
    timer: "one-phase",
    firstMs: defaultTimes.acknowledgementMs,
    sends: { kind: "resolve-one-phase" },
  },
  {
    name: "INQUIRE of who is in doubt",
    machine: participant,
    records: [
      { kind: "prepare", coordinator: "C", participants: ["P1", "P2"], token: null, redo: NOTHING, result: NOTHING },
    ],
    timer: "decision",
    firstMs: defaultTimes.decisionMs,
    sends: { kind: "inquire" },
    // To both peers, since the coordinator is silent (§A.8).
    besides: [{ kind: "decision-request" }, { kind: "decision-request" }],
  },
];

describe.each(cases)("$name", ({ machine, records, timer, firstMs, sends, besides = [] }) => {
  test("goes out again and again, twice as late each time up to the cap, for ever", () => {
    let step = machine.restore(env, ID, records);
    const { state: restored } = step;
    const middles: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      expect(step.sends?.map(({ body }) => body)).toEqual(round === 0 ? [sends] : [sends, ...besides]);
      const [set] = step.timers ?? [];
      if (set === undefined || !("set" in set)) throw new Error("no timer was set");
      expect(set.set).toBe(timer);
      expect(set.minMs).toBeLessThan(set.maxMs);
      middles.push((set.minMs + set.maxMs) / 2);
      step = machine.step(env, step.state, { kind: "timeout", timer });
    }
    const expected = middles.map((_, round) => Math.min(defaultTimes.retryCapMs, firstMs * 2 ** round));
    expect(middles).toEqual(expected);
    expect(machine.view(step.state)).toEqual(machine.view(restored));
  });

  test("goes out at once when the link is back, and waits shortly again", () => {
    let { state } = machine.restore(env, ID, records);
    for (let round = 0; round < 10; round += 1) state = machine.step(env, state, { kind: "timeout", timer }).state;
    const back: Input = { kind: "suspicion", node: machine === coordinator ? "P1" : "C", suspected: false };
    const step = machine.step(env, state, back);
    expect(step.sends?.map(({ body }) => body)).toEqual([sends]);
    const again = step.timers === undefined ? machine.step(env, step.state, { kind: "timeout", timer }) : step;
    expect(again.timers).toMatchObject([{ set: timer, minMs: firstMs / 2 }]);
  });

  test("is not stopped by a link that is down: suspicion decides nothing", () => {
    const { state } = machine.restore(env, ID, records);
    const node = machine === coordinator ? "P1" : "C";
    expect(machine.step(env, state, { kind: "suspicion", node, suspected: true })).toEqual({
      state,
      ignored: "nothing-to-do",
    });
  });
});

test("a link that comes and goes puts off nobody else's COMMIT", () => {
  let { state } = coordinator.restore(env, ID, [{ kind: "commit", participants: ["P1", "P2"] }]);
  for (let round = 0; round < ROUNDS; round += 1) {
    const back = coordinator.step(env, state, { kind: "suspicion", node: "P1", suspected: false });
    expect([back.sends?.map(({ to }) => to), back.timers]).toEqual([["P1"], undefined]);
    ({ state } = back);
  }
  const due = coordinator.step(env, state, { kind: "timeout", timer: "acknowledgement" });
  expect(due.sends?.map(({ to }) => to)).toEqual(["P1", "P2"]);
});
