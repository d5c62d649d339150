/** Queries outside any transaction: committed data only, on a connection that can't write. */

import SqliteDatabase from "better-sqlite3";
import { limits, type OperationResult, type SqlOperation, type Value } from "../../../runtime/values/index.ts";
import { failureOf } from "./failure.ts";
import { bind } from "./parameters.ts";
import { bindings } from "./reads.ts";
import { Refusal, refused } from "./refusal.ts";
import { isReserved } from "./schema.ts";
import { parseStatement, type Statement } from "./statement.ts";
import { isWord, nameOf } from "./tokens.ts";

export interface QueryLimits {
  /** Rows at most; 10 000 where absent. */
  readonly rows?: number;
  /** Bytes of values at most; 1 MiB where absent. */
  readonly bytes?: number;
  /** Looked at before each row: true ends the query. SQLite itself can't be interrupted between two rows. */
  readonly isOver?: () => boolean;
}

export interface Reader {
  /** @throws Refusal */
  query(operation: SqlOperation, queryLimits?: QueryLimits): OperationResult;
  close(): void;
}

/** @param busyMs how long to wait for a lock of another program */
export function openReader(file: string, busyMs: number): Reader {
  const db = new SqliteDatabase(file, { readonly: true, timeout: busyMs });
  db.pragma("query_only = ON");
  return {
    query: (operation, queryLimits = {}) => {
      try {
        return runQuery(db, operation, queryLimits);
      } catch (error) {
        const failure = failureOf(error);
        throw new Refusal(failure.reason, failure.detail);
      }
    },
    close: () => db.close(),
  };
}

function runQuery(db: SqliteDatabase.Database, operation: SqlOperation, queryLimits: QueryLimits): OperationResult {
  const statement = parseStatement(operation.statement);
  if (statement.verb !== "select")
    throw refused("A query only reads: SELECT, VALUES, or WITH … SELECT. Send changes as a transaction.");
  refusePrivate(statement);
  const prepared = db.prepare<unknown[], Value[]>(operation.statement).safeIntegers(true).raw(true);
  if (!prepared.readonly) throw refused("A query only reads. Send changes as a transaction.");
  const rows: Value[][] = [];
  const [most, mostBytes] = [
    queryLimits.rows ?? limits.rowsPerResult,
    queryLimits.bytes ?? limits.resultBytesPerBranch,
  ];
  let bytes = 0;
  for (const row of prepared.iterate(...bindings(bind(operation, statement.tokens)))) {
    if (queryLimits.isOver?.() === true) throw new Refusal("TIMEOUT", "The query's time was over before its last row.");
    rows.push(row);
    for (const value of row)
      bytes += typeof value === "string" || value instanceof Uint8Array ? Buffer.byteLength(value) + 3 : 9;
    if (rows.length > most)
      throw new Refusal(
        "LIMIT_EXCEEDED",
        `The query returns more than ${most} rows. Ask for fewer, with LIMIT or a narrower WHERE.`,
      );
    if (bytes > mostBytes)
      throw new Refusal(
        "LIMIT_EXCEEDED",
        `The query's rows are larger than ${mostBytes} bytes. Ask for fewer rows or columns.`,
      );
  }
  if (operation.expectRows !== null && rows.length !== operation.expectRows)
    throw new Refusal(
      "EXPECTATION_FAILED",
      `The query returned ${rows.length} row(s) where ${operation.expectRows} were expected.`,
    );
  return { rowsAffected: rows.length, columns: prepared.columns().map((column) => column.name), rows };
}

function refusePrivate(statement: Statement): void {
  const name = statement.tokens
    .map(nameOf)
    .find((word) => word !== null && isReserved(word) && word.startsWith("nemcon_"));
  if (name !== undefined && name !== null)
    throw refused(`${name} belongs to nemcon's journal and is not for statements.`);
  if (statement.tokens.some((token) => isWord(token, "LOAD_EXTENSION")))
    throw refused("load_extension is not for statements.");
}
