/** Writers outside nemcon: SQLite counts commits of other connections, and that is how they are noticed. */

import type Database from "better-sqlite3";

/**
 * @param db a connection whose own commits don't count; no other connection of this process commits to the file
 * @returns a number that differs after any commit by anyone else
 */
export function outsideCounter(db: Database.Database): () => number {
  const version = db.prepare<[], number>("PRAGMA main.data_version").pluck().safeIntegers(false);
  return () => version.get() ?? 0;
}
