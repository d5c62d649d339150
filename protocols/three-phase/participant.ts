/**
 * The participant of three-phase commit (protocols §B.1), under either termination. Work comes under a token only,
 * and nobody drops out with a read-only vote: whoever takes part may be asked for its state.
 *
 * active → preparing → doubt (w, p or pa) → committing → announcing, where this branch led the decision → forgotten.
 */

import { impossible, isWhole, NOTHING, onWork, onWorked, PART, resource, tombstone } from "../branch.ts";
import { reportText } from "../heuristic.ts";
import { heuristicAlarm, lookedAfter, onForced, onOperator, reportedAgain, reportOf } from "../heuristic-branch.ts";
import type { Effect, Env, Input, Machine, ResourceResult } from "../machine.ts";
import { unreachable } from "../machine.ts";
import type { Message } from "../message.ts";
import type { ParticipantRecord } from "../record.ts";
import type { AbortReason, Decision, NodeId, TransactionId } from "../transaction.ts";
import { acknowledged, announce, announceLater, type Announcement } from "./announcement.ts";
import { openDoubt, othersOf, restoredDoubt } from "./doubt.ts";
import { absent } from "./participant-absent.ts";
import { endedByHand, onHeuristicMessage, onHeuristicSuspicion, onHeuristicTimeout } from "./participant-heuristic.ts";
import {
  acknowledge,
  acknowledgement,
  answerOf,
  ASKED,
  CANCELLED,
  committed,
  init,
  no,
  type ParticipantStep,
  reply,
  second,
  type State,
  undo,
  view,
} from "./participant-state.ts";
import type { Rules } from "./rules.ts";
import {
  ask,
  doings,
  ending,
  firstWait,
  isTermination,
  onMessage as onDoubtMessage,
  onSuspicion as onDoubtSuspicion,
  onTimeout as onDoubtTimeout,
  report,
  type Settled,
  type Turn,
} from "./termination.ts";

export function participantOf(rules: Rules): Machine<State, ParticipantRecord> {
  return {
    init,
    step: (env, state, input) => step(env, rules, state, input),
    restore: (env, id, records) => restore(env, rules, id, records),
    absent,
    view,
  };
}

function step(env: Env, rules: Rules, state: State, input: Input): ParticipantStep {
  switch (input.kind) {
    case "message":
      return onMessage(env, rules, state, input.from, input.body);
    case "resource":
      return onResource(env, state, input.result);
    case "timeout":
      return onTimeout(env, rules, state, input.timer);
    case "suspicion":
      return onSuspicion(env, rules, state, input.node, input.suspected);
    case "ask":
      return { state, effects: [reply(input.reply, answerOf(state))] };
    case "closed":
      return onClosed(env, rules, state);
    case "operator":
      return onPerson(env, state, input);
    case "start":
      return { state, ignored: "nothing-to-do" };
    default:
      return unreachable(input);
  }
}

function onMessage(env: Env, rules: Rules, state: State, from: NodeId, body: Message): ParticipantStep {
  if (body.kind === "work") return onWork(env, state, from, body);
  if (body.kind === "prepare" || body.kind === "last-work") return onPrepare(state, from, body);
  if (body.kind === "forget")
    return state.phase === "damaged" || state.told !== null
      ? lookedAfter(state, [])
      : { state, ignored: "nothing-to-do" };
  switch (state.phase) {
    case "active":
    case "preparing":
      return onUnasked(state, from, body);
    case "doubt":
      return state.doubt === null ? { state } : turn(env, state, onDoubtMessage(env, rules, state.doubt, from, body));
    case "committing":
      return { state, ignored: "late-decision" };
    case "announcing":
    case "damaged":
      return onDecided(state, from, body);
    case "heuristic":
      return onHeuristicMessage(env, rules, state, from, body);
    default:
      return unreachable(state.phase);
  }
}

