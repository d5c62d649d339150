/** Which protocols this build runs: a folder and a line here. The suite, the engine and the command find them by it. */

import type { Machine } from "./machine.ts";
import type { CoordinatorRecord, ParticipantRecord } from "./record.ts";
import type { ProtocolName } from "./transaction.ts";
import * as twoPhase from "./two-phase/index.ts";

/**
 * A protocol's machines. Their states are their own: whoever runs one keeps a state and hands it back, and
 * never looks inside, which `unknown` says.
 */
export interface Protocol {
  readonly coordinator: Machine<unknown, CoordinatorRecord>;
  readonly participant: Machine<unknown, ParticipantRecord>;
  /** The work may travel inside PREPARE (protocols §0.3). */
  readonly oneShot: boolean;
}

export const protocols: Readonly<Record<ProtocolName, Protocol>> = {
  "2pc": { coordinator: twoPhase.coordinator, participant: twoPhase.participant, oneShot: true },
};

export function isProtocolName(name: string): name is ProtocolName {
  return Object.hasOwn(protocols, name);
}
