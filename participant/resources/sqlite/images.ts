/** Images onto rows, so that no unique key is ever in the way: all touched rows go first, then the final ones come. */

import { isSame } from "./keys.ts";
import type { Redo, RowChange } from "./redo.ts";
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
 * what was there and what the redo says: an insert of an image may raise one where the user's statement did not.
 */
export function writeImages(rows: Rows, schema: Schema, redo: Redo): void {
  const before = rows.sequences(schema);
  const start = rows.totalChanges();
  for (const change of redo.rows) if (change.before !== null) rows.delete(tableOf(schema, change), change.key);
  for (const change of redo.rows) {
    if (change.after === null) continue;
    const table = tableOf(schema, change);
    rows.insert(table, keyAfter(table, change), change.after);
  }
  const expected = redo.rows.reduce(
    (sum, { before: old, after }) => sum + (old === null ? 0 : 1) + (after === null ? 0 : 1),
    0,
  );
  const changed = Number(rows.totalChanges() - start);
  // More: a trigger or a cascade ran on a connection that must have none. Fewer: a row was not where it was seen.
  if (changed !== expected) throw new Error(`${expected} row(s) were to change and ${changed} did`);
  restoreMarks(rows, schema, redo, before);
}

/** A WITHOUT ROWID key may change its spelling (NOCASE) and stay the same key: the image has the new one. */
function keyAfter(table: Table, change: RowChange): RowChange["key"] {
  return table.rowid === null ? [] : change.key;
}

function restoreMarks(rows: Rows, schema: Schema, redo: Redo, before: ReadonlyMap<string, bigint>): void {
  const names = new Set(redo.marks.keys());
  for (const { table } of redo.rows) {
    const touched = schema.tables.get(table);
    if (touched?.autoincrement === true) names.add(touched.name);
  }
  for (const name of names) {
    const [old, mark] = [before.get(name), redo.marks.get(name)];
    rows.setSequence(name, old === undefined ? (mark ?? null) : mark === undefined || mark < old ? old : mark);
  }
}

/** The first touched row that is not what the branch saw, in words; null where all are. */
export function differenceFrom(rows: Rows, schema: Schema, redo: Redo): string | null {
  for (const [id, signature] of redo.signatures) {
    const table = schema.tables.get(id);
    if (table === undefined) return `the table ${id} is gone`;
    if (table.signature !== signature) return `the columns of the table ${table.name} were changed`;
  }
  const changed = redo.rows.find((change) => !isAsSeen(rows, tableOf(schema, change), change));
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
  return a.length === b.length && a.every((value, at) => isSame(value, b[at] ?? null));
}
