/** The SQLite resource: branches tried out on one connection, locks in memory, images applied in the journal's transaction. */

import type { ResourceResult, TransactionId } from "../../../protocols/index.ts";
import { isOlder } from "../../../protocols/index.ts";
import type { Resource, ResourceAnswer, ResourceCall } from "../../../runtime/engine/index.ts";
import { UnreadableBytes } from "../../../runtime/packing/index.ts";
import {
  limits,
  type OperationResult,
  packResults,
  type SqlOperation,
  unpackWork,
} from "../../../runtime/values/index.ts";
import type Database from "better-sqlite3";
import { applyChecked } from "./apply.ts";
import { attempt, attemptInGroup, type Before, type Done, type Failed, type Others } from "./attempt.ts";
import { type Branch, newBranch } from "./branch.ts";
import { failureOf } from "./failure.ts";
import { HighestInserts } from "./highest.ts";
import { counted, differenceFrom, writeImages } from "./images.ts";
import { describe, LockTable, tableLock } from "./locks.ts";
import { outsideCounter } from "./outside.ts";
import { Planner } from "./planned.ts";
import { openReader, type QueryLimits, type Reader } from "./query.ts";
import { packRedo, type RowChange, unpackRedo } from "./redo.ts";
import { Rows } from "./rows.ts";
import { readSchema, type Schema, schemaVersion } from "./schema.ts";
import { type Snapshot, snapshotOf } from "./snapshot.ts";
import { guardTriggers, type TriggerGuard } from "./trigger-guard.ts";
import { obstacleBehind, obstacleOf, type Obstacle } from "./verdict.ts";
import { openWorkConnection, type WorkConnection } from "./work-connection.ts";

export interface SqliteResourceOptions {
  /** The user's database, which also holds the journal's tables. */
  readonly file: string;
  /** The journal's connection to it: WAL, synchronous=FULL, foreign_keys=OFF. It stays the journal's to close. */
  readonly journalDatabase: Database.Database;
  /** How long to wait for a writer outside nemcon, in milliseconds. */
  readonly busyMs?: number;
  /** For tests: "alone" tries every branch out in a savepoint of its own, "grouped" plans none. Default: the cheapest way that fits. */
  readonly ways?: "cheapest" | "grouped" | "alone";
  /** Once a branch: someone outside nemcon changed what it has locked. */
  readonly onOutsideWrite: (transaction: TransactionId, detail: string) => void;
}

export interface SqliteResource extends Resource {
  /** For the journal: asked first thing in each of its transactions. */
  readonly guard: TriggerGuard;
  /** Committed data only. @throws Refusal */
  query(operation: SqlOperation, queryLimits?: QueryLimits): OperationResult;
  /** How many calls were answered in which way: for tests and for people. */
  readonly ways: Readonly<Record<Way, number>>;
  /** What a branch has locked, in words. */
  locks(transaction: TransactionId): string[];
  readonly openBranches: readonly {
    readonly transaction: TransactionId;
    readonly phase: Branch["phase"];
    readonly rows: number;
  }[];
  close(): void;
}

/** planned: by SELECTs, nothing written; grouped: tried out behind others in one transaction; alone: in a savepoint of its own. */
export type Way = "planned" | "grouped" | "alone";

const DEFAULT_BUSY_MS = 1000;
const APPLIED: ResourceResult = { kind: "applied", outcome: "ok" };

/** @throws Error where the file can't be served: not WAL, not UTF-8 */
export function openSqliteResource(options: SqliteResourceOptions): SqliteResource {
  return new EmbeddedSqlite(options);
}

class EmbeddedSqlite implements SqliteResource, Others {
  readonly sharesLog = true;
  readonly guard: TriggerGuard;
  readonly ways = { planned: 0, grouped: 0, alone: 0 };
  private readonly options: SqliteResourceOptions;
  private readonly journal: Database.Database;
  private readonly outside: () => number;
  private readonly snapshot: Snapshot;
  private readonly mayPlan: boolean;
  private readonly mayGroup: boolean;
  private readonly branches = new Map<TransactionId, Branch>();
  private readonly lockTable = new LockTable();
  private readonly highest = new HighestInserts();
  private readonly over: TransactionId[] = [];
  private reader: Reader | null = null;
  private work: WorkConnection | null = null;
  private planner: Planner | null = null;
  /** Why this turn can have no transaction of the work connection; null: it was not refused one. */
  private unworkable: Error | null = null;
  /** Branches of a group wrote to the work connection since its transaction began. */
  private isShared = false;
  private applying: { readonly schema: Schema; readonly rows: Rows } | null = null;
  private checkedAt: number | null = null;

