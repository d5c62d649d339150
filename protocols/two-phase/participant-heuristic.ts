/** A prepared branch that a person ended, or that could not follow its decision (protocols §0.4, §A.10). */

import { backoff } from "../backoff.ts";
import { resource, tombstone } from "../branch.ts";
import type { Effect, Env, OperatorAct, ReplyId, ResourceResult } from "../machine.ts";
import type { Closed, Decision, NodeId } from "../transaction.ts";
import { witnesses } from "./cooperation.ts";
import { reportText } from "../heuristic.ts";
import {
  acknowledgement,
  committedRow,
  type ParticipantStep,
  secondDecision,
  shown,
  type State,
} from "./participant-state.ts";
import type { Presumption } from "./presumption.ts";

/**
 * A person ends a branch that is stuck (§0.4, §A.10). The record, and what the resource does, are in one journal
 * transaction, so that the locks are freed after it. It goes on asking: only the decision tells whether this did damage.
 */
export function onOperator(
  env: Env,
  state: State,
  act: OperatorAct,
  reason: string,
  reply: ReplyId | null,
): ParticipantStep {
  if (act === "acknowledge" && (state.phase === "damaged" || state.phase === "heuristic"))
    return lookedAfter(state, reply);
  if ((act === "force-commit" || act === "force-abort") && state.phase === "prepared") {
    const did = act === "force-commit" ? "commit" : "abort";
    const next: State = { ...state, phase: "heuristic", did, reason };
    return {
      state: next,
      records: [{ record: { kind: "heuristic", did, reason }, force: true }],
      effects: [resource({ act: did }), heuristicAlarm(next), ...(reply === null ? [] : [shown(next, reply)])],
      timers: [{ set: "decision", ...backoff(env.times.decisionMs, env.times.retryCapMs, 0) }],
    };
  }
  return reply === null ? { state, ignored: "nothing-to-do" } : { state, effects: [shown(state, reply)] };
}

/** What a forced commit came to. An abort answers nothing. */
export function onForced(state: State, result: ResourceResult & { kind: "applied" }): ParticipantStep {
  if (result.outcome === "ok" || state.did !== "commit") return { state };
  const { detail } = result;
  return {
    state: { ...state, damage: detail },
    records: [{ record: { kind: "damaged", decision: "commit", detail }, force: true }],
    effects: [{ kind: "alarm", alarm: "outside-write", detail }],
  };
}

/** What became of the branch, for its coordinator. */
export function reportOf(state: State): string {
  const { phase, did, reason, damage } = state;
  if (phase === "damaged" || damage !== "") return reportText("rolled back", damage);
  return reportText(did === "commit" ? "committed" : "rolled back", reason);
}

export function heuristicAlarm(state: State): Effect {
  return { kind: "alarm", alarm: "heuristic", detail: reportOf(state) };
}

/** The decision comes to a branch that a person ended, or that could not follow it. */
export function onTold(rules: Presumption, env: Env, state: State, from: NodeId, decision: Decision): ParticipantStep {
  const report = acknowledgement(from, decision, reportOf(state));
  if (state.phase === "damaged") return { state, sends: [report] };
  if (state.told !== null)
    return state.told === decision
      ? { state, sends: [report] }
      : { state, effects: [secondDecision(`${from} sent ${decision} after ${state.told}`)] };
  const isApplied = state.did === "commit" && state.damage === "";
  if (isApplied === (decision === "commit")) {
    // Harmless (XA_HEURCOM, XA_HEURRB): the branch is where it should be, and is forgotten like any other.
    const detail = reportOf(state);
    const outcome = isApplied ? committedRow(state, detail) : tombstone("CANCELLED", detail, witnesses(env, state));
    return {
      state: null,
      closed: { outcome, force: true },
      sends: rules.acknowledged[decision] ? [acknowledgement(from, decision, null)] : [],
      effects: state.damage === "" ? [] : [resource({ act: "abort" })],
    };
  }
  return {
    state: { ...state, told: decision },
    records: [{ record: { kind: "told", decision }, force: true }],
    sends: [report],
    effects: [{ kind: "alarm", alarm: "heuristic", detail: `${decision} was decided; ${reportOf(state)}` }],
    timers: [{ cancel: "decision" }],
  };
}

/** The damage is somebody's affair now: the row answers what still comes until the id is closed, and locks are freed. */
export function lookedAfter(state: State, reply: ReplyId | null): ParticipantStep {
  const { participants, damage } = state;
  const outcome: Closed = {
    outcome: "heuristic",
    reason: null,
    detail: reportOf(state),
    result: null,
    participants,
    until: "closed",
  };
  return {
    state: null,
    closed: { outcome, force: true },
    effects: [...(damage === "" ? [] : [resource({ act: "abort" })]), ...(reply === null ? [] : [shown(state, reply)])],
  };
}
