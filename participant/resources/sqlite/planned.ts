/**
 * The planned way: what a branch's point statements would change is computed by SELECTs on the journal's connection,
 * whose cache holds what it wrote itself, and nothing is written before the commit. It gives the outcome that trying
 * the statements out would give, to the bit, or none at all: then they are tried out.
 */

import { limits, type OperationResult, type SqlOperation, type Value } from "../../../runtime/values/index.ts";
import { type Before, type Done, type Failed, unmetBy } from "./attempt.ts";
import { codeOf } from "./failure.ts";
import { checkForeignKeys } from "./foreign-keys.ts";
import { type ChangedRow, effectOf, locksOfPoint } from "./footprint.ts";
import { type Sharing, sharingOf } from "./group.ts";
import { isSame, keysOf } from "./keys.ts";
import { type Lock, rowLock, valueLock } from "./locks.ts";
import { bind, type Bound } from "./parameters.ts";
import { isKey, type Plan, planOf, type Source } from "./plan.ts";
import { type Point, pointOf, valueOf } from "./point.ts";
import { bindings } from "./reads.ts";
import { Refusal } from "./refusal.ts";
import { type FullRow, type RowKey, rowKeyText, type Rows } from "./rows.ts";
import { sizeOf } from "./run.ts";
import type { Column, Schema, Table } from "./schema.ts";
import type { Statement } from "./statement.ts";
import { quoteName } from "./tokens.ts";
import type { WorkConnection } from "./work-connection.ts";

type Prepared = ReturnType<Rows["prepare"]>;

interface Ready {
  readonly statement: Statement;
  readonly plan: Plan;
  readonly prepared: Prepared;
  readonly columns: readonly string[];
}

/** What is known of a text. */
interface Known {
  /** null: to be tried out. */
  readonly ready: Ready | null;
  readonly sharing: Sharing;
}

const TEXTS_KEPT = 512;
/** Longer values and rows are SQLite's to refuse. */
const MOST_BYTES = 1024 * 1024;

/** Plans by text, for one schema version. */
export class Planner {
  private readonly work: WorkConnection;
  readonly rows: Rows;
  readonly schema: Schema;
  private readonly known = new Map<string, Known>();

  /** @param rows of the journal's connection: committed data, inside a read transaction that `work`'s schema holds in */
  constructor(work: WorkConnection, rows: Rows) {
    this.work = work;
    this.rows = rows;
    this.schema = work.schema;
  }

  isFor(work: WorkConnection, rows: Rows): boolean {
    return this.work === work && this.rows === rows;
  }

  /** @returns null: to be tried out */
  attempt(before: Before, operations: readonly SqlOperation[]): Done | Failed | null {
    try {
      return new PlannedAttempt(this, before).run(operations);
    } catch (error) {
      // Who else may be behind a failure is for the other way to ask.
      if (!isOfStatement(error)) throw error;
      return null;
    }
  }

  /** Whether these may be tried out behind other branches: see group.ts. */
  mayShare(before: Before, operations: readonly SqlOperation[]): boolean {
    // Changes of earlier calls would have to be put back first.
    if (before.changes.rows.length > 0 || before.changes.marks.size > 0) return false;
    try {
      return operations.every((operation) => {
        const { sharing } = this.find(operation);
        if (sharing !== "unless-null") return sharing === "always";
        return !Object.values(operation.parameters).includes(null);
      });
    } catch (error) {
      if (!isOfStatement(error)) throw error;
      return false;
    }
  }

  /** @throws Refusal, or SQLite's error */
  find(operation: SqlOperation): Known {
    const known = this.known.get(operation.statement);
    if (known !== undefined) return known;
    if (this.known.size >= TEXTS_KEPT) this.known.clear();
    const made = this.make(operation);
    this.known.set(operation.statement, made);
    return made;
  }

