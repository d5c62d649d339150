/** Traces of several processes as one: an order in which every cause stands before its effects. */

import type { TraceEvent } from "./event.ts";

/** By Lamport's clock, and by name where two events did not know of each other. */
export function mergeTraces(traces: readonly (readonly TraceEvent[])[]): TraceEvent[] {
  return traces.flat().sort((a, b) => a.lamport - b.lamport || (a.node < b.node ? -1 : a.node > b.node ? 1 : 0));
}
