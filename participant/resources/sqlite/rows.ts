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

/** Of one table, for as long as the schema version lasts. */
interface TableStatements {
  readonly read: Statement;
  readonly delete: Statement;
  readonly insert: Statement;
  /** By the columns that they write. */
  readonly updates: Map<string, Statement>;
}

const STATEMENTS_KEPT = 512;

/** The text of a row's key in locks and maps; keys that the table holds equal have the same. */
export function rowKeyText(table: Table, key: RowKey): string {
  return table.rowid === null ? keysOf(key, table.keyCollations) : keyOf(key[0] ?? null, "BINARY");
}

export function imageOf(table: Table, row: FullRow): Image {
  return table.stored.length === row.length ? row : table.stored.map((at) => row[at] ?? null);
}

function keyNames(table: Table): string[] {
  return table.rowid === null ? table.key.map((at) => table.columns[at]?.name ?? "") : [table.rowid];
}

/** A rowid that is no column of the table: images do not have it. */
function isNamedApart(table: Table): boolean {
  return table.rowid !== null && table.rowidColumn === null;
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
  private readonly tables = new Map<Table, TableStatements>();

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
    const { read } = this.of(table);
    const row = read.get(...key);
    if (row === undefined) return null;
    for (const [at, value] of row.entries())
      if (typeof value === "string" && value.includes("\uFFFD") && isKept(table, at))
        this.checkText(table, at, key, value);
    return row;
  }

  /** A replacement character is either the user's own or the driver's, for bytes that are not UTF-8. */
  private checkText(table: Table, at: number, key: RowKey, value: string): void {
    const column = quoteName(table.columns[at]?.name ?? "");
    const sql = `SELECT CAST(${column} AS BLOB) FROM main.${quoteName(table.name)} WHERE ${equals(keyNames(table))}`;
    const [bytes] = this.prepare(sql).get(...key) ?? [];
    if (bytes instanceof Uint8Array && Buffer.from(value, "utf8").equals(bytes)) return;
    throw refused(
      `A changed row of ${table.name} holds text in ${column} that is not UTF-8, which an image can't keep. Store such bytes as a BLOB, or mend the text first.`,
    );
  }

  delete(table: Table, key: RowKey): void {
    this.of(table).delete.run(...key);
  }

  insert(table: Table, key: RowKey, image: Image): void {
    const { insert } = this.of(table);
    if (isNamedApart(table)) insert.run(...key, ...image);
    else insert.run(...image);
  }

  /** @param stored which of the image's columns are written */
  update(table: Table, key: RowKey, stored: readonly number[], image: Image): void {
    const { updates } = this.of(table);
    const which = stored.join(",");
    let update = updates.get(which);
    if (update === undefined) {
      const sets = stored.map((at) => `${quoteName(table.columns[table.stored[at] ?? -1]?.name ?? "")} = ?`).join(", ");
      const sql = `UPDATE main.${quoteName(table.name)} SET ${sets} WHERE ${equals(keyNames(table))}`;
      updates.set(which, (update = this.prepare(sql)));
    }
    const [first, second] = stored;
    if (first !== undefined && second === undefined && key.length === 1) update.run(image[first] ?? null, key[0]);
    else update.run(...stored.map((at) => image[at] ?? null), ...key);
  }

  private of(table: Table): TableStatements {
    const known = this.tables.get(table);
    if (known !== undefined) return known;
    const from = `main.${quoteName(table.name)}`;
    const where = `WHERE ${equals(keyNames(table))}`;
    const columns = table.columns.map((column) => quoteName(column.name)).join(", ");
    const names = table.stored.map((at) => table.columns[at]?.name ?? "");
    const all = isNamedApart(table) ? [table.rowid ?? "", ...names] : names;
    const made: TableStatements = {
      read: this.prepare(`SELECT ${columns} FROM ${from} ${where}`),
      delete: this.prepare(`DELETE FROM ${from} ${where}`),
      insert: this.prepare(
        `INSERT INTO ${from} (${all.map(quoteName).join(", ")}) VALUES (${all.map(() => "?").join(", ")})`,
      ),
      updates: new Map(),
    };
    this.tables.set(table, made);
    return made;
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

  /** @param mark null: no row, as before the table's first insert @returns how many rows that changed */
  setSequence(name: string, mark: bigint | null): number {
    if (mark === null) return this.prepare("DELETE FROM main.sqlite_sequence WHERE name = ?").run(name).changes;
    const { changes } = this.prepare("UPDATE main.sqlite_sequence SET seq = ? WHERE name = ?").run(mark, name);
    return changes > 0
      ? changes
      : this.prepare("INSERT INTO main.sqlite_sequence(name, seq) VALUES (?, ?)").run(name, mark).changes;
  }
}
