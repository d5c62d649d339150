/** One state of the committed data for a whole turn, read on the journal's connection while no journal transaction is open. */

import type Database from "better-sqlite3";

export interface Snapshot {
  /** Nothing where a transaction is open already. */
  begin(): void;
  end(): void;
}

/** @param db the journal's: its cache lasts over its own commits, where that of any other connection is thrown away */
export function snapshotOf(db: Database.Database): Snapshot {
  const [begin, commit] = [db.prepare("BEGIN"), db.prepare("COMMIT")];
  let isOpen = false;
  return {
    begin: () => {
      if (isOpen || db.inTransaction) return;
      begin.run();
      isOpen = true;
    },
    end: () => {
      if (!isOpen) return;
      isOpen = false;
      commit.run();
    },
  };
}