  private make(operation: SqlOperation): Known {
    const { analyst, schema, committed } = this.work;
    const text = operation.statement;
    const statement = analyst.parse(text);
    const analysis = analyst.analyse(text, statement, bind(operation, statement.tokens));
    const pattern = analyst.pattern(statement);
    const known = { ready: null, sharing: sharingOf(statement, analysis, schema, pattern) };
    const plan = planOf(statement, analysis, schema, pattern);
    if (plan === null) return known;
    const prepared = this.rows.prepare(plan.kind === "select" ? text : plan.sql);
    const own = committed.prepare(text);
    const columns = own.reader ? own.columns().map((column) => column.name) : [];
    return { ...known, ready: { statement, plan, prepared, columns } };
  }
}

function isOfStatement(error: unknown): boolean {
  return error instanceof Refusal || (error instanceof Error && codeOf(error) !== "");
}

/** Thrown inside this file: this way does not reach so far. */
const beyond = new Refusal("STATEMENT_FAILED", "to be tried out");

class PlannedAttempt {
  private readonly planner: Planner;
  private readonly before: Before;
  private readonly looked: Lock[] = [];
  private readonly foreign: Lock[] = [];
  private readonly changes: ChangedRow[] = [];
  private readonly results: OperationResult[] = [];
  private lastInsertRowid: bigint;
  private bytes = 0;

  constructor(planner: Planner, before: Before) {
    this.planner = planner;
    this.before = before;
    this.lastInsertRowid = before.lastInsertRowid;
  }

  run(operations: readonly SqlOperation[]): Done | Failed | null {
    for (const operation of operations) {
      const known = this.planner.find(operation).ready;
      if (known === null) return null;
      const result = this.operate(known, bind(operation, known.statement.tokens));
      const detail = unmetBy(known.statement.verb, result.rowsAffected, operation.expectRows);
      if (detail !== null)
        return {
          ok: false,
          reason: "EXPECTATION_FAILED",
          detail,
          code: "",
          looked: this.looked,
          written: this.written(known),
        };
      this.results.push(result);
    }
    const { changes } = this.before;
    const { rows, signatures, locks } = effectOf(
      this.changes,
      this.foreign.length === 0 ? this.looked : [...this.looked, ...this.foreign],
    );
    return {
      ok: true,
      results: this.results,
      changes: {
        rows: changes.rows.length === 0 ? rows : [...changes.rows, ...rows],
        signatures: changes.rows.length === 0 ? signatures : new Map([...changes.signatures, ...signatures]),
        marks: changes.marks,
      },
      locks,
      lastInsertRowid: this.lastInsertRowid,
      isOrphaned: false,
    };
  }

  private written({ plan }: Ready): Set<string> {
    const tables = this.changes.map(({ table }) => table.id);
    return new Set(plan.kind === "select" ? tables : [...tables, plan.table.id]);
  }

  private operate(known: Ready, bound: Bound): OperationResult {
    const { plan, prepared, columns } = known;
    if (plan.kind === "insert") return this.insert(plan, prepared, bound, columns);
    const { table } = plan;
    const point = pointOf(plan.pattern, bound);
    // By its own key the row is known before it is read; by another one, any row that the branch changed could be it.
    if (point === null || this.hasChanged(table, isRowKey(point) ? point.values : null)) throw beyond;
    if (plan.kind === "select") {
      const rows = prepared.all(...bindings(bound));
      if (point.index === null || (rows.length > 0 && !plan.isAggregate && isRowKey(point)))
        this.look(point, point.values);
      else this.looked.push(...locksOfPoint(this.planner.rows, point));
      for (const row of rows) this.count(row);
      return { rowsAffected: rows.length, columns, rows };
    }
    const row = prepared.get(...sourced(plan.sources, bound, NONE));
    if (row === undefined) {
      this.looked.push(...locksOfPoint(this.planner.rows, point));
      return { rowsAffected: 0, columns, rows: [] };
    }
    const before = imageIn(table, row);
    const key = keyIn(table, row);
    const looked = this.look(point, key);
    const after = plan.kind === "delete" ? null : withSets(table, before, plan.sets, row);
    return this.change({ table, key, before, after, looked }, plan.returning, columns);
  }

