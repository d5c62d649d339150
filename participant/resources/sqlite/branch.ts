/** One branch in memory: what it would change, its locks by name of its transaction. */

import { emptyRedo, type Redo } from "./redo.ts";

export interface Branch {
  phase: "active" | "prepared";
  redo: Redo;
  lastInsertRowid: bigint;
  /** The outside counter under which its rows were last seen unchanged; null: never in this process. */
  seenAt: number | null;
  /** What someone outside nemcon did to its rows, for people; null: nothing that was noticed. */
  outsideWrite: string | null;
}

export function newBranch(): Branch {
  return { phase: "active", redo: emptyRedo, lastInsertRowid: 0n, seenAt: null, outsideWrite: null };
}
