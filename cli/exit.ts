/** How the command ends: an error becomes a message and an exit code, and what was printed gets out first. */

import { CommanderError } from "commander";
import { exit, NemconError, type ExitCode } from "../runtime/errors/index.ts";
import type { Output } from "./output.ts";

/** Whether the caller asked for --json, known before the arguments are parsed: errors in them are JSON too. */
export function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end < 0 ? args : args.slice(0, end)).includes("--json");
}

/** Prints what was thrown and gives the exit code. */
export function report(thrown: unknown, output: Output): ExitCode {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return exit.done;
  const error = NemconError.from(thrown);
  if (output.json) {
    const { reason, message, retryAfterMs, details } = error;
    const more = { ...(retryAfterMs === null ? {} : { retryAfterMs }), ...details };
    output.document({ error: { reason, message, ...more } });
  } else {
    output.note(`${output.noteStyle("red", "nemcon:")} ${output.noteStyle("bold", error.reason)}: ${error.message}`);
    if (error.reason === "INTERNAL" && error.cause instanceof Error) output.note(error.cause.stack ?? "");
  }
  return error.exitCode;
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write("", () => resolve());
  });
}

/** Ends the process when stdout and stderr are written; open handles don't hold it. */
export async function leave(code: number): Promise<never> {
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
  process.exit(code);
}
