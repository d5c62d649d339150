/** A run that was made up here, as a file that `nemcon check` reads like those of real processes. */

import { closeSync, openSync, writeSync } from "node:fs";
import { NemconError } from "../runtime/errors/index.ts";
import { traceLine, type TraceEvent } from "../trace/index.ts";

/** @throws NemconError USAGE where the file can't be written */
export function writeTrace(file: string, events: readonly TraceEvent[]): void {
  try {
    const handle = openSync(file, "w");
    for (const event of events) writeSync(handle, traceLine(event));
    closeSync(handle);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new NemconError(
      "USAGE",
      `The trace can't be written to ${file}: ${why}. Name a file in a folder that is there.`,
    );
  }
}
