/** One branch in memory: what it would change, its locks by name of its transaction. */

import { type Changes, noChanges } from "./redo.ts";

export interface Branch {
  phase: "active" | "prepared";
  changes: Changes;
  lastInsertRowid: bigint;
  /** A deferred foreign key was broken when its last call ended; looked at again when it is prepared. */
  isOrphaned: boolean;
  /** The outside counter under which its rows were last seen unchanged; null: never in this process. */
  seenAt: number | null;
  /** What someone outside nemcon did to its rows, for people; null: nothing that was noticed. */
  outsideWrite: string | null;
}

export function newBranch(): Branch {
  return {
    phase: "active",
    changes: noChanges,
    lastInsertRowid: 0n,
    isOrphaned: false,
    seenAt: null,
    outsideWrite: null,
  };
}
