/** A schedule and its run, told to people: what the cluster is, what is asked of it, what goes wrong, what happens. */

import { describeAct } from "./by-hand.ts";
import { describeFault } from "./faults.ts";
import type { Schedule } from "./schedule.ts";

/** Lines that say what is run. */
export function describeSchedule({ protocol, setup, transactions, nags, acts, faults, messages }: Schedule): string[] {
  const { coordinators, participants, acceptors } = setup;
  const nodes = [count(coordinators, "coordinator"), count(participants, "participant")];
  if (acceptors > 0) nodes.push(count(acceptors, "acceptor"));
  return [
    nodes.join(", "),
    ...transactions.map(({ protocol: own, atMs, how, work, initiator, timeoutMs }, at) => {
      const branches = Object.entries(work).map(([node, items]) => `${node} "${items.join("; ")}"`);
      const by = protocol === "mixed" ? `, ${own}` : "";
      const begins = initiator === null ? "" : `, begun by ${initiator}`;
      const limit = timeoutMs === 0 ? "" : `, within ${timeoutMs} ms`;
      return `${Math.round(atMs)} ms: transaction ${at + 1}${by}, ${how}${begins}${limit}: ${branches.join(", ")}`;
    }),
    ...nags.map(({ atMs, what, of }) => `${Math.round(atMs)} ms: its client ${said[what]} transaction ${of + 1}`),
    ...acts.map(describeAct),
    ...faults.map(describeFault),
    ...(messages ?? []).map(describeFault),
  ];
}

const said = { ask: "asks for the status of", retry: "sends again", cancel: "cancels" } as const;

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