/** Asked for its vote, or as the initiator given its last work, on which it votes unasked. */
function onPrepare(state: State, from: NodeId, body: Message & { kind: "prepare" | "last-work" }): ParticipantStep {
  if (state.phase === "doubt")
    return { state, sends: [{ to: from, body: { kind: "vote", vote: "yes", result: state.result } }] };
  if (state.phase !== "active") return { state, ignored: "late-prepare" };
  if (!isWhole(state, body)) return { ...undo(state, "BRANCH_LOST", PART), sends: [no(from, "BRANCH_LOST", PART)] };
  return {
    state: { ...state, phase: "preparing", coordinator: from, participants: body.participants },
    timers: [{ cancel: "idle" }],
    effects: [resource({ act: "prepare", work: body.work })],
  };
}

/** q (§B.3): no YES was sent. Whoever asks is told abort, after it is durable. */
function onUnasked(state: State, from: NodeId, body: Message): ParticipantStep {
  if (body.kind === "decision" && body.decision === "abort")
    return { ...undo(state, "CANCELLED", CANCELLED, true), sends: [acknowledgement(from, "abort")] };
  if (body.kind === "state-request" || body.kind === "preabort")
    return { ...undo(state, "TIMEOUT", ASKED, true), sends: [report(from, body, "aborted")] };
  return { state, effects: [impossible(from, body)] };
}

/** The decision is known here: whoever asks is told. */
function onDecided(state: State, from: NodeId, body: Message): ParticipantStep {
  const decision = state.announcement?.decision ?? "commit";
  if (isTermination(body))
    return { state, sends: [report(from, body, decision === "commit" ? "committed" : "aborted")] };
  switch (body.kind) {
    case "decision":
      return body.decision === decision
        ? { state, sends: [acknowledgement(from, decision, state.damage === "" ? null : reportOf(state))] }
        : { state, effects: [second(from, body.decision, decision)] };
    case "ack":
      return onAck(state, from);
    case "state-report":
      return { state, ignored: "late-report" };
    case "attempt-ack":
      return { state, ignored: "late-acknowledgement" };
    case "refused":
      return { state, ignored: "late-refusal" };
    default:
      return { state, effects: [impossible(from, body)] };
  }
}

function onAck(state: State, from: NodeId): ParticipantStep {
  const { announcement } = state;
  if (announcement === null || !announcement.unacknowledged.includes(from))
    return { state, ignored: "late-acknowledgement" };
  const rest = acknowledged(announcement, from);
  if (rest.unacknowledged.length > 0) return { state: { ...state, announcement: rest } };
  return state.damage === "" ? finish(state, rest) : { state: { ...state, phase: "damaged", announcement: rest } };
}

function finish(state: State, { decision, reason, detail }: Announcement): ParticipantStep {
  const { participants } = state;
  const outcome =
    decision === "commit" ? committed(state, detail) : tombstone(reason ?? "CANCELLED", detail, participants);
  return { state: null, closed: { outcome, force: false } };
}

function onResource(env: Env, state: State, result: ResourceResult): ParticipantStep {
  switch (result.kind) {
    case "worked":
      return onWorked(env, state, result);
    case "prepared":
      return state.phase === "preparing" ? onPrepared(env, state, result) : { state, ignored: "late-resource-result" };
    case "applied":
      if (state.phase === "heuristic") return onForced(state, result);
      if (state.phase !== "committing" || state.settled === null) return { state, ignored: "late-resource-result" };
      return result.outcome === "ok"
        ? onApplied(env, state, state.settled)
        : onDamaged(env, state, state.settled, result.detail);
    default:
      return unreachable(result);
  }
}

function onPrepared(env: Env, state: State, result: ResourceResult & { kind: "prepared" }): ParticipantStep {
  const { coordinator, participants, token } = state;
  if (result.vote === "no") {
    const { reason, detail } = result;
    return {
      state: null,
      closed: { outcome: tombstone(reason, detail, participants), force: false },
      sends: [no(coordinator, reason, detail)],
    };
  }
  // Read-only is no vote of its own here (§B.1): the site stays, with nothing to apply.
  const writes = result.vote === "yes";
  const redo = result.vote === "yes" ? result.redo : NOTHING;
  const doubt = openDoubt({ coordinator, participants });
  return {
    state: { ...state, phase: "doubt", doubt, writes, result: result.result, lastAnswer: null },
    records: [
      { record: { kind: "prepare", coordinator, participants, token, redo, result: result.result }, force: true },
    ],
    sends: [{ to: coordinator, body: { kind: "vote", vote: "yes", result: result.result } }],
    timers: [firstWait(env, doubt)],
  };
}

