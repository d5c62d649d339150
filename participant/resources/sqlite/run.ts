/** One statement, run on the work connection, and what it returns, within the limits. */

import type Database from "better-sqlite3";
import { limits, type OperationResult, type SqlOperation, type Value } from "../../../runtime/values/index.ts";
import type { Bound } from "./parameters.ts";
import { bindings } from "./reads.ts";
import { Refusal, refused } from "./refusal.ts";
import type { Statement } from "./statement.ts";
import type { WorkConnection } from "./work-connection.ts";

/** Bytes returned so far by the operations of one call. */
export interface ResultBudget {
  bytes: number;
}

type Prepared = Database.Statement<unknown[], Value[]>;

/** @throws Refusal, or SQLite's error; then the statement has left nothing behind but for OR FAIL, and the whole call is undone */
export function run(
  work: WorkConnection,
  operation: SqlOperation,
  statement: Statement,
  bound: Bound,
  budget: ResultBudget,
): OperationResult {
  const prepared = work.rows.prepare(operation.statement);
  const parameters = bindings(bound);
  if (!prepared.reader) {
    const { changes } = prepared.run(...parameters);
    stillInside(work);
    return { rowsAffected: changes, columns: [], rows: [] };
  }
  const { columns, rows } = collect(prepared, parameters, budget);
  stillInside(work);
  const rowsAffected =
    statement.verb === "select" ? rows.length : Number(work.rows.prepare("SELECT changes()").get()?.[0] ?? 0n);
  return { rowsAffected, columns, rows };
}

/** @throws Refusal LIMIT_EXCEEDED, or STATEMENT_FAILED for text that is not UTF-8 */
export function collect(
  prepared: Prepared,
  parameters: readonly unknown[],
  budget: ResultBudget,
): { columns: string[]; rows: Value[][] } {
  const columns = prepared.columns().map((column) => column.name);
  const rows: Value[][] = [];
  for (const row of prepared.iterate(...parameters)) {
    rows.push(row);
    if (rows.length > limits.rowsPerResult)
      throw new Refusal(
        "LIMIT_EXCEEDED",
        `The statement returns more than ${limits.rowsPerResult} rows. Ask for fewer, with LIMIT or a narrower WHERE.`,
      );
    for (const value of row) budget.bytes += sizeOf(value);
    if (budget.bytes > limits.resultBytesPerBranch)
      throw new Refusal(
        "LIMIT_EXCEEDED",
        `The results are larger than ${limits.resultBytesPerBranch} bytes. Ask for fewer rows or columns.`,
      );
  }
  return { columns, rows };
}

/** Bytes that a value takes in a result, about. */
export function sizeOf(value: Value): number {
  if (typeof value === "string") return 3 + Buffer.byteLength(value);
  return value instanceof Uint8Array ? 3 + value.length : 9;
}

/** A rollback inside a statement (RAISE(ROLLBACK) out of sight) ends the transaction under it. */
function stillInside(work: WorkConnection): void {
  if (!work.db.inTransaction)
    throw refused("The statement rolled the whole transaction back. Use ABORT instead of ROLLBACK.");
}
