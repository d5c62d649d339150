/** Foreign keys of touched rows: which parent each child leans on, and what a deferred check would find at commit. */

import type { Value } from "../../../runtime/values/index.ts";
import { keysOf } from "./keys.ts";
import { type Lock, valueLock } from "./locks.ts";
import { equals, type FullRow, type Rows } from "./rows.ts";
import { columnAt, type ForeignKey, parentIndex, type Schema, type Table } from "./schema.ts";
import { quoteName } from "./tokens.ts";

export interface TouchedRow {
  readonly table: Table;
  readonly before: FullRow | null;
  readonly after: FullRow | null;
}

export interface Violation {
  /** For people. */
  readonly detail: string;
  readonly tables: readonly string[];
}

/** The values of the columns, or null where one is NULL (then the key refers to nothing) or there is no row. */
function valuesAt(row: FullRow | null, columns: readonly number[]): Value[] | null {
  if (row === null) return null;
  const values = columns.map((at) => row[at] ?? null);
  return values.some((value) => value === null) ? null : values;
}

function changed(row: TouchedRow, columns: readonly number[]): boolean {
  const [before, after] = [row.before, row.after];
  if (before === null || after === null) return true;
  return columns.some((at) => keysOf([before[at] ?? null], ["BINARY"]) !== keysOf([after[at] ?? null], ["BINARY"]));
}

/** The parent's own key values that a child's values find, by the parent's affinity and collation as SQLite compares. */
function parentValues(rows: Rows, key: ForeignKey, parent: Table, values: readonly Value[]): Value[] | null {
  const names = key.parentColumns.map((name) => parent.columns[columnAt(parent, name)]?.name ?? name);
  const sql = `SELECT ${names.map(quoteName).join(", ")} FROM main.${quoteName(parent.name)} WHERE ${equals(names)} LIMIT 1`;
  return rows.prepare(sql).get(...values) ?? null;
}

/**
 * Locks shared with other children on every parent that a new or changed child row leans on, and the first
 * violation. SQLite checks immediate keys itself; deferred ones it would check at a COMMIT that never comes here.
 *
 * @param rows a connection that sees the rows as the branch leaves them
 */
export function checkForeignKeys(
  rows: Rows,
  schema: Schema,
  touched: readonly TouchedRow[],
): { locks: Lock[]; violation: Violation | null } {
  const locks: Lock[] = [];
  let violation: Violation | null = null;
  for (const row of touched) {
    for (const key of row.table.foreignKeys) {
      const values = valuesAt(row.after, key.columns);
      if (values === null || !changed(row, key.columns)) continue;
      const parent = schema.tables.get(key.parent);
      const found = parent === undefined ? null : parentValues(rows, key, parent, values);
      if (parent === undefined || found === null) violation ??= orphan(row.table, key, values);
      else locks.push(...parentLock(key, parent, found));
    }
    for (const key of row.table.referencedBy) violation ??= leftBehind(rows, schema, row, key);
  }
  return { locks, violation };
}

function parentLock(key: ForeignKey, parent: Table, found: readonly Value[]): Lock[] {
  const index = parentIndex(key, parent);
  if (index === undefined) return [];
  const ordered = index.columns.map(
    (at) => found[key.parentColumns.indexOf(parent.columns[at]?.name.toLowerCase() ?? "")] ?? null,
  );
  return [valueLock(parent.id, index.name, keysOf(ordered, index.collations), "share")];
}

/** Children of a parent key that is gone. */
function leftBehind(rows: Rows, schema: Schema, row: TouchedRow, key: ForeignKey): Violation | null {
  const columns = key.parentColumns.map((name) => columnAt(row.table, name));
  const old = valuesAt(row.before, columns);
  const child = schema.tables.get(key.child);
  if (old === null || child === undefined || !changed(row, columns)) return null;
  if (parentValues(rows, key, row.table, old) !== null) return null;
  const names = key.columns.map((at) => child.columns[at]?.name ?? "");
  const list = names.map(quoteName).join(", ");
  // By the child's own comparison first; whether it is an orphan is then asked by the parent's, as SQLite does.
  const candidates = rows
    .prepare(`SELECT DISTINCT ${list} FROM main.${quoteName(child.name)} WHERE ${equals(names)}`)
    .all(...old);
  const orphaned = candidates.find((values) => parentValues(rows, key, row.table, values) === null);
  return orphaned === undefined ? null : orphan(child, key, orphaned);
}

function orphan(child: Table, key: ForeignKey, values: readonly Value[]): Violation {
  const names = key.columns.map((at) => child.columns[at]?.name ?? "").join(", ");
  const detail = `FOREIGN KEY constraint failed: no row of ${key.parent} for ${child.name}(${names}) = (${values.map(String).join(", ")})`;
  return { detail, tables: [child.id, key.parent] };
}