  constructor(options: SqliteResourceOptions) {
    this.options = options;
    this.journal = options.journalDatabase;
    const encoding: unknown = this.journal.pragma("encoding", { simple: true });
    if (encoding !== "UTF-8")
      throw new Error(`${options.file} stores text as ${String(encoding)}; nemcon serves files in UTF-8 only`);
    const mode: unknown = this.journal.pragma("journal_mode", { simple: true });
    if (mode !== "wal") throw new Error(`${options.file} is in journal mode ${String(mode)}; nemcon needs WAL`);
    // Images were checked when they were made; a second opinion must not stop a commit, nor a cascade act twice.
    this.journal.pragma("foreign_keys = OFF");
    this.journal.pragma("ignore_check_constraints = ON");
    this.guard = guardTriggers(this.journal);
    this.outside = outsideCounter(this.journal);
    this.snapshot = snapshotOf(this.journal);
    this.mayPlan = options.ways !== "alone" && options.ways !== "grouped";
    this.mayGroup = options.ways !== "alone";
  }

  execute(calls: readonly ResourceCall[]): readonly (ResourceAnswer | null)[] {
    if (calls.length === 0) return [];
    if (!calls.some((call) => this.needsWork(call))) {
      this.lookOutside();
      return calls.map((call) => this.withoutWork(call));
    }
    try {
      this.read();
    } catch (error) {
      const { detail } = failureOf(error);
      return calls.map((call) => this.withoutWork(call) ?? no(call, "RESOURCE_FAILED", detail, true));
    }
    try {
      this.lookOutside();
      return calls.map((call) => this.withoutWork(call) ?? this.run(call));
    } finally {
      this.snapshot.end();
      this.rollback();
      this.unworkable = null;
    }
  }

  /** A snapshot of committed data on the journal's connection, under the schema that the work connection knows. */
  private read(): void {
    for (;;) {
      const work = this.connectWork();
      this.snapshot.begin();
      const { schema, rows } = this.forApply();
      if (schema.version === work.schema.version) {
        if (this.planner === null || !this.planner.isFor(work, rows)) this.planner = new Planner(work, rows);
        return;
      }
      this.snapshot.end();
      this.closeWork();
    }
  }

  /** An open transaction of the work connection, under the schema that the file has; the snapshot is renewed. */
  private begin(): WorkConnection {
    if (this.work?.db.inTransaction === true) return this.work;
    // Waiting once is enough: a writer outside holds up the whole turn.
    if (this.unworkable !== null) throw this.unworkable;
    this.snapshot.end();
    try {
      for (;;) {
        const work = this.connectWork();
        work.begin();
        if (schemaVersion(work.db) === work.schema.version) return work;
        work.rollback();
        this.closeWork();
      }
    } catch (error) {
      this.unworkable = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      this.read();
      this.lookOutside();
    }
  }

  /** Rows in the snapshot. */
  private get committed(): Rows {
    return this.planner?.rows ?? this.forApply().rows;
  }

  private rollback(): void {
    if (this.work?.db.inTransaction === true) this.work.rollback();
    this.isShared = false;
  }

  private connectWork(): WorkConnection {
    return (this.work ??= openWorkConnection(this.options.file, this.options.busyMs ?? DEFAULT_BUSY_MS));
  }

  private closeWork(): void {
    this.work?.close();
    this.work = null;
  }

  /** Whether a call needs the work connection: for its operations, or to look at deferred keys that were broken. */
  private needsWork({ transaction, request }: ResourceCall): boolean {
    if (request.act !== "work" && request.act !== "prepare") return false;
    return request.work !== null || this.branches.get(transaction)?.isOrphaned === true;
  }

