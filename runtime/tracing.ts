/** The trace of a server: a file of events, one JSON document a line (docs/trace.md). */

import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";

import type { NodeId } from "../protocols/index.ts";
import { parseTrace, traceLine, type TraceEvent } from "../trace/index.ts";
import { Tracer } from "./engine/index.ts";
import { NemconError } from "./errors/index.ts";
import type { Log } from "./logs/index.ts";
import { systemClock } from "./system.ts";

export interface Tracing {
  readonly tracer: Tracer;
  close(): void;
}

export interface TracedNode {
  readonly node: NodeId;
  readonly role: string;
  readonly host: string;
  readonly incarnation: number;
  /** The last row of its journal when it starts. */
  readonly sequence: number;
}

/**
 * Goes on where the file ends.
 *
 * @param file "": no trace is kept
 * @throws NemconError DIRECTORY_UNWRITABLE where the file can't be opened
 */
export function openTracing(file: string, node: TracedNode, log: Log): Tracing | null {
  if (file === "") return null;
  const { handle: own, after } = opened(file);
  let handle: number | null = own;
  const close = (): void => {
    if (handle !== null) closeSync(handle);
    handle = null;
  };
  // Written at once: what a process that is killed had sent stands in its trace.
  const write = (event: TraceEvent): void => {
    if (handle === null) return;
    try {
      writeSync(handle, traceLine(event));
    } catch (trouble) {
      log.warn(
        `No more is traced: ${file} takes no more (${trouble instanceof Error ? trouble.message : String(trouble)}).`,
      );
      close();
    }
  };
  return { tracer: new Tracer({ ...node, after, clock: systemClock, write }), close };
}

/** No event is longer: those of the largest transactions have a name for each of their participants. */
const LONGEST_EVENT_BYTES = 256 * 1024;

/** A line that a crash cut is taken away, and the last whole one tells where the clock stood. */
function opened(file: string): { readonly handle: number; readonly after: number } {
  try {
    const handle = openSync(file, "a+");
    const { size } = fstatSync(handle);
    const tail = Buffer.alloc(Math.min(size, LONGEST_EVENT_BYTES));
    readSync(handle, tail, 0, tail.length, size - tail.length);
    const end = tail.lastIndexOf("\n") + 1;
    ftruncateSync(handle, size - tail.length + end);
    const begin = tail.lastIndexOf("\n", end - 2) + 1;
    const [last] = parseTrace(tail.toString("utf8", begin, end));
    return { handle, after: last?.lamport ?? 0 };
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new NemconError("DIRECTORY_UNWRITABLE", `The trace can't be written to ${file}: ${what}.`, { cause });
  }
}
