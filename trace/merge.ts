/** Traces of several processes as one: an order in which every cause stands before its effects. */

import type { TraceEvent } from "./event.ts";

/**
 * By Lamport's clock, and by name where two events did not know of each other. Files of processes that go on are not
 * read at one moment: what rests on a message whose sender's file was read before it left is left out (Chandy, Lamport
 * 1985, "Distributed Snapshots": a consistent cut).
 */
export function mergeTraces(traces: readonly (readonly TraceEvent[])[]): TraceEvent[] {
  return cut(traces.flat()).sort((a, b) => a.lamport - b.lamport || (a.node < b.node ? -1 : a.node > b.node ? 1 : 0));
}

function cut(events: readonly TraceEvent[]): TraceEvent[] {
  const ends = new Map<string, number>();
  for (const { node, lamport } of events) ends.set(node, Math.max(lamport, ends.get(node) ?? 0));
  const isBeyond = (event: TraceEvent): boolean =>
    event.kind === "receive" && event.sent !== null && event.sent > (ends.get(event.from) ?? Number.POSITIVE_INFINITY);
  for (let isStable = false; !isStable;) {
    isStable = true;
    for (const event of events) {
      if (event.lamport > (ends.get(event.node) ?? 0) || !isBeyond(event)) continue;
      ends.set(event.node, event.lamport - 1);
      isStable = false;
    }
  }
  return events.filter(({ node, lamport }) => lamport <= (ends.get(node) ?? 0));
}
