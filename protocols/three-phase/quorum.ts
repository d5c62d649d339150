/**
 * The termination of E3PC (Keidar and Dolev 1995; protocols §B.9) with unique elections: both decisions need a
 * majority of the same voters, so that no two leaders decide differently, whoever takes whom for dead.
 *
 * The voters are the participants, and the coordinator with them where their number is even. A voter more makes an
 * even number odd, and the majority stays the same: with two participants, any two of three decide, and one failure
 * blocks nobody. It would raise the majority of an odd number and bear no failure more, so there the coordinator leads
 * its attempt without a vote. What a site without a vote reports settles a transaction where it is a decision and
 * counts for nothing else.
 */

import type { Election, NodeId } from "../transaction.ts";
import { type Doubt, isLater, later, NO_ELECTION, type Report, type Sites } from "./doubt.ts";
import type { Rules } from "./rules.ts";

export function votersOf({ coordinator, participants }: Sites): readonly NodeId[] {
  return participants.length % 2 === 0 ? [coordinator, ...participants] : participants;
}

export function quorumOf(sites: Sites): number {
  return Math.floor(votersOf(sites).length / 2) + 1;
}

export const quorum: Rules = {
  name: "quorum",

  turn(self, doubt) {
    return { doubt, election: nextOf(self, doubt) };
  },

  numberOf: nextOf,

  /** §B.9-3. No attempt at all: everyone waits, and the abort is attempted. */
  verdict(self, doubt, { reports }) {
    const voters = votersOf(doubt.sites);
    const counted = [...reports, own(self, doubt)].filter(
      ({ from, state }) => state !== "unknown" && voters.includes(from),
    );
    if (counted.length < quorumOf(doubt.sites)) return null;
    let last: Election = NO_ELECTION;
    for (const { attempt } of counted) if (isLater(attempt, last)) last = attempt;
    const latest = counted.filter(({ attempt }) => !isLater(last, attempt));
    return latest.every(({ state }) => state === "precommitted") ? "precommit" : "preabort";
  },

  audience(self, doubt) {
    return votersOf(doubt.sites).filter((node) => node !== self);
  },

  isEnough(self, doubt, { accepted }) {
    const voters = votersOf(doubt.sites);
    return [...accepted, self].filter((node) => voters.includes(node)).length >= quorumOf(doubt.sites);
  },

  hears() {
    return true;
  },
};

function nextOf(self: NodeId, { seen, elected }: Doubt): Election {
  return { round: later(seen, elected).round + 1, node: self };
}

function own(self: NodeId, { position, attempt, restarted }: Doubt): Report {
  return { from: self, state: position, attempt, restarted };
}
