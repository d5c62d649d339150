/** The journal that a running node writes: one packed row a turn, in one transaction with what the resource applies. */

import type Database from "better-sqlite3";

import type { Entry, Journal, Start, TurnWrite } from "../engine/index.ts";
import type { NemconError } from "../errors/index.ts";
import { readHeader, RowWriter } from "./codec.ts";
import { isBusy, isDiskTrouble, messageOf, refused, writeFailed } from "./errors.ts";
import { MetaWriter, type Meta } from "./meta.ts";
import type { RowSizes } from "./sizes.ts";
import type { End } from "./verify.ts";
import type { Wal } from "./wal.ts";
import type { Witness } from "./witness.ts";

/** Says whether what a resource computed before the transaction began still holds inside it. */
export interface Guard {
  /** Asked right after the transaction has begun. */
  valid(): boolean;
  /** Computes again, outside the transaction; then `valid` is asked anew. */
  renew(): void;
}

/** For tests and measurements, by flags that say so: kills this process at a forced write, counted from 1 on. */
export interface JournalFaults {
  /** Right before COMMIT. */
  readonly killBeforeWrite?: number;
  /** Right after COMMIT returned, before anything else. */
  readonly killAfterWrite?: number;
  /** No write is forced: a machine that stops loses what was promised. */
  readonly noSync?: true;
}

/** What a journal tells, and whom. */
export interface Hooks {
  /** Gets WRITE_FAILED, or JOURNAL_LOCKED where another writer never ends; its `exitCode` is what to exit with. */
  onFatal(error: NemconError): never;
  warn(message: string): void;
  /** After each forced write: how many there were in this process, and the row. */
  onForcedWrite(count: number, sequence: number): void;
}

interface Parts {
  readonly database: Database.Database;
  readonly meta: Meta;
  readonly end: End;
  readonly sizes: RowSizes;
  readonly witness: Witness;
  readonly wal: Wal;
  readonly hooks: Hooks;
  readonly faults: JournalFaults;
  /** How often BEGIN is tried again where another writer holds the database; each try waits for SQLite's busy timeout. */
  readonly busyTries: number;
  release(): void;
}

/** Above this, waiting entries are written without being asked for. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** An outside writer that gets between `renew` and BEGIN this often in a row is not a coincidence. */
const MAX_RENEWALS = 50;
/** The header of a row is within its first bytes. */
const HEADER_BYTES_AT_MOST = 64;

export class SqliteJournal implements Journal {
  readonly database: Database.Database;
  private meta: Meta;
  private end: End;
  private readonly parts: Parts;
  private readonly metaWriter: MetaWriter;
  private readonly row = new RowWriter();
  /** The row that comes next is begun: entries wait in it. */
  private begun = false;
  private guard: Guard | null = null;
  private forced = 0;
  private state: "open" | "inside" | "dead" | "closed" = "open";
  private readonly begin: Database.Statement<[]>;
  private readonly commit: Database.Statement<[]>;
  private readonly rollback: Database.Statement<[]>;
  private readonly insert: Database.Statement<[number, Buffer]>;
  private readonly headOf: Database.Statement<[number], Buffer>;
  private readonly drop: Database.Statement<[number]>;

  constructor(parts: Parts) {
    const { database, meta, end } = parts;
    this.parts = parts;
    this.database = database;
    this.meta = meta;
    this.end = end;
    this.metaWriter = new MetaWriter(database);
    this.begin = database.prepare("BEGIN IMMEDIATE");
    this.commit = database.prepare("COMMIT");
    this.rollback = database.prepare("ROLLBACK");
    this.insert = database.prepare("INSERT INTO nemcon_journal (sequence, body) VALUES (?, ?)");
    this.headOf = database
      .prepare<[number], Buffer>(
        `SELECT substr(body, 1, ${HEADER_BYTES_AT_MOST}) FROM nemcon_journal WHERE sequence = ?`,
      )
      .pluck();
    this.drop = database.prepare("DELETE FROM nemcon_journal WHERE sequence < ?");
  }

  get log(): string {
    return this.meta.log;
  }

  get incarnation(): number {
    return this.meta.incarnation;
  }

  /** The begins of the last incarnations, this one's too. */
  get starts(): readonly Start[] {
    return this.meta.starts;
  }

  /** The last row: all of them are durable, and what waits in memory is in none. */
  get durableSequence(): number {
    return this.end.sequence;
  }

  /** Commits that the protocol forced, in this process. */
  get forcedWrites(): number {
    return this.forced;
  }

  /** As it is at each look, not a copy: it is looked at for every transaction that ends. */
  get size(): { readonly firstSequence: number; readonly nextSequence: number; readonly bytes: number } {
    return this.parts.sizes;
  }

  sequenceForBytes(bytes: number): number {
    return this.parts.sizes.sequenceForBytes(bytes);
  }

  setGuard(guard: Guard): void {
    this.guard = guard;
  }

  append(entries: readonly Entry[]): number {
    const sequence = this.pack(entries);
    if (this.row.sizeBytes > MAX_WAITING_BYTES) this.flush();
    return sequence;
  }

  flush(): void {
    if (this.begun) this.write(() => NOTHING, null);
  }

