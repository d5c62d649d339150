/**
 * A branch of Paxos Commit (Gray, Lamport 2006; protocols §C.3), with branch tokens and one-shot mode (§0.3).
 *
 * active → preparing → prepared (in doubt) → committing → forgotten. Its value goes to the acceptors as ballot 0
 * of its own instance, once and never another one: "prepared" only when that is in the journal, "aborted" only
 * when "prepared" was never said. What is forgotten leaves a row that answers late copies without work.
 */

import { backoff } from "../backoff.ts";
import { impossible, isWhole, onWork, onWorked, PART, resource, tombstone } from "../branch.ts";
import { heuristicAlarm, lookedAfter, onOperator, reportedAgain } from "../heuristic-branch.ts";
import type { Effect, Env, Input, Machine, ResourceResult } from "../machine.ts";
import { unreachable } from "../machine.ts";
import type { Message } from "../message.ts";
import { decisionOf, firstAcceptors, isSameMembership, tallied } from "../quorum.ts";
import type { ParticipantRecord } from "../record.ts";
import type { Decision, NodeId, TransactionId } from "../transaction.ts";
import { absent } from "./participant-absent.ts";
import { applying, onDamaged, onTold } from "./participant-heuristic.ts";
import {
  acknowledgement,
  init,
  isInDoubt,
  joined,
  proposals,
  refuse,
  rowOf,
  secondDecision,
  shown,
  toResource,
  view,
  wordOf,
  type ParticipantStep,
  type State,
} from "./participant-state.ts";

type Prepare = Message & { kind: "paxos-prepare" | "paxos-last-work" };

