/**
 * PaxosCommit (Gray, Lamport 2006, §5): one instance of Paxos for each RM's vote. As in the paper's specification,
 * messages are never removed, promises are per instance, and nothing says who leads: anyone may begin any ballot.
 */

import type { System } from "../system.ts";
import { Layout, range, type Bytes } from "./layout.ts";
import { ABORTED, COMMITTED, isConsistent, isTCommitStep, pictureOfRms, PREPARED, WORKING } from "./tcommit.ts";

export interface PaxosCommitOptions {
  readonly rms: number;
  readonly acceptors: number;
  /** Ballot 0, the RMs' own, and those above it; at most 126, so that a vote fits into a byte. */
  readonly ballots: number;
  /** How many acceptors decide. Fewer than a majority is wrong, and that shows. */
  readonly quorum: number;
}

/** A value as a bit, so that a field holds a set of them. */
const VOTE_PREPARED = 1;
const VOTE_ABORTED = 2;
const values = [VOTE_PREPARED, VOTE_ABORTED] as const;

/** What an acceptor has accepted last: 0 for nothing, else ballot and value in one byte. */
function vote(ballot: number, value: number): number {
  return ballot * 2 + value;
}

function ballotOf(vote: number): number {
  return vote === 0 ? -1 : (vote - 1) >> 1;
}

function valueOf(vote: number): number {
  return ((vote - 1) & 1) + 1;
}

const COMMIT_SENT = 1;
const ABORT_SENT = 2;

/** All ways to take `size` of them. */
function choose(from: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return from.flatMap((first, index) => choose(from.slice(index + 1), size - 1).map((rest) => [first, ...rest]));
}

