/** The log: pino, JSON lines on stderr. Stdout belongs to the command's answer. */

import { pino, stdTimeFunctions, type DestinationStream, type Logger } from "pino";
import { NemconError } from "../errors/index.ts";
import { Lines } from "./lines.ts";

export type Log = Logger;

const STDERR = 2;

export interface LogOptions {
  /** The least severe level that is written. */
  readonly level: string;
  /** On every line: role, node. */
  readonly bindings: Readonly<Record<string, string>>;
  /** Where lines go instead of stderr. */
  readonly stream?: DestinationStream;
}

export interface OpenLog {
  /** Parts of a server take `log.child({ component: "journal" })`. */
  readonly log: Log;
  /** Writes what waits in memory before it returns: call it where the process is about to end. */
  readonly flush: () => void;
}

function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const fields = { type: error.name, message: error.message, stack: error.stack };
  // The reason is what alerts and searches go by.
  return NemconError.is(error) ? { ...fields, reason: error.reason, ...error.details } : fields;
}

/**
 * Opens the process's log. Lines leave by asynchronous writes, so that a slow reader of stderr never holds
 * a turn; what waits is written when the process exits, except on SIGKILL and where nobody reads it.
 */
export function openLog({ level, bindings, stream }: LogOptions): OpenLog {
  const lines = new Lines(STDERR);
  const options = {
    level,
    base: { pid: process.pid, ...bindings },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: errorFields, error: errorFields },
  };
  const log = pino(options, stream ?? lines);
  const flush = (): void => lines.flush();
  process.on("exit", flush);
  return { log, flush };
}

/** A log that writes nothing, for tests and embedded use. */
export function silentLog(): Log {
  return pino({ level: "silent" });
}
