/** A participant's state, and the steps and words that its files share. */

import { resource, tombstone } from "../branch.ts";
import type { HeuristicBranch } from "../heuristic-branch.ts";
import type { Effect, ReplyId, Send, Step, View } from "../machine.ts";
import type { ParticipantRecord } from "../record.ts";
import type { AbortReason, Closed, Decision, NodeId } from "../transaction.ts";

export interface State extends HeuristicBranch {
  readonly phase: "active" | "preparing" | "prepared" | "committing" | "damaged" | "heuristic";
  /** preparing, committing: the coordinator left the decision to this branch (§A.7-2). */
  readonly onePhase: boolean;
  /** No earlier life of this branch can have voted read-only and lost its unforced row (cooperation.ts). */
  readonly firstLife: boolean;
  readonly attempt: number;
  /** Inquiries since the coordinator was last heard of. */
  readonly unanswered: number;
}

export type ParticipantStep = Step<State, ParticipantRecord>;

/** Waits for the decision: to follow it, or to learn whether what a person did was damage. */
export function isInDoubt({ phase, told }: State): boolean {
  return phase === "prepared" || (phase === "heuristic" && told === null);
}

export function shown(state: State, to: ReplyId): Effect {
  const { participants } = state;
  return { kind: "reply", to, answer: { outcome: "pending", state: view(state).state, participants } };
}

/** Why a branch whose silence commits never prepares unasked (§A.11-m6). */
export const UNASKED = "under presumed commit no branch prepares before it is asked";

/** @param work what is done with the prepare: all of a one-shot branch, the last item of one that prepares unasked */
export function toResource(state: State, work: Uint8Array | null, holds = false): ParticipantStep {
  return {
    state: { ...state, phase: "preparing" },
    timers: [{ cancel: "idle" }],
    effects: [resource(holds ? { act: "prepare", work, holds } : { act: "prepare", work })],
  };
}

export function fence(to: NodeId, reason: AbortReason, detail: string, undo: boolean): ParticipantStep {
  return {
    state: null,
    closed: { outcome: tombstone(reason, detail), force: true },
    sends: [{ to, body: { kind: "one-phase-result", outcome: "aborted", reason, detail } }],
    effects: undo ? [resource({ act: "abort" })] : [],
  };
}

export function acknowledgement(to: NodeId, decision: Decision, heuristic: string | null): Send {
  return { to, body: { kind: "ack", decision, heuristic } };
}

export function secondDecision(detail: string): Effect {
  return { kind: "alarm", alarm: "second-decision", detail };
}

export function committedRow({ participants }: State, detail = ""): Closed {
  return { outcome: "committed", reason: null, detail, result: null, participants, until: "closed" };
}

export function view(state: State): View {
  const shown = {
    active: "active",
    preparing: "preparing",
    prepared: "in-doubt",
    committing: "committing",
    damaged: "heuristic",
    heuristic: "heuristic",
  } as const;
  return { state: shown[state.phase], participants: state.participants, coordinator: state.coordinator };
}