  /** Calls that run nothing; null for the others. */
  private withoutWork(call: ResourceCall): ResourceAnswer | null {
    const { transaction, request } = call;
    if (request.act === "adopt") {
      const redo = unpackRedo(request.redo);
      const clashes = obstacleOf(this.lockTable.clashes(transaction, redo.locks));
      if (clashes !== null) throw new Error(`two prepared branches hold one lock: ${transaction}: ${clashes.detail}`);
      this.lockTable.take(transaction, redo.locks);
      this.branches.set(transaction, {
        ...newBranch(),
        phase: "prepared",
        changes: { signatures: redo.signatures, rows: redo.rows, marks: redo.marks },
      });
      this.highest.take(transaction, redo);
      return null;
    }
    if (request.act !== "prepare" || this.needsWork(call)) return null;
    const branch = this.branches.get(transaction) ?? newBranch();
    return this.spoilt(call, branch) ?? this.prepared(transaction, branch, packResults([]), false);
  }

  /** A branch whose own changes someone outside overtook while it was open; its locks go with the no. */
  private spoilt(call: ResourceCall, branch: Branch): ResourceAnswer | null {
    if (branch.outsideWrite === null || branch.phase !== "active") return null;
    if (call.request.act === "prepare") this.forget(call.transaction);
    return no(call, "RESOURCE_FAILED", `${branch.outsideWrite} Begin again.`, false);
  }

  private prepared(transaction: TransactionId, branch: Branch, result: Buffer, holds: boolean): ResourceResult {
    if (!holds && branch.changes.rows.length === 0 && branch.changes.marks.size === 0) {
      this.forget(transaction);
      return { kind: "prepared", vote: "read-only", result };
    }
    branch.phase = "prepared";
    this.branches.set(transaction, branch);
    const redo = packRedo(branch.changes, this.lockTable.of(transaction));
    return { kind: "prepared", vote: "yes", redo, result };
  }

  private run(call: ResourceCall): ResourceAnswer | null {
    const { transaction, request } = call;
    if (request.act !== "work" && request.act !== "prepare") return null;
    const branch = this.branches.get(transaction) ?? newBranch();
    const spoilt = this.spoilt(call, branch);
    if (spoilt !== null) return spoilt;
    const operations = operationsIn(request.work);
    if (operations === null) return no(call, "STATEMENT_FAILED", "The work's bytes can't be read.", true);
    if (operations.length > limits.operationsPerBranch)
      return no(call, "LIMIT_EXCEEDED", `A branch has at most ${limits.operationsPerBranch} operations.`, true);
    const before = {
      changes: branch.changes,
      lastInsertRowid: branch.lastInsertRowid,
      transaction,
      others: this,
      isFinal: request.act === "prepare",
    };
    const planned = this.mayPlan && !branch.isOrphaned ? this.planner?.attempt(before, operations) : null;
    if (planned) {
      this.ways.planned += 1;
      return this.decided(call, branch, planned);
    }
    try {
      return this.spoiltAtWork(call, branch) ?? this.tryOut(call, branch, before, operations);
    } catch (error) {
      if (error === this.unworkable) return no(call, "RESOURCE_FAILED", failureOf(error).detail, true);
      throw error;
    }
  }

  /** The snapshot may have been renewed for the work connection's transaction, and then shows what it did not before. */
  private spoiltAtWork(call: ResourceCall, branch: Branch): ResourceAnswer | null {
    this.begin();
    return this.spoilt(call, branch);
  }

  private tryOut(
    call: ResourceCall,
    branch: Branch,
    before: Before,
    operations: readonly SqlOperation[],
  ): ResourceAnswer {
    if (this.mayGroup && !branch.isOrphaned && this.planner?.mayShare(before, operations) === true) {
      this.isShared = true;
      const outcome = attemptInGroup(this.begin(), this.committed, before, operations);
      // Anything else may be the doing of another branch in the group.
      if (outcome.ok && this.lockTable.clashes(call.transaction, outcome.locks).length === 0) {
        this.ways.grouped += 1;
        return this.succeeded(call, branch, outcome);
      }
    }
    // A new transaction costs less than a way back inside this one, but lets other programs write in between.
    if (this.isShared) this.rollback();
    const work = this.begin();
    this.ways.alone += 1;
    return this.spoilt(call, branch) ?? this.decided(call, branch, attempt(work, this.committed, before, operations));
  }

