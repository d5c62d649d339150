/**
 * The participant of presumed-abort two-phase commit (protocols §A.4), with branch tokens and one-shot mode
 * (§0.3), read-only votes and one-phase commit (§A.7).
 *
 * active → preparing → prepared (in doubt) → committing → forgotten. What is forgotten leaves an outcome row
 * or a tombstone that answers late copies without work, until the coordinator says that the id is closed.
 */

import { backoff } from "../backoff.ts";
import {
  absentWork,
  impossible,
  isWhole,
  NOTHING,
  onWork,
  onWorked,
  openBranch,
  PART,
  resource,
  tombstone,
  type Branch,
} from "../branch.ts";
import type { Effect, Env, Input, Machine, ResourceResult, Send, Step, View } from "../machine.ts";
import { unreachable } from "../machine.ts";
import type { Message } from "../message.ts";
import type { ParticipantRecord } from "../record.ts";
import type { AbortReason, Absence, Decision, NodeId, TransactionId } from "../transaction.ts";

export interface State extends Branch {
  readonly phase: "active" | "preparing" | "prepared" | "committing" | "damaged";
  /** preparing, committing: the coordinator left the decision to this branch (§A.7-2). */
  readonly onePhase: boolean;
  readonly damage: string;
  readonly attempt: number;
}

type ParticipantStep = Step<State, ParticipantRecord>;

function init(env: Env, id: TransactionId): State {
  return { ...openBranch(env, id), phase: "active", onePhase: false, damage: "", attempt: 0 };
}

function step(env: Env, state: State, input: Input): ParticipantStep {
  switch (input.kind) {
    case "message":
      return onMessage(env, state, input.from, input.body);
    case "resource":
      return onResource(env, state, input.result);
    case "timeout":
      return onTimeout(env, state, input.timer);
    case "suspicion":
      if (input.suspected || state.phase !== "prepared" || input.node !== state.coordinator)
        return { state, ignored: "nothing-to-do" };
      return inquire(env, { ...state, attempt: -1 });
    case "ask":
      return {
        state,
        effects: [
          {
            kind: "reply",
            to: input.reply,
            answer: { outcome: "pending", state: view(state).state, participants: state.participants },
          },
        ],
      };
    case "closed":
      return onClosed(env, state);
    case "start":
    case "operator":
      return { state, ignored: "nothing-to-do" };
    default:
      return unreachable(input);
  }
}

/** What was never prepared can't be asked for any more; what was is decided, and the answer was lost. */
function onClosed(env: Env, state: State): ParticipantStep {
  if (state.phase === "active" || state.phase === "preparing")
    return undo(state, "CANCELLED", "the coordinator closed the transaction", false);
  return state.phase === "prepared" ? inquire(env, { ...state, attempt: -1 }) : { state, ignored: "nothing-to-do" };
}

function onMessage(env: Env, state: State, from: NodeId, body: Message): ParticipantStep {
  switch (body.kind) {
    case "work":
      return onWork(env, state, from, body);
    case "prepare":
      return onPrepare(state, from, body);
    case "commit-one-phase":
      return onCommitOnePhase(state, from, body);
    case "resolve-one-phase":
      return onResolve(state, from);
    case "decision":
      return body.decision === "commit" ? onCommit(state, from) : onAbort(state);
    case "pending":
      return { state, ignored: "decision-pending" };
    case "not-mine":
      return { state, ignored: "not-mine-answer" };
    default:
      return { state, effects: [impossible(from, body)] };
  }
}

function onPrepare(state: State, from: NodeId, body: Message & { kind: "prepare" }): ParticipantStep {
  switch (state.phase) {
    case "active": {
      const next = { ...state, coordinator: from, participants: body.participants };
      return isWhole(state, body) ? toResource(next, null) : refusePart(from);
    }
    case "prepared":
      return { state, sends: [{ to: from, body: { kind: "vote", vote: "yes", result: state.result } }] };
    case "preparing":
    case "committing":
    case "damaged":
      return { state, ignored: "late-prepare" };
    default:
      return unreachable(state.phase);
  }
}

function toResource(state: State, work: Uint8Array | null): ParticipantStep {
  return {
    state: { ...state, phase: "preparing" },
    timers: [{ cancel: "idle" }],
    effects: [resource({ act: "prepare", work })],
  };
}

function refusePart(to: NodeId): ParticipantStep {
  return {
    state: null,
    closed: { outcome: tombstone("BRANCH_LOST", PART), force: false },
    sends: [{ to, body: { kind: "vote", vote: "no", reason: "BRANCH_LOST", detail: PART } }],
    effects: [resource({ act: "abort" })],
    timers: [{ cancel: "idle" }],
  };
}

