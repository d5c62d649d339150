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
  /** Its row's lock, among those given to `effectOf`: made stronger rather than doubled. */
  readonly looked?: { mode: Lock["mode"] };
}

/** What the rows that a call touched leave of it: changes for the redo, and locks. */
export interface Effect {
  readonly rows: RowChange[];
  readonly signatures: ReadonlyMap<string, string>;
  readonly locks: Lock[];
}

/**
 * @param changes rows as they are committed and as they would become
 * @param locks what was locked for other reasons; more is added
 * @param isOld of an earlier call, whose locks are taken
 */
export function effectOf(
  changes: readonly ChangedRow[],
  locks: Lock[],
  isOld: (at: number) => boolean = () => false,
): Effect {
  const rows: RowChange[] = [];
  let signatures: ReadonlyMap<string, string> = NONE;
  const effective: ChangedRow[] = [];
  for (let at = 0; at < changes.length; at += 1) {
    const change = changes[at];
    if (change === undefined) break;
    const { table, key } = change;
    const before = change.before === null ? null : imageOf(table, change.before);
    const after = change.after === null ? null : imageOf(table, change.after);
    if (!isSameImage(before, after)) {
      rows.push({ table: table.id, key, before, after });
      if (signatures === NONE) signatures = signatureOf(table);
      else if (!signatures.has(table.id)) signatures = new Map([...signatures, [table.id, table.signature]]);
      if (!isOld(at)) effective.push(change);
    } else if (before === null) locks.push(tableLock(table.id, "read"));
    else if (change.looked === undefined) locks.push(rowLock(table.id, rowKeyText(table, key), "share"));
  }
  for (const change of effective) addLocks(locks, change);
  return { rows, signatures, locks };
}

const NONE: ReadonlyMap<string, string> = new Map();
const signatureMaps = new WeakMap<Table, ReadonlyMap<string, string>>();

/** Most branches change one table: they share this. */
function signatureOf(table: Table): ReadonlyMap<string, string> {
  const known = signatureMaps.get(table) ?? new Map([[table.id, table.signature]]);
  signatureMaps.set(table, known);
  return known;
}

function addLocks(locks: Lock[], { table, key, before, after, looked }: ChangedRow): void {
  const mode = after === null ? "free" : "own";
  locks.push(tableLock(table.id, "change"));
  if (looked === undefined) locks.push(rowLock(table.id, rowKeyText(table, key), mode));
  else looked.mode = mode;
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