  /** What `inside` throws is thrown on, after a rollback, unless it is I/O trouble. */
  transact(inside: () => TurnWrite): number {
    return this.write(inside, this.guard);
  }

  /** Ends the process's ownership; what waits is written first. */
  close(): void {
    if (this.state === "closed") return;
    if (this.state === "open") this.flush();
    this.state = "closed";
    this.parts.release();
  }

  private write(inside: () => TurnWrite, guard: Guard | null): number {
    if (this.state !== "open") throw new Error(`the journal is ${this.state}`);
    this.beginGuarded(guard);
    const write = this.run(inside);
    const before = this.end;
    let after = before;
    let bytes = 0;
    if (this.begun || write.entries.length > 0) {
      const sequence = this.pack(write.entries);
      const { body, checksum } = this.row.finish();
      this.begun = false;
      bytes = body.length;
      after = { sequence, chain: checksum };
      this.attempt("write a row", () => this.insert.run(sequence, body));
    }
    const keepFrom = Math.min(write.dropBelow ?? 0, after.sequence);
    if (keepFrom > this.parts.sizes.firstSequence) this.attempt("drop rows", () => this.dropBelow(keepFrom, before));
    this.commitTurn(write.force);
    this.end = after;
    if (after !== before) this.parts.sizes.push(bytes);
    this.parts.sizes.dropBelow(keepFrom);
    this.attempt("write the witness", () =>
      this.parts.witness.write(this.meta.incarnation, after.sequence, after.chain),
    );
    this.attempt("move the log into the database", () => this.parts.wal.afterCommit());
    if (write.force) this.parts.hooks.onForcedWrite(this.forced, after.sequence);
    return after.sequence;
  }

  private run(inside: () => TurnWrite): TurnWrite {
    this.state = "inside";
    try {
      return inside();
    } catch (thrown) {
      if (isDiskTrouble(thrown)) this.fatal(writeFailed(this.database.name, "apply a transaction's changes", thrown));
      if (this.database.inTransaction) this.rollback.run();
      throw thrown;
    } finally {
      if (this.state === "inside") this.state = "open";
    }
  }

  /** Adds to the row that comes next. */
  private pack(entries: readonly Entry[]): number {
    const sequence = this.end.sequence + 1;
    if (!this.begun && entries.length > 0) {
      this.row.begin({ sequence, incarnation: this.meta.incarnation, chain: this.end.chain });
      this.begun = true;
    }
    for (const entry of entries) this.row.add(entry);
    return sequence;
  }

  private commitTurn(force: boolean): void {
    // SQLite ends a transaction by itself on some errors; a resource that went on after one would commit half of it.
    if (!this.database.inTransaction)
      this.fatal(
        writeFailed(this.database.name, "commit", new Error("SQLite had rolled the transaction back inside the turn")),
      );
    const { faults } = this.parts;
    if (force && faults.killBeforeWrite === this.forced + 1) killThisProcess();
    this.attempt("commit", () => this.commit.run());
    if (!force) return;
    this.forced += 1;
    if (faults.killAfterWrite === this.forced) killThisProcess();
  }

  private dropBelow(sequence: number, before: End): void {
    const chain =
      sequence > before.sequence ? before.chain : readHeader(this.headOf.get(sequence) ?? Buffer.alloc(0)).chain;
    this.drop.run(sequence);
    this.meta = { ...this.meta, anchor: { sequence, chain } };
    this.metaWriter.write(this.meta);
  }

  private beginGuarded(guard: Guard | null): void {
    this.beginTransaction();
    if (guard === null) return;
    for (let renewals = 0; !guard.valid(); renewals += 1) {
      this.attempt("roll back", () => this.rollback.run());
      if (renewals === MAX_RENEWALS)
        this.fatal(
          this.otherWriter(`it changed the database ${MAX_RENEWALS} times in a row between two steps of this node`),
        );
      guard.renew();
      this.beginTransaction();
    }
  }

  private beginTransaction(): void {
    for (let tries = 1; ; tries += 1) {
      try {
        this.begin.run();
        return;
      } catch (thrown) {
        if (!isBusy(thrown)) this.fatal(writeFailed(this.database.name, "begin a transaction", thrown));
        const error = this.otherWriter(messageOf(thrown), thrown);
        if (tries >= this.parts.busyTries) this.fatal(error);
        this.parts.hooks.warn(`${error.message} Trying again, ${tries} of ${this.parts.busyTries}.`);
      }
    }
  }

  private otherWriter(what: string, cause?: unknown): NemconError {
    return refused(
      "JOURNAL_LOCKED",
      this.database.name,
      `another process holds the database's write lock: ${what}. Nothing of this turn was promised, and nothing can be until that ends. ` +
        "Look for an application, a shell or a backup with an open write transaction on this file (on Linux: fuser -v with its name).",
      cause,
    );
  }

  private attempt(doing: string, act: () => void): void {
    try {
      act();
    } catch (thrown) {
      this.fatal(writeFailed(this.database.name, doing, thrown));
    }
  }

  private fatal(error: NemconError): never {
    this.state = "dead";
    return this.parts.hooks.onFatal(error);
  }
}

const NOTHING: TurnWrite = { entries: [], force: false };

function killThisProcess(): never {
  process.kill(process.pid, "SIGKILL");
  throw new Error("this process was killed");
}