  private insert(
    plan: Extract<Plan, { kind: "insert" }>,
    prepared: Prepared,
    bound: Bound,
    columns: readonly string[],
  ): OperationResult {
    const { table, sets } = plan;
    const id = plan.isAutomatic ? this.nextRowid(table, prepared) : null;
    // What the work's bytes lend is not kept.
    const given = plan.values.map((operand, at): Value => {
      const value = id !== null && at === table.rowidColumn ? id : asStored(table.columns[at], valueOf(operand, bound));
      return value instanceof Uint8Array ? Buffer.from(value) : value;
    });
    checkImage(given);
    const key = id === null ? keyIn(table, given) : [id];
    const [rowid] = key;
    // SQLite would choose it.
    if (table.rowid !== null && typeof rowid !== "bigint") throw beyond;
    if (this.hasChanged(table, key)) throw beyond;
    const row = id === null ? prepared.get(...sourced(plan.sources, bound, given)) : undefined;
    if (row === undefined) {
      if (typeof rowid === "bigint" && table.rowid !== null) this.lastInsertRowid = rowid;
      return this.change({ table, key, before: null, after: given }, plan.returning, columns);
    }
    if (sets === null) throw beyond;
    const before = imageIn(table, row);
    return this.change(
      { table, key: keyIn(table, row), before, after: withSets(table, before, sets, row) },
      plan.returning,
      columns,
    );
  }

  private change(
    changed: ChangedRow,
    returning: readonly number[] | null,
    columns: readonly string[],
  ): OperationResult {
    this.checkUnique(changed);
    this.checkParents(changed);
    this.changes.push(changed);
    if (returning === null) return { rowsAffected: 1, columns, rows: [] };
    const image = changed.after ?? changed.before ?? [];
    const row = returning.map((at) => image[at] ?? null);
    this.count(row);
    return { rowsAffected: 1, columns, rows: [row] };
  }

  /** What SQLite would choose, past the rows that this branch and others insert. */
  private nextRowid(table: Table, largest: Prepared): bigint {
    const { transaction, others, changes } = this.before;
    let highest = largest.get()?.[0] ?? null;
    const pass = (rowid: Value): void => {
      if (typeof rowid === "bigint" && (typeof highest !== "bigint" || rowid > highest)) highest = rowid;
    };
    pass(others.highestInsert(transaction, table.id)?.key[0] ?? null);
    for (const { table: of, key, after } of [...changes.rows, ...this.changes]) {
      if (of !== table && of !== table.id) continue;
      // Its rowid may be free again.
      if (after === null) throw beyond;
      pass(key[0] ?? null);
    }
    // Past the last one SQLite draws at random.
    if (highest === 2n ** 63n - 1n) throw beyond;
    return typeof highest === "bigint" ? highest + 1n : 1n;
  }

  /** @throws beyond where another row has one of its unique values, or may have it within this branch */
  private checkUnique({ table, before, after }: ChangedRow): void {
    if (after === null) return;
    for (const index of table.unique) {
      if (isKey(table, index.columns)) continue;
      const isKept = before !== null && index.columns.every((at) => isSame(before[at] ?? null, after[at] ?? null));
      if (isKept) continue;
      if (this.hasChanged(table, null)) throw beyond;
      const values = index.columns.map((at) => after[at] ?? null);
      if (values.includes(null)) continue;
      const terms = index.columns.map(
        (at, part) => `${quoteName(table.columns[at]?.name ?? "")} = ? COLLATE ${index.collations[part] ?? "BINARY"}`,
      );
      const sql = `SELECT 1 FROM main.${quoteName(table.name)} WHERE ${terms.join(" AND ")} LIMIT 1`;
      // The row's own value in another spelling is found too, and left to the other way.
      if (this.planner.rows.prepare(sql).get(...values) !== undefined) throw beyond;
    }
  }

  /** @throws beyond where a parent is missing, or may be coming or going within this branch */
  private checkParents(changed: ChangedRow): void {
    if (changed.table.foreignKeys.length === 0 || changed.after === null) return;
    const { locks, violation } = checkForeignKeys(this.planner.rows, this.planner.schema, [changed]);
    if (violation !== null) throw beyond;
    if (locks.length === 0) return;
    for (const { parent } of changed.table.foreignKeys) {
      const table = this.planner.schema.tables.get(parent);
      if (table !== undefined && this.hasChanged(table, null)) throw beyond;
    }
    this.foreign.push(...locks);
  }

