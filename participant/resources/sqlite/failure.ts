/** SQLite's errors as reasons of an abort. */

import type { AbortReason } from "../../../protocols/index.ts";
import { Refusal } from "./refusal.ts";

export interface Failure {
  readonly reason: AbortReason;
  readonly detail: string;
  /** SQLite's extended code; empty where the error is not SQLite's. */
  readonly code: string;
}

const resource = /^SQLITE_(BUSY|LOCKED|IOERR|FULL|CORRUPT|NOTADB|NOMEM|READONLY|CANTOPEN|PROTOCOL|PERM)/;

/** @throws what is neither SQLite's nor ours: a fault of this program */
export function failureOf(error: unknown): Failure {
  if (error instanceof Refusal) return { reason: error.reason, detail: error.message, code: "" };
  if (!(error instanceof Error)) throw error;
  const code = codeOf(error);
  // better-sqlite3 says by these that it can't bind, or was handed more than one statement.
  if (code === "" && (error instanceof RangeError || error instanceof TypeError))
    return { reason: "STATEMENT_FAILED", detail: error.message, code };
  if (code === "") throw error;
  return { reason: reasonOf(code), detail: detailOf(code, error.message), code };
}

export function codeOf(error: Error): string {
  const code: unknown = (error as { code?: unknown }).code;
  return typeof code === "string" && code.startsWith("SQLITE_") ? code : "";
}

function reasonOf(code: string): AbortReason {
  if (resource.test(code)) return "RESOURCE_FAILED";
  if (code === "SQLITE_CONSTRAINT_DATATYPE") return "STATEMENT_FAILED";
  if (code.startsWith("SQLITE_CONSTRAINT")) return "CONSTRAINT";
  if (code === "SQLITE_TOOBIG") return "LIMIT_EXCEEDED";
  return "STATEMENT_FAILED";
}

function detailOf(code: string, message: string): string {
  if (code.startsWith("SQLITE_BUSY"))
    return "Another program kept the database file locked for longer than this participant waits. Nothing was done; try again.";
  return reasonOf(code) === "RESOURCE_FAILED" ? `SQLite could not work on the file: ${message} (${code}).` : message;
}
