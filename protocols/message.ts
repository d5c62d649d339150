/** Every message of the peer link that a machine reads or writes: a closed union (protocols §A.1). */

import type { AbortReason, BranchToken, Decision, NodeId } from "./transaction.ts";

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
    };

export type MessageKind = Message["kind"];
