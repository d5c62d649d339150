/** Every record that a machine writes: a closed union (protocols §A.2). `runtime/journal` packs them. */

import type { BranchToken, NodeId } from "./transaction.ts";

export type CoordinatorRecord =
  /** The decision. Carries the list, since recovery has nobody else to ask whom to tell. */
  | { readonly kind: "commit"; readonly participants: readonly NodeId[] }
  /** Before COMMIT_1P leaves: without it a crash turns a committed effect into a presumed abort (§A.7-2). */
  | { readonly kind: "one-phase"; readonly participant: NodeId };

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
  | { readonly kind: "damaged"; readonly decision: "commit"; readonly detail: string };

export type LogRecord = CoordinatorRecord | ParticipantRecord;
