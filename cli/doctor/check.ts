/** What the doctor finds: one line a check. */

import { exit, NemconError, type ExitCode } from "../../runtime/errors/index.ts";

export interface Check {
  readonly name: string;
  readonly verdict: "ok" | "warning" | "failed";
  readonly detail: string;
  /** What the command exits with because of it; `done` unless it failed. */
  readonly exit: ExitCode;
}

export function ok(name: string, detail: string): Check {
  return { name, verdict: "ok", detail, exit: exit.done };
}

/** Something to know that keeps nothing from working. */
export function warning(name: string, detail: string): Check {
  return { name, verdict: "warning", detail, exit: exit.done };
}

export function failed(name: string, detail: string, code: ExitCode = exit.failed): Check {
  return { name, verdict: "failed", detail, exit: code };
}

/** A check that failed because something was thrown. */
export function failedBy(name: string, thrown: unknown): Check {
  const error = NemconError.from(thrown);
  return failed(name, `${error.reason}: ${error.message}`, error.exitCode);
}

/** A damaged journal outweighs all else; then the first failure counts. */
export function verdictOf(checks: readonly Check[]): ExitCode {
  const codes = checks.map((check) => check.exit).filter((code) => code !== exit.done);
  return codes.includes(exit.journalDamaged) ? exit.journalDamaged : (codes[0] ?? exit.done);
}
