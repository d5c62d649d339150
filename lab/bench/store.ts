/** A database as participants and coordinators write it: the same pragmas, the same log extended beforehand. */

import type Database from "better-sqlite3";
import { connect, Wal } from "../../runtime/journal/index.ts";

const WAL_BYTES = 32 * 1024 * 1024;
const BUSY_MS = 10_000;

export interface Store {
  readonly database: Database.Database;
  /** One forced transaction. */
  readonly commit: (inside: () => void) => void;
}

/** @param extended false: SQLite's log grows as it is written */
export function openStore(file: string, extended = true): Store {
  const database = connect(file, { busyMs: BUSY_MS, unsynced: false });
  const wal = new Wal(database, {
    bytes: WAL_BYTES,
    warn: (message) => void process.stderr.write(`${message}\n`),
    checkpointed: () => undefined,
  });
  if (extended) wal.extend();
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  return {
    database,
    commit: (inside) => {
      begin.run();
      inside();
      commit.run();
      wal.afterCommit();
    },
  };
}