  /** The row is locked before what it would become is known. */
  private look({ table, index, values }: Point, key: RowKey): { mode: Lock["mode"] } {
    if (index !== null) this.looked.push(valueLock(table.id, index.name, keysOf(values, index.collations), "share"));
    const lock = rowLock(table.id, rowKeyText(table, key), "share");
    this.looked.push(lock);
    return lock;
  }

  /** Whether the branch changed this row of the table (null: any row of it), in this call or before. */
  private hasChanged(table: Table, key: RowKey | null): boolean {
    const { rows } = this.before.changes;
    if (this.changes.length === 0 && rows.length === 0) return false;
    const text = key === null ? null : rowKeyText(table, key);
    const isIt = (other: RowKey): boolean => text === null || rowKeyText(table, other) === text;
    return (
      this.changes.some((change) => change.table === table && isIt(change.key)) ||
      rows.some((change) => change.table === table.id && isIt(change.key))
    );
  }

  private count(row: readonly Value[]): void {
    for (const value of row) this.bytes += sizeOf(value);
    if (this.bytes > limits.resultBytesPerBranch) throw beyond;
  }
}

const NONE: readonly Value[] = [];

function sourced(sources: readonly Source[], bound: Bound, given: readonly Value[]): Value[] {
  return sources.map((source) =>
    "parameter" in source ? (bound.values[source.parameter] ?? null) : (given[source.excluded] ?? null),
  );
}

/** Whether the point's values are the row's own key. */
function isRowKey({ table, index }: Point): boolean {
  return index === null || (table.rowid === null && index.columns.every((at) => table.key.includes(at)));
}

/** The row's columns; a table with generated ones is never planned, so that this is its image too. */
function imageIn(table: Table, row: readonly Value[]): FullRow {
  const image = row.slice(0, table.columns.length);
  checkImage(image);
  return image;
}

function keyIn(table: Table, row: readonly Value[]): RowKey {
  if (table.rowid === null) return table.key.map((at) => row[at] ?? null);
  return [row[table.rowidColumn ?? table.columns.length] ?? null];
}

/** Text that may not be UTF-8, and what is too large, is not this way's to judge. */
function checkImage(image: FullRow): void {
  let bytes = 0;
  for (const value of image) {
    if (typeof value === "string" && value.includes("\uFFFD")) throw beyond;
    if (typeof value === "string" || value instanceof Uint8Array) bytes += value.length;
  }
  if (bytes > MOST_BYTES) throw beyond;
}

/** @param row what the planned SELECT found: columns, the rowid where it is none of them, the new values */
function withSets(table: Table, before: FullRow, sets: readonly number[], row: readonly Value[]): FullRow {
  const after = [...before];
  const first = row.length - sets.length;
  for (let at = 0; at < sets.length; at += 1) {
    const column = sets[at] ?? -1;
    after[column] = asStored(table.columns[column], row[first + at] ?? null);
  }
  checkImage(after);
  return after;
}

function isOfType(value: Value, strictType: string): boolean {
  if (typeof value === "bigint") return strictType.startsWith("INT") || strictType === "REAL";
  if (typeof value === "number") return strictType === "REAL";
  return strictType === (typeof value === "string" ? "TEXT" : "BLOB");
}

/** What the column would hold, where that takes no conversion which is SQLite's to do. @throws beyond */
function asStored(column: Column | undefined, value: Value): Value {
  if (column === undefined) throw beyond;
  const { affinity, strictType } = column;
  if (value === null) {
    if (column.notNull) throw beyond;
    return null;
  }
  if (strictType !== null && !isOfType(value, strictType)) throw beyond;
  if (value instanceof Uint8Array) return value;
  if (typeof value === "bigint") {
    if (affinity === "text") throw beyond;
    return affinity === "real" ? Number(value) : value;
  }
  if (typeof value === "string") {
    if (affinity !== "text" && affinity !== "blob") throw beyond;
    return value;
  }
  if (Number.isNaN(value) || Object.is(value, -0) || affinity === "text") throw beyond;
  // 5.0 becomes 5 there.
  if ((affinity === "integer" || affinity === "numeric") && Number.isInteger(value)) throw beyond;
  return value;
}
