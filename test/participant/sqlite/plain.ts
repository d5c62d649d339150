/** Plain SQLite, with nothing between it and the statements: what the resource is compared with. */

import { isUtf8 } from "node:buffer";
import SqliteDatabase from "better-sqlite3";
import type { Value } from "../../../runtime/values/index.ts";
import type { RandomStatement } from "./generate.ts";

/** Plain SQLite under the settings that docs/sqlite.md promises. */
export function openPlain(script: string): SqliteDatabase.Database {
  const plain = new SqliteDatabase(":memory:");
  plain.pragma("foreign_keys = ON");
  plain.pragma("recursive_triggers = ON");
  plain.exec(script);
  return plain;
}

/**
 * The same with TEMP triggers that do nothing. In which order a statement visits its rows is SQLite's to choose, and it
 * chooses otherwise where a table has triggers: an UPDATE whose unique values collide only on the way may then fail
 * or not. The resource's own triggers have that effect too, so this is what its order is compared with.
 */
export function openWatched(script: string): SqliteDatabase.Database {
  const watched = openPlain(script);
  const tables = watched
    .prepare<[], string>(
      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%'",
    )
    .pluck()
    .all();
  for (const table of tables)
    for (const event of ["INSERT", "UPDATE", "DELETE"])
      watched.exec(`CREATE TEMP TRIGGER watch_${event}_${table} AFTER ${event} ON main.${table} BEGIN SELECT 1; END`);
  return watched;
}

export interface Outcome {
  readonly failed: boolean;
  /** COMMIT was refused for a foreign key, and `foreign_key_check` finds none that is broken. */
  readonly unfounded: boolean;
  readonly results: unknown[];
}

/** A branch in plain SQLite: a transaction, undone at the first failure. */
export function runPlain(plain: SqliteDatabase.Database, statements: readonly RandomStatement[]): Outcome {
  plain.exec(
    "CREATE TEMP TABLE IF NOT EXISTS zero(id INTEGER PRIMARY KEY); INSERT OR REPLACE INTO temp.zero VALUES (0)",
  );
  plain.exec("BEGIN");
  let atCommit = false;
  try {
    const results = statements.map(({ statement, parameters }) => {
      const prepared = plain.prepare<unknown[], Value[]>(statement).safeIntegers(true);
      if (!prepared.reader) return { rowsAffected: prepared.run(...parameters).changes, columns: [], rows: [] };
      const rows = prepared.raw(true).all(...parameters);
      const changes = prepared.readonly ? rows.length : (plain.prepare("SELECT changes()").pluck().get() as number);
      return { rowsAffected: changes, columns: prepared.columns().map((column) => column.name), rows };
    });
    atCommit = true;
    plain.exec("COMMIT");
    return { failed: false, unfounded: false, results };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const unfounded = atCommit && plain.pragma("foreign_key_check", { simple: true }) === undefined;
    if (plain.inTransaction) plain.exec("ROLLBACK");
    return { failed: true, unfounded, results: [error.message] };
  }
}

export function contents(db: SqliteDatabase.Database): Record<string, unknown[]> {
  return Object.fromEntries(
    tablesOf(db).map(({ name, wr }) => {
      const wanted = [...(wr === 0 && name !== "sqlite_sequence" ? ["rowid"] : []), ...columnsOf(db, name)];
      const list = wanted.flatMap((column) => [`typeof(${column})`, `hex(CAST(${column} AS BLOB))`, column]).join(", ");
      const rows = db.prepare<[], unknown[]>(`SELECT ${list} FROM ${name}`).raw(true).safeIntegers(true).all();
      return [name, rows.map((row) => row.map(show).join("|")).toSorted()];
    }),
  );
}

/** Whether some row has text whose bytes are not UTF-8, as a computed column makes it of a blob: SQLite keeps it, and the resource refuses it (docs/sqlite.md). */
export function holdsOtherText(db: SqliteDatabase.Database): boolean {
  return tablesOf(db).some(({ name: table }) =>
    columnsOf(db, table).some((column) =>
      db
        .prepare<[], Buffer>(`SELECT CAST(${column} AS BLOB) FROM ${table} WHERE typeof(${column}) = 'text'`)
        .pluck()
        .all()
        .some((bytes) => !isUtf8(bytes)),
    ),
  );
}

function tablesOf(db: SqliteDatabase.Database): { name: string; wr: number }[] {
  return db
    .prepare<[], { name: string; wr: number }>(
      "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table'",
    )
    .all()
    .filter(({ name }) => !/^(sqlite_schema|nemcon_)/.test(name));
}

function columnsOf(db: SqliteDatabase.Database, table: string): string[] {
  return (db.pragma(`table_xinfo(${table})`) as { name: string }[]).map(({ name }) => name);
}

export function show(value: unknown): string {
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString("hex")}`;
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Buffers and Uint8Arrays of the same bytes are the same. */
export function showResult(result: unknown): string {
  return JSON.stringify(result, (_key, value: unknown) => {
    if (typeof value === "bigint") return `${value}n`;
    if (value instanceof Uint8Array) return `x${Buffer.from(value).toString("hex")}`;
    if (typeof value === "object" && value !== null && "type" in value && value.type === "Buffer")
      return `x${Buffer.from((value as unknown as { data: number[] }).data).toString("hex")}`;
    return typeof value === "number" ? `${show(value)}f` : value;
  });
}
