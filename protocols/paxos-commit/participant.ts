/**
 * A branch of Paxos Commit (Gray, Lamport 2006; protocols §C.3), with branch tokens and one-shot mode (§0.3).
 *
 * active → preparing → prepared (in doubt) → committing → forgotten. Its value goes to the acceptors as ballot 0
 * of its own instance, once and never another one: "prepared" only when that is in the journal, "aborted" only
 * when "prepared" was never said. What is forgotten leaves a row that answers late copies without work.
 */

import { backoff } from "../backoff.ts";
import { BALLOT_ZERO, type Value } from "../ballot.ts";
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
import type {
  Effect,
  Env,
  Input,
  Machine,
  OperatorAct,
  ReplyId,
  ResourceResult,
  Send,
  Step,
  View,
} from "../machine.ts";
import { unreachable } from "../machine.ts";
import type { Begin, Message, Word } from "../message.ts";
import { decisionOf, firstAcceptors, isSameMembership, tallied, type Acceptance, type Membership } from "../quorum.ts";
import type { ParticipantRecord } from "../record.ts";
import type { AbortReason, Absence, Closed, Decision, Descriptor, NodeId, TransactionId } from "../transaction.ts";

export interface State extends Branch {
  /** damaged: commit was decided, and somebody outside wrote to its rows. forced: a person ended it (§0.4). */
  readonly phase: "active" | "preparing" | "prepared" | "committing" | "damaged" | "forced";
  /** null while active. */
  readonly membership: Membership | null;
  /** Set where this branch begins the commit: what its first acceptor hands to the leader. */
  readonly begin: Begin | null;
  /** It wrote nothing: the decision needs nothing of the resource. */
  readonly readOnly: boolean;
  /** What the acceptors say, where they tell the branches, too (§C.6-3). */
  readonly tally: readonly Acceptance[];
  /** What was done against the decision, or before there was one, in words. */
  readonly damage: string;
  readonly forced: Decision | null;
  /** damaged, forced: the decision that became known. */
  readonly decided: Decision | null;
  readonly attempt: number;
  /** Which of the coordinators is asked, in the order of `request`. */
  readonly turn: number;
  /** The one that was asked last has answered: it is at work. */
  readonly isAnswered: boolean;
}

type ParticipantStep = Step<State, ParticipantRecord>;
type Prepare = Message & { kind: "paxos-prepare" };

function init(env: Env, id: TransactionId): State {
  return {
    ...openBranch(env, id),
    phase: "active",
    membership: null,
    begin: null,
    readOnly: false,
    tally: [],
    damage: "",
    forced: null,
    decided: null,
    attempt: 0,
    turn: 0,
    isAnswered: true,
  };
}

function step(env: Env, state: State, input: Input): ParticipantStep {
  switch (input.kind) {
    case "start":
      return onStart(env, state, input.descriptor, input.reply);
    case "message":
      return onMessage(env, state, input.from, input.body);
    case "resource":
      return onResource(env, state, input.result);
    case "timeout":
      return onTimeout(env, state, input.timer);
    case "suspicion":
      return onSuspicion(env, state, input.node, input.suspected);
    case "ask":
      return { state, effects: [pending(state, input.reply)] };
    case "closed":
      return onClosed(env, state);
    case "operator":
      return onOperator(state, input.act, input.reason, input.reply);
    default:
      return unreachable(input);
  }
}

