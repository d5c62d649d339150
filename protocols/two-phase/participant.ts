/**
 * The participant of two-phase commit (protocols §A.4), with branch tokens and one-shot mode (§0.3), read-only
 * votes, one-phase commit and the unsolicited vote (§A.7), cooperative termination (§A.8) and heuristic
 * decisions (§A.10). What is forced and acknowledged is the presumption's affair (presumption.ts).
 *
 * active → preparing → prepared (in doubt) → committing → forgotten. What is forgotten leaves an outcome row
 * or a tombstone that answers late copies without work, until the coordinator says that the id is closed.
 * A branch that could not follow its decision, or that a person ended, is damaged or heuristic until that
 * was looked after.
 */

import { backoff } from "../backoff.ts";
import { impossible, isWhole, onWork, onWorked, openBranch, PART, resource, tombstone } from "../branch.ts";
import type { Effect, Env, Input, Machine, ResourceResult } from "../machine.ts";
import { AssertionError, unreachable } from "../machine.ts";
import type { Message } from "../message.ts";
import type { ParticipantRecord } from "../record.ts";
import type { AbortReason, NodeId, TransactionId } from "../transaction.ts";
import { onPeerReply, onPeerRequest, requestsToPeers, witnesses } from "./cooperation.ts";
import { reportText } from "../heuristic.ts";
import { heuristicAlarm, lookedAfter, onForced, onOperator, reportedAgain } from "../heuristic-branch.ts";
import { absent } from "./participant-absent.ts";
import { onTold } from "./participant-heuristic.ts";
import {
  acknowledgement,
  committedRow,
  fence,
  isInDoubt,
  type ParticipantStep,
  secondDecision,
  shown,
  type State,
  toResource,
  UNASKED,
  view,
} from "./participant-state.ts";
import type { Presumption } from "./presumption.ts";

export function participantBy(rules: Presumption): Machine<State, ParticipantRecord> {
  return {
    init,
    step: (env, state, input) => stepBy(rules, env, state, input),
    restore,
    absent: (env, id, absence, input) => absent(rules, env, init(env, id), absence, input),
    view,
  };
}

function init(env: Env, id: TransactionId): State {
  return {
    ...openBranch(env, id),
    phase: "active",
    onePhase: false,
    firstLife: false,
    damage: "",
    did: "abort",
    reason: "",
    told: null,
    attempt: 0,
    unanswered: 0,
  };
}

function stepBy(rules: Presumption, env: Env, state: State, input: Input): ParticipantStep {
  switch (input.kind) {
    case "message":
      return onMessage(rules, env, state, input.from, input.body);
    case "resource":
      return onResource(rules, env, state, input.result);
    case "timeout":
      return onTimeout(env, state, input.timer);
    case "suspicion":
      if (input.suspected || !isInDoubt(state) || input.node !== state.coordinator)
        return { state, ignored: "nothing-to-do" };
      return inquire(env, { ...state, attempt: -1 });
    case "ask":
      return { state, effects: [shown(state, input.reply)] };
    case "closed":
      return onClosed(env, state);
    case "operator":
      return ended(env, state, input);
    case "start":
      return { state, ignored: "nothing-to-do" };
    default:
      return unreachable(input);
  }
}

/** What was never prepared can't be asked for any more; what was is decided, and the answer was lost. */
function onClosed(env: Env, state: State): ParticipantStep {
  if (state.phase === "active" || state.phase === "preparing")
    return undo(env, state, "CANCELLED", "the coordinator closed the transaction", false);
  return isInDoubt(state) ? inquire(env, { ...state, attempt: -1 }) : { state, ignored: "nothing-to-do" };
}

/** A person ends a branch that is stuck, or has looked after what that did. */
function ended(env: Env, state: State, input: Input & { kind: "operator" }): ParticipantStep {
  const { reason, reply } = input;
  return onOperator(
    env,
    state,
    input,
    (did): State => ({ ...state, phase: "heuristic", did, reason }),
    (did) => [resource({ act: did })],
    (now) => (reply === null ? [] : [shown(now, reply)]),
  );
}