export function paxosCommit({ rms, acceptors, ballots, quorum }: PaxosCommitOptions): System<Bytes> {
  const quorums = choose(range(acceptors), quorum);
  const layout = new Layout();
  layout.fields(rms);
  const sent = layout.fields(1);
  const promisedAt = layout.fields(rms * acceptors);
  const acceptedAt = layout.fields(rms * acceptors);
  const sent1aAt = layout.fields(rms * ballots);
  /** 1 + the vote that it tells; an acceptor answers a ballot once. */
  const sent1bAt = layout.fields(rms * ballots * acceptors);
  /** Sets of values. */
  const sent2aAt = layout.fields(rms * ballots);
  const sent2bAt = layout.fields(rms * ballots * acceptors);
  const next = new Uint8Array(layout.sizeBytes);

  const promised = (rm: number, acceptor: number): number => promisedAt + rm * acceptors + acceptor;
  const accepted = (rm: number, acceptor: number): number => acceptedAt + rm * acceptors + acceptor;
  const sent1a = (rm: number, ballot: number): number => sent1aAt + rm * ballots + ballot;
  const sent1b = (rm: number, ballot: number, acceptor: number): number =>
    sent1bAt + (rm * ballots + ballot) * acceptors + acceptor;
  const sent2a = (rm: number, ballot: number): number => sent2aAt + rm * ballots + ballot;
  const sent2b = (rm: number, ballot: number, acceptor: number): number =>
    sent2bAt + (rm * ballots + ballot) * acceptors + acceptor;
  const at = (state: Bytes, place: number): number => state[place] ?? 0;

  const isDecided = (state: Bytes, rm: number, value: number): boolean => {
    for (let ballot = 0; ballot < ballots; ballot += 1)
      for (const members of quorums) {
        let all = value;
        for (const acceptor of members) all &= at(state, sent2b(rm, ballot, acceptor));
        if (all !== 0) return true;
      }
    return false;
  };
  /** The value that a leader must propose after these answers; 0 where one is missing. */
  const proposal = (state: Bytes, rm: number, ballot: number, members: readonly number[]): number => {
    let highest = 0;
    for (const acceptor of members) {
      const answer = at(state, sent1b(rm, ballot, acceptor));
      if (answer === 0) return 0;
      if (ballotOf(answer - 1) > ballotOf(highest)) highest = answer - 1;
    }
    return highest === 0 ? VOTE_ABORTED : valueOf(highest);
  };

  const names = range(rms).map((rm) => `r${rm + 1}`);
  const perBallot = (name: string): string[][] => names.map((rm) => range(ballots).map((b) => `${name}(${b}, ${rm})`));
  const perAcceptor = (name: string): string[][][] =>
    names.map((rm) => range(ballots).map((b) => range(acceptors).map((a) => `${name}(a${a + 1}, ${b}, ${rm})`)));
  const labels = {
    prepare: names.map((rm) => `RMPrepare(${rm})`),
    chooseToAbort: names.map((rm) => `RMChooseToAbort(${rm})`),
    receiveCommit: names.map((rm) => `RMRcvCommitMsg(${rm})`),
    receiveAbort: names.map((rm) => `RMRcvAbortMsg(${rm})`),
    phase1a: perBallot("Phase1a"),
    phase2a: perBallot("Phase2a"),
    phase1b: perAcceptor("Phase1b"),
    phase2b: perAcceptor("Phase2b"),
  };

  function successors(state: Bytes, found: (label: string, successor: Bytes) => void): void {
    const rmStep = (label: string | undefined, rm: number, to: number, value: number): void => {
      next.set(state);
      next[rm] = to;
      if (value !== 0) next[sent2a(rm, 0)] = at(state, sent2a(rm, 0)) | value;
      found(label ?? "", next);
    };
    const send = (label: string | undefined, place: number, value: number): void => {
      next.set(state);
      next[place] = value;
      found(label ?? "", next);
    };
    const decision = at(state, sent);
    let allPrepared = true;
    let someAborted = false;
    for (let rm = 0; rm < rms; rm += 1) {
      if (state[rm] === WORKING) {
        rmStep(labels.prepare[rm], rm, PREPARED, VOTE_PREPARED);
        rmStep(labels.chooseToAbort[rm], rm, ABORTED, VOTE_ABORTED);
      }
      if ((decision & COMMIT_SENT) !== 0) rmStep(labels.receiveCommit[rm], rm, COMMITTED, 0);
      if ((decision & ABORT_SENT) !== 0) rmStep(labels.receiveAbort[rm], rm, ABORTED, 0);
      allPrepared &&= isDecided(state, rm, VOTE_PREPARED);
      someAborted ||= isDecided(state, rm, VOTE_ABORTED);
    }
    if (allPrepared) send("Decide: Commit", sent, decision | COMMIT_SENT);
    if (someAborted) send("Decide: Abort", sent, decision | ABORT_SENT);
    for (let rm = 0; rm < rms; rm += 1)
      for (let ballot = 0; ballot < ballots; ballot += 1) {
        if (ballot > 0) {
          send(labels.phase1a[rm]?.[ballot], sent1a(rm, ballot), 1);
          if (at(state, sent2a(rm, ballot)) === 0)
            for (const members of quorums) {
              const value = proposal(state, rm, ballot, members);
              if (value !== 0) send(labels.phase2a[rm]?.[ballot], sent2a(rm, ballot), value);
            }
        }
        for (let acceptor = 0; acceptor < acceptors; acceptor += 1) answer(state, rm, ballot, acceptor, found);
      }
  }

  function answer(
    state: Bytes,
    rm: number,
    ballot: number,
    acceptor: number,
    found: (label: string, successor: Bytes) => void,
  ): void {
    const promise = at(state, promised(rm, acceptor));
    if (promise < ballot && at(state, sent1a(rm, ballot)) === 1) {
      next.set(state);
      next[promised(rm, acceptor)] = ballot;
      next[sent1b(rm, ballot, acceptor)] = 1 + at(state, accepted(rm, acceptor));
      found(labels.phase1b[rm]?.[ballot]?.[acceptor] ?? "", next);
    }
    if (promise > ballot) return;
    for (const value of values) {
      if ((at(state, sent2a(rm, ballot)) & value) === 0) continue;
      next.set(state);
      next[promised(rm, acceptor)] = ballot;
      next[accepted(rm, acceptor)] = vote(ballot, value);
      next[sent2b(rm, ballot, acceptor)] = at(state, sent2b(rm, ballot, acceptor)) | value;
      found(labels.phase2b[rm]?.[ballot]?.[acceptor] ?? "", next);
    }
  }

  const told = (value: number): string => (value === VOTE_PREPARED ? "prepared" : "aborted");
  const toldVote = (vote: number): string => (vote === 0 ? "nothing" : `${told(valueOf(vote))} at ${ballotOf(vote)}`);

  return {
    initial: () => [new Uint8Array(layout.sizeBytes)],
    successors,
    pack: (state) => state,
    unpack: (bytes) => bytes,
    invariants: {
      consistent: (state) => isConsistent(state, rms),
      "one value chosen": (state) => {
        for (let rm = 0; rm < rms; rm += 1)
          if (isDecided(state, rm, VOTE_PREPARED) && isDecided(state, rm, VOTE_ABORTED)) return false;
        return true;
      },
    },
    stepInvariants: { "refines TCommit": (before, after) => isTCommitStep(before, after, rms) },
    picture: (state) => ({
      ...pictureOfRms(state, rms),
      ...Object.fromEntries(
        names.flatMap((name, rm) =>
          range(acceptors).map((a) => [
            `a${a + 1}/${name}`,
            `promised ${at(state, promised(rm, a))}, accepted ${toldVote(at(state, accepted(rm, a)))}`,
          ]),
        ),
      ),
      ...Object.fromEntries(
        names.flatMap((name, rm) =>
          range(ballots).map((b) => [
            `2a/${name}/${b}`,
            values
              .filter((value) => (at(state, sent2a(rm, b)) & value) !== 0)
              .map(told)
              .join(" "),
          ]),
        ),
      ),
      sent: [
        ...((at(state, sent) & COMMIT_SENT) === 0 ? [] : ["Commit"]),
        ...((at(state, sent) & ABORT_SENT) === 0 ? [] : ["Abort"]),
      ].join(" "),
    }),
  };
}
