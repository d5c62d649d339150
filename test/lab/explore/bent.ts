/** Models that tests explore, and shipped machines that they have bent. */

import {
  protocols,
  type LogRecord,
  type Machine,
  type Protocol,
  type ProtocolName,
  type Step,
} from "../../../protocols/index.ts";
import { modelOf, type Model } from "../../../lab/index.ts";
import { noFaults } from "../../../lab/explore/machines/model.ts";
import { bugNamed } from "../../../lab/bugs/plant.ts";
import type { Wrapped } from "../../../lab/bugs/machines.ts";

export const isCI = process.env["CI"] === "true";

/** Messages late, lost, doubled and in any order, and timers that fire, without an end. */
export function asynchronous(protocol: ProtocolName, crashes: number, changes: Partial<Model> = {}): Model {
  return modelOf(protocol, { ...changes, faults: { ...noFaults, crashes, losses: null, duplicates: null } });
}

export function bent(name: ProtocolName, wrapped: Wrapped): Protocol {
  const real = protocols[name];
  return {
    ...real,
    ...wrapped.as,
    coordinator: wrapped.coordinator?.(real.coordinator) ?? real.coordinator,
    participant: wrapped.participant?.(real.participant) ?? real.participant,
    acceptor: real.acceptor === null ? null : (wrapped.acceptor?.(real.acceptor) ?? real.acceptor),
  };
}

/** A bug of the lab's that is in the machines. */
export function withBug(name: string): Protocol {
  const { protocol, machines = {} } = bugNamed(name);
  return bent(protocol, machines);
}

/** Records of these kinds, and rows of these outcomes, are lost in a crash, and everyone believes that they were forced. */
export function unforced(
  ...kinds: readonly string[]
): <R extends LogRecord>(machine: Machine<unknown, R>) => Machine<unknown, R> {
  return <R extends LogRecord>(machine: Machine<unknown, R>): Machine<unknown, R> => {
    const changed = (step: Step<unknown, R>): Step<unknown, R> => {
      const records = step.records?.map(({ record, force }) => ({
        record,
        force: force && !kinds.includes(record.kind),
      }));
      const { closed } = step;
      return {
        ...step,
        ...(records && { records }),
        ...(closed && { closed: { ...closed, force: closed.force && !kinds.includes(closed.outcome.outcome) } }),
      };
    };
    return {
      ...machine,
      step: (env, state, input) => changed(machine.step(env, state, input)),
      absent: (env, id, absence, input) => changed(machine.absent(env, id, absence, input)),
    };
  };
}
