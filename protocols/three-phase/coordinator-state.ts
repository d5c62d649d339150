/** What a coordinator keeps of a transaction that is under way, what it tells of it, and the words that its files share. */

import type { Report } from "../heuristic.ts";
import type { Answer, Effect, Env, ReplyId, Send, Step, View } from "../machine.ts";
import type { CoordinatorRecord } from "../record.ts";
import type { AbortReason, Closed, Decision, Descriptor, NodeId, TransactionId } from "../transaction.ts";
import type { Announcement } from "./announcement.ts";
import type { Doubt } from "./doubt.ts";

/** A branch's YES, and what it returned with it. */
interface Vote {
  readonly from: NodeId;
  readonly result: Uint8Array;
}

export interface State {
  readonly transaction: TransactionId;
  /** beginning: the initiator has its last work and has not voted. */
  readonly phase: "init" | "beginning" | "collecting" | "doubt" | "announcing";
  /** null before the start and after a restart. */
  readonly descriptor: Descriptor | null;
  readonly participants: readonly NodeId[];
  /** As they came; one a branch. */
  readonly votes: readonly Vote[];
  readonly doubt: Doubt | null;
  readonly announcement: Announcement | null;
  /** What branches did that went against the decision, or could not follow it. */
  readonly reports: readonly Report[];
  readonly replies: readonly ReplyId[];
  /** beginning, collecting: links that are down. They name the reason of an abort, and never cause one. */
  readonly suspected: readonly NodeId[];
}

export type CoordinatorStep = Step<State, CoordinatorRecord>;

export function init(_env: Env, id: TransactionId): State {
  return {
    transaction: id,
    phase: "init",
    descriptor: null,
    participants: [],
    votes: [],
    doubt: null,
    announcement: null,
    reports: [],
    replies: [],
    suspected: [],
  };
}

/** w: it asks for votes, the initiator's or all. */
export function isUndecided({ phase }: State): boolean {
  return phase === "beginning" || phase === "collecting";
}

/** Whose votes are due. */
export function asked({ phase, participants, descriptor }: State): readonly NodeId[] {
  return phase === "beginning" ? participants.filter((node) => node === descriptor?.initiator) : participants;
}

export function hasVoted(state: State, node: NodeId): boolean {
  return state.votes.some(({ from }) => from === node);
}

export function answerOf(state: State): Answer {
  const { announcement } = state;
  if (announcement !== null) return verdictOf(state, announcement.decision, announcement.reason, announcement.detail);
  return { outcome: "pending", state: view(state).state, participants: state.participants };
}

export function verdictOf(state: State, decision: Decision, reason: AbortReason | null = null, detail = ""): Answer {
  if (decision === "abort") return { outcome: "aborted", reason: reason ?? "PRESUMED", detail, participant: null };
  const results = new Map<NodeId, Uint8Array>();
  for (const { from, result } of state.votes) if (result.length > 0) results.set(from, result);
  return { outcome: "committed", results, heuristic: state.reports.length > 0 };
}

export function tell(state: State, answer: Answer): Effect[] {
  return state.replies.map((to) => reply(to, answer));
}

export function reply(to: ReplyId, answer: Answer): Effect {
  return { kind: "reply", to, answer };
}

export function acknowledgement(to: NodeId, decision: Decision): Send {
  return { to, body: { kind: "ack", decision, heuristic: null } };
}

export function second(from: NodeId, sent: Decision, known: Decision): Effect {
  return { kind: "alarm", alarm: "second-decision", detail: `${from} sent ${sent} after ${known}` };
}

export function closedAs(
  outcome: Closed["outcome"],
  reason: AbortReason | null,
  detail: string,
  participants: readonly NodeId[],
): Closed {
  return { outcome, reason, detail, result: null, participants, until: "retention" };
}

export function view({ phase, participants, doubt, announcement }: State): View {
  const shown = {
    init: "active",
    beginning: "preparing",
    collecting: "preparing",
    doubt: isOnCourse(doubt) ? "preparing" : "in-doubt",
    announcing: announcement?.decision === "abort" ? "aborting" : "committing",
  } as const;
  return { state: shown[phase], participants, coordinator: null };
}

/** It leads its own first attempt, and nothing has come between. */
function isOnCourse(doubt: Doubt | null): boolean {
  return doubt !== null && doubt.leading !== null && !doubt.restarted && doubt.elected.round === 1;
}
