/** The trace of a server: a file of events, one JSON document a line (docs/trace.md). */

import { closeSync, openSync, writeSync } from "node:fs";

import type { NodeId } from "../protocols/index.ts";
import { traceLine, type TraceEvent } from "../trace/index.ts";
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
}

/**
 * Goes on where the file ends.
 *
 * @param file "": no trace is kept
 * @throws NemconError DIRECTORY_UNWRITABLE where the file can't be opened
 */
export function openTracing(file: string, node: TracedNode, log: Log): Tracing | null {
  if (file === "") return null;
  let handle: number | null = opened(file);
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
  return { tracer: new Tracer({ ...node, clock: systemClock, write }), close };
}

function opened(file: string): number {
  try {
    return openSync(file, "a");
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new NemconError("DIRECTORY_UNWRITABLE", `The trace can't be written to ${file}: ${what}.`, { cause });
  }
}
