/** One call's operations, tried out on the work connection: what they return, what they would change, what they looked at. */

import type { AbortReason, TransactionId } from "../../../protocols/index.ts";
import type { OperationResult, SqlOperation } from "../../../runtime/values/index.ts";
import { type Failure, failureOf } from "./failure.ts";
import { checkForeignKeys } from "./foreign-keys.ts";
import { type ChangedRow, effectOf, locksOfPoint } from "./footprint.ts";
import { type Lock, tableLock } from "./locks.ts";
import { bind, type Bound } from "./parameters.ts";
import { passingOver } from "./pass-over.ts";
import { pointOf } from "./point.ts";
import type { Analysis } from "./reads.ts";
import { Refusal, refused } from "./refusal.ts";
import { replay } from "./replay.ts";
import { type ResultBudget, run } from "./run.ts";
import type { Changes, RowChange } from "./redo.ts";
import { type RowKey, rowKeyText, type Rows } from "./rows.ts";
import type { Table } from "./schema.ts";
import type { Statement } from "./statement.ts";
import { isWord } from "./tokens.ts";
import type { WorkConnection } from "./work-connection.ts";

export interface Done {
  readonly ok: true;
  readonly results: readonly OperationResult[];
  /** The whole branch's, earlier calls included. */
  readonly changes: Changes;
  /** What this call adds. */
  readonly locks: readonly Lock[];
  readonly lastInsertRowid: bigint;
  /** A deferred foreign key is broken as things stand: no matter until the branch is prepared. */
  readonly isOrphaned: boolean;
}

export interface Failed {
  readonly ok: false;
  readonly reason: AbortReason;
  readonly detail: string;
  readonly code: string;
  /** What the failure depends on: with these, it would fail again. */
  readonly looked: readonly Lock[];
  /** Tables that the operations may have written to before they failed. */
  readonly written: ReadonlySet<string>;
}

/** What open branches other than the one given have taken. */
export interface Others {
  /** AUTOINCREMENT marks. */
  reservedBy(self: TransactionId): ReadonlyMap<string, bigint>;
  /** The row with the largest rowid that one of them inserts into the table; null where there is none. */
  highestInsert(self: TransactionId, table: string): RowChange | null;
}

/** What a branch brings along. */
export interface Before {
  readonly changes: Changes;
  readonly lastInsertRowid: bigint;
  readonly transaction: TransactionId;
  readonly others: Others;
  /** The last call of the branch: a deferred foreign key may not stay broken. */
  readonly isFinal: boolean;
}

/**
 * Runs inside a transaction of `work`, which it leaves as it was found (or closed, where SQLite closed it).
 *
 * @param committed rows of a connection that sees committed data
 */
export function attempt(
  work: WorkConnection,
  committed: Rows,
  before: Before,
  operations: readonly SqlOperation[],
): Done | Failed {
  work.savepoint.begin();
  try {
    return new Attempt(work, committed, before, false).run(operations);
  } finally {
    work.capture.take();
    if (work.db.inTransaction) work.savepoint.undo();
  }
}

/** The same without a savepoint: what the operations wrote stays, whatever comes of them, for the caller to roll back. */
export function attemptInGroup(
  work: WorkConnection,
  committed: Rows,
  before: Before,
  operations: readonly SqlOperation[],
): Done | Failed {
  return new Attempt(work, committed, before, true).run(operations);
}

class Attempt {
  private readonly work: WorkConnection;
  private readonly committed: Rows;
  private readonly before: Before;
  /** Then nothing in it can ask for last_insert_rowid(). */
  private readonly isInGroup: boolean;
  private readonly looked: Lock[] = [];
  private readonly written = new Set<string>();
  private readonly budget: ResultBudget = { bytes: 0 };

  /** AUTOINCREMENT marks before the first operation that may move them; null: none came yet. */
  private marks: ReadonlyMap<string, bigint> | null = null;

  constructor(work: WorkConnection, committed: Rows, before: Before, isInGroup: boolean) {
    this.work = work;
    this.isInGroup = isInGroup;
    this.committed = committed;
    this.before = before;
  }

