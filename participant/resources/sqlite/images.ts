/** Images onto rows, so that no unique key is ever in the way: all touched rows go first, then the final ones come. */

import { isSame } from "./keys.ts";
import { changedAt, type Changes, type RowChange } from "./redo.ts";
import { Refusal } from "./refusal.ts";
import { type Image, imageOf, type Rows } from "./rows.ts";
import type { Schema, Table } from "./schema.ts";

/** The table of a change; the signature was checked before. */
function tableOf(schema: Schema, change: RowChange): Table {
  const table = schema.tables.get(change.table);
  if (table === undefined) throw new Error(`no table ${change.table}`);
  return table;
}

/**
 * On a connection that fires no triggers and checks no foreign keys. AUTOINCREMENT marks end as the larger of
 * what was there and what they say: an insert of an image may raise one where the user's statement did not.
 *
 * @returns how many rows must have been changed, for `counted`
 */
export function writeImages(rows: Rows, schema: Schema, changes: Changes): number {
  const names = markedNames(schema, changes);
  const before = names === null ? null : rows.sequences(schema);
  let written = 0;
  const moved: RowChange[] = [];
  for (const change of changes.rows) {
    const table = tableOf(schema, change);
    const changed = changedInPlace(table, change);
    if (changed === null) {
      moved.push(change);
      continue;
    }
    rows.update(table, change.key, changed, change.after ?? []);
    written += 1;
  }
  for (const change of moved) {
    if (change.before === null) continue;
    rows.delete(tableOf(schema, change), change.key);
    written += 1;
  }
  for (const change of moved) {
    if (change.after === null) continue;
    const table = tableOf(schema, change);
    rows.insert(table, keyAfter(table, change), change.after);
    written += 1;
  }
  return names === null || before === null ? written : written + restoreMarks(rows, changes, names, before);
}

/**
 * What `write` says that it changed, against what SQLite counted. More: a trigger or a cascade ran on a
 * connection that must have none. Fewer: a row was not where it was seen.
 */
export function counted(rows: Rows, write: () => number): void {
  const start = rows.totalChanges();
  const expected = write();
  const changed = Number(rows.totalChanges() - start);
  if (changed !== expected) throw new Error(`${expected} row(s) were to change and ${changed} did`);
}

/** The columns of an update that no unique key holds: no other row can be in its way, in whatever order rows are written. */
function changedInPlace(table: Table, { before, after }: RowChange): number[] | null {
  if (before === null || after === null || before.length !== after.length) return null;
  const fixed = fixedColumns(table);
  if (fixed === null) return null;
  const changed = changedAt(before, after);
  return changed.length === 0 || changed.some((at) => fixed.has(at)) ? null : changed;
}

const fixedOf = new WeakMap<Table, { readonly fixed: ReadonlySet<number> | null }>();

/** Positions in images; null: an index whose values are not ours to compute may hold any column. */
function fixedColumns(table: Table): ReadonlySet<number> | null {
  const known = fixedOf.get(table);
  if (known !== undefined) return known.fixed;
  const isWhole = table.unique.some((index) => index.whole || index.columns.some((at) => table.columns[at]?.generated));
  const columns = [...table.key, ...table.unique.flatMap((index) => index.columns), table.rowidColumn ?? -1];
  const fixed = isWhole ? null : new Set(columns.map((at) => table.stored.indexOf(at)));
  fixedOf.set(table, { fixed });
  return fixed;
}

/** A WITHOUT ROWID key may change its spelling (NOCASE) and stay the same key: the image has the new one. */
function keyAfter(table: Table, change: RowChange): RowChange["key"] {
  return table.rowid === null ? [] : change.key;
}

/** Tables whose AUTOINCREMENT marks may move, by name as written; null: none. */
function markedNames(schema: Schema, changes: Changes): Set<string> | null {
  if (!schema.hasSequences) return null;
  const names = new Set(changes.marks.keys());
  for (const { table } of changes.rows) {
    const touched = schema.tables.get(table);
    if (touched?.autoincrement === true) names.add(touched.name);
  }
  return names.size === 0 ? null : names;
}

function restoreMarks(
  rows: Rows,
  changes: Changes,
  names: ReadonlySet<string>,
  before: ReadonlyMap<string, bigint>,
): number {
  let written = 0;
  for (const name of names) {
    const [old, mark] = [before.get(name), changes.marks.get(name)];
    written += rows.setSequence(
      name,
      old === undefined ? (mark ?? null) : mark === undefined || mark < old ? old : mark,
    );
  }
  return written;
}

/** The first touched row that is not what the branch saw, in words; null where all are. */
export function differenceFrom(rows: Rows, schema: Schema, changes: Changes): string | null {
  for (const [id, signature] of changes.signatures) {
    const table = schema.tables.get(id);
    if (table === undefined) return `the table ${id} is gone`;
    if (table.signature !== signature) return `the columns of the table ${table.name} were changed`;
  }
  const changed = changes.rows.find((change) => !isAsSeen(rows, tableOf(schema, change), change));
  return changed === undefined
    ? null
    : `the row ${changed.key.map(String).join(", ")} of ${tableOf(schema, changed).name} was changed`;
}

function isAsSeen(rows: Rows, table: Table, change: RowChange): boolean {
  try {
    const row = rows.read(table, change.key);
    return isSameImage(row === null ? null : imageOf(table, row), change.before);
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

export function isSameImage(a: Image | null, b: Image | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) if (!isSame(a[at] ?? null, b[at] ?? null)) return false;
  return true;
}