/** The branch that prepares unasked and begins the commit (§C.6-4); the others are asked by the leader. */
function onStart(env: Env, state: State, descriptor: Descriptor, reply: ReplyId | null): ParticipantStep {
  const answers: Effect[] = reply === null ? [] : [pending(state, reply)];
  const { branches, group, coordinator, timeoutMs } = descriptor;
  const own = branches.find(({ participant }) => participant === env.self);
  if (state.phase !== "active" || own === undefined || group === null)
    return answers.length === 0 ? { state, ignored: "late-prepare" } : { state, effects: answers };
  const membership = { coordinator, participants: branches.map(({ participant }) => participant), group };
  const begin: Begin = {
    branches: branches.map(({ participant, token, workCount }) => ({ participant, token, workCount })),
    timeoutMs,
  };
  const next = joined(state, membership);
  const begun = isWhole(state, own)
    ? toResource({ ...next, begin }, null)
    : refuse(env, { ...next, begin }, "BRANCH_LOST", PART, true);
  return { ...begun, effects: [...(begun.effects ?? []), ...answers] };
}

function onMessage(env: Env, state: State, from: NodeId, body: Message): ParticipantStep {
  switch (body.kind) {
    case "work":
      return onWork(env, state, from, body);
    case "paxos-prepare":
      return onPrepare(env, state, body);
    case "decision":
      return onDecision(state, from, body.decision);
    case "forgotten":
      if (body.decision === null) return { state, ignored: "late-decision" };
      return onDecision(state, state.coordinator, body.decision);
    case "phase-2b":
      return onAccepted(state, from, body);
    // Somebody leads a higher ballot, and will tell.
    case "nack":
      return { state, ignored: "outbid" };
    case "pending":
      if (state.isAnswered) return { state, ignored: "decision-pending" };
      return { state: { ...state, isAnswered: true } };
    default:
      return { state, effects: [impossible(from, body)] };
  }
}

function onPrepare(env: Env, state: State, body: Prepare): ParticipantStep {
  switch (state.phase) {
    case "active": {
      const next = joined(state, body.membership);
      return isWhole(state, body) ? toResource(next, null) : refuse(env, next, "BRANCH_LOST", PART, true);
    }
    case "prepared":
      return { state, sends: proposals(env, state, "prepared", wordOf(env, state.result)) };
    case "preparing":
    case "committing":
    case "damaged":
    case "forced":
      return { state, ignored: "late-prepare" };
    default:
      return unreachable(state.phase);
  }
}

function joined(state: State, membership: Membership): State {
  const { coordinator, participants } = membership;
  return { ...state, coordinator, participants, membership };
}

function toResource(state: State, work: Uint8Array | null): ParticipantStep {
  return {
    state: { ...state, phase: "preparing" },
    timers: [{ cancel: "idle" }],
    effects: [resource({ act: "prepare", work })],
  };
}

/** It can't prepare and has never said that it could: forced, so that no copy of Prepare finds another answer. */
function refuse(env: Env, state: State, reason: AbortReason, detail: string, undo: boolean): ParticipantStep {
  return {
    state: null,
    closed: { outcome: tombstone(reason, detail, state.participants), force: true },
    sends: proposals(env, state, "aborted", [{ participant: env.self, result: NOTHING, reason, detail }]),
    effects: undo ? [resource({ act: "abort" })] : [],
  };
}

/** Phase 2a of ballot 0, to F+1 acceptors (§C.6-1). Words and the begin of a commit go to the first of them. */
function proposals(env: Env, { membership, begin }: State, value: Value, words: readonly Word[]): Send[] {
  if (membership === null) return [];
  return firstAcceptors(membership.group).map((to, at) => ({
    to,
    body: {
      kind: "phase-2a",
      ballot: BALLOT_ZERO,
      membership,
      proposals: [{ participant: env.self, value }],
      words: at === 0 ? words : [],
      begin: at === 0 ? begin : null,
    },
  }));
}

function wordOf(env: Env, result: Uint8Array): readonly Word[] {
  return result.length === 0 ? [] : [{ participant: env.self, result, reason: null, detail: "" }];
}

