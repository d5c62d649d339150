/** Conflict or failure: whether what stood in a statement's way may go away with another branch. */

import type { TransactionId } from "../../../protocols/index.ts";
import type { Failed } from "./attempt.ts";
import { describe, type Clash, type LockTable } from "./locks.ts";
import { familyOf, type Schema } from "./schema.ts";

export interface Obstacle {
  readonly holders: readonly TransactionId[];
  readonly detail: string;
}

export function obstacleOf(clashes: readonly Clash[]): Obstacle | null {
  const first = clashes[0];
  if (first === undefined) return null;
  const holders = [...new Set(clashes.flatMap((clash) => clash.holders))];
  const resources = new Set(clashes.map(({ lock }) => lock.resource)).size;
  const more = resources > 1 ? ` (and ${resources - 1} more)` : "";
  return {
    holders,
    detail: `${describe(first.lock.resource)}${more} is locked by the transaction ${holders.join(", ")}, which is not finished. Try again.`,
  };
}

/** The obstacle behind a failure; null where the failure stands whatever other branches do. */
export function obstacleBehind(
  owner: TransactionId,
  failed: Failed,
  locks: LockTable,
  schema: Schema,
): Obstacle | null {
  const read = obstacleOf(locks.clashes(owner, failed.looked));
  if (read !== null) return read;
  const holders = new Set<TransactionId>();
  if (/^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY|ROWID)$/.test(failed.code)) {
    // The work connection shows other branches' old values and not their new ones: only one that goes away misleads.
    const table = /constraint failed: (?:index )?'?([^.']+)/.exec(failed.detail)?.[1]?.toLowerCase() ?? "";
    const tables = schema.tables.has(table) ? [table] : [...failed.written];
    for (const id of tables) for (const holder of locks.othersOn(owner, id, "free")) holders.add(holder);
  }
  if (failed.code === "SQLITE_CONSTRAINT_FOREIGNKEY" || failed.code === "SQLITE_CONSTRAINT_TRIGGER")
    for (const id of familyOf(schema, failed.written))
      for (const holder of locks.othersOn(owner, id, "change")) holders.add(holder);
  if (holders.size === 0) return null;
  return {
    holders: [...holders],
    detail: `${failed.detail}, but the transaction ${[...holders].join(", ")} is changing what stands in the way and is not finished. Try again.`,
  };
}