function onCommitOnePhase(state: State, from: NodeId, body: Message & { kind: "commit-one-phase" }): ParticipantStep {
  if (state.phase !== "active") return { state, ignored: "late-prepare" };
  const next = { ...state, coordinator: from, participants: [], onePhase: true };
  return isWhole(state, body) ? toResource(next, null) : fence(from, "BRANCH_LOST", PART, true);
}

/** No outcome row yet: the fence is written first, and a delayed COMMIT_1P will meet it. */
function onResolve(state: State, from: NodeId): ParticipantStep {
  if (state.phase === "active" || (state.phase === "preparing" && state.onePhase))
    return fence(from, "TIMEOUT", "given up before the work was done", true);
  return { state, effects: [impossible(from, { kind: "resolve-one-phase" })] };
}

function fence(to: NodeId, reason: AbortReason, detail: string, undo: boolean): ParticipantStep {
  return {
    state: null,
    closed: { outcome: tombstone(reason, detail), force: true },
    sends: [{ to, body: { kind: "one-phase-result", outcome: "aborted", reason, detail } }],
    effects: undo ? [resource({ act: "abort" })] : [],
  };
}

function onCommit(state: State, from: NodeId): ParticipantStep {
  switch (state.phase) {
    case "prepared":
      return { state: { ...state, phase: "committing", coordinator: from }, effects: [resource({ act: "commit" })] };
    case "committing":
      return { state, ignored: "late-decision" };
    case "damaged":
      return { state, sends: [{ to: from, body: { kind: "ack", decision: "commit", heuristic: state.damage } }] };
    case "active":
    case "preparing":
      return { state, effects: [impossible(from, { kind: "decision", decision: "commit" })] };
    default:
      return unreachable(state.phase);
  }
}

function onAbort(state: State): ParticipantStep {
  switch (state.phase) {
    case "active":
    case "prepared":
      return undo(state, "CANCELLED", "the coordinator aborted", false);
    case "preparing":
      // A copy of PREPARE may still come and would find nothing: the tombstone is forced (§0.3).
      if (!state.onePhase) return undo(state, "CANCELLED", "the coordinator aborted", true);
      return { state, effects: [impossible(state.coordinator, { kind: "decision", decision: "abort" })] };
    case "committing":
    case "damaged":
      return {
        state,
        effects: [{ kind: "alarm", alarm: "second-decision", detail: `${state.coordinator} sent abort after commit` }],
      };
    default:
      return unreachable(state.phase);
  }
}

function undo(state: State, reason: AbortReason, detail: string, force: boolean): ParticipantStep {
  return {
    state: null,
    closed: { outcome: tombstone(reason, detail, state.participants), force },
    effects: [resource({ act: "abort" })],
  };
}

function onResource(env: Env, state: State, result: ResourceResult): ParticipantStep {
  switch (result.kind) {
    case "worked":
      return onWorked(env, state, result);
    case "prepared":
      return state.phase === "preparing" ? onPrepared(env, state, result) : { state, ignored: "late-resource-result" };
    case "applied":
      if (state.phase !== "committing") return { state, ignored: "late-resource-result" };
      return result.outcome === "ok" ? onApplied(state) : onDamaged(state, result.detail);
    default:
      return unreachable(result);
  }
}

function onPrepared(env: Env, state: State, result: ResourceResult & { kind: "prepared" }): ParticipantStep {
  const { coordinator, participants, token, onePhase } = state;
  switch (result.vote) {
    case "yes":
      if (onePhase)
        return {
          state: { ...state, phase: "committing", result: result.result },
          effects: [resource({ act: "commit" })],
        };
      return {
        state: { ...state, phase: "prepared", result: result.result, lastAnswer: null },
        records: [
          {
            record: { kind: "prepare", coordinator, participants, token, redo: result.redo, result: result.result },
            force: true,
          },
        ],
        sends: [{ to: coordinator, body: { kind: "vote", vote: "yes", result: result.result } }],
        timers: [{ set: "decision", ...backoff(env.times.decisionMs, env.times.retryCapMs, 0) }],
      };
    case "read-only":
      if (onePhase) return onePhaseCommitted(state, result.result);
      return {
        state: null,
        closed: {
          outcome: {
            outcome: "read-only",
            reason: null,
            detail: "",
            result: result.result,
            participants,
            until: "closed",
          },
          force: false,
        },
        sends: [{ to: coordinator, body: { kind: "vote", vote: "read-only", result: result.result } }],
      };
    case "no": {
      const { reason, detail } = result;
      if (onePhase) return fence(coordinator, reason, detail, false);
      return {
        state: null,
        // One-shot: forced before the NO leaves, or a late copy of PREPARE would do the work (§0.3).
        closed: { outcome: tombstone(reason, detail, participants), force: token === null },
        sends: [{ to: coordinator, body: { kind: "vote", vote: "no", reason, detail } }],
      };
    }
    default:
      return unreachable(result);
  }
}