  private decided(call: ResourceCall, branch: Branch, outcome: Done | Failed): ResourceAnswer {
    return outcome.ok ? this.succeeded(call, branch, outcome) : this.failed(call, branch, outcome);
  }

  private succeeded(call: ResourceCall, branch: Branch, done: Done): ResourceAnswer {
    const { transaction, request } = call;
    const obstacle = obstacleOf(this.lockTable.clashes(transaction, done.locks));
    if (obstacle !== null) return this.conflict(call, obstacle);
    this.lockTable.take(transaction, done.locks);
    branch.changes = done.changes;
    this.highest.take(transaction, done.changes);
    branch.lastInsertRowid = done.lastInsertRowid;
    branch.isOrphaned = done.isOrphaned;
    branch.seenAt = this.checkedAt;
    this.branches.set(transaction, branch);
    const result = packResults(done.results);
    return request.act === "work"
      ? { kind: "worked", item: request.item, ok: true, result }
      : this.prepared(transaction, branch, result, request.act === "prepare" && request.holds === true);
  }

  private failed(call: ResourceCall, branch: Branch, failed: Failed): ResourceAnswer {
    const { transaction, request } = call;
    const obstacle = obstacleBehind(transaction, failed, this.lockTable, this.connectWork().schema);
    if (obstacle !== null) return this.conflict(call, obstacle);
    if (request.act !== "work") {
      if (branch.phase === "active") this.forget(transaction);
      return no(call, failed.reason, failed.detail, false);
    }
    // The caller now knows something of these tables; the branch may go on where it can keep that true.
    const looked = [...failed.looked, ...[...failed.written].map((table) => tableLock(table, "read"))];
    const usable = this.lockTable.clashes(transaction, looked).length === 0;
    if (usable) {
      this.lockTable.take(transaction, looked);
      this.branches.set(transaction, branch);
    }
    return no(call, failed.reason, failed.detail, usable);
  }

  /**
   * Only a younger transaction waits, for older ones: no circle of waiting can close over any number of
   * participants. This way round (wait-die has it the other way) since whoever comes second is mostly younger,
   * and one that is tried again under a new id has become so.
   */
  private conflict(call: ResourceCall, { holders, detail }: Obstacle): ResourceAnswer {
    if (call.mayWait && holders.every((holder) => isOlder(holder, call.transaction)))
      return { kind: "blocked", by: holders };
    if (call.request.act === "prepare") this.forget(call.transaction);
    // It gives up its locks with the whole transaction.
    return no(call, "CONFLICT", detail, false);
  }

  reservedBy(self: TransactionId): Map<string, bigint> {
    const reserved = new Map<string, bigint>();
    for (const [transaction, { changes }] of this.branches)
      if (transaction !== self)
        for (const [table, mark] of changes.marks) if (mark > (reserved.get(table) ?? -1n)) reserved.set(table, mark);
    return reserved;
  }

  highestInsert(self: TransactionId, table: string): RowChange | null {
    return this.highest.besides(self, table);
  }

  apply(calls: readonly ResourceCall[]): readonly (ResourceResult | null)[] {
    const commits: { readonly transaction: TransactionId; readonly branch: Branch }[] = [];
    for (const { transaction, request } of calls)
      if (request.act === "abort") this.over.push(transaction);
      else if (request.act === "commit") commits.push({ transaction, branch: this.preparedBranch(transaction) });
    if (commits.length === 0) return calls.map(() => null);
    const damaged = this.commitAll(commits);
    return calls.map(({ transaction, request }) => {
      if (request.act !== "commit") return null;
      const detail = damaged?.get(transaction);
      if (detail !== undefined) return { kind: "applied", outcome: "damaged", detail };
      this.over.push(transaction);
      return APPLIED;
    });
  }

