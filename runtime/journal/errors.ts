/** What can go wrong with a journal, each with what happened, why, and what to do. */

import { NemconError, type Reason } from "../errors/index.ts";

/** What SQLite throws, as far as it is looked at here. */
export interface SqliteTrouble extends Error {
  readonly code: string;
}

export function isSqliteTrouble(thrown: unknown): thrown is SqliteTrouble {
  return (
    thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" && thrown.code.startsWith("SQLITE_")
  );
}

export function isBusy(thrown: unknown): boolean {
  return isSqliteTrouble(thrown) && thrown.code.startsWith("SQLITE_BUSY");
}

/** The file itself, or the disk under it: no retry and no rollback makes it good. */
export function isDiskTrouble(thrown: unknown): boolean {
  return (
    isSqliteTrouble(thrown) && /^SQLITE_(IOERR|FULL|READONLY|CORRUPT|NOTADB|CANTOPEN|NOMEM|PROTOCOL)/.test(thrown.code)
  );
}

export function messageOf(thrown: unknown): string {
  if (isSqliteTrouble(thrown)) return `${thrown.message} (${thrown.code})`;
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** @param doing what the journal was about to do, as in "could not …" */
export function writeFailed(file: string, doing: string, cause: unknown): NemconError {
  return new NemconError(
    "WRITE_FAILED",
    `${file}: could not ${doing}: ${messageOf(cause)}. ` +
      "The process stops, since only the journal knows what became durable: free space or mend the disk, then start it again.",
    { cause, details: { file } },
  );
}

export function damaged(file: string, what: string, cause?: unknown): NemconError {
  return new NemconError(
    "JOURNAL_DAMAGED",
    `${file}: ${what}. The journal is damaged and is not opened, since what it lost would be taken for aborts. ` +
      `Stop, keep a copy of all its files, and look with: nemcon doctor --journal ${file}`,
    { cause, details: { file } },
  );
}

/** Where another problem than damage speaks for itself. */
export function refused(reason: Reason, file: string, message: string, cause?: unknown): NemconError {
  return new NemconError(reason, `${file}: ${message}`, { cause, details: { file } });
}
