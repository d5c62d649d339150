/** What a coordinator keeps of a transaction that is under way. */

import type { ReplyId, Step } from "../machine.ts";
import type { CoordinatorRecord } from "../record.ts";
import type { AbortReason, Descriptor, NodeId, TransactionId } from "../transaction.ts";
import type { Report } from "../heuristic.ts";

/** A branch's vote, and what it returned with it. */
interface Vote {
  readonly from: NodeId;
  readonly vote: "yes" | "read-only";
  readonly result: Uint8Array;
}

/** Why it aborts, and whose doing it was. */
export interface Cause {
  readonly reason: AbortReason;
  readonly detail: string;
  readonly participant: NodeId | null;
}

export interface State {
  readonly transaction: TransactionId;
  /** beginning: the initiator has its last work and has not voted. */
  readonly phase: "init" | "beginning" | "collecting" | "committing" | "aborting" | "one-phase";
  /** null before the start and after a restart. */
  readonly descriptor: Descriptor | null;
  /** As they came; one a branch. */
  readonly votes: readonly Vote[];
  /** committing: the yes voters; aborting: whoever may have voted yes; one-phase: the one participant. */
  readonly members: readonly NodeId[];
  readonly unacknowledged: readonly NodeId[];
  /** Branches that did not follow the decision. */
  readonly reports: readonly Report[];
  /** aborting. */
  readonly cause: Cause | null;
  readonly replies: readonly ReplyId[];
  /** Links that are down: they name the reason of an abort, and never cause one. */
  readonly suspected: readonly NodeId[];
  readonly attempt: number;
}

export type CoordinatorStep = Step<State, CoordinatorRecord>;
