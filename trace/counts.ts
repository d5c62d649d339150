/**
 * What a transaction cost, counted from a merged trace as Gray and Lamport count it ("Consensus on Transaction
 * Commit", §5; protocols §C.8): messages between computers, the longest chain of them, forced writes.
 */

import type { TraceEvent } from "./event.ts";

export interface Counts {
  readonly protocol: string;
  /** Messages between computers that the paper counts: how many of each kind. */
  readonly paper: ReadonlyMap<string, number>;
  readonly paperMessages: number;
  /** All messages of the commit between computers: acknowledgements, copies and inquiries too. */
  readonly wireMessages: number;
  /** The longest chain of counted messages, from the commit request until the last participant knows. */
  readonly messageDelays: number;
  /** Forced records up to the decision. What a participant writes when it learns the decision is not among them. */
  readonly forcedWrites: number;
}

/**
 * counted: the paper counts it. beside: part of the commit, and outside of the paper's counts. work: the
 * application's, and not part of the commit at all.
 */
export type Share = "counted" | "beside" | "work";

/** What a message is to be taken for, by its protocol, its kind and the role of its receiver ("": unknown). */
export type ShareOf = (protocol: string, kind: string, to: string) => Share;

interface Tally {
  protocol: string;
  readonly paper: Map<string, number>;
  wireMessages: number;
  messageDelays: number;
  forcedWrites: number;
  /** How many counted messages lead to what a node knows. */
  readonly depth: Map<string, number>;
  readonly carried: Map<string, number>;
}

/**
 * @param events in the order of `mergeTraces`
 * @returns by transaction
 */
export function countsOf(events: readonly TraceEvent[], shareOf: ShareOf): Map<string, Counts> {
  const hosts = new Map(events.map(({ node, host }) => [node, host]));
  const roles = new Map(events.flatMap((event) => (event.kind === "start" ? [[event.node, event.role]] : [])));
  const tallies = new Map<string, Tally>();
  for (const event of events) {
    if (!("transaction" in event)) continue;
    const tally = tallyOf(tallies, event.transaction, event.protocol);
    const known = tally.depth.get(event.node) ?? 0;
    switch (event.kind) {
      case "send": {
        const { kind } = event.message;
        const share = shareOf(event.protocol, kind, roles.get(event.to) ?? "");
        if (share === "work") break;
        const between = event.host !== (hosts.get(event.to) ?? event.to);
        if (between) tally.wireMessages += 1;
        if (share === "beside") break;
        if (between) tally.paper.set(kind, (tally.paper.get(kind) ?? 0) + 1);
        tally.carried.set(`${event.node} ${event.lamport}`, known + (between ? 1 : 0));
        break;
      }
      case "receive":
        tally.depth.set(event.node, Math.max(known, tally.carried.get(`${event.from} ${event.sent}`) ?? 0));
        break;
      case "step":
        // What a participant writes when it learns the decision is not counted; a coordinator's outcome is its decision.
        if (
          event.records.some(({ forced }) => forced) ||
          (event.outcome?.forced === true && roles.get(event.node) === "coordinator")
        )
          tally.forcedWrites += 1;
        if (event.resource.includes("commit")) tally.messageDelays = Math.max(tally.messageDelays, known);
        break;
      default:
        event satisfies never;
    }
  }
  return new Map([...tallies].map(([id, tally]) => [id, counted(tally)]));
}

function tallyOf(tallies: Map<string, Tally>, transaction: string, protocol: string): Tally {
  let tally = tallies.get(transaction);
  if (tally === undefined) {
    tally = {
      protocol,
      paper: new Map(),
      wireMessages: 0,
      messageDelays: 0,
      forcedWrites: 0,
      depth: new Map(),
      carried: new Map(),
    };
    tallies.set(transaction, tally);
  }
  return tally;
}

function counted({ protocol, paper, wireMessages, messageDelays, forcedWrites }: Tally): Counts {
  const paperMessages = [...paper.values()].reduce((sum, count) => sum + count, 0);
  return { protocol, paper, paperMessages, wireMessages, messageDelays, forcedWrites };
}
