/** The start of a server, the same for every role: its journal is opened and read, and its trace, where it keeps one. */

import type { Journal, PeerRole } from "./engine/index.ts";
import type { NemconError } from "./errors/index.ts";
import type { Configs, Role } from "./config/index.ts";
import { openJournal, type OpenedJournal, type SqliteJournal } from "./journal/index.ts";
import type { Log } from "./logs/index.ts";
import { timedReplay } from "./serving.ts";
import { openTracing, type Tracing } from "./tracing.ts";

export interface OpenNode {
  readonly journal: SqliteJournal;
  /** The journal as the engine gets it: traced, where a trace is kept. */
  readonly journalPort: Journal;
  readonly replayed: OpenedJournal["replayed"];
  readonly incarnation: number;
  /** The journal's identity. */
  readonly logId: string;
  readonly tracing: Tracing | null;
  /** To be called when the journal is replayed: the log tells how long that took. */
  replayDone(): void;
  close(): void;
}

export interface NodeFile {
  readonly file: string;
  /** false: the file is the user's, and nemcon's tables are beside the user's own. */
  readonly own: boolean;
}

/** @throws NemconError where the journal or the trace does not allow to serve */
export function openNode(
  role: PeerRole & Role,
  config: Pick<Configs[Role], "cluster" | "node" | "host" | "wal" | "faults" | "trace">,
  { file, own }: NodeFile,
  { log, onFatal }: { readonly log: Log; readonly onFatal: (error: NemconError) => never },
): OpenNode {
  const { cluster, node, host, wal, faults, trace } = config;
  const done = timedReplay(log);
  const hooks = { onFatal, warn: (message: string) => log.warn(message) };
  const opened = openJournal({ file, own, cluster, node, role, walBytes: wal.extendBytes, faults, hooks });
  const { journal, replayed, incarnation, log: logId } = opened;
  try {
    const sequence = journal.durableSequence;
    const tracing = openTracing(trace, { node, role, host: host || node, incarnation, sequence }, log);
    return {
      journal,
      journalPort: tracing?.tracer.journal(journal) ?? journal,
      replayed,
      incarnation,
      logId,
      tracing,
      replayDone: () => done(journal),
      close: () => {
        tracing?.close();
        journal.close();
      },
    };
  } catch (thrown) {
    journal.close();
    throw thrown;
  }
}
