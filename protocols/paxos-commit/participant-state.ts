/** A branch's state, and the steps and words that its files share. */

import { BALLOT_ZERO, type Value } from "../ballot.ts";
import { NOTHING, openBranch, resource, tombstone } from "../branch.ts";
import type { HeuristicBranch } from "../heuristic-branch.ts";
import type { Effect, Env, ReplyId, Send, Step, View } from "../machine.ts";
import type { Word } from "../message.ts";
import { firstAcceptors, type Acceptance, type Membership } from "../quorum.ts";
import type { ParticipantRecord } from "../record.ts";
import type { AbortReason, Closed, Decision, NodeId, TransactionId } from "../transaction.ts";

export interface State extends HeuristicBranch {
  /** damaged: commit was decided, and somebody outside wrote to its rows. heuristic: a person ended it (§0.4). */
  readonly phase: "active" | "preparing" | "prepared" | "committing" | "damaged" | "heuristic";
  /** null while active. */
  readonly membership: Membership | null;
  /** It prepares unasked: its proposal begins the commit (§C.6-4). */
  readonly begins: boolean;
  /** It wrote nothing: the decision needs nothing of the resource. */
  readonly readOnly: boolean;
  /** What the acceptors say, where they tell the branches, too (§C.6-3). */
  readonly tally: readonly Acceptance[];
  /** Which of the coordinators is asked, in the order of `request`. */
  readonly turn: number;
  /** The one that was asked last has answered: it is at work. */
  readonly isAnswered: boolean;
}

export type ParticipantStep = Step<State, ParticipantRecord>;

export function init(env: Env, id: TransactionId): State {
  return {
    ...openBranch(env, id),
    phase: "active",
    membership: null,
    begins: false,
    readOnly: false,
    tally: [],
    damage: "",
    did: "abort",
    reason: "",
    told: null,
    attempt: 0,
    turn: 0,
    isAnswered: true,
  };
}

/** Waits for the decision: to follow it, or to learn whether what a person did was damage. */
export function isInDoubt({ phase, told }: State): boolean {
  return phase === "prepared" || (phase === "heuristic" && told === null);
}

export function joined(state: State, membership: Membership): State {
  const { coordinator, participants } = membership;
  return { ...state, coordinator, participants, membership };
}

/** @param work what is done with the prepare: all of a one-shot branch, the last item of one that prepares unasked */
export function toResource(state: State, work: Uint8Array | null, holds = false): ParticipantStep {
  return {
    state: { ...state, phase: "preparing" },
    timers: [{ cancel: "idle" }],
    effects: [resource(holds ? { act: "prepare", work, holds } : { act: "prepare", work })],
  };
}

/** It can't prepare and has never said that it could: forced, so that no copy of Prepare finds another answer. */
export function refuse(env: Env, state: State, reason: AbortReason, detail: string, undo: boolean): ParticipantStep {
  return {
    state: null,
    closed: { outcome: tombstone(reason, detail, state.participants), force: true },
    sends: proposals(env, state, "aborted", [{ participant: env.self, result: NOTHING, reason, detail }]),
    effects: undo ? [resource({ act: "abort" })] : [],
  };
}

/** Phase 2a of ballot 0, to F+1 acceptors (§C.6-1). Words and the begin of a commit go to the first of them. */
export function proposals(env: Env, { membership, begins }: State, value: Value, words: readonly Word[]): Send[] {
  if (membership === null) return [];
  return firstAcceptors(membership.group).map((to, at) => ({
    to,
    body: {
      kind: "phase-2a",
      ballot: BALLOT_ZERO,
      membership,
      proposals: [{ participant: env.self, value }],
      words: at === 0 ? words : [],
      begins: at === 0 && begins,
    },
  }));
}

export function wordOf(env: Env, result: Uint8Array): readonly Word[] {
  return result.length === 0 ? [] : [{ participant: env.self, result, reason: null, detail: "" }];
}

export function rowOf({ participants }: State, decision: Decision, detail = ""): Closed {
  if (decision === "abort") return tombstone("CANCELLED", detail, participants);
  return { outcome: "committed", reason: null, detail, result: null, participants, until: "closed" };
}

export function acknowledgement(to: NodeId, decision: Decision, heuristic: string | null): Send {
  return { to, body: { kind: "ack", decision, heuristic } };
}

export function secondDecision(detail: string): Effect {
  return { kind: "alarm", alarm: "second-decision", detail };
}

export function shown(state: State, to: ReplyId): Effect {
  const { participants } = state;
  return { kind: "reply", to, answer: { outcome: "pending", state: view(state).state, participants } };
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
  const coordinator = state.membership?.coordinator ?? state.coordinator;
  const others = state.phase === "prepared" && state.membership !== null ? firstAcceptors(state.membership.group) : [];
  return { state: shown[state.phase], participants: state.participants, coordinator, others };
}
