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
  const ends =
    ownSequence < seenSequence ? `ends at row ${ownSequence}` : `ends at row ${ownSequence} after a restart from less`;
  return new NemconError(
    "JOURNAL_RESTORED",
    `The journal of ${node} ${ends}, and ${peer} had seen row ${seenSequence}: it is an older copy, and what was promised since is gone. Restore the latest files.`,
  );
}

/** Begin before a journal is opened; call what it gives when all of it is replayed: how long a start took is told in the log. */
export function timedReplay(
  log: Log,
): (journal: { readonly size: { firstSequence: number; nextSequence: number } }) => void {
  const startMs = performance.now();
  const cpu = process.cpuUsage();
  return ({ size: { firstSequence, nextSequence } }) => {
    const { user, system } = process.cpuUsage(cpu);
    const replay = {
      rows: nextSequence - firstSequence,
      ms: Math.round(performance.now() - startMs),
      cpuMs: Math.round((user + system) / 1_000),
    };
    log.info({ replay }, `replayed ${replay.rows} rows of the journal in ${replay.ms} ms`);
  };
}
