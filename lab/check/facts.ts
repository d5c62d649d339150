/** What is known of one transaction at one point of a trace. */

import type { Ballots } from "./ballots.ts";
import type { Decision, Vote } from "./meaning.ts";

/** The states of a participant in Gray and Lamport's TCommit. */
export type Abstract = "working" | "prepared" | "committed" | "aborted";

export interface Facts {
  readonly transaction: string;
  readonly protocol: string;
  /** Whose votes are needed, as soon as a request says so. */
  members: readonly string[];
  /** A participant was left to decide alone: there are no votes. */
  alone: boolean;
  readonly votes: Map<string, Vote>;
  /** Participants whose prepare record is durable. */
  readonly prepared: Set<string>;
  readonly states: Map<string, Abstract>;
  /** Who decided first, and what. */
  decided: { readonly by: string; readonly decision: Decision } | null;
  /** By node. */
  readonly decisions: Map<string, Decision>;
  told: Decision | null;
  /** Coordinators and their incarnations that asked for votes. */
  readonly askedBy: Set<string>;
  /** A decision or an answer is out: no vote may be asked for any more. */
  isOut: boolean;
  /** null: no acceptor has a part in it. */
  ballots: Ballots | null;
  /** A branch went its own way by an operator's act, or could not follow: its outcome is damage, told and not hidden. */
  readonly heuristic: Set<string>;
}

export function noFacts(transaction: string, protocol: string): Facts {
  return {
    transaction,
    protocol,
    members: [],
    alone: false,
    votes: new Map(),
    prepared: new Set(),
    states: new Map(),
    decided: null,
    decisions: new Map(),
    told: null,
    askedBy: new Set(),
    isOut: false,
    ballots: null,
    heuristic: new Set(),
  };
}
