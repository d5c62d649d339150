/** Rows of one table by key, on one connection: read, delete, insert. Names and values exactly as stored. */

import type Database from "better-sqlite3";
import type { Value } from "../../../runtime/values/index.ts";
import { keyOf, keysOf } from "./keys.ts";
import { refused } from "./refusal.ts";
import type { Schema, Table } from "./schema.ts";
import { quoteName } from "./tokens.ts";

/** The rowid, or the primary key's columns of a WITHOUT ROWID table. */
export type RowKey = readonly Value[];
/** The values of all columns, generated ones included. */
export type FullRow = readonly Value[];
/** The values of the stored columns only. */
export type Image = readonly Value[];

type Statement = Database.Statement<unknown[], Value[]>;

const STATEMENTS_KEPT = 512;

/** The text of a row's key in locks and maps; keys that the table holds equal have the same. */
export function rowKeyText(table: Table, key: RowKey): string {
  return table.rowid === null ? keysOf(key, table.keyCollations) : keyOf(key[0] ?? null, "BINARY");
}

export function imageOf(table: Table, row: FullRow): Image {
  return table.stored.map((at) => row[at] ?? null);
}

function keyNames(table: Table): string[] {
  return table.rowid === null ? table.key.map((at) => table.columns[at]?.name ?? "") : [table.rowid];
}

/** `"a" = ? AND "b" = ?`: of a column and a parameter, so the column's affinity and collation hold. */
export function equals(names: readonly string[]): string {
  return names.map((name) => `${quoteName(name)} = ?`).join(" AND ");
}

/** In images, or in the key of a lock; what other generated columns hold need not be exact. */
function isKept(table: Table, at: number): boolean {
  return table.columns[at]?.generated === false || table.unique.some((index) => index.columns.includes(at));
}

export class Rows {
  private readonly db: Database.Database;
  private readonly statements = new Map<string, Statement>();

  /** @param db where it lasts only as long as the schema version */
  constructor(db: Database.Database) {
    this.db = db;
  }

  /** Statements are kept by text; rows come as lists, integers as bigint. */
  prepare(sql: string): Statement {
    const known = this.statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.db.prepare<unknown[], Value[]>(sql).safeIntegers(true);
    if (statement.reader) statement.raw(true);
    // The oldest goes first: users' texts come in any number.
    const [oldest] = this.statements.keys();
    if (this.statements.size >= STATEMENTS_KEPT && oldest !== undefined) this.statements.delete(oldest);
    this.statements.set(sql, statement);
    return statement;
  }

  /** @returns null where there is no such row
   *  @throws Refusal where it holds text that is not UTF-8, which no image could keep */
  read(table: Table, key: RowKey): FullRow | null {
    const columns = table.columns.map((column) => quoteName(column.name));
    const where = equals(keyNames(table));
    const row = this.prepare(`SELECT ${columns.join(", ")} FROM main.${quoteName(table.name)} WHERE ${where}`).get(
      ...key,
    );
    if (row === undefined) return null;
    for (const [at, value] of row.entries())
      if (typeof value === "string" && value.includes("\uFFFD") && isKept(table, at))
        this.checkText(table, columns[at] ?? "", where, key, value);
    return row;
  }

  /** A replacement character is either the user's own or the driver's, for bytes that are not UTF-8. */
  private checkText(table: Table, column: string, where: string, key: RowKey, value: string): void {
    const sql = `SELECT CAST(${column} AS BLOB) FROM main.${quoteName(table.name)} WHERE ${where}`;
    const [bytes] = this.prepare(sql).get(...key) ?? [];
    if (bytes instanceof Uint8Array && Buffer.from(value, "utf8").equals(bytes)) return;
    throw refused(
      `A changed row of ${table.name} holds text in ${column} that is not UTF-8, which an image can't keep. Store such bytes as a BLOB, or mend the text first.`,
    );
  }

  delete(table: Table, key: RowKey): void {
    this.prepare(`DELETE FROM main.${quoteName(table.name)} WHERE ${equals(keyNames(table))}`).run(...key);
  }

  insert(table: Table, key: RowKey, image: Image): void {
    const explicit = table.rowid !== null && table.rowidColumn === null;
    const names = table.stored.map((at) => table.columns[at]?.name ?? "");
    const all = explicit ? [table.rowid ?? "", ...names] : names;
    const marks = all.map(() => "?").join(", ");
    const sql = `INSERT INTO main.${quoteName(table.name)} (${all.map(quoteName).join(", ")}) VALUES (${marks})`;
    this.prepare(sql).run(...(explicit ? key : []), ...image);
  }

  /** Rows changed since the connection was opened, by triggers and cascades too. */
  totalChanges(): bigint {
    return (this.prepare("SELECT total_changes()").get()?.[0] ?? 0n) as bigint;
  }

  /** High marks of AUTOINCREMENT tables, by name as written; empty where the file has none. */
  sequences({ hasSequences }: Schema): Map<string, bigint> {
    if (!hasSequences) return new Map();
    const marks = this.prepare("SELECT name, seq FROM main.sqlite_sequence").all();
    return new Map(marks.map(([name, seq]) => [String(name), typeof seq === "bigint" ? seq : 0n]));
  }

  /** @param mark null: no row, as before the table's first insert */
  setSequence(name: string, mark: bigint | null): void {
    if (mark === null) this.prepare("DELETE FROM main.sqlite_sequence WHERE name = ?").run(name);
    else if (this.prepare("UPDATE main.sqlite_sequence SET seq = ? WHERE name = ?").run(mark, name).changes === 0)
      this.prepare("INSERT INTO main.sqlite_sequence(name, seq) VALUES (?, ?)").run(name, mark);
  }
}
