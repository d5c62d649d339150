/** The connection on which branches are tried out: it writes, and never commits. */

import SqliteDatabase from "better-sqlite3";
import type Database from "better-sqlite3";
import { Capture } from "./capture.ts";
import { Analyst } from "./reads.ts";
import { Rows } from "./rows.ts";
import { readSchema, type Schema } from "./schema.ts";

export interface WorkConnection {
  readonly db: Database.Database;
  readonly schema: Schema;
  /** On this connection: sees what the branch did. */
  readonly rows: Rows;
  /** On another: sees what is committed. */
  readonly committed: Rows;
  readonly capture: Capture;
  readonly analyst: Analyst;
  /** @throws SQLite's error where another program keeps the file locked */
  begin(): void;
  rollback(): void;
  /** Around one branch. */
  readonly savepoint: { begin(): void; undo(): void };
  /** What last_insert_rowid() says is the connection's in SQLite; here it is the branch's. */
  lastInsertRowid(): bigint;
  setLastInsertRowid(rowid: bigint): void;
  close(): void;
}

/**
 * Lasts for one schema version: triggers that capture name the columns of that version.
 *
 * @param busyMs how long to wait for a writer outside nemcon
 */
export function openWorkConnection(file: string, busyMs: number): WorkConnection {
  const db = new SqliteDatabase(file, { timeout: busyMs });
  const plain = new SqliteDatabase(file, { readonly: true, timeout: busyMs });
  try {
    for (const pragma of [
      "foreign_keys = ON",
      // Without it, rows that REPLACE deletes fire no trigger and would be missed.
      "recursive_triggers = ON",
      // Spilled pages would reach the write-ahead log of a transaction that is always rolled back.
      "cache_spill = OFF",
      "wal_autocheckpoint = 0",
      "temp_store = MEMORY",
    ])
      db.pragma(pragma);
    plain.pragma("foreign_keys = OFF");
    const schema = readSchema(plain);
    const capture = new Capture(db, schema);
    // An insert here sets what last_insert_rowid() says.
    db.exec("CREATE TEMP TABLE nemcon_last(id INTEGER PRIMARY KEY)");
    const [begin, rollbackAll] = [db.prepare("BEGIN IMMEDIATE"), db.prepare("ROLLBACK")];
    const [savepoint, rollback, release] = ["SAVEPOINT", "ROLLBACK TO", "RELEASE"].map((word) =>
      db.prepare(`${word} nemcon_branch`),
    );
    const last = db.prepare<[], bigint>("SELECT last_insert_rowid()").pluck().safeIntegers(true);
    const setLast = db.prepare<[bigint]>("INSERT OR REPLACE INTO temp.nemcon_last(id) VALUES (?)");
    return {
      db,
      schema,
      rows: new Rows(db),
      committed: new Rows(plain),
      capture,
      analyst: new Analyst(plain, db, schema),
      begin: () => {
        begin.run();
      },
      rollback: () => {
        rollbackAll.run();
      },
      savepoint: {
        begin: () => savepoint?.run(),
        undo: () => {
          rollback?.run();
          release?.run();
        },
      },
      lastInsertRowid: () => last.get() ?? 0n,
      setLastInsertRowid: (rowid) => {
        if (last.get() !== rowid) setLast.run(rowid);
      },
      close: () => {
        db.close();
        plain.close();
      },
    };
  } catch (error) {
    db.close();
    plain.close();
    throw error;
  }
}
