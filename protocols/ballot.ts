/** Ballots of Paxos Commit, and what is proposed in them (protocols §C.1). */

import type { NodeId } from "./transaction.ts";

/**
 * Ordered by counter, then by node, then by incarnation. The parts after the counter make a leader's ballot its
 * own without a write: nobody else has its name, and it never had this incarnation before.
 */
export interface Ballot {
  readonly counter: number;
  readonly node: NodeId;
  readonly incarnation: number;
}

/** The branches' own: it needs no phase 1, since nobody but branch r proposes for r in it. */
export const BALLOT_ZERO: Ballot = { counter: 0, node: "", incarnation: 0 };

/** What an instance may choose. */
export type Value = "prepared" | "aborted";

export interface Proposal {
  readonly participant: NodeId;
  readonly value: Value;
}

/** A proposal that an acceptor has accepted, and in which ballot. */
export interface Cast extends Proposal {
  readonly ballot: Ballot;
}

/** Negative, 0 or positive, as for sorting. */
export function compareBallots(a: Ballot, b: Ballot): number {
  if (a.counter !== b.counter) return a.counter - b.counter;
  if (a.node !== b.node) return a.node < b.node ? -1 : 1;
  return a.incarnation - b.incarnation;
}

export function isSameBallot(a: Ballot, b: Ballot): boolean {
  return compareBallots(a, b) === 0;
}