/** F+1 acceptors for every branch, and the decision is known without being told. */
function onAccepted(state: State, from: NodeId, body: Message & { kind: "phase-2b" }): ParticipantStep {
  const { membership } = state;
  if (state.phase !== "prepared" || membership === null) return { state, ignored: "late-acceptance" };
  const isCounted = body.membership !== null && isSameMembership(membership, body.membership);
  if (!isCounted) return { state, ignored: "late-acceptance" };
  const next = { ...state, tally: tallied(state.tally, from, body.ballot, body.accepted) };
  const decision = decisionOf(next.tally, membership);
  return decision === null ? { state: next } : onDecision(next, membership.coordinator, decision);
}

/** @param from who is acknowledged to, when it is in the journal */
function onDecision(state: State, from: NodeId, decision: Decision): ParticipantStep {
  return decision === "commit" ? onCommit(state, from) : onAbort(state, from);
}

function onCommit(state: State, from: NodeId): ParticipantStep {
  switch (state.phase) {
    case "prepared": {
      const next: State = { ...state, phase: "committing", coordinator: from };
      return state.readOnly ? committed(next) : { state: next, effects: [resource({ act: "commit" })] };
    }
    case "committing":
      return { state, ignored: "late-decision" };
    case "damaged":
    case "forced":
      return afterForce(state, from, "commit");
    case "active":
    case "preparing":
      return { state, effects: [impossible(from, { kind: "decision", decision: "commit" })] };
    default:
      return unreachable(state.phase);
  }
}

function onAbort(state: State, from: NodeId): ParticipantStep {
  switch (state.phase) {
    case "active":
    case "preparing":
    case "prepared":
      return {
        state: null,
        closed: { outcome: tombstone("CANCELLED", "the transaction was aborted", state.participants), force: true },
        sends: [acknowledgement(from, "abort", null)],
        effects: state.readOnly ? [] : [resource({ act: "abort" })],
      };
    case "forced":
      return afterForce(state, from, "abort");
    case "committing":
    case "damaged":
      return {
        state,
        effects: [{ kind: "alarm", alarm: "second-decision", detail: `${from} sent abort after commit` }],
      };
    default:
      return unreachable(state.phase);
  }
}

/** What a person did is told as it was; where it was the decision after all, nothing is left to look after. */
function afterForce(state: State, from: NodeId, decision: Decision): ParticipantStep {
  if (state.phase === "forced" && state.forced === decision)
    return {
      state: null,
      closed: { outcome: { ...rowOf(state, decision), detail: state.damage }, force: true },
      sends: [acknowledgement(from, decision, null)],
    };
  return { state: { ...state, decided: decision }, sends: [acknowledgement(from, decision, state.damage)] };
}