  run(operations: readonly SqlOperation[]): Done | Failed {
    try {
      const { rows, db, capture } = this.work;
      replay(this.work, this.before.changes);
      capture.take();
      const setsLast = this.isInGroup ? this.setsLast(operations) : "maybe";
      if (setsLast === "maybe") this.work.setLastInsertRowid(this.before.lastInsertRowid);
      const results = operations.map((operation) => this.operate(operation));
      const lastInsertRowid = setsLast === "no" ? this.before.lastInsertRowid : this.work.lastInsertRowid();
      const changes = this.changes();
      const foreign = checkForeignKeys(rows, this.work.schema, changes);
      if (foreign.violation !== null && this.before.isFinal) {
        for (const table of foreign.violation.tables) this.written.add(table);
        return this.failed({
          reason: "CONSTRAINT",
          detail: foreign.violation.detail,
          code: "SQLITE_CONSTRAINT_FOREIGNKEY",
        });
      }
      if (!db.inTransaction) throw new Error("the work connection lost its transaction");
      return {
        ok: true,
        results,
        ...this.effect(changes, foreign.locks),
        lastInsertRowid,
        isOrphaned: foreign.violation !== null,
      };
    } catch (error) {
      return this.failed(failureOf(error));
    }
  }

  /** Whether last_insert_rowid() will be another one afterwards, of operations that can't ask for it. */
  private setsLast(operations: readonly SqlOperation[]): "yes" | "maybe" | "no" {
    const { analyst, schema } = this.work;
    let setsLast: "maybe" | "no" = "no";
    for (const { statement } of operations) {
      const { verb, target, mayIgnore } = analyst.parse(statement);
      if (verb !== "insert" || schema.tables.get(target ?? "")?.rowid === null) continue;
      if (!mayIgnore) return "yes";
      setsLast = "maybe";
    }
    return setsLast;
  }

  private failed(failure: Failure): Failed {
    return { ok: false, ...failure, looked: this.looked, written: this.written };
  }

  /** Ids that other branches took are passed over: they may commit, and a gap in AUTOINCREMENT is allowed. */
  private reserve(): void {
    const { rows, schema } = this.work;
    const present = rows.sequences(schema);
    for (const marks of [this.before.changes.marks, this.before.others.reservedBy(this.before.transaction)])
      for (const [name, mark] of marks) {
        if ((present.get(name) ?? -1n) >= mark) continue;
        rows.setSequence(name, mark);
        present.set(name, mark);
      }
    this.marks = present;
  }

  private operate(operation: SqlOperation): OperationResult {
    const { analyst, rows, schema } = this.work;
    const statement = analyst.parse(operation.statement);
    const bound = bind(operation, statement.tokens);
    const analysis = analyst.analyse(operation.statement, statement, bound);
    for (const table of analysis.written) this.written.add(table);
    if (analysis.movesMarks && this.marks === null) this.reserve();
    const pattern = analyst.pattern(statement);
    const point = pattern === null ? null : pointOf(pattern, bound);
    // Before it runs: afterwards the key may lead to no row, or to another one.
    this.looked.push(...looksBefore(analysis, point?.table.id ?? null));
    if (point !== null) this.looked.push(...locksOfPoint(rows, point));
    const result = this.runOne(operation, statement, bound, analysis, point?.table.id ?? null);
    const target = schema.tables.get(statement.target ?? "");
    this.looked.push(...looksAfter(statement, analysis, point?.table.id ?? null, result, target));
    const unmet = unmetBy(statement.verb, result.rowsAffected, operation.expectRows);
    if (unmet !== null) throw new Refusal("EXPECTATION_FAILED", unmet);
    return result;
  }

