/** A trace in which the violations stand where they came to light. */

import type { TraceEvent } from "../../trace/index.ts";
import type { Violation } from "./rules.ts";

/**
 * @param events that were judged, in their order
 * @returns the same with a note behind each event that breaks a rule
 */
export function withViolations(events: readonly TraceEvent[], violations: readonly Violation[]): TraceEvent[] {
  const places = Map.groupBy(violations, ({ node, lamport }) => `${node} ${lamport}`);
  return events.flatMap((event) => {
    const { lamport, node, host, incarnation, atMs } = event;
    const broken = places.get(`${node} ${lamport}`) ?? [];
    const notes = broken.map(({ rule, what, transaction }): TraceEvent => {
      const about = transaction === null ? "" : ` (${transaction})`;
      return { lamport, node, host, incarnation, atMs, kind: "note", text: `${rule}: ${what}${about}` };
    });
    return [event, ...notes];
  });
}
