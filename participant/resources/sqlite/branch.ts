/** One branch in memory: what it would change, its locks by name of its transaction. */

import { type Changes, noChanges, type RowChange } from "./redo.ts";

export interface Branch {
  phase: "active" | "prepared";
  changes: Changes;
  /** By table: other branches' automatic rowids go past it. */
  highest: ReadonlyMap<string, RowChange>;
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
    highest: NONE,
    lastInsertRowid: 0n,
    isOrphaned: false,
    seenAt: null,
    outsideWrite: null,
  };
}

const NONE: ReadonlyMap<string, RowChange> = new Map();

/** Of the rows that a branch inserts, the one with the largest rowid by table. */
export function highestInserts({ rows }: Changes): ReadonlyMap<string, RowChange> {
  let highest: Map<string, RowChange> | null = null;
  for (const row of rows) {
    const [rowid] = row.key;
    if (row.before !== null || row.after === null || row.key.length !== 1 || typeof rowid !== "bigint") continue;
    const known = highest?.get(row.table)?.key[0];
    if (typeof known !== "bigint" || known < rowid) (highest ??= new Map()).set(row.table, row);
  }
  return highest ?? NONE;
}
