/** Every record that a machine writes: a closed union (protocols §A.2). `runtime/journal` packs them. */

import type { Ballot, Proposal } from "./ballot.ts";
import type { Membership } from "./quorum.ts";
import type { AbortReason, BranchToken, Decision, Election, NodeId } from "./transaction.ts";

export type CoordinatorRecord =
  /** Presumed commit, before PREPARE leaves: without it silence would commit what was never decided. */
  | { readonly kind: "collecting"; readonly participants: readonly NodeId[] }
  /** Presumed nothing: this decision too has to be acknowledged. */
  | {
      readonly kind: "abort";
      readonly participants: readonly NodeId[];
      readonly reason: AbortReason;
      readonly detail: string;
    }
  /** The decision. Carries the list, since recovery has nobody else to ask whom to tell. */
  | { readonly kind: "commit"; readonly participants: readonly NodeId[] }
  /** Before COMMIT_1P leaves: without it a crash turns a committed effect into a presumed abort (§A.7-2). */
  | { readonly kind: "one-phase"; readonly participant: NodeId }
  | TerminationRecord;

export type ParticipantRecord =
  | {
      readonly kind: "prepare";
      readonly coordinator: NodeId;
      readonly participants: readonly NodeId[];
      readonly token: BranchToken | null;
      /** The resource's own: final images and locks. */
      readonly redo: Uint8Array;
      /** What the statements returned, for a vote that is sent again. */
      readonly result: Uint8Array;
    }
  /** The decision is known and could not be applied: someone outside wrote to a locked row (§A.10). */
  | { readonly kind: "damaged"; readonly decision: "commit"; readonly detail: string }
  /** A person ended a prepared branch, with these words (§A.10). */
  | { readonly kind: "heuristic"; readonly did: Decision; readonly reason: string }
  /** The decision that reached such a branch afterwards, and that it had gone against. */
  | { readonly kind: "told"; readonly decision: Decision }
  /** Beside a prepare: an earlier life of the branch may have voted read-only and have forgotten it in a crash. */
  | { readonly kind: "second-life" }
  /** A branch of Paxos Commit that may have proposed "prepared" (§C.3). */
  | {
      readonly kind: "paxos-prepare";
      readonly membership: Membership;
      readonly token: BranchToken | null;
      /** null: the branch wrote nothing and holds no locks. */
      readonly redo: Uint8Array | null;
      readonly result: Uint8Array;
    }
  | TerminationRecord;

/** What coordinator and participants of three-phase commit write alike, since either may lead (protocols §B). */
export type TerminationRecord =
  /** p, with the number of the attempt that brought the site there. A coordinator has no other record that names them. */
  | { readonly kind: "precommit"; readonly election: Election; readonly participants: readonly NodeId[] }
  /** pa, the same. */
  | { readonly kind: "preabort"; readonly election: Election; readonly participants: readonly NodeId[] }
  /** The promise to follow no earlier election: forced before a state is told (§B.9-2). */
  | { readonly kind: "elected"; readonly election: Election }
  /** At who leads: it tells all sites until each has acknowledged (§B.10). */
  | {
      readonly kind: "decided";
      readonly decision: Decision;
      readonly participants: readonly NodeId[];
      /** null unless it is an abort. */
      readonly reason: AbortReason | null;
      /** Why; the operator's words where it was forced. */
      readonly detail: string;
    };

/** Together: the highest ballot promised, and for each branch the value of the highest ballot accepted (§C.4). */
export type AcceptorRecord =
  | { readonly kind: "promise"; readonly ballot: Ballot }
  | {
      readonly kind: "accept";
      readonly ballot: Ballot;
      /** null: `*`, "aborted" for every branch, known or not. */
      readonly membership: Membership | null;
      readonly proposals: readonly Proposal[];
    };

export type LogRecord = CoordinatorRecord | ParticipantRecord | AcceptorRecord;
