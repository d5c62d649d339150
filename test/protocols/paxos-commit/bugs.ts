/** What protocols §C.4 and §C.11 warn of, each made here: the explorer must find it, and the real machines are free of it. */

import {
  acceptanceWithoutPromise,
  closedForPhaseOne,
  closedWithoutTombstone,
  promiseByBranch,
  starAlwaysWins,
  starIgnored,
  voteAfterPromise,
} from "../../../lab/bugs/paxos-commit.ts";
import type { Model } from "./explore.ts";

export interface Bug {
  readonly name: string;
  readonly model: Model;
  /** Not found with fewer ballots. */
  readonly onlyWith?: number;
}

const first = { branches: 1, ballots: 1 } as const;
const small = { branches: 1, ballots: 2 } as const;

export const bugs: readonly Bug[] = [
  {
    name: "a promise for each branch that is known, instead of one for the transaction",
    model: { ...first, acceptor: promiseByBranch },
  },
  { name: "* is ignored in what a promise says", model: { ...small, acceptor: starIgnored } },
  {
    name: "* always wins, whatever was accepted after it",
    model: { branches: 1, ballots: 3, acceptor: starAlwaysWins },
    onlyWith: 3,
  },
  { name: "a leader goes on with one promise", model: { ...first, promises: 1 } },
  { name: "one acceptance chooses", model: { ...first, acceptances: 1 } },
  {
    name: "accepting does not raise the promise",
    model: { branches: 1, ballots: 3, informed: true, acceptor: acceptanceWithoutPromise },
  },
  { name: "a leader proposes twice in one ballot", model: { ...small, proposesTwice: true } },
  { name: "a vote of ballot 0 is accepted after a promise", model: { ...first, acceptor: voteAfterPromise } },
  {
    name: "closed is forgotten without a tombstone",
    model: { ...first, closes: true, acceptor: closedWithoutTombstone },
  },
  {
    name: "the tombstone answers phase 1, and phase 2 begins anew",
    model: { ...first, closes: true, acceptor: closedForPhaseOne },
  },
  {
    name: "FORGOTTEN counts as a promise that has accepted nothing",
    model: { ...first, closes: true, forgottenPromises: true },
  },
];
