/** A prepared branch that a person ended, or that could not follow its decision (protocols §0.4, §A.10). */

import { backoff } from "../backoff.ts";
import { resource } from "../branch.ts";
import { reportText } from "../heuristic.ts";
import type { Effect, Env, OperatorAct, ReplyId, ResourceRequest } from "../machine.ts";
import type { Closed, Decision, NodeId } from "../transaction.ts";
import {
  acknowledgement,
  rowOf,
  secondDecision,
  shown,
  type ParticipantStep,
  type State,
} from "./participant-state.ts";

/**
 * Where fewer than F+1 acceptors are left, a person may end the branch. It goes on asking: only the decision tells
 * whether this did damage.
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
      effects: [
        ...applying(state, { act: did }),
        heuristicAlarm(next),
        ...(reply === null ? [] : [shown(next, reply)]),
      ],
      timers: [{ set: "decision", ...backoff(env.times.decisionMs, env.times.retryCapMs, 0) }],
    };
  }
  return reply === null ? { state, ignored: "nothing-to-do" } : { state, effects: [shown(state, reply)] };
}

/** Of a branch that wrote nothing the resource knows nothing. */
export function applying({ readOnly }: State, request: ResourceRequest): Effect[] {
  return readOnly ? [] : [resource(request)];
}

/** Someone outside wrote to a row that was to be committed: it is recorded, told where that is due, and left to a person. */
export function onDamaged(state: State, detail: string): ParticipantStep {
  const isForced = state.phase === "heuristic";
  return {
    state: { ...state, phase: isForced ? "heuristic" : "damaged", damage: detail },
    records: [{ record: { kind: "damaged", decision: "commit", detail }, force: true }],
    sends: isForced ? [] : [acknowledgement(state.coordinator, "commit", reportText("rolled back", detail))],
    effects: [{ kind: "alarm", alarm: "outside-write", detail }],
    timers: isForced ? [] : [{ cancel: "decision" }],
  };
}

/** What became of the branch, for its coordinator. */
function reportOf({ phase, did, reason, damage }: State): string {
  if (phase === "damaged" || damage !== "") return reportText("rolled back", damage);
  return reportText(did === "commit" ? "committed" : "rolled back", reason);
}

export function heuristicAlarm(state: State): Effect {
  return { kind: "alarm", alarm: "heuristic", detail: reportOf(state) };
}

/** The decision comes to a branch that a person ended, or that could not follow it. */
export function onTold(state: State, from: NodeId, decision: Decision): ParticipantStep {
  const report = acknowledgement(from, decision, reportOf(state));
  const known = state.phase === "damaged" ? "commit" : state.told;
  if (known !== null)
    return known === decision
      ? { state, sends: [report] }
      : { state, effects: [secondDecision(`${from} sent ${decision} after ${known}`)] };
  const isApplied = state.did === "commit" && state.damage === "";
  if (isApplied === (decision === "commit"))
    // Harmless: the branch is where it should be, and is forgotten like any other.
    return {
      state: null,
      closed: { outcome: rowOf(state, decision, reportOf(state)), force: true },
      sends: [acknowledgement(from, decision, null)],
      effects: state.damage === "" ? [] : [resource({ act: "abort" })],
    };
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