function onMessage(rules: Presumption, env: Env, state: State, from: NodeId, body: Message): ParticipantStep {
  switch (body.kind) {
    case "work":
      return onWork(env, state, from, body);
    case "prepare":
      return onPrepare(env, state, from, body);
    case "last-work":
      return rules.unsolicited ? onPrepare(env, state, from, body) : refuse(from, UNASKED, witnesses(env, state));
    case "commit-one-phase":
      return onCommitOnePhase(state, from, body);
    case "resolve-one-phase":
      return onResolve(state, from);
    case "decision":
      return body.decision === "commit" ? onCommit(rules, env, state, from) : onAbort(rules, env, state, from);
    case "pending":
      return state.unanswered === 0 ? { state, ignored: "decision-pending" } : { state: { ...state, unanswered: 0 } };
    case "not-mine":
      return { state, ignored: "not-mine-answer" };
    case "decision-request":
      return onPeerRequest(env, state, from);
    case "decision-reply": {
      const decision = onPeerReply(state, from, body.answer);
      if (decision === null) return { state, ignored: "decision-pending" };
      const { coordinator } = state;
      return decision === "commit" ? onCommit(rules, env, state, coordinator) : onAbort(rules, env, state, coordinator);
    }
    case "forget":
      return state.phase === "damaged" || state.told !== null
        ? lookedAfter(state, [])
        : { state, ignored: "nothing-to-do" };
    default:
      return { state, effects: [impossible(from, body)] };
  }
}

function onPrepare(
  env: Env,
  state: State,
  from: NodeId,
  body: Message & { kind: "prepare" | "last-work" },
): ParticipantStep {
  switch (state.phase) {
    case "active": {
      const next = { ...state, coordinator: from, participants: body.participants };
      return isWhole(state, body) ? toResource(next, body.work) : refuse(from, PART, witnesses(env, next));
    }
    case "prepared":
      return { state, sends: [{ to: from, body: { kind: "vote", vote: "yes", result: state.result } }] };
    case "preparing":
    case "committing":
    case "damaged":
    case "heuristic":
      return { state, ignored: "late-prepare" };
    default:
      return unreachable(state.phase);
  }
}

function refuse(to: NodeId, detail: string, participants: readonly NodeId[]): ParticipantStep {
  return {
    state: null,
    closed: { outcome: tombstone("BRANCH_LOST", detail, participants), force: false },
    sends: [{ to, body: { kind: "vote", vote: "no", reason: "BRANCH_LOST", detail } }],
    effects: [resource({ act: "abort" })],
    timers: [{ cancel: "idle" }],
  };
}

function onCommitOnePhase(state: State, from: NodeId, body: Message & { kind: "commit-one-phase" }): ParticipantStep {
  if (state.phase !== "active") return { state, ignored: "late-prepare" };
  const next = { ...state, coordinator: from, participants: [], onePhase: true };
  return isWhole(state, body) ? toResource(next, body.work) : fence(from, "BRANCH_LOST", PART, true);
}

/** No outcome row yet: the fence is written first, and a delayed COMMIT_1P will meet it. */
function onResolve(state: State, from: NodeId): ParticipantStep {
  if (state.phase === "active" || (state.phase === "preparing" && state.onePhase))
    return fence(from, "TIMEOUT", "given up before the work was done", true);
  return { state, effects: [impossible(from, { kind: "resolve-one-phase" })] };
}

function onCommit(rules: Presumption, env: Env, state: State, from: NodeId): ParticipantStep {
  switch (state.phase) {
    case "prepared":
      return { state: { ...state, phase: "committing", coordinator: from }, effects: [resource({ act: "commit" })] };
    case "committing":
      return { state, ignored: "late-decision" };
    case "damaged":
    case "heuristic":
      return onTold(rules, env, state, from, "commit");
    case "active":
    case "preparing":
      return { state, effects: [impossible(from, { kind: "decision", decision: "commit" })] };
    default:
      return unreachable(state.phase);
  }
}

function onAbort(rules: Presumption, env: Env, state: State, from: NodeId): ParticipantStep {
  const { acknowledged, forcesTombstone } = rules;
  const aborted = (force: boolean): ParticipantStep => ({
    ...undo(env, state, "CANCELLED", "the coordinator aborted", force),
    ...(acknowledged.abort ? { sends: [acknowledgement(from, "abort", null)] } : {}),
  });
  switch (state.phase) {
    case "active":
      return aborted(forcesTombstone.active);
    case "prepared":
      return aborted(acknowledged.abort);
    case "preparing":
      // A copy of PREPARE may still come and would find nothing: the tombstone is forced (§0.3).
      if (!state.onePhase) return aborted(forcesTombstone.unknown);
      return { state, effects: [impossible(from, { kind: "decision", decision: "abort" })] };
    case "heuristic":
      return onTold(rules, env, state, from, "abort");
    case "committing":
    case "damaged":
      return { state, effects: [secondDecision(`${from} sent abort after commit`)] };
    default:
      return unreachable(state.phase);
  }
}

