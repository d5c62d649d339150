/** Models that tests explore, and shipped machines that they have bent. */

import type { LogRecord, Machine, ProtocolName, Step } from "../../../protocols/index.ts";
import { modelOf, type Model } from "../../../lab/index.ts";
import { noFaults } from "../../../lab/explore/machines/model.ts";

export const isCI = process.env["CI"] === "true";

/** Messages late, lost, doubled and in any order, and timers that fire, without an end. */
export function asynchronous(protocol: ProtocolName, crashes: number, changes: Partial<Model> = {}): Model {
  return modelOf(protocol, { ...changes, faults: { ...noFaults, crashes, losses: null, duplicates: null } });
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
