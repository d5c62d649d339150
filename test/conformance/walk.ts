/** What the machines of a protocol meet in random schedules: states, inputs and the records of every instance. */

import {
  type Absence,
  type Env,
  type Input,
  type LogRecord,
  type Machine,
  type ProtocolName,
  type Step,
  type TransactionId,
} from "../../protocols/index.ts";
import { withMachines } from "../../lab/bugs/machines.ts";
import { capabilitiesOf } from "../../lab/simulate/capabilities.ts";
import { runSchedule } from "../../lab/simulate/run.ts";
import { drawSchedule } from "../../lab/simulate/schedule.ts";

export type AnyMachine = Machine<unknown, LogRecord>;

/** One role's share of a walk. */
export interface Met {
  readonly machine: AnyMachine;
  readonly env: Env;
  /** By their shape: what is the same but for names and numbers is met once. */
  readonly states: Map<string, unknown>;
  /** By kind, by the kind of message and by timer; a few of each. */
  readonly inputs: Map<string, Input[]>;
  /** All that an instance had written, each time that it had written more. */
  readonly records: Set<readonly LogRecord[]>;
}

const STATES = 400;
const EACH = 4;

/** @returns a role each; the acceptor's is null where the protocol has none */
export async function walk(
  protocol: ProtocolName,
  seeds: number,
): Promise<{ readonly coordinator: Met; readonly participant: Met; readonly acceptor: Met | null }> {
  const met: { coordinator: Met | null; participant: Met | null; acceptor: Met | null } = {
    coordinator: null,
    participant: null,
    acceptor: null,
  };
  const capabilities = capabilitiesOf(protocol);
  await withMachines(
    protocol,
    {
      coordinator: (machine) => listening(machine, (env) => (met.coordinator ??= nothing(machine as AnyMachine, env))),
      participant: (machine) => listening(machine, (env) => (met.participant ??= nothing(machine as AnyMachine, env))),
      acceptor: (machine) => listening(machine, (env) => (met.acceptor ??= nothing(machine as AnyMachine, env))),
    },
    async () => {
      for (let seed = 1; seed <= seeds; seed += 1) await runSchedule(drawSchedule(protocol, seed));
    },
  );
  const { coordinator, participant, acceptor } = met;
  const isDeaf = capabilities.acceptors && acceptor === null;
  if (coordinator === null || participant === null || isDeaf) throw new Error("a machine was never asked for anything");
  return { coordinator, participant, acceptor };
}

function nothing(machine: AnyMachine, env: Env): Met {
  return { machine, env, states: new Map(), inputs: new Map(), records: new Set() };
}

function listening<R extends LogRecord>(machine: Machine<unknown, R>, met: (env: Env) => Met): Machine<unknown, R> {
  const written = new WeakMap<object, readonly LogRecord[]>();
  const hear = (here: Met, before: unknown, step: Step<unknown, R>) => {
    const known = isObject(before) ? (written.get(before) ?? []) : [];
    const all = step.records === undefined ? known : [...known, ...step.records.map(({ record }) => record)];
    if (step.records !== undefined) here.records.add(all);
    if (isObject(step.state)) written.set(step.state, all);
    keep(here, step.state);
  };
  return {
    ...machine,
    step: (env, state, input) => {
      const step = machine.step(env, state, input);
      meet(met(env), input);
      hear(met(env), state, step);
      return step;
    },
    absent: (env: Env, id: TransactionId, absence: Absence, input: Input) => {
      const step = machine.absent(env, id, absence, input);
      meet(met(env), input);
      hear(met(env), null, step);
      return step;
    },
    restore: (env, id, records) => {
      const step = machine.restore(env, id, records);
      met(env).records.add([...records]);
      if (isObject(step.state)) written.set(step.state, [...records]);
      keep(met(env), step.state);
      return step;
    },
  };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function meet(met: Met, input: Input): void {
  const kind = kindOf(input);
  const known = met.inputs.get(kind);
  if (known === undefined) met.inputs.set(kind, [input]);
  else if (known.length < EACH) known.push(input);
}

function keep(met: Met, state: unknown): void {
  if (state === null || met.states.size >= STATES) return;
  const shape = shapeOf(state);
  if (!met.states.has(shape)) met.states.set(shape, state);
}

export function kindOf(input: Input): string {
  switch (input.kind) {
    case "message": {
      const { body } = input;
      const variant =
        "vote" in body ? body.vote : "decision" in body ? body.decision : "outcome" in body ? body.outcome : "";
      return `message ${body.kind} ${variant}`.trim();
    }
    case "timeout":
      return `timeout ${input.timer}`;
    case "resource": {
      const { result } = input;
      const variant = "vote" in result ? result.vote : "outcome" in result ? result.outcome : result.ok;
      return `resource ${result.kind} ${variant}`;
    }
    default:
      return input.kind;
  }
}

/** A state without what only tells instances apart. */
function shapeOf(state: unknown): string {
  return JSON.stringify(state, (_key, value: unknown) => {
    if (value instanceof Map) return [...value.keys(), ...value.values()];
    if (value instanceof Uint8Array) return value.length > 0;
    if (typeof value === "number") return Math.min(value, 2);
    return typeof value === "string" && value.startsWith("C.") ? "id" : value;
  });
}
