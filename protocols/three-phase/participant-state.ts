/** A site's branch: what it keeps, and the steps and words that its files share. */

import { openBranch, resource, tombstone } from "../branch.ts";
import type { HeuristicBranch } from "../heuristic-branch.ts";
import type { Answer, Effect, Env, ReplyId, Send, Step, View } from "../machine.ts";
import type { ParticipantRecord } from "../record.ts";
import type { AbortReason, Closed, Decision, NodeId, TransactionId } from "../transaction.ts";
import type { Announcement } from "./announcement.ts";
import type { Doubt } from "./doubt.ts";
import type { Settled } from "./termination.ts";

export interface State extends HeuristicBranch {
  /**
   * damaged: commit was decided, and somebody outside wrote to its rows. heuristic: a person ended it (§0.4); until it is
   * told what was decided it stays a site of the termination, which leads nothing.
   */
  readonly phase: "active" | "preparing" | "doubt" | "committing" | "announcing" | "damaged" | "heuristic";
  /** doubt and heuristic, and committing until the commit is applied. */
  readonly doubt: Doubt | null;
  /** committing: where the commit came from. */
  readonly settled: Settled | null;
  readonly announcement: Announcement | null;
  /** false: it only read, and there is nothing to apply. */
  readonly writes: boolean;
}

export type ParticipantStep = Step<State, ParticipantRecord>;

export const CANCELLED = "the coordinator aborted";
export const ASKED = "asked for its state before it had voted";

export function init(env: Env, id: TransactionId): State {
  return {
    ...openBranch(env, id),
    phase: "active",
    doubt: null,
    settled: null,
    announcement: null,
    damage: "",
    did: "abort",
    reason: "",
    told: null,
    attempt: 0,
    writes: true,
  };
}

export function undo(state: State, reason: AbortReason, detail: string, isForced = false): ParticipantStep {
  return {
    state: null,
    closed: { outcome: tombstone(reason, detail, state.participants), force: isForced },
    effects: [resource({ act: "abort" })],
  };
}

export function committed({ participants }: State, detail: string): Closed {
  return { outcome: "committed", reason: null, detail, result: null, participants, until: "closed" };
}

export function no(to: NodeId, reason: AbortReason, detail: string): Send {
  return { to, body: { kind: "vote", vote: "no", reason, detail } };
}

export function acknowledge(to: NodeId | null, decision: Decision, heuristic: string | null = null): Send[] {
  return to === null ? [] : [acknowledgement(to, decision, heuristic)];
}

/** @param heuristic what the branch did instead; null: it followed */
export function acknowledgement(to: NodeId, decision: Decision, heuristic: string | null = null): Send {
  return { to, body: { kind: "ack", decision, heuristic } };
}

export function second(from: NodeId, sent: Decision, known: Decision): Effect {
  return { kind: "alarm", alarm: "second-decision", detail: `${from} sent ${sent} after ${known}` };
}

export function reply(to: ReplyId, answer: Answer): Effect {
  return { kind: "reply", to, answer };
}

export function answerOf(state: State): Answer {
  return { outcome: "pending", state: view(state).state, participants: state.participants };
}

export function view({ phase, announcement, participants, coordinator }: State): View {
  const shown = {
    active: "active",
    preparing: "preparing",
    doubt: "in-doubt",
    committing: "committing",
    announcing: announcement?.decision === "abort" ? "aborting" : "committing",
    damaged: "heuristic",
    heuristic: "heuristic",
  } as const;
  return { state: shown[phase], participants, coordinator };
}
