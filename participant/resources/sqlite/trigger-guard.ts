/** Keeps the user's triggers out of the connection that applies: images already hold what triggers did. */

import type Database from "better-sqlite3";

export interface TriggerGuard {
  /** Asked inside each write transaction, first thing: whether this connection still sees the schema without triggers. */
  valid(): boolean;
  /** Outside any transaction: reads the schema anew, without triggers. */
  renew(): void;
}

/**
 * SQLite can't switch triggers off. A connection that reads its schema while the triggers are deleted, in a
 * transaction that is rolled back, knows none of them from then on, until the schema version changes.
 * `writeImages` counts what every write changed, so that a trigger that did run stops the process before COMMIT.
 *
 * @param db the journal's connection; foreign_keys is off there
 */
export function guardTriggers(db: Database.Database): TriggerGuard {
  const version = db.prepare<[], number>("PRAGMA main.schema_version").pluck().safeIntegers(false);
  let known: number | null = null;
  return {
    valid: () => version.get() === known,
    renew: () => {
      db.unsafeMode(true);
      try {
        db.exec("BEGIN IMMEDIATE");
        db.pragma("writable_schema = ON");
        db.exec("DELETE FROM main.sqlite_schema WHERE type = 'trigger'");
        db.pragma("writable_schema = RESET");
        // The schema is read again when a statement needs it, which must be before the triggers come back.
        db.prepare("SELECT 1 FROM main.sqlite_schema LIMIT 1").get();
        known = version.get() ?? null;
      } finally {
        if (db.inTransaction) db.exec("ROLLBACK");
        db.pragma("writable_schema = OFF");
        db.unsafeMode(false);
      }
    },
  };
}
