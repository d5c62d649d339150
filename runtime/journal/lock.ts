/**
 * One process owns a journal. SQLite's locks on the journal itself can't say so, since others may read a
 * participant's database. So the owner holds a transaction open on a tiny database beside it: the operating
 * system ends that lock with the process, however the process ends.
 */

import { readFileSync, rmSync, writeFileSync } from "node:fs";

import Database from "better-sqlite3";

import { isBusy, messageOf, refused } from "./errors.ts";

export interface Lock {
  release(): void;
}

/** A connection that nothing refers to is collected and closed, and its lock ends: it is held on to for the process's life. */
const held = new Set<Database.Database>();

/** @throws NemconError JOURNAL_LOCKED, DIRECTORY_UNWRITABLE */
export function lockJournal(file: string): Lock {
  const holderFile = `${file}-holder`;
  let database: Database.Database;
  try {
    database = new Database(`${file}-lock`, { timeout: 0 });
  } catch (cause) {
    throw unwritable(file, cause);
  }
  try {
    // Nothing is ever written into it: a rollback journal's exclusive lock is all that is wanted.
    database.exec("BEGIN EXCLUSIVE");
    writeFileSync(holderFile, `${process.pid}\n`, { mode: 0o600 });
  } catch (cause) {
    database.close();
    if (!isBusy(cause)) throw unwritable(file, cause);
    throw refused(
      "JOURNAL_LOCKED",
      file,
      `another process has this journal open: ${holder(holderFile)}. ` +
        "Two of them would give two answers: stop that one, or give this node a directory or database of its own.",
      cause,
    );
  }
  held.add(database);
  return {
    release: () => {
      held.delete(database);
      rmSync(holderFile, { force: true });
      database.close();
    },
  };
}

function holder(file: string): string {
  try {
    return `process ${readFileSync(file, "utf8").trim()}`;
  } catch {
    return "it has not written its number yet";
  }
}

function unwritable(file: string, cause: unknown): Error {
  return refused(
    "DIRECTORY_UNWRITABLE",
    file,
    `could not make the lock file beside it: ${messageOf(cause)}. Give this user the right to write in that directory, or name another one.`,
    cause,
  );
}