function onResource(env: Env, state: State, result: ResourceResult): ParticipantStep {
  switch (result.kind) {
    case "worked":
      return onWorked(env, state, result);
    case "prepared":
      return state.phase === "preparing" ? onPrepared(env, state, result) : { state, ignored: "late-resource-result" };
    case "applied":
      if (result.outcome === "ok")
        return state.phase === "committing" ? committed(state) : { state, ignored: "late-resource-result" };
      return state.phase === "committing" || state.phase === "forced"
        ? onDamaged(state, result.detail)
        : { state, ignored: "late-resource-result" };
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

function rowOf({ participants }: State, decision: Decision): Closed {
  if (decision === "abort") return tombstone("CANCELLED", "", participants);
  return { outcome: "committed", reason: null, detail: "", result: null, participants, until: "closed" };
}

/** Someone outside wrote to a locked row: it is recorded, told, and left to an operator. */
function onDamaged(state: State, detail: string): ParticipantStep {
  const damaged: State = { ...state, phase: "damaged", damage: detail };
  return {
    state: state.phase === "forced" ? damaged : { ...damaged, decided: "commit" },
    records: [{ record: { kind: "damaged", decision: "commit", detail }, force: true }],
    sends: state.phase === "forced" ? [] : [acknowledgement(state.coordinator, "commit", detail)],
    effects: [{ kind: "alarm", alarm: "outside-write", detail }],
    timers: [{ cancel: "decision" }],
  };
}

function onOperator(state: State, act: OperatorAct, reason: string, reply: ReplyId | null): ParticipantStep {
  const step = operated(state, act, reason);
  if (reply === null) return step;
  const { ignored: _ignored, ...done } = step;
  return { ...done, effects: [...(step.effects ?? []), pending(step.state ?? state, reply)] };
}

function operated(state: State, act: OperatorAct, reason: string): ParticipantStep {
  switch (act) {
    case "force-commit":
    case "force-abort": {
      if (state.phase !== "prepared") return { state, ignored: "already-decided" };
      const decision = act === "force-commit" ? "commit" : "abort";
      return {
        state: { ...state, phase: "forced", forced: decision, damage: `an operator forced ${decision}: ${reason}` },
        records: [{ record: { kind: "forced", decision, reason }, force: true }],
        effects: state.readOnly ? [] : [resource({ act: decision })],
      };
    }
    case "acknowledge":
      if (state.phase !== "damaged" && state.phase !== "forced") return { state, ignored: "nothing-to-do" };
      return {
        state: null,
        closed: { outcome: { ...rowOf(state, "commit"), outcome: "heuristic", detail: state.damage }, force: true },
      };
    // Alone it may not: what it has said may be chosen.
    case "cancel":
      return { state, ignored: "nothing-to-do" };
    default:
      return unreachable(act);
  }
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
  if (timer === "decision" && (state.phase === "prepared" || (state.phase === "forced" && state.decided === null)))
    return request(env, state);
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
  if (state.phase !== "prepared" || node !== state.membership?.coordinator) return { state, ignored: "nothing-to-do" };
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
  const readOnly = redo === null;
  const state: State = { ...joined(init(env, id), membership), phase: "prepared", token, readOnly, result };
  const adopt: Effect[] = redo === null ? [] : [resource({ act: "adopt", redo })];
  const damaged = records.find((record) => record.kind === "damaged");
  const forced = records.find((record) => record.kind === "forced");
  if (damaged !== undefined) {
    const alarm: Effect = { kind: "alarm", alarm: "outside-write", detail: damaged.detail };
    return { state: { ...state, phase: "damaged", damage: damaged.detail }, effects: [...adopt, alarm] };
  }
  if (forced !== undefined) {
    const { decision, reason } = forced;
    return request(env, {
      ...state,
      phase: "forced",
      forced: decision,
      damage: `an operator forced ${decision}: ${reason}`,
    });
  }
  // The same proposal again, for it may not have arrived; and a question, for it may be long decided.
  const asking = request(env, state);
  return {
    ...asking,
    sends: [...proposals(env, state, "prepared", wordOf(env, result)), ...(asking.sends ?? [])],
    effects: adopt,
  };
}

/** No state for this id: work is never started from a late copy. */
function absent(env: Env, id: TransactionId, absence: Absence, input: Input): ParticipantStep {
  switch (input.kind) {
    case "message":
      return absentMessage(env, id, absence, input.from, input.body, input.expired);
    case "ask":
      return { state: null, effects: [unknown(input.reply)] };
    case "operator":
    case "start":
      if (input.reply === null) return { state: null, ignored: "nothing-to-do" };
      return { state: null, effects: [unknown(input.reply)] };
    case "timeout":
      return { state: null, ignored: "late-timeout" };
    case "resource":
      return { state: null, ignored: "late-resource-result" };
    case "suspicion":
    case "closed":
      return { state: null, ignored: "nothing-to-do" };
    default:
      return unreachable(input);
  }
}

function absentMessage(
  env: Env,
  id: TransactionId,
  absence: Absence,
  from: NodeId,
  body: Message,
  expired: boolean,
): ParticipantStep {
  switch (body.kind) {
    case "work":
      return absentWork(env, init(env, id), absence, from, body);
    case "paxos-prepare":
      return absentPrepare(env, id, absence, from, body, expired);
    case "decision":
      return absentDecision(absence, from, body.decision);
    case "phase-2b":
      return { state: null, ignored: "late-acceptance" };
    case "nack":
      return { state: null, ignored: "outbid" };
    case "forgotten":
      return { state: null, ignored: "late-decision" };
    case "pending":
      return { state: null, ignored: "decision-pending" };
    default:
      return { state: null, effects: [impossible(from, body)] };
  }
}

function absentPrepare(
  env: Env,
  id: TransactionId,
  absence: Absence,
  from: NodeId,
  body: Prepare,
  expired: boolean,
): ParticipantStep {
  switch (absence.kind) {
    case "closed":
      return answeredByRow(absence.closed, from);
    case "fresh": {
      const next = joined({ ...init(env, id), token: null }, body.membership);
      if (body.work === null || body.token !== null) return refuse(env, next, "BRANCH_LOST", PART, false);
      if (!expired) return toResource(next, body.work);
      // The leader has given up by now, and finishes this instance itself: nothing is proposed (§C.3).
      const late = "the request arrived after its deadline";
      return { state: null, closed: { outcome: tombstone("TIMEOUT", late, next.participants), force: true } };
    }
    case "forgotten":
    case "lost":
    case "foreign":
      return { state: null, ignored: "late-prepare" };
    default:
      return unreachable(absence);
  }
}

/** The row is the outcome: nothing is proposed any more (§C.3). */
function answeredByRow({ outcome }: Closed, to: NodeId): ParticipantStep {
  switch (outcome) {
    case "committed":
    case "aborted":
      return { state: null, sends: [acknowledgement(to, outcome === "committed" ? "commit" : "abort", null)] };
    case "heuristic":
    case "read-only":
      return { state: null, ignored: "late-prepare" };
    default:
      return unreachable(outcome);
  }
}

function absentDecision(absence: Absence, from: NodeId, decision: Decision): ParticipantStep {
  const acknowledged: ParticipantStep = { state: null, sends: [acknowledgement(from, decision, null)] };
  switch (absence.kind) {
    case "forgotten":
      return acknowledged;
    case "closed": {
      const { outcome, detail } = absence.closed;
      if (outcome === "heuristic") return { state: null, sends: [acknowledgement(from, decision, detail)] };
      if ((outcome === "committed") === (decision === "commit")) return acknowledged;
      return {
        state: null,
        effects: [
          {
            kind: "alarm",
            alarm: "second-decision",
            detail: `${from} sent ${decision} to a branch that is ${outcome}`,
          },
        ],
      };
    }
    case "fresh":
      // It may have overtaken its Prepare: the tombstone meets the late copy (§0.3).
      if (decision === "abort")
        return {
          state: null,
          closed: { outcome: tombstone("CANCELLED", "the transaction was aborted"), force: true },
          sends: [acknowledgement(from, "abort", null)],
        };
      return { state: null, effects: [impossible(from, { kind: "decision", decision })] };
    case "lost":
    case "foreign":
      return { state: null, effects: [impossible(from, { kind: "decision", decision })] };
    default:
      return unreachable(absence);
  }
}

function acknowledgement(to: NodeId, decision: Decision, heuristic: string | null): Send {
  return { to, body: { kind: "ack", decision, heuristic } };
}

function unknown(to: ReplyId): Effect {
  return { kind: "reply", to, answer: { outcome: "unknown" } };
}

function pending(state: State, to: ReplyId): Effect {
  const { participants, state: shown } = view(state);
  return { kind: "reply", to, answer: { outcome: "pending", state: shown, participants } };
}

function view(state: State): View {
  const shown = {
    active: "active",
    preparing: "preparing",
    prepared: "in-doubt",
    committing: "committing",
    damaged: "heuristic",
    forced: "heuristic",
  } as const;
  const coordinator = state.membership?.coordinator ?? state.coordinator;
  return { state: shown[state.phase], participants: state.participants, coordinator };
}

export const participant: Machine<State, ParticipantRecord> = { init, step, restore, absent, view };
