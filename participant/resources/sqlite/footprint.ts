/** The locks of a branch's changes: its rows, the unique values that come and go, the tables. */

import { isSameImage } from "./images.ts";
import { isSame, keysOf } from "./keys.ts";
import { type Lock, rowLock, tableLock, valueLock } from "./locks.ts";
import type { Point } from "./point.ts";
import type { TouchedRow } from "./foreign-keys.ts";
import type { RowChange } from "./redo.ts";
import { equals, type FullRow, imageOf, type RowKey, rowKeyText, type Rows } from "./rows.ts";
import type { Table, UniqueIndex } from "./schema.ts";
import { quoteName } from "./tokens.ts";
import type { Value } from "../../../runtime/values/index.ts";

export interface ChangedRow extends TouchedRow {
  readonly key: RowKey;
}

/** What the rows that a call touched leave of it: changes for the redo, and locks. */
export interface Effect {
  readonly rows: RowChange[];
  readonly signatures: Map<string, string>;
  readonly locks: Lock[];
}

/**
 * @param changes rows as they are committed and as they would become
 * @param isOld of an earlier call, whose locks are taken; null: none is
 * @param locks what was locked for other reasons; more is added
 */
export function effectOf(
  changes: readonly ChangedRow[],
  isOld: ((at: number) => boolean) | null,
  locks: Lock[],
): Effect {
  const rows: RowChange[] = [];
  const signatures = new Map<string, string>();
  const effective: ChangedRow[] = [];
  for (const [at, change] of changes.entries()) {
    const { table, key } = change;
    const before = change.before === null ? null : imageOf(table, change.before);
    const after = change.after === null ? null : imageOf(table, change.after);
    if (!isSameImage(before, after)) {
      rows.push({ table: table.id, key, before, after });
      signatures.set(table.id, table.signature);
      if (isOld?.(at) !== true) effective.push(change);
    } else if (before === null) locks.push(tableLock(table.id, "read"));
    else locks.push(rowLock(table.id, rowKeyText(table, key), "share"));
  }
  for (const change of effective) addLocks(locks, change);
  return { rows, signatures, locks };
}

function addLocks(locks: Lock[], { table, key, before, after }: ChangedRow): void {
  locks.push(tableLock(table.id, "change"), rowLock(table.id, rowKeyText(table, key), after === null ? "free" : "own"));
  for (const index of table.unique) addLocksOfIndex(locks, table, index, before, after);
}

function addLocksOfIndex(
  locks: Lock[],
  table: Table,
  index: UniqueIndex,
  before: FullRow | null,
  after: FullRow | null,
): void {
  // What a partial or expression index holds of a row is not computed here, so any change may be one of it.
  if (index.whole) {
    locks.push(valueLock(table.id, index.name, null, "free"));
    return;
  }
  if (before !== null && after !== null && index.columns.every((at) => isSame(before[at] ?? null, after[at] ?? null)))
    return;
  const old = indexKey(index, before);
  const next = indexKey(index, after);
  if (old === next) return;
  if (old !== null) locks.push(valueLock(table.id, index.name, old, "free"));
  if (next !== null) locks.push(valueLock(table.id, index.name, next, "own"));
}

/** null where no other row can clash: no row, or a NULL among the values. */
function indexKey(index: UniqueIndex, row: FullRow | null): string | null {
  if (row === null) return null;
  const values = index.columns.map((at) => row[at] ?? null);
  return values.some((value) => value === null) ? null : keysOf(values, index.collations);
}

/**
 * The locks of a look at one row by its key: the key itself, found or not, and the row that it leads to.
 *
 * @param rows a connection that sees what the statement saw
 */
export function locksOfPoint(rows: Rows, point: Point): Lock[] {
  const { table, index, values } = point;
  if (index === null) return [rowLock(table.id, rowKeyText(table, values), "share")];
  const locks = [valueLock(table.id, index.name, keysOf(values, index.collations), "share")];
  const key = rowKeyBy(rows, table, index.columns, values);
  return key === null ? locks : [...locks, rowLock(table.id, rowKeyText(table, key), "share")];
}

function rowKeyBy(rows: Rows, table: Table, columns: readonly number[], values: readonly Value[]): RowKey | null {
  const nameAt = (at: number): string => table.columns[at]?.name ?? "";
  const wanted = table.rowid === null ? table.key.map(nameAt) : [table.rowid];
  const sql = `SELECT ${wanted.map(quoteName).join(", ")} FROM main.${quoteName(table.name)} WHERE ${equals(columns.map(nameAt))}`;
  return rows.prepare(sql).get(...values) ?? null;
}
