/** Every message of the peer link that a machine reads or writes: a closed union (protocols §A.1). */

import type { Ballot, Cast, Proposal } from "./ballot.ts";
import type { Membership } from "./quorum.ts";
import type { AbortReason, BranchToken, Decision, Election, NodeId } from "./transaction.ts";

/** What a branch says with its value: its rows, or why it refuses. No part of the value, and kept by nobody. */
export interface Word {
  readonly participant: NodeId;
  readonly result: Uint8Array;
  /** null: it does not refuse. */
  readonly reason: AbortReason | null;
  readonly detail: string;
}

export type Message =
  // Initiator or coordinator to participant: work of an interactive transaction (§0.3).
  | {
      readonly kind: "work";
      /** null: enlist */ readonly token: BranchToken | null;
      readonly item: number;
      readonly work: Uint8Array;
    }
  | { readonly kind: "worked"; readonly token: BranchToken; readonly item: number; readonly result: Uint8Array }
  | {
      readonly kind: "work-failed";
      readonly token: BranchToken | null;
      readonly item: number;
      readonly reason: AbortReason;
      readonly detail: string;
      readonly usable: boolean;
    }
  // Two-phase commit.
  | {
      readonly kind: "prepare";
      readonly participants: readonly NodeId[];
      readonly token: BranchToken | null;
      readonly workCount: number;
      readonly work: Uint8Array | null;
    }
  | { readonly kind: "vote"; readonly vote: "yes" | "read-only"; readonly result: Uint8Array }
  | { readonly kind: "vote"; readonly vote: "no"; readonly reason: AbortReason; readonly detail: string }
  | { readonly kind: "decision"; readonly decision: Decision }
  | {
      readonly kind: "ack";
      readonly decision: Decision;
      /** what the branch did instead, if it did */ readonly heuristic: string | null;
    }
  | { readonly kind: "inquire" }
  | { readonly kind: "pending" }
  | { readonly kind: "not-mine" }
  /**
   * To the branch that begins the commit (§A.7-4): the last item of its work, on which it prepares and votes
   * unasked. The fields are those of a prepare; `workCount` leaves the last item out.
   */
  | {
      readonly kind: "last-work";
      readonly participants: readonly NodeId[];
      readonly token: BranchToken | null;
      readonly workCount: number;
      readonly work: Uint8Array | null;
    }
  // Cooperative termination, from participant to participant (§A.8).
  | { readonly kind: "decision-request" }
  | { readonly kind: "decision-reply"; readonly answer: Decision | "uncertain" | "unknown" }
  /** The damage that a branch did was looked after: its record may go (§A.10). */
  | { readonly kind: "forget" }
  // One-phase commit (§A.7-2). The result is acknowledged by the coordinator's closed watermark.
  | {
      readonly kind: "commit-one-phase";
      readonly token: BranchToken | null;
      readonly workCount: number;
      readonly work: Uint8Array | null;
    }
  | { readonly kind: "resolve-one-phase" }
  | { readonly kind: "one-phase-result"; readonly outcome: "committed"; readonly result: Uint8Array }
  | {
      readonly kind: "one-phase-result";
      readonly outcome: "aborted";
      readonly reason: AbortReason;
      readonly detail: string;
    }
  // Paxos Commit (§C.2). A leader's messages of a ballot are for all branches of the transaction at once.
  | {
      readonly kind: "paxos-prepare";
      readonly membership: Membership;
      readonly token: BranchToken | null;
      readonly workCount: number;
      readonly work: Uint8Array | null;
    }
  /** To the branch that begins the commit: the last item of its work, on which it prepares and proposes unasked (§C.6-4). */
  | {
      readonly kind: "paxos-last-work";
      readonly membership: Membership;
      readonly token: BranchToken | null;
      /** Without the last item. */ readonly workCount: number;
      readonly work: Uint8Array | null;
    }
  /** From the first acceptor to the leader: the branch that begins the commit has prepared. */
  | { readonly kind: "begin-commit"; readonly membership: Membership }
  | { readonly kind: "phase-1a"; readonly ballot: Ballot }
  | {
      readonly kind: "phase-1b";
      readonly ballot: Ballot;
      readonly membership: Membership | null;
      readonly casts: readonly Cast[];
      /** The ballot in which `*` was accepted, if it was. */ readonly star: Ballot | null;
      readonly words: readonly Word[];
    }
  | {
      readonly kind: "phase-2a";
      readonly ballot: Ballot;
      /** null: `*`, "aborted" for every branch, known or not (§C.4). */ readonly membership: Membership | null;
      readonly proposals: readonly Proposal[];
      readonly words: readonly Word[];
      /** From the branch that begins the commit, to the first acceptor. */ readonly begins: boolean;
    }
  | {
      readonly kind: "phase-2b";
      readonly ballot: Ballot;
      /** null: `*`. */ readonly membership: Membership | null;
      readonly accepted: readonly Proposal[];
      readonly words: readonly Word[];
    }
  /** Refused: a higher ballot was promised. */
  | { readonly kind: "nack"; readonly ballot: Ballot }
  /** From a branch in doubt or an acceptor that holds a transaction for long, to any coordinator. */
  | { readonly kind: "outcome-request"; readonly membership: Membership | null }
  | { readonly kind: "close"; readonly decision: Decision }
  /** An acceptor's answer where the transaction is closed: one is conclusive (§C.5). */
  | { readonly kind: "forgotten"; readonly decision: Decision | null }
  // Three-phase commit (§B.1, §B.3, §B.8, §B.9). An attempt is a PRECOMMIT or a PREABORT.
  | { readonly kind: "precommit"; readonly election: Election }
  | { readonly kind: "preabort"; readonly election: Election }
  | { readonly kind: "attempt-ack"; readonly election: Election }
  /** NACK: the sender follows that election. */
  | { readonly kind: "refused"; readonly elected: Election }
  /** Round 0 asks for a decision and elects nobody. */
  | { readonly kind: "state-request"; readonly election: Election }
  | {
      readonly kind: "state-report";
      /** The request's. */ readonly election: Election;
      readonly state: SiteState;
      /** Of the last attempt that the site took. */ readonly attempt: Election;
      /** It crashed since it voted. */ readonly restarted: boolean;
    };

/**
 * How a site of three-phase commit stands: w, p, pa, c and a of §B.1. unknown: it keeps nothing of the transaction
 * and can't prove that it never voted YES.
 */
export type SiteState = "waiting" | "precommitted" | "preaborted" | "committed" | "aborted" | "unknown";

export type MessageKind = Message["kind"];
