/** Opens a database as journals write it. */

import Database from "better-sqlite3";
import { isBusy, messageOf, refused } from "./errors.ts";

/** How often BEGIN is tried where another writer holds the database; each try waits for SQLite's busy timeout. */
export const BUSY_TRIES = 4;

export interface ConnectOptions {
  /** How long another writer may hold the database, all tries together, in milliseconds. */
  readonly busyMs: number;
  /** Nothing is ever forced: for measuring what forcing costs, never for data. */
  readonly unsynced: boolean;
}

/**
 * WAL, each commit forced, checkpoints by hand (see `Wal`).
 * @throws NemconError JOURNAL_LOCKED, DATABASE_UNUSABLE
 */
export function connect(file: string, { busyMs, unsynced }: ConnectOptions): Database.Database {
  let database: Database.Database | null = null;
  try {
    database = new Database(file, { timeout: Math.ceil(busyMs / BUSY_TRIES) });
    const mode = database.pragma("journal_mode = WAL", { simple: true });
    if (mode !== "wal") throw new Error(`its journal mode stays ${String(mode)}, and nemcon needs WAL`);
    database.pragma(`synchronous = ${unsynced ? "OFF" : "FULL"}`);
    database.pragma("wal_autocheckpoint = 0");
    database.pragma("journal_size_limit = -1");
    // Where fsync alone stops at the drive's cache (macOS); elsewhere these change nothing.
    database.pragma("fullfsync = ON");
    database.pragma("checkpoint_fullfsync = ON");
    return database;
  } catch (cause) {
    database?.close();
    throw refused(
      isBusy(cause) ? "JOURNAL_LOCKED" : "DATABASE_UNUSABLE",
      file,
      `could not open the database for writing, in WAL mode: ${messageOf(cause)}. ` +
        "Check this user's rights on the file and its directory, and that no other program has it open the first time.",
      cause,
    );
  }
}
