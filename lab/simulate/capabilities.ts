/** What a protocol can't do, and why: cases that need it are left out for it, with this reason. */

import { type ProtocolName, protocols } from "../../protocols/index.ts";

export interface Capabilities {
  /** The work may travel inside the request to prepare. */
  readonly oneShot: boolean;
  /** A branch that wrote nothing may drop out with its vote. */
  readonly readOnlyVotes: boolean;
  /** A single participant may decide alone. */
  readonly onePhase: boolean;
  /** A branch may prepare unasked and begin the commit. */
  readonly unsolicitedVotes: boolean;
  /** It is decided by acceptors, and any coordinator may finish what another began. */
  readonly acceptors: boolean;
  /** Safe though messages are lost or late and links go down under who is up. */
  readonly asynchronous: boolean;
}

/** Rows for protocols that can't do something, each with the section that says so. */
const lacking: Partial<Record<ProtocolName, Partial<Record<keyof Capabilities, string>>>> = {
  "3pc": {
    readOnlyVotes: "whoever takes part may be asked for its state (§B.1)",
    onePhase: "a single participant runs the protocol (§B.1)",
  },
  "3pc-plain": {
    readOnlyVotes: "whoever takes part may be asked for its state (§B.1)",
    onePhase: "a single participant runs the protocol (§B.1)",
    asynchronous: "silence is taken for death, which is true only where every message comes in time (§B.5, §B.6)",
  },
};

export function capabilitiesOf(protocol: ProtocolName): Capabilities {
  const lacks = lacking[protocol] ?? {};
  return {
    oneShot: protocols[protocol].oneShot,
    readOnlyVotes: lacks.readOnlyVotes === undefined,
    onePhase: lacks.onePhase === undefined,
    unsolicitedVotes: protocols[protocol].unsolicitedVotes,
    acceptors: needsAcceptors(protocol),
    asynchronous: lacks.asynchronous === undefined,
  };
}

export const names = Object.keys(protocols) as ProtocolName[];

/** Those that keep their promises whatever fails. */
export const safeNames: readonly ProtocolName[] = names.filter((name) => capabilitiesOf(name).asynchronous);

/** What the transactions of a run have: all the same protocol, or each its own of the safe ones. */
export type Protocols = ProtocolName | "mixed";

/** All that a schedule can be drawn for and is said to hold. */
export const safeRuns: readonly Protocols[] = [...safeNames, "mixed"];

/** @returns the protocols that a transaction of such a run may have */
export function namesIn(run: Protocols): readonly ProtocolName[] {
  return run === "mixed" ? safeNames : [run];
}

export function needsAcceptors(protocol: ProtocolName): boolean {
  return protocols[protocol].acceptor !== null;
}
