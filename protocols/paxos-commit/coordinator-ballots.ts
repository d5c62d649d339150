/** Ballots of a leader's own: the two phases by which it finds or settles what is chosen (protocols §C.5). */

import { backoff } from "../backoff.ts";
import type { Ballot } from "../ballot.ts";
import type { Env } from "../machine.ts";
import { decisionOf, isStarChosen, proposalsAfter, quorumOf } from "../quorum.ts";
import { parseTransactionId, type Decision, type NodeId } from "../transaction.ts";
import { type State, type CoordinatorStep, isDecided, groupsOf, acceptorsOf, toAll } from "./coordinator-state.ts";

/** A transaction of which nothing is known but its id, or what somebody in doubt says of it. */
export function recover(env: Env, state: State): CoordinatorStep {
  if (groupsOf(env, state).length > 0) return nextBallot(env, state);
  const isAwaited = state.replies.length + state.asks.length > 0;
  return isAwaited ? unheardOf(state) : { state: null, ignored: "nothing-to-do" };
}

/**
 * Nobody who was asked knows a branch of it, and where to ask is not known here. Nothing was proposed in its ballot,
 * so that the ballot may come again: what is promised in it is the same then.
 */
function unheardOf(state: State): CoordinatorStep {
  return {
    state: null,
    effects: [...state.replies, ...state.asks].map((to) => ({ kind: "reply", to, answer: { outcome: "unknown" } })),
  };
}

/** Phase 1: above every ballot that was heard of, to whole groups. */
export function nextBallot(env: Env, state: State): CoordinatorStep {
  const counter = Math.max(state.counter, state.ballot.counter) + 1;
  const ballot: Ballot = { counter, node: env.self, incarnation: env.incarnation };
  const next: State = { ...state, phase: "promising", ballot, counter, promises: [], over: [] };
  return {
    state: next,
    sends: toAll(acceptorsOf(env, next), { kind: "phase-1a", ballot }),
    timers: [{ cancel: "vote" }, ballotTimer(env, next)],
  };
}

/**
 * Phase 2, once a ballot: for every branch, or, where nobody knows any, for all that there may be (§C.4, `*`). The
 * latter decides only in the group that the transaction has, and that is known to the coordinator that gave out its
 * id: with another coordinator's id, `*` would be chosen where nobody looks for it, and be told as an abort.
 */
export function propose(env: Env, state: State): CoordinatorStep {
  const { membership, ballot, transaction } = state;
  if (membership === null && parseTransactionId(transaction)?.coordinator !== env.self) return unheardOf(state);
  const counted = state.promises.filter(
    ({ acceptor }) => membership === null || membership.group.acceptors.includes(acceptor),
  );
  const proposals = membership === null ? [] : proposalsAfter(membership.participants, counted);
  const next: State = { ...state, phase: "proposing" };
  return {
    state: next,
    sends: toAll(acceptorsOf(env, next), { kind: "phase-2a", ballot, membership, proposals, words: [], begins: false }),
    timers: [ballotTimer(env, next)],
  };
}

/** Grows with every ballot that failed and is drawn at random, so that two leaders do not outbid each other for ever (§E.3). */
export function ballotTimer(env: Env, { attempt }: State): { set: "ballot"; minMs: number; maxMs: number } {
  return { set: "ballot", ...backoff(env.times.acknowledgementMs, env.times.retryCapMs, attempt) };
}

/** The next ballot will be above; when, the timer says that is set. */
export function onNack(state: State, { counter }: Ballot): CoordinatorStep {
  if (counter <= state.counter || isDecided(state)) return { state, ignored: "outbid" };
  return { state: { ...state, counter } };
}

export function learned(env: Env, { transaction, tally, membership }: State): Decision | null {
  if (membership !== null) return decisionOf(tally, membership);
  return isStarChosen(tally, env.groups(transaction)) ? "abort" : null;
}

/**
 * An acceptor says that it is over, and no longer how. A ballot belongs to one life of this machine, and a question may
 * bring the id back in the same one: begun again, the same ballot could propose other values. So who has proposed lets
 * go only where no ballot can come to anything any more.
 *
 * @returns the state with one more acceptor for which it is over; null: it may be forgotten, since nothing was proposed,
 *   or so many are past it that no ballot gets its promises any more
 */
export function withOver(env: Env, state: State, from: NodeId): State | null {
  if (state.phase === "proposing") return state;
  // What it said before it promised: a crash took from it that it is over.
  if (state.promises.some(({ acceptor }) => acceptor === from)) return state;
  if (state.phase !== "promising" || state.ballot.counter === 1) return null;
  const over = state.over.includes(from) ? state.over : [...state.over, from];
  const isStuck = groupsOf(env, state).some(
    (group) => group.acceptors.filter((node) => !over.includes(node)).length < quorumOf(group),
  );
  return isStuck ? null : { ...state, over };
}

export function hasQuorums(env: Env, state: State): boolean {
  return groupsOf(env, state).every(
    (group) => state.promises.filter(({ acceptor }) => group.acceptors.includes(acceptor)).length >= quorumOf(group),
  );
}