function onePhaseCommitted(state: State, result: Uint8Array): ParticipantStep {
  return {
    state: null,
    closed: {
      outcome: { outcome: "committed", reason: null, detail: "", result, participants: [], until: "closed" },
      force: true,
    },
    sends: [{ to: state.coordinator, body: { kind: "one-phase-result", outcome: "committed", result } }],
  };
}

function onApplied(state: State): ParticipantStep {
  if (state.onePhase) return onePhaseCommitted(state, state.result);
  return {
    state: null,
    closed: {
      outcome: {
        outcome: "committed",
        reason: null,
        detail: "",
        result: null,
        participants: state.participants,
        until: "closed",
      },
      force: true,
    },
    sends: [{ to: state.coordinator, body: { kind: "ack", decision: "commit", heuristic: null } }],
  };
}

/** Someone outside wrote to a locked row. In one phase nothing was promised yet; else it is recorded, told, and left to an operator. */
function onDamaged(state: State, detail: string): ParticipantStep {
  const alarm: Effect = { kind: "alarm", alarm: "outside-write", detail };
  if (state.onePhase) {
    const step = fence(state.coordinator, "CONFLICT", detail, true);
    return { ...step, effects: [alarm, ...(step.effects ?? [])] };
  }
  return {
    state: { ...state, phase: "damaged", damage: detail },
    records: [{ record: { kind: "damaged", decision: "commit", detail }, force: true }],
    sends: [{ to: state.coordinator, body: { kind: "ack", decision: "commit", heuristic: detail } }],
    effects: [alarm],
    timers: [{ cancel: "decision" }],
  };
}

function onTimeout(env: Env, state: State, timer: string): ParticipantStep {
  if (timer === "decision" && state.phase === "prepared") return inquire(env, state);
  // The one unilateral abort that is legal: nothing was promised yet.
  if (timer === "idle" && state.phase === "active") return undo(state, "IDLE_TIMEOUT", "no work came in time", false);
  return { state, ignored: "late-timeout" };
}

/** In doubt: ask, for ever; never decide alone. */
function inquire(env: Env, state: State): ParticipantStep {
  const attempt = state.attempt + 1;
  return {
    state: { ...state, attempt },
    sends: [{ to: state.coordinator, body: { kind: "inquire" } }],
    timers: [{ set: "decision", ...backoff(env.times.decisionMs, env.times.retryCapMs, attempt) }],
  };
}

function restore(env: Env, id: TransactionId, records: readonly ParticipantRecord[]): ParticipantStep {
  const prepared = records.find((record) => record.kind === "prepare");
  if (prepared === undefined) return { state: null };
  const { coordinator, participants, token, redo, result } = prepared;
  const adopt = resource({ act: "adopt", redo });
  const state: State = { ...init(env, id), phase: "prepared", coordinator, participants, token, result, attempt: -1 };
  const damaged = records.find((record) => record.kind === "damaged");
  if (damaged !== undefined) {
    const alarm: Effect = { kind: "alarm", alarm: "outside-write", detail: damaged.detail };
    return { state: { ...state, phase: "damaged", damage: damaged.detail }, effects: [adopt, alarm] };
  }
  const asking = inquire(env, state);
  return { ...asking, effects: [adopt] };
}

/** No state for this id (§A.4): work is never started from a late copy. */
function absent(env: Env, id: TransactionId, absence: Absence, input: Input): ParticipantStep {
  if (input.kind !== "message") {
    if (input.kind === "ask")
      return { state: null, effects: [{ kind: "reply", to: input.reply, answer: { outcome: "unknown" } }] };
    return {
      state: null,
      ignored:
        input.kind === "timeout"
          ? "late-timeout"
          : input.kind === "resource"
            ? "late-resource-result"
            : "nothing-to-do",
    };
  }
  const { from, body, expired } = input;
  switch (body.kind) {
    case "work":
      return absentWork(env, init(env, id), absence, from, body);
    case "prepare":
      return absentPrepare(env, id, absence, from, body, expired);
    case "commit-one-phase":
      return absentOnePhase(env, id, absence, from, body, expired);
    case "resolve-one-phase":
      return outcomeRow(absence, from) ?? fence(from, "TIMEOUT", "given up before the request arrived", false);
    case "decision":
      return absentDecision(absence, from, body.decision);
    case "pending":
      return { state: null, ignored: "decision-pending" };
    case "not-mine":
      return { state: null, ignored: "not-mine-answer" };
    default:
      return { state: null, effects: [impossible(from, body)] };
  }
}

