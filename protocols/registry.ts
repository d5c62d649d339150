/** Which protocols this build runs: a folder and a line here. The suite, the engine and the command find them by it. */

import type { Machine } from "./machine.ts";
import * as paxosCommit from "./paxos-commit/index.ts";
import type { AcceptorRecord, CoordinatorRecord, ParticipantRecord } from "./record.ts";
import type { ProtocolName } from "./transaction.ts";
import * as threePhase from "./three-phase/index.ts";
import * as twoPhase from "./two-phase/index.ts";

/**
 * A protocol's machines. Their states are their own: whoever runs one keeps a state and hands it back, and
 * never looks inside, which `unknown` says.
 */
export interface Protocol {
  readonly coordinator: Machine<unknown, CoordinatorRecord>;
  readonly participant: Machine<unknown, ParticipantRecord>;
  /** null: its transactions need no acceptors. */
  readonly acceptor: Machine<unknown, AcceptorRecord> | null;
  /** The work may travel inside PREPARE (protocols §0.3); otherwise it is done under tokens first. */
  readonly oneShot: boolean;
  /** A branch that wrote nothing may drop out with its vote (§A.7-1). */
  readonly readOnlyVotes: boolean;
  /** A branch may prepare unasked and begin the commit (§A.7-4). */
  readonly unsolicitedVotes: boolean;
  /** Why it runs only where a configuration allows unsafe protocols; null: it is safe. */
  readonly unsafe: string | null;
}

export const protocols: Readonly<Record<ProtocolName, Protocol>> = {
  "2pc": twoPhaseBy(twoPhase.presumedAbort),
  "2pc-presumed-nothing": twoPhaseBy(twoPhase.presumedNothing),
  "2pc-presumed-commit": twoPhaseBy(twoPhase.presumedCommit),
  "paxos-commit": {
    coordinator: paxosCommit.coordinator,
    participant: paxosCommit.participant,
    acceptor: paxosCommit.acceptor,
    oneShot: true,
    readOnlyVotes: false,
    unsolicitedVotes: true,
    unsafe: null,
  },
  "paxos-commit-fast": {
    coordinator: paxosCommit.fastCoordinator,
    participant: paxosCommit.participant,
    acceptor: paxosCommit.fastAcceptor,
    oneShot: true,
    readOnlyVotes: false,
    unsolicitedVotes: true,
    unsafe: null,
  },
  "3pc": {
    coordinator: threePhase.coordinator,
    participant: threePhase.participant,
    acceptor: null,
    oneShot: false,
    readOnlyVotes: false,
    unsolicitedVotes: true,
    unsafe: null,
  },
  "3pc-plain": {
    coordinator: threePhase.plainCoordinator,
    participant: threePhase.plainParticipant,
    acceptor: null,
    oneShot: false,
    readOnlyVotes: false,
    unsolicitedVotes: true,
    unsafe: "atomicity breaks when a slow node is taken for a dead one",
  },
};

/** Whether a transaction that one of them takes for its own may get the messages of the other: acceptors decide both, or neither. */
export function areAlike(one: ProtocolName, other: ProtocolName): boolean {
  return one === other || (protocols[one].acceptor === null) === (protocols[other].acceptor === null);
}

function twoPhaseBy(presumption: twoPhase.Presumption): Protocol {
  return {
    coordinator: twoPhase.coordinatorBy(presumption),
    participant: twoPhase.participantBy(presumption),
    acceptor: null,
    oneShot: presumption.oneShot,
    readOnlyVotes: true,
    unsolicitedVotes: presumption.unsolicited,
    unsafe: null,
  };
}

export function isProtocolName(name: string): name is ProtocolName {
  return Object.hasOwn(protocols, name);
}
