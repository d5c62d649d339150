/** Which events a diagram shows, and when the nodes in it run. */

import type { Row } from "./diagram-row.ts";
import type { TraceEvent } from "./event.ts";

/**
 * Messages, steps that leave something behind, and what happens to the nodes that have a part in them.
 *
 * @param events in the order of `byTime`
 * @param transaction null: all
 */
export function pickedFrom(events: readonly TraceEvent[], transaction: string | null): TraceEvent[] {
  const isOfIt = (event: TraceEvent): boolean =>
    "transaction" in event && (transaction === null || event.transaction === transaction);
  const first = events.findIndex(isOfIt);
  const parts = partsOf(events, isOfIt);
  const others = new Set(events.flatMap((event) => ("transaction" in event ? [event.transaction] : [])));
  const isOfAnother = (text: string): boolean =>
    transaction !== null && !text.includes(transaction) && [...others].some((id) => text.includes(id));
  return events.filter((event, place) => {
    switch (event.kind) {
      case "send":
      case "receive":
        return isOfIt(event);
      case "step":
        return isOfIt(event) && (event.records.length > 0 || event.outcome !== null || event.answers.length > 0);
      case "durable":
        return false;
      case "note":
        return place > first && !isOfAnother(event.text);
      case "start":
      case "crash": {
        if (place < first) return false;
        const part = parts.get(event.node);
        return transaction === null || (part !== undefined && (place < part.last || !part.isOver));
      }
      default:
        return event satisfies never;
    }
  });
}

interface Part {
  /** Where its last event stands. */
  last: number;
  isOver: boolean;
}

/** What nodes have to do with it; also those to which it was only said. */
function partsOf(events: readonly TraceEvent[], isOfIt: (event: TraceEvent) => boolean): Map<string, Part> {
  const parts = new Map<string, Part>();
  const partOf = (node: string): Part => {
    const part = parts.get(node) ?? { last: -1, isOver: false };
    parts.set(node, part);
    return part;
  };
  for (const [place, event] of events.entries()) {
    if (!isOfIt(event)) continue;
    const part = partOf(event.node);
    part.last = place;
    if (event.kind === "step" && event.outcome !== null) part.isOver = true;
    if (event.kind === "send") partOf(event.to);
  }
  return parts;
}

/**
 * Whether the node runs where the diagram begins.
 *
 * @param first the first event that is shown
 */
export function isUpBefore(events: readonly TraceEvent[], first: TraceEvent | undefined, node: string): boolean {
  let last: TraceEvent | undefined;
  for (const event of events) {
    if (event === first) break;
    if (event.node === node) last = event;
  }
  if (last !== undefined) return last.kind !== "crash";
  // Nothing of it yet: it is there from the beginning unless a start is the first that is heard of it.
  return events.find((event) => event.node === node)?.kind !== "start";
}

/** A death that nobody tells of was somewhere between the last that the node did and its next start. */
export function runsOf(rows: readonly Row[], column: number, isUp: boolean): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  let from = isUp ? -1 : null;
  let last = -1;
  for (const [place, row] of rows.entries()) {
    if (row.kind === "start" && row.column === column) {
      if (from !== null) runs.push({ from, to: last });
      from = place;
    } else if (row.kind === "crash" && row.column === column) {
      if (from !== null) runs.push({ from, to: place });
      from = null;
    } else if (isActiveIn(row, column)) {
      from ??= place;
      last = place;
    }
  }
  if (from !== null) runs.push({ from, to: rows.length });
  return runs;
}

function isActiveIn(row: Row, column: number): boolean {
  switch (row.kind) {
    case "message":
      return row.from === column || row.to === column;
    case "send":
      return row.from === column;
    case "arrival":
      return row.to === column;
    case "step":
      return row.column === column;
    case "start":
    case "crash":
    case "note":
      return false;
    default:
      return row satisfies never;
  }
}