  private runOne(
    operation: SqlOperation,
    statement: Statement,
    bound: Bound,
    analysis: Analysis,
    point: string | null,
  ): OperationResult {
    try {
      const { others, transaction } = this.before;
      return passingOver(
        this.work,
        statement,
        analysis,
        (table) => others.highestInsert(transaction, table),
        () => run(this.work, operation, statement, bound, this.budget),
      );
    } catch (error) {
      // What an INSERT failed on is a unique value, and `judge` asks who holds one.
      if (statement.verb !== "insert")
        for (const table of analysis.searched) if (table !== point) this.looked.push(tableLock(table, "read"));
      throw error;
    }
  }

  /** Every row that this call touched or an earlier one changed, as it is committed and as it would become. */
  private changes(): (ChangedRow & { readonly isNew: boolean })[] {
    const { capture, rows, schema } = this.work;
    const touched = new Map<string, { table: Table; key: RowKey; isNew: boolean }>();
    for (const { table, key } of this.before.changes.rows) {
      const known = schema.tables.get(table);
      if (known !== undefined) touched.set(`${table}\0${rowKeyText(known, key)}`, { table: known, key, isNew: false });
    }
    for (const { table, key } of capture.take())
      touched.set(`${table.id}\0${rowKeyText(table, key)}`, { table, key, isNew: true });
    return [...touched.values()].map((row) => ({
      ...row,
      before: this.committed.read(row.table, row.key),
      after: rows.read(row.table, row.key),
    }));
  }

  private effect(
    changes: readonly (ChangedRow & { readonly isNew: boolean })[],
    foreign: readonly Lock[],
  ): Pick<Done, "changes" | "locks"> {
    const { rows, signatures, locks } = effectOf(
      changes,
      [...this.looked, ...foreign],
      (at) => changes[at]?.isNew === false,
    );
    return {
      changes: { signatures, rows, marks: this.marks === null ? this.before.changes.marks : this.newMarks(this.marks) },
      locks,
    };
  }

  private newMarks(start: ReadonlyMap<string, bigint>): Map<string, bigint> {
    const { rows, schema } = this.work;
    const now = rows.sequences(schema);
    const raised = new Map([...now].filter(([name, mark]) => start.get(name) !== mark));
    const isFine = ([name, mark]: [string, bigint]): boolean =>
      schema.tables.get(name.toLowerCase())?.autoincrement === true && mark >= (start.get(name) ?? 0n);
    if ([...start.keys()].some((name) => !now.has(name)) || ![...raised].every(isFine))
      throw refused(
        "A trigger writes to sqlite_sequence, where two branches would meet unseen. Let AUTOINCREMENT keep it.",
      );
    return new Map([...this.before.changes.marks, ...raised]);
  }
}

/** What is wrong with the number of rows, in words; null: nothing. */
export function unmetBy(verb: Statement["verb"], rowsAffected: number, expected: number | null): string | null {
  if (expected === null || rowsAffected === expected) return null;
  return `The statement ${verb === "select" ? "returned" : "changed"} ${rowsAffected} row(s) where ${expected} were expected.`;
}

/** What it reads through cursors of its own, and what triggers read. Whole tables, but for the one whose row the statement names by key. */
function looksBefore(analysis: Analysis, point: string | null): Lock[] {
  const own = [...analysis.scanned].filter((table) => table !== point);
  return [...own, ...analysis.readInside].map((table) => tableLock(table, "read"));
}

/**
 * What it searched with the cursor that writes: whole tables, but for the row named by key and for rows that an
 * INSERT of counted tuples put or updated itself (those are locked as changed).
 */
function looksAfter(
  statement: Statement,
  analysis: Analysis,
  point: string | null,
  result: OperationResult,
  target: Table | undefined,
): Lock[] {
  const isCounted = statement.verb === "insert" && statement.tuples === result.rowsAffected;
  const searched = new Set(
    [...analysis.searched].filter((table) => table !== point && !(isCounted && table === target?.id)),
  );
  const mayIgnore = statement.mayIgnore || target?.tokens.some((token) => isWord(token, "IGNORE")) === true;
  // A row that was left alone tells that another one stood in its way.
  if (mayIgnore && !isCounted && target !== undefined && statement.verb !== "delete") searched.add(target.id);
  return [...searched].map((table) => tableLock(table, "read"));
}