function absentPrepare(
  env: Env,
  id: TransactionId,
  absence: Absence,
  from: NodeId,
  body: Message & { kind: "prepare" },
  expired: boolean,
): ParticipantStep {
  const no = (reason: AbortReason, detail: string): Send => ({
    to: from,
    body: { kind: "vote", vote: "no", reason, detail },
  });
  switch (absence.kind) {
    case "closed":
      if (absence.closed.outcome === "aborted")
        return { state: null, sends: [no(absence.closed.reason ?? "VOTED_NO", absence.closed.detail)] };
      if (absence.closed.outcome === "read-only")
        return {
          state: null,
          sends: [{ to: from, body: { kind: "vote", vote: "read-only", result: absence.closed.result ?? NOTHING } }],
        };
      return { state: null, ignored: "late-prepare" };
    case "fresh": {
      if (body.work === null || body.token !== null) return { state: null, sends: [no("BRANCH_LOST", PART)] };
      if (expired) {
        const late = "the request arrived after its deadline";
        return {
          state: null,
          closed: { outcome: tombstone("TIMEOUT", late, body.participants), force: true },
          sends: [no("TIMEOUT", late)],
        };
      }
      return toResource(
        { ...init(env, id), token: null, coordinator: from, participants: body.participants },
        body.work,
      );
    }
    case "forgotten":
    case "lost":
    case "foreign":
      return { state: null, ignored: "late-prepare" };
    default:
      return unreachable(absence);
  }
}

function absentOnePhase(
  env: Env,
  id: TransactionId,
  absence: Absence,
  from: NodeId,
  body: Message & { kind: "commit-one-phase" },
  expired: boolean,
): ParticipantStep {
  const known = outcomeRow(absence, from);
  if (known !== null) return known;
  if (body.work === null || body.token !== null) return fence(from, "BRANCH_LOST", PART, false);
  if (expired) return fence(from, "TIMEOUT", "the request arrived after its deadline", false);
  return toResource({ ...init(env, id), token: null, coordinator: from, onePhase: true }, body.work);
}

/** The answer that the outcome row gives; null where there is none and there may be one. */
function outcomeRow(absence: Absence, to: NodeId): ParticipantStep | null {
  if (absence.kind === "fresh") return null;
  if (absence.kind !== "closed") return { state: null, ignored: "late-prepare" };
  const { outcome, reason, detail, result } = absence.closed;
  const body: Message =
    outcome === "aborted"
      ? { kind: "one-phase-result", outcome: "aborted", reason: reason ?? "VOTED_NO", detail }
      : { kind: "one-phase-result", outcome: "committed", result: result ?? NOTHING };
  return { state: null, sends: [{ to, body }] };
}

function absentDecision(absence: Absence, from: NodeId, decision: Decision): ParticipantStep {
  if (decision === "abort") {
    // It may have overtaken its PREPARE: the tombstone meets the late copy (§0.3).
    if (absence.kind === "fresh")
      return { state: null, closed: { outcome: tombstone("CANCELLED", "the coordinator aborted"), force: true } };
    if (absence.kind === "closed" && absence.closed.outcome === "committed") {
      return {
        state: null,
        effects: [{ kind: "alarm", alarm: "second-decision", detail: `${from} sent abort after commit` }],
      };
    }
    return { state: null, ignored: "late-decision" };
  }
  const acknowledge: ParticipantStep = {
    state: null,
    sends: [{ to: from, body: { kind: "ack", decision: "commit", heuristic: null } }],
  };
  switch (absence.kind) {
    case "forgotten":
      return acknowledge;
    case "closed":
      if (absence.closed.outcome === "committed") return acknowledge;
      return {
        state: null,
        effects: [
          {
            kind: "alarm",
            alarm: "second-decision",
            detail: `${from} sent commit to a branch that is ${absence.closed.outcome}`,
          },
        ],
      };
    case "fresh":
    case "lost":
    case "foreign":
      // Voted yes, and the log knows nothing: the log lost its memory. An acknowledgement would hide it.
      return { state: null, effects: [impossible(from, { kind: "decision", decision: "commit" })] };
    default:
      return unreachable(absence);
  }
}

function view(state: State): View {
  const shown = {
    active: "active",
    preparing: "preparing",
    prepared: "in-doubt",
    committing: "committing",
    damaged: "heuristic",
  } as const;
  return { state: shown[state.phase], participants: state.participants, coordinator: state.coordinator };
}

export const participant: Machine<State, ParticipantRecord> = { init, step, restore, absent, view };
