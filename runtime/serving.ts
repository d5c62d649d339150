/** What the servers of all roles do alike around their journals. */

import type { NemconError } from "./errors/index.ts";
import type { Log } from "./logs/index.ts";

/** The default end of a process that can't go on: a line in the log, and the error's exit code. */
export function exitWith(log: Log): (error: NemconError) => never {
  return (error) => {
    log.fatal({ reason: error.reason }, error.message);
    process.exit(error.exitCode);
  };
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
