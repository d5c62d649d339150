/** What the servers of all roles do alike around their journals. */

import { NemconError } from "./errors/index.ts";
import type { Log } from "./logs/index.ts";

/** The default end of a process that can't go on: a line in the log, and the error's exit code. */
export function exitWith(log: Log): (error: NemconError) => never {
  return (error) => {
    log.fatal({ reason: error.reason }, error.message);
    process.exit(error.exitCode);
  };
}

/** A peer has seen more of this node's journal than the journal holds. */
export function restoredFromCopy(node: string, ownSequence: number, peer: string, seenSequence: number): NemconError {
  return new NemconError(
    "JOURNAL_RESTORED",
    `The journal of ${node} ends at row ${ownSequence}, and ${peer} had seen row ${seenSequence}: it is an older copy, and what was promised since is gone. Restore the latest files.`,
  );
}