function onTimeout(env: Env, rules: Rules, state: State, timer: string): ParticipantStep {
  if (timer === "decision" && state.phase === "doubt" && state.doubt !== null)
    return turn(env, state, onDoubtTimeout(env, rules, state.doubt));
  if (timer === "decision" && state.phase === "heuristic") return onHeuristicTimeout(env, rules, state);
  if (timer === "acknowledgement" && state.announcement !== null && state.announcement.unacknowledged.length > 0) {
    const announcement = { ...state.announcement, attempt: state.announcement.attempt + 1 };
    return {
      state: { ...state, announcement },
      sends: announce(announcement),
      timers: [announceLater(env, announcement)],
    };
  }
  // The one unilateral abort that is legal: nothing was promised yet.
  if (timer === "idle" && state.phase === "active") return undo(state, "IDLE_TIMEOUT", "no work came in time");
  return { state, ignored: "late-timeout" };
}

function onSuspicion(env: Env, rules: Rules, state: State, node: NodeId, suspected: boolean): ParticipantStep {
  if (state.phase === "doubt" && state.doubt !== null)
    return turn(env, state, onDoubtSuspicion(env, rules, state.doubt, node, suspected));
  if (state.phase === "heuristic") return onHeuristicSuspicion(env, rules, state, node, suspected);
  const { announcement } = state;
  if (suspected || announcement === null || !announcement.unacknowledged.includes(node))
    return { state, ignored: "nothing-to-do" };
  return { state, sends: announce({ ...announcement, unacknowledged: [node] }) };
}

/** What was never prepared can't be asked for any more; what was is decided somewhere, and all that was told is known. */
function onClosed(env: Env, rules: Rules, state: State): ParticipantStep {
  if (state.phase === "active" || state.phase === "preparing")
    return undo(state, "CANCELLED", "the coordinator closed the transaction");
  if (state.phase === "doubt" && state.doubt !== null) return turn(env, state, ask(env, rules, state.doubt));
  if (state.phase === "heuristic") return onHeuristicTimeout(env, rules, state);
  if (state.phase === "announcing" && state.announcement !== null && state.damage === "")
    return finish(state, state.announcement);
  return { state, ignored: "nothing-to-do" };
}

/** A person ends a branch that no rule can end any more, or has looked after what that did. */
function onPerson(env: Env, state: State, input: Input & { kind: "operator" }): ParticipantStep {
  const { reason, reply: to } = input;
  return onOperator(
    env,
    state,
    input,
    (did) => endedByHand(state, did, reason),
    (did) => (state.writes || did === "abort" ? [resource({ act: did })] : []),
    (now) => (to === null ? [] : [reply(to, answerOf(now))]),
  );
}

/** What a turn of the termination did, with what its end does to this branch. */
function turn(env: Env, state: State, done: Turn): ParticipantStep {
  if (done.ignored !== undefined) return { state, ignored: done.ignored };
  const { doubt, settled } = done;
  const next = { ...state, doubt };
  if (settled === undefined) return { state: next, ...doings(done) };
  const ended = settled.decision === "commit" ? commit(env, next, settled) : abort(env, next, settled);
  return ending(done, ended);
}

function commit(env: Env, state: State, settled: Settled): ParticipantStep {
  const next: State = { ...state, phase: "committing", settled };
  return state.writes ? { state: next, effects: [resource({ act: "commit" })] } : onApplied(env, next, settled);
}

function abort(env: Env, state: State, { leads, from }: Settled): ParticipantStep {
  if (leads) return lead(env, state, "abort", [resource({ act: "abort" })]);
  const { closed, effects } = undo(state, "CANCELLED", "the sites aborted", true);
  return {
    state: null,
    ...(closed === undefined ? {} : { closed }),
    effects: effects ?? [],
    sends: acknowledge(from, "abort"),
  };
}