function undo(env: Env, state: State, reason: AbortReason, detail: string, force: boolean): ParticipantStep {
  return {
    state: null,
    closed: { outcome: tombstone(reason, detail, witnesses(env, state)), force },
    effects: [resource({ act: "abort" })],
  };
}

function onResource(rules: Presumption, env: Env, state: State, result: ResourceResult): ParticipantStep {
  switch (result.kind) {
    case "worked":
      return onWorked(env, state, result);
    case "prepared":
      return state.phase === "preparing" ? onPrepared(env, state, result) : { state, ignored: "late-resource-result" };
    case "applied":
      if (state.phase === "committing")
        return result.outcome === "ok" ? onApplied(rules, state) : onDamaged(state, result.detail);
      return state.phase === "heuristic" ? onForced(state, result) : { state, ignored: "late-resource-result" };
    default:
      return unreachable(result);
  }
}

function onPrepared(env: Env, state: State, result: ResourceResult & { kind: "prepared" }): ParticipantStep {
  const { coordinator, participants, token, onePhase, firstLife } = state;
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
          ...(firstLife ? [] : [{ record: { kind: "second-life" }, force: true } as const]),
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
        closed: { outcome: tombstone(reason, detail, witnesses(env, state)), force: token === null },
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

function onApplied(rules: Presumption, state: State): ParticipantStep {
  if (state.onePhase) return onePhaseCommitted(state, state.result);
  const { commit } = rules.acknowledged;
  return {
    state: null,
    closed: { outcome: committedRow(state), force: commit },
    sends: commit ? [acknowledgement(state.coordinator, "commit", null)] : [],
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
    sends: [acknowledgement(state.coordinator, "commit", reportText("rolled back", detail))],
    effects: [alarm],
    timers: [{ cancel: "decision" }],
  };
}

function onTimeout(env: Env, state: State, timer: string): ParticipantStep {
  if (timer === "decision" && isInDoubt(state)) {
    const step = inquire(env, state);
    // The coordinator has been silent for a whole wait: somebody else may know (§A.8).
    return state.unanswered === 0 ? step : { ...step, sends: [...(step.sends ?? []), ...requestsToPeers(env, state)] };
  }
  if (timer === "decision" && state.told !== null) return reportedAgain(env, state, state.told);
  // The one unilateral abort that is legal: nothing was promised yet.
  if (timer === "idle" && state.phase === "active")
    return undo(env, state, "IDLE_TIMEOUT", "no work came in time", false);
  return { state, ignored: "late-timeout" };
}

/** In doubt: ask, for ever; never decide alone. */
function inquire(env: Env, state: State): ParticipantStep {
  const attempt = state.attempt + 1;
  return {
    state: { ...state, attempt, unanswered: state.unanswered + 1 },
    sends: [{ to: state.coordinator, body: { kind: "inquire" } }],
    timers: [{ set: "decision", ...backoff(env.times.decisionMs, env.times.retryCapMs, attempt) }],
  };
}

function restore(env: Env, id: TransactionId, records: readonly ParticipantRecord[]): ParticipantStep {
  const prepared = records.find((record) => record.kind === "prepare");
  if (prepared === undefined) return { state: null };
  const { coordinator, participants, token, redo, result } = prepared;
  let state: State = {
    ...init(env, id),
    phase: "prepared",
    firstLife: true,
    coordinator,
    participants,
    token,
    result,
    attempt: -1,
  };
  for (const record of records) state = replayed(state, record);
  // A branch that a person ended holds no locks, unless it could not be applied.
  const locks = state.phase === "heuristic" && state.damage === "" ? [] : [resource({ act: "adopt", redo })];
  if (isInDoubt(state)) {
    const asking = inquire(env, state);
    return { ...asking, effects: state.phase === "heuristic" ? [...locks, heuristicAlarm(state)] : locks };
  }
  const alarm: Effect =
    state.phase === "damaged" ? { kind: "alarm", alarm: "outside-write", detail: state.damage } : heuristicAlarm(state);
  const again = state.told === null ? { state } : reportedAgain(env, state, state.told);
  return { ...again, effects: [...locks, alarm] };
}

function replayed(state: State, record: ParticipantRecord): State {
  switch (record.kind) {
    case "prepare":
      return state;
    case "second-life":
      return { ...state, firstLife: false };
    case "damaged":
      return { ...state, phase: state.phase === "heuristic" ? "heuristic" : "damaged", damage: record.detail };
    case "heuristic":
      return { ...state, phase: "heuristic", did: record.did, reason: record.reason };
    case "told":
      return { ...state, told: record.decision };
    default:
      throw new AssertionError(`a branch of two-phase commit has no record ${record.kind}`);
  }
}