function step(env: Env, state: State, input: Input): ParticipantStep {
  switch (input.kind) {
    case "message":
      return onMessage(env, state, input.from, input.body);
    case "resource":
      return onResource(env, state, input.result);
    case "timeout":
      return onTimeout(env, state, input.timer);
    case "suspicion":
      return onSuspicion(env, state, input.node, input.suspected);
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

/** A person ends a branch that is stuck, or has looked after what that did. */
function ended(env: Env, state: State, input: Input & { kind: "operator" }): ParticipantStep {
  const { reason, reply } = input;
  return onOperator(
    env,
    state,
    input,
    (did): State => ({ ...state, phase: "heuristic", did, reason }),
    (did) => applying(state, { act: did }),
    (now) => (reply === null ? [] : [shown(now, reply)]),
  );
}

function onMessage(env: Env, state: State, from: NodeId, body: Message): ParticipantStep {
  switch (body.kind) {
    case "work":
      return onWork(env, state, from, body);
    case "paxos-prepare":
    case "paxos-last-work":
      return onPrepare(env, state, body);
    case "decision":
      return onDecision(env, state, from, body.decision);
    case "forgotten":
      if (body.decision === null) return { state, ignored: "late-decision" };
      return onDecision(env, state, state.coordinator, body.decision);
    case "phase-2b":
      return onAccepted(env, state, from, body);
    // Somebody leads a higher ballot, and will tell.
    case "nack":
      return { state, ignored: "outbid" };
    case "pending":
      if (state.isAnswered) return { state, ignored: "decision-pending" };
      return { state: { ...state, isAnswered: true } };
    case "forget":
      return state.phase === "damaged" || state.told !== null
        ? lookedAfter(state, [])
        : { state, ignored: "nothing-to-do" };
    default:
      return { state, effects: [impossible(from, body)] };
  }
}

function onPrepare(env: Env, state: State, body: Prepare): ParticipantStep {
  switch (state.phase) {
    case "active": {
      const next = { ...joined(state, body.membership), begins: body.kind === "paxos-last-work" };
      return isWhole(state, body) ? toResource(next, body.work) : refuse(env, next, "BRANCH_LOST", PART, true);
    }
    case "prepared":
      return { state, sends: proposals(env, state, "prepared", wordOf(env, state.result)) };
    case "preparing":
    case "committing":
    case "damaged":
    case "heuristic":
      return { state, ignored: "late-prepare" };
    default:
      return unreachable(state.phase);
  }
}

/** F+1 acceptors for every branch, and the decision is known without being told. */
function onAccepted(env: Env, state: State, from: NodeId, body: Message & { kind: "phase-2b" }): ParticipantStep {
  const { membership } = state;
  if (state.phase !== "prepared" || membership === null) return { state, ignored: "late-acceptance" };
  const isCounted = body.membership !== null && isSameMembership(membership, body.membership);
  if (!isCounted) return { state, ignored: "late-acceptance" };
  const next = { ...state, tally: tallied(state.tally, from, body.ballot, body.accepted) };
  const decision = decisionOf(next.tally, membership);
  return decision === null ? { state: next } : onDecision(env, next, membership.coordinator, decision);
}

/** @param from who is acknowledged to, when it is in the journal */
function onDecision(env: Env, state: State, from: NodeId, decision: Decision): ParticipantStep {
  return decision === "commit" ? onCommit(env, state, from) : onAbort(env, state, from);
}

function onCommit(env: Env, state: State, from: NodeId): ParticipantStep {
  switch (state.phase) {
    case "prepared": {
      const next: State = { ...state, phase: "committing", coordinator: from };
      return state.readOnly ? committed(next) : { state: next, effects: [resource({ act: "commit" })] };
    }
    case "committing":
      return { state, ignored: "late-decision" };
    case "damaged":
    case "heuristic":
      return onTold(env, state, from, "commit");
    case "active":
    case "preparing":
      return { state, effects: [impossible(from, { kind: "decision", decision: "commit" })] };
    default:
      return unreachable(state.phase);
  }
}

function onAbort(env: Env, state: State, from: NodeId): ParticipantStep {
  switch (state.phase) {
    case "active":
    case "preparing":
    case "prepared":
      return {
        state: null,
        closed: { outcome: tombstone("CANCELLED", "the transaction was aborted", state.participants), force: true },
        sends: [acknowledgement(from, "abort", null)],
        effects: applying(state, { act: "abort" }),
      };
    case "damaged":
    case "heuristic":
      return onTold(env, state, from, "abort");
    case "committing":
      return { state, effects: [secondDecision(`${from} sent abort after commit`)] };
    default:
      return unreachable(state.phase);
  }
}

function onResource(env: Env, state: State, result: ResourceResult): ParticipantStep {
  switch (result.kind) {
    case "worked":
      return onWorked(env, state, result);
    case "prepared":
      return state.phase === "preparing" ? onPrepared(env, state, result) : { state, ignored: "late-resource-result" };
    case "applied":
      if (state.phase !== "committing" && state.phase !== "heuristic")
        return { state, ignored: "late-resource-result" };
      if (result.outcome === "damaged") return onDamaged(state, result.detail);
      return state.phase === "committing" ? committed(state) : { state };
    default:
      return unreachable(result);
  }
}

/** A branch that wrote nothing prepares like any other: without the record it would not know what it said (§C.3). */
function onPrepared(env: Env, state: State, result: ResourceResult & { kind: "prepared" }): ParticipantStep {
  if (result.vote === "no") return refuse(env, state, result.reason, result.detail, false);
  const { membership, token } = state;
  if (membership === null) return { state, ignored: "late-resource-result" };
  const redo = result.vote === "yes" ? result.redo : null;
  return {
    state: { ...state, phase: "prepared", readOnly: redo === null, result: result.result, lastAnswer: null },
    records: [{ record: { kind: "paxos-prepare", membership, token, redo, result: result.result }, force: true }],
    sends: proposals(env, state, "prepared", wordOf(env, result.result)),
    timers: [{ set: "decision", ...backoff(env.times.decisionMs, env.times.retryCapMs, 0) }],
  };
}

function committed(state: State): ParticipantStep {
  return {
    state: null,
    closed: { outcome: rowOf(state, "commit"), force: true },
    sends: [acknowledgement(state.coordinator, "commit", null)],
  };
}

/** What was never prepared can't be asked for any more; what was is decided, and the answer was lost. */
function onClosed(env: Env, state: State): ParticipantStep {
  if (state.phase === "active" || state.phase === "preparing")
    return {
      state: null,
      closed: { outcome: tombstone("CANCELLED", "the coordinator closed the transaction"), force: false },
      effects: [resource({ act: "abort" })],
    };
  return state.phase === "prepared" ? request(env, { ...state, attempt: -1 }) : { state, ignored: "nothing-to-do" };
}

function onTimeout(env: Env, state: State, timer: string): ParticipantStep {
  if (timer === "decision" && isInDoubt(state)) return request(env, state);
  if (timer === "decision" && state.told !== null) return reportedAgain(env, state, state.told);
  // The one unilateral abort that is legal: nothing was said yet, and nobody was asked.
  if (timer === "idle" && state.phase === "active")
    return {
      state: null,
      closed: { outcome: tombstone("IDLE_TIMEOUT", "no work came in time"), force: false },
      effects: [resource({ act: "abort" })],
    };
  return { state, ignored: "late-timeout" };
}

/**
 * In doubt: the coordinators are asked in turn, the transaction's own first; any can finish it (§C.5). One that
 * answers is asked on: a second leader beside it would only outbid it.
 */
function request(env: Env, state: State): ParticipantStep {
  const { membership } = state;
  const own = membership?.coordinator ?? state.coordinator;
  const all = [own, ...env.coordinators().filter((node) => node !== own)];
  const turn = (state.isAnswered ? state.turn : state.turn + 1) % all.length;
  const attempt = state.attempt + 1;
  return {
    state: { ...state, attempt, turn, isAnswered: false },
    sends: [{ to: all[turn] ?? own, body: { kind: "outcome-request", membership } }],
    timers: [{ set: "decision", ...backoff(env.times.decisionMs, env.times.retryCapMs, attempt) }],
  };
}

/** A link that went down shortens the wait, since who was there may not tell any more; one that is back is used. */
function onSuspicion(env: Env, state: State, node: NodeId, suspected: boolean): ParticipantStep {
  const { membership } = state;
  if (state.phase === "prepared" && membership !== null && firstAcceptors(membership.group).includes(node)) {
    // The proposal may have been lost with the link: the same one again. The leader does not ask for it.
    if (suspected) return { state, ignored: "nothing-to-do" };
    const again = proposals(env, state, "prepared", wordOf(env, state.result));
    return { state, sends: again.filter(({ to }) => to === node) };
  }
  if (!isInDoubt(state) || node !== membership?.coordinator) return { state, ignored: "nothing-to-do" };
  if (!suspected) return request(env, { ...state, attempt: -1, turn: 0, isAnswered: true });
  const { minMs, maxMs } = backoff(env.times.decisionMs, env.times.retryCapMs, 0);
  return {
    state: { ...state, turn: 0, isAnswered: false },
    timers: [{ set: "decision", minMs: minMs / 4, maxMs: maxMs / 4 }],
  };
}

function restore(env: Env, id: TransactionId, records: readonly ParticipantRecord[]): ParticipantStep {
  const prepared = records.find((record) => record.kind === "paxos-prepare");
  if (prepared === undefined) return { state: null };
  const { membership, token, redo, result } = prepared;
  let state: State = {
    ...joined(init(env, id), membership),
    phase: "prepared",
    token,
    readOnly: redo === null,
    result,
    attempt: -1,
  };
  for (const record of records) state = replayed(state, record);
  // A branch that a person ended holds no locks, unless it could not be applied.
  const isFree = state.phase === "heuristic" && state.damage === "";
  const locks = redo === null || isFree ? [] : [resource({ act: "adopt", redo })];
  if (!isInDoubt(state)) {
    const alarm: Effect =
      state.phase === "damaged"
        ? { kind: "alarm", alarm: "outside-write", detail: state.damage }
        : heuristicAlarm(state);
    const again = state.told === null ? { state } : reportedAgain(env, state, state.told);
    return { ...again, effects: [...locks, alarm] };
  }
  const asking = request(env, state);
  if (state.phase === "heuristic") return { ...asking, effects: [...locks, heuristicAlarm(state)] };
  // The same proposal again, for it may not have arrived; and a question, for it may be long decided.
  return {
    ...asking,
    sends: [...proposals(env, state, "prepared", wordOf(env, result)), ...(asking.sends ?? [])],
    effects: locks,
  };
}

function replayed(state: State, record: ParticipantRecord): State {
  switch (record.kind) {
    case "damaged":
      return { ...state, phase: state.phase === "heuristic" ? "heuristic" : "damaged", damage: record.detail };
    case "heuristic":
      return { ...state, phase: "heuristic", did: record.did, reason: record.reason };
    case "told":
      return { ...state, told: record.decision };
    case "paxos-prepare":
    case "prepare":
    case "second-life":
    // Of three-phase commit.
    case "precommit":
    case "preabort":
    case "elected":
    case "decided":
      return state;
    default:
      return unreachable(record);
  }
}

export const participant: Machine<State, ParticipantRecord> = { init, step, restore, absent, view };