function onApplied(env: Env, state: State, { leads, from }: Settled): ParticipantStep {
  if (leads) return lead(env, state, "commit", []);
  return {
    state: null,
    closed: { outcome: committed(state, ""), force: true },
    sends: acknowledge(from, "commit"),
  };
}

/** This branch led the termination, or learned the decision as its leader: all sites hear it from here (§B.10). */
function lead(env: Env, state: State, decision: Decision, effects: readonly Effect[]): ParticipantStep {
  const { participants, coordinator } = state;
  const reason: AbortReason | null = decision === "commit" ? null : "TIMEOUT";
  const detail = "";
  const unacknowledged = othersOf({ coordinator, participants }, env.self);
  const announcement: Announcement = { decision, reason, detail, unacknowledged, attempt: 0 };
  return {
    state: { ...state, phase: "announcing", doubt: null, settled: null, announcement },
    records: [{ record: { kind: "decided", decision, participants, reason, detail }, force: true }],
    sends: announce(announcement),
    timers: [announceLater(env, announcement)],
    effects,
  };
}

/** Someone outside wrote to a locked row: recorded, told, and left to an operator (§A.10). */
function onDamaged(env: Env, state: State, settled: Settled, detail: string): ParticipantStep {
  const alarm: Effect = { kind: "alarm", alarm: "outside-write", detail };
  const record: ParticipantRecord = { kind: "damaged", decision: "commit", detail };
  const damaged: State = { ...state, damage: detail };
  if (settled.leads) {
    const step = lead(env, damaged, "commit", [alarm]);
    return { ...step, records: [...(step.records ?? []), { record, force: true }] };
  }
  return {
    state: { ...damaged, phase: "damaged", doubt: null, settled: null },
    records: [{ record, force: true }],
    sends: acknowledge(settled.from, "commit", reportText("rolled back", detail)),
    effects: [alarm],
  };
}

function restore(env: Env, rules: Rules, id: TransactionId, records: readonly ParticipantRecord[]): ParticipantStep {
  const prepared = records.find((record) => record.kind === "prepare");
  if (prepared === undefined) return { state: null };
  const { coordinator, participants, token, redo, result } = prepared;
  const writes = redo.length > 0;
  const adopt = writes ? [resource({ act: "adopt", redo })] : [];
  const doubt = restoredDoubt({ coordinator, participants }, records);
  const state: State = { ...init(env, id), coordinator, participants, token, result, writes };
  const damage = records.find((record) => record.kind === "damaged")?.detail ?? "";
  const byHand = records.find((record) => record.kind === "heuristic");
  if (byHand !== undefined) {
    const told = records.find((record) => record.kind === "told")?.decision ?? null;
    const ended: State = { ...endedByHand({ ...state, doubt, damage }, byHand.did, byHand.reason), told };
    const step = told === null ? onHeuristicTimeout(env, rules, ended) : reportedAgain(env, ended, told);
    // It holds no locks, unless what was to be committed could not be applied.
    return { ...step, effects: [...(damage === "" ? [] : adopt), heuristicAlarm(ended)] };
  }
  const known = records.find((record) => record.kind === "decided");
  if (known === undefined && damage === "") {
    const asking = ask(env, rules, doubt);
    return { state: { ...state, phase: "doubt", doubt: asking.doubt }, ...doings(asking), effects: adopt };
  }
  const alarms: readonly Effect[] =
    damage === "" ? [] : [...adopt, { kind: "alarm", alarm: "outside-write", detail: damage }];
  if (known === undefined) return { state: { ...state, phase: "damaged", damage }, effects: alarms };
  const { decision, reason, detail } = known;
  const unacknowledged = othersOf({ coordinator, participants }, env.self);
  const announcement: Announcement = { decision, reason, detail, unacknowledged, attempt: 0 };
  return {
    state: { ...state, phase: "announcing", damage, announcement },
    sends: announce(announcement),
    timers: [announceLater(env, announcement)],
    effects: alarms,
  };
}
