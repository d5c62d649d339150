/** A leader's state, and the small questions that its files ask of it. */

import { BALLOT_ZERO, type Ballot } from "../ballot.ts";
import type { Report } from "../heuristic.ts";
import type { Effect, Env, ReplyId, Send, Step } from "../machine.ts";
import type { Message, Word } from "../message.ts";
import { isSameMembership, type Acceptance, type Membership, type Promised } from "../quorum.ts";
import type { CoordinatorRecord } from "../record.ts";
import type { AbortReason, AcceptorGroup, Decision, Descriptor, NodeId, TransactionId } from "../transaction.ts";

/** What an abort is told to be for, where no branch says why. */
export interface Why {
  readonly reason: AbortReason;
  readonly detail: string;
}

export interface State {
  readonly transaction: TransactionId;
  /** beginning: one branch has its last work and has not proposed. */
  readonly phase: "init" | "beginning" | "voting" | "promising" | "proposing" | "committing" | "aborting";
  /** null where it has no memory of the begin. */
  readonly descriptor: Descriptor | null;
  /** null: nobody has said it yet. */
  readonly membership: Membership | null;
  /** Of its own, but for 0. */
  readonly ballot: Ballot;
  /** The highest counter that was heard of. */
  readonly counter: number;
  /** promising: who promised this ballot. */
  readonly promises: readonly Promised[];
  /** promising: who says that it is over, and no longer how. */
  readonly over: readonly NodeId[];
  readonly tally: readonly Acceptance[];
  readonly words: readonly Word[];
  /** Branches that had the decision in their journals before it was known here, and what it is. */
  readonly early: readonly NodeId[];
  readonly heard: Decision | null;
  readonly unacknowledged: readonly NodeId[];
  /** Of branches that went against the decision. */
  readonly reports: readonly Report[];
  /** They wait for the outcome. */
  readonly replies: readonly ReplyId[];
  /** They are told what is known when a ballot has failed. */
  readonly asks: readonly ReplyId[];
  /** Links that are down: they name the reason of an abort, and never cause one. */
  readonly suspected: readonly NodeId[];
  /** Ballots that came to nothing, or rounds of the decision. */
  readonly attempt: number;
  /** What the last ballot failed for want of, in words. */
  readonly missing: string | null;
  readonly why: Why;
}

export type CoordinatorStep = Step<State, CoordinatorRecord>;

/** The acceptors have what a leader needs to know, and another one may finish a transaction. */
export const TAKEN_OVER: Why = {
  reason: "COORDINATOR_RESTARTED",
  detail: "the coordinator did not finish it, and it was recovered from the acceptors",
};

export function init(_env: Env, id: TransactionId): State {
  return {
    transaction: id,
    phase: "init",
    descriptor: null,
    membership: null,
    ballot: BALLOT_ZERO,
    counter: 0,
    promises: [],
    over: [],
    tally: [],
    words: [],
    early: [],
    heard: null,
    unacknowledged: [],
    reports: [],
    replies: [],
    asks: [],
    suspected: [],
    attempt: 0,
    missing: null,
    why: TAKEN_OVER,
  };
}

export function isDecided({ phase }: State): boolean {
  return phase === "committing" || phase === "aborting";
}

export function decisionIn({ phase }: State): Decision {
  return phase === "committing" ? "commit" : "abort";
}

export function hasVoted({ tally }: State, node: NodeId): boolean {
  return tally.some(({ participant }) => participant === node);
}

/** Said under another descriptor: it does not count. */
export function isForeign({ membership }: State, said: Membership | null): boolean {
  return membership !== null && said !== null && !isSameMembership(membership, said);
}

export function withWords(known: readonly Word[], words: readonly Word[]): readonly Word[] {
  const fresh = words.filter(({ participant }) => !known.some((each) => each.participant === participant));
  return fresh.length === 0 ? known : [...known, ...fresh];
}

/** The group that it is pinned to, or, where that is not known, all that it may be pinned to. */
export function groupsOf(env: Env, { transaction, membership }: State): readonly AcceptorGroup[] {
  return membership === null ? env.groups(transaction) : [membership.group];
}

export function acceptorsOf(env: Env, state: State): readonly NodeId[] {
  return [...new Set(groupsOf(env, state).flatMap(({ acceptors }) => acceptors))];
}

export function toAll(nodes: readonly NodeId[], body: Message): Send[] {
  return nodes.map((to) => ({ to, body }));
}

export function withEffects(step: CoordinatorStep, effects: readonly Effect[]): CoordinatorStep {
  return effects.length === 0 ? step : { ...step, effects: [...(step.effects ?? []), ...effects] };
}
