/**
 * Keeps SQLite's write-ahead log fast and bounded. A commit into a file that has its length already forces
 * data only, which takes about half the time; so the file is extended at start and then overwritten from its
 * beginning, again and again, which SQLite does by itself whenever a checkpoint has caught up.
 */

import { statSync } from "node:fs";

import type Database from "better-sqlite3";

interface WalState {
  readonly busy: number;
  /** Frames in the log, and those of them that the database has. -1: no log. */
  readonly log: number;
  readonly checkpointed: number;
}

const FRAME_HEADER_BYTES = 24;
const ROW_BYTES = 1024 * 1024;
/** More than sixteen pages of any size. */
const MAX_UNSPILLED_BYTES = 4 * ROW_BYTES;
/** Turns between two looks at the log's length, at most: a look takes some microseconds. */
const MAX_TURNS = 8;

export interface WalOptions {
  /** What the file is extended to; checkpoints keep its use below, unless a reader holds it. */
  readonly bytes: number;
  /** Told to people, once for each time that a reader holds the log. */
  warn(message: string): void;
  /** Before the log is begun anew. */
  checkpointed(): void;
}

export class Wal {
  private readonly database: Database.Database;
  private readonly options: WalOptions;
  private readonly look: Database.Statement<[], WalState>;
  private readonly checkpoint: Database.Statement<[], WalState>;
  private readonly limitFrames: number;
  private turnsToLook = 1;
  private turnsSinceLook = 0;
  private lastFrames = 0;
  /** Frames a turn, of late. */
  private pace = 1;
  private retryAtFrames = 0;
  private warned = false;

  constructor(database: Database.Database, options: WalOptions) {
    this.database = database;
    this.options = options;
    // Half of the file: the rest is for what comes while a reader holds the log.
    this.limitFrames = Math.max(1, Math.floor(options.bytes / 2 / (pageBytes(database) + FRAME_HEADER_BYTES)));
    this.retryAtFrames = this.limitFrames;
    this.look = database.prepare("PRAGMA wal_checkpoint(NOOP)");
    this.checkpoint = database.prepare("PRAGMA wal_checkpoint(PASSIVE)");
  }

  /**
   * Gives the file its length: pages that a small cache has to spill into the log, and a rollback. The
   * database itself does not grow by a byte.
   */
  extend(): void {
    const { database, options } = this;
    if (walBytes(database) >= options.bytes) return;
    const cache = database.pragma("cache_size", { simple: true });
    database.pragma("cache_size = 16");
    database.exec("BEGIN IMMEDIATE");
    try {
      database.exec("CREATE TABLE nemcon_extension (filler BLOB)");
      const fill = database.prepare("INSERT INTO nemcon_extension VALUES (zeroblob(?))");
      const rowBytes = Math.min(ROW_BYTES, options.bytes);
      // What fits into the cache is not spilled: hence some rows more than the length asks for.
      for (
        let left = options.bytes + MAX_UNSPILLED_BYTES;
        left > 0 && walBytes(database) < options.bytes;
        left -= rowBytes
      )
        fill.run(rowBytes);
    } finally {
      if (database.inTransaction) database.exec("ROLLBACK");
      database.pragma(`cache_size = ${String(cache)}`);
    }
  }

  /** After each commit: moves pages into the database when enough of the log is used. @throws SqliteError */
  afterCommit(): void {
    this.turnsSinceLook += 1;
    if (this.turnsSinceLook < this.turnsToLook) return;
    const frames = this.look.get()?.log ?? 0;
    if (frames >= this.retryAtFrames) this.run();
    else this.plan(frames);
  }

  /** Moves all pages that no reader holds into the database. @throws SqliteError */
  run(): void {
    const state = this.checkpoint.get();
    if (state === undefined) return;
    if (state.checkpointed >= state.log) {
      // The next commit begins the log anew.
      this.options.checkpointed();
      this.warned = false;
      this.retryAtFrames = this.limitFrames;
      this.plan(0);
      return;
    }
    this.retryAtFrames = state.log + Math.ceil(this.limitFrames / 4);
    this.plan(state.log);
    if (this.warned || state.log < 2 * this.limitFrames) return;
    this.warned = true;
    this.options.warn(
      `${this.database.name}-wal grows past ${this.options.bytes} bytes: another process has had a read transaction open on the database since long ago. ` +
        "Find it (on Linux: fuser -v with the file's name) and let it end its transaction; nothing is lost, but the file grows until then.",
    );
  }

  /** The next look comes before the log could reach the next checkpoint at twice the pace of late. */
  private plan(frames: number): void {
    this.pace = Math.max(1, this.pace / 2, (frames - this.lastFrames) / Math.max(1, this.turnsSinceLook));
    const turns = Math.floor((this.retryAtFrames - frames) / (2 * this.pace));
    this.turnsToLook = Math.min(MAX_TURNS, Math.max(1, turns));
    this.turnsSinceLook = 0;
    this.lastFrames = frames;
  }
}

function walFile(database: string): string {
  return `${database}-wal`;
}

function walBytes(database: Database.Database): number {
  return statSync(walFile(database.name), { throwIfNoEntry: false })?.size ?? 0;
}

function pageBytes(database: Database.Database): number {
  return Number(database.pragma("page_size", { simple: true }));
}
