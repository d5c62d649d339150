/** Automatic rowids past those that other branches hold, so that two plain INSERTs need not wait for each other. */

import { codeOf } from "./failure.ts";
import type { Analysis } from "./reads.ts";
import type { RowChange } from "./redo.ts";
import { equals } from "./rows.ts";
import { columnAt, type ForeignKey, has, type Table } from "./schema.ts";
import type { Statement } from "./statement.ts";
import { isWord, quoteName } from "./tokens.ts";
import type { WorkConnection } from "./work-connection.ts";

const LAST = 2n ** 63n - 1n;

/** The row with the largest rowid that another open branch inserts into the table; null where there is none. */
type HighestInsert = (table: string) => RowChange | null;

/**
 * Runs an INSERT while the other branch's row stands in the table, so that SQLite's next rowid lies past it. Only for
 * statements that can't see that row in any other way: no trigger, no search, no conflict clause. A statement
 * that still meets it (a unique value) is run again without it.
 */
export function passingOver<T>(
  work: WorkConnection,
  statement: Statement,
  analysis: Analysis,
  highest: HighestInsert,
  run: () => T,
): T {
  const table = work.schema.tables.get(statement.target ?? "");
  if (table === undefined || !isBlind(statement, analysis, table)) return run();
  const row = highest(table.id);
  if (row === null || row.after === null || row.key[0] === LAST) return run();
  if (isPassed(work, table, row) || !stand(work, table, row)) return run();
  try {
    return run();
  } catch (error) {
    if (!(error instanceof Error) || !/^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY|ROWID)$/.test(codeOf(error))) throw error;
  } finally {
    work.capture.quietly(() => work.rows.delete(table, row.key));
  }
  return run();
}

/** Whether SQLite goes past it as things stand: in a group, others' rows are there. */
function isPassed(work: WorkConnection, table: Table, row: RowChange): boolean {
  const sql = `SELECT max(${quoteName(table.rowid ?? "")}) FROM main.${quoteName(table.name)}`;
  const [rowid, highest] = [row.key[0], work.rows.prepare(sql).get()?.[0]];
  return typeof rowid === "bigint" && typeof highest === "bigint" && highest >= rowid;
}

function isBlind(statement: Statement, analysis: Analysis, table: Table): boolean {
  return (
    statement.verb === "insert" &&
    statement.tuples !== null &&
    table.rowid !== null &&
    !table.autoincrement &&
    table.triggers.length === 0 &&
    table.refusal === null &&
    table.referencedBy.every((key) => key.child !== table.id) &&
    !statement.tokens.some((token) =>
      isWord(token, "OR", "CHANGES", "TOTAL_CHANGES", "LAST_INSERT_ROWID", "REPLACE"),
    ) &&
    !has(statement.tokens, "ON", "CONFLICT") &&
    !has(table.tokens, "ON", "CONFLICT") &&
    analysis.scanned.size === 0 &&
    analysis.searched.size === 0 &&
    [...analysis.written].every((id) => id === table.id)
  );
}

/** false where it can't stand: its parent is not committed either, or this branch has one of its values. */
function stand(work: WorkConnection, table: Table, row: RowChange): boolean {
  const { capture, rows } = work;
  // A child that waits for just this parent (a deferred key) would go with it when it is taken away again.
  if (table.referencedBy.some((key) => hasChild(work, table, key, row))) return false;
  const last = work.lastInsertRowid();
  try {
    capture.quietly(() => rows.insert(table, row.key, row.after ?? []));
    return true;
  } catch (error) {
    if (error instanceof Error && codeOf(error).startsWith("SQLITE_CONSTRAINT")) return false;
    throw error;
  } finally {
    work.setLastInsertRowid(last);
  }
}

function hasChild(work: WorkConnection, table: Table, key: ForeignKey, row: RowChange): boolean {
  const child = work.schema.tables.get(key.child);
  if (child === undefined) return false;
  const values = key.parentColumns.map((name) => row.after?.[table.stored.indexOf(columnAt(table, name))] ?? null);
  const names = key.columns.map((at) => child.columns[at]?.name ?? "");
  const sql = `SELECT 1 FROM main.${quoteName(child.name)} WHERE ${equals(names)} LIMIT 1`;
  return work.rows.prepare(sql).get(...values) !== undefined;
}
