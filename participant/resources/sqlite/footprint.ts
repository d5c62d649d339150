/** The locks of a branch's changes: its rows, the unique values that come and go, the tables. */

import { keysOf } from "./keys.ts";
import { type Lock, rowLock, tableLock, valueLock } from "./locks.ts";
import type { Point } from "./point.ts";
import type { TouchedRow } from "./foreign-keys.ts";
import { equals, type FullRow, type RowKey, rowKeyText, type Rows } from "./rows.ts";
import type { Table, UniqueIndex } from "./schema.ts";
import { quoteName } from "./tokens.ts";
import type { Value } from "../../../runtime/values/index.ts";

export interface ChangedRow extends TouchedRow {
  readonly key: RowKey;
}

export function locksOfChanges(changes: readonly ChangedRow[]): Lock[] {
  return changes.flatMap((change) => {
    const { table, key, before, after } = change;
    return [
      tableLock(table.id, "change"),
      rowLock(table.id, rowKeyText(table, key), after === null ? "free" : "own"),
      ...table.unique.flatMap((index) => locksOfIndex(table, index, before, after)),
    ];
  });
}

function locksOfIndex(table: Table, index: UniqueIndex, before: FullRow | null, after: FullRow | null): Lock[] {
  // What a partial or expression index holds of a row is not computed here, so any change may be one of it.
  if (index.whole) return [valueLock(table.id, index.name, null, "free")];
  const old = indexKey(index, before);
  const next = indexKey(index, after);
  if (old === next) return [];
  return [
    ...(old === null ? [] : [valueLock(table.id, index.name, old, "free")]),
    ...(next === null ? [] : [valueLock(table.id, index.name, next, "own")]),
  ];
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
