/**
 * The termination of plain three-phase commit (Skeen 1981; Bernstein, Hadzilacos, Goodman 1987, §7.5; protocols §B.3
 * to §B.5): who is silent is dead. True only where every message comes in time and no process is ever slow; a slow one
 * that is taken for dead breaks atomicity (§B.7, S1).
 *
 * Sites lead in the order of their names, the coordinator first; after the last the order begins anew, which happens
 * only where somebody was wrongly taken for dead. An election's round is the place in that order.
 */

import type { Election, NodeId } from "../transaction.ts";
import { type Doubt, NO_ELECTION, order, othersOf, type Report } from "./doubt.ts";
import type { Rules } from "./rules.ts";

export const plain: Rules = {
  name: "plain",

  turn(self, doubt) {
    // Not operational: it asks, and waits (§B.4).
    if (doubt.restarted) return { doubt, election: NO_ELECTION };
    const { passedOver, suspected } = doubt;
    const election = nextOf(doubt, (node) => node === self || !(passedOver.includes(node) || suspected.includes(node)));
    if (election.node === self) return { doubt: { ...doubt, passedOver: [] }, election };
    return { doubt: { ...doubt, passedOver: [...passedOver, election.node] }, election: null };
  },

  numberOf(self, doubt) {
    return nextOf(doubt, (node) => node === self);
  },

  /** TR3, TR4. */
  verdict(self, doubt, { reports }, late) {
    const others = othersOf(doubt.sites, self);
    const silent = others.filter((node) => !reports.some(({ from }) => from === node));
    if (doubt.restarted) {
      // Total failure: only the word of every site that ever held the transaction counts (§B.4).
      if (silent.length > 0 || !reports.every(({ state, restarted }) => restarted && state !== "unknown")) return null;
    } else if (!late && silent.some((node) => !doubt.suspected.includes(node))) return null;
    const states = [doubt.position, ...operational(doubt, reports).map(({ state }) => state)];
    return states.includes("precommitted") ? "precommit" : "abort";
  },

  audience(_self, doubt, { reports }) {
    return operational(doubt, reports)
      .filter(({ state }) => state === "waiting")
      .map(({ from }) => from);
  },

  isEnough(_self, doubt, { audience, accepted }, late) {
    const missing = audience.filter((node) => !accepted.includes(node));
    if (doubt.restarted) return missing.length === 0;
    return late || missing.every((node) => doubt.suspected.includes(node));
  },

  /** After following a leader, nobody before it is heard, decisions included (§B.3). */
  hears({ sites, elected }, from) {
    const places = order(sites);
    return places.indexOf(from) >= places.indexOf(elected.node);
  },
};

/** A site that crashed since it voted, or lost what it knew, is none; after a total failure all are that answer. */
function operational(doubt: Doubt, reports: readonly Report[]): readonly Report[] {
  return doubt.restarted ? reports : reports.filter(({ state, restarted }) => !restarted && state !== "unknown");
}

/** The next place of the order that `may` lead, as an election. */
function nextOf({ sites, elected }: Doubt, may: (node: NodeId) => boolean): Election {
  const places = order(sites);
  for (let round = elected.round + 1; ; round += 1) {
    const node = places[(round - 1) % places.length];
    if (node !== undefined && may(node)) return { round, node };
  }
}