  /** @returns what was found damaged, in words; null: nothing */
  private commitAll(
    commits: readonly { readonly transaction: TransactionId; readonly branch: Branch }[],
  ): Map<TransactionId, string> | null {
    const { schema, rows } = this.forApply();
    const outside = this.outside();
    let isQuiet = true;
    counted(rows, () => {
      let changes = 0;
      for (const { branch } of commits)
        // Nothing outside changed since it was prepared: its locks prove that every image fits.
        if (branch.seenAt === outside) changes += writeImages(rows, schema, branch.changes);
        else isQuiet = false;
      return changes;
    });
    if (isQuiet) return null;
    const damaged = new Map<TransactionId, string>();
    for (const { transaction, branch } of commits) {
      if (branch.seenAt === outside) continue;
      const damage = applyChecked(this.journal, rows, schema, branch.changes);
      if (damage === null) continue;
      const detail = `Someone outside nemcon wrote to what ${transaction} has locked: ${damage}. Nothing of it was applied.`;
      this.alarm(transaction, branch, detail);
      damaged.set(transaction, detail);
    }
    return damaged;
  }

  private preparedBranch(transaction: TransactionId): Branch {
    const branch = this.branches.get(transaction);
    if (branch === undefined || branch.phase !== "prepared")
      throw new Error(`${transaction} has no prepared branch to commit`);
    return branch;
  }

  private forApply(): { readonly schema: Schema; readonly rows: Rows } {
    const version = schemaVersion(this.journal);
    if (this.applying?.schema.version !== version)
      this.applying = { schema: readSchema(this.journal), rows: new Rows(this.journal) };
    return this.applying;
  }

  applied(): void {
    for (const transaction of this.over) this.forget(transaction);
    this.over.length = 0;
  }

  private forget(transaction: TransactionId): void {
    this.branches.delete(transaction);
    this.lockTable.release(transaction);
    this.highest.release(transaction);
  }

  /** After the adopted branches took their locks: none can have clashed, and what was written meanwhile raises its alarm. */
  restored(): void {
    this.lookOutside();
  }

  /** Raises the alarm for branches whose rows someone outside nemcon changed, early rather than at their commit. */
  private lookOutside(): void {
    const now = this.outside();
    const isQuiet = this.checkedAt === now;
    this.checkedAt = now;
    if (isQuiet || this.branches.size === 0) return;
    const { schema, rows } = this.forApply();
    for (const [transaction, branch] of this.branches) {
      const difference = differenceFrom(rows, schema, branch.changes);
      // seenAt stays: whether unique values and parents are still there is looked at when it commits.
      if (difference !== null)
        this.alarm(
          transaction,
          branch,
          `Someone outside nemcon wrote to what ${transaction} has locked: ${difference}.`,
        );
    }
  }

  private alarm(transaction: TransactionId, branch: Branch, detail: string): void {
    if (branch.outsideWrite !== null) return;
    branch.outsideWrite = detail;
    // A branch that is not prepared can still say no: nobody needs to be called.
    if (branch.phase === "prepared") this.options.onOutsideWrite(transaction, detail);
  }

  query(operation: SqlOperation, queryLimits?: QueryLimits): OperationResult {
    this.reader ??= openReader(this.options.file, this.options.busyMs ?? DEFAULT_BUSY_MS);
    return this.reader.query(operation, queryLimits);
  }

  locks(transaction: TransactionId): string[] {
    return this.lockTable.of(transaction).map(({ resource, mode }) => `${mode}: ${describe(resource)}`);
  }

  get openBranches(): readonly {
    readonly transaction: TransactionId;
    readonly phase: Branch["phase"];
    readonly rows: number;
  }[] {
    return [...this.branches].map(([transaction, { phase, changes }]) => ({
      transaction,
      phase,
      rows: changes.rows.length,
    }));
  }

  close(): void {
    this.closeWork();
    this.reader?.close();
    this.reader = null;
  }
}

/** @returns null where the bytes are no work */
function operationsIn(work: Uint8Array | null): SqlOperation[] | null {
  try {
    return work === null ? [] : unpackWork(work);
  } catch (error) {
    if (error instanceof UnreadableBytes) return null;
    throw error;
  }
}

function no(call: ResourceCall, reason: Failed["reason"], detail: string, usable: boolean): ResourceAnswer {
  if (call.request.act === "work")
    return { kind: "worked", item: call.request.item, ok: false, reason, detail, usable };
  return { kind: "prepared", vote: "no", reason, detail };
}
