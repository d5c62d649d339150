/**
 * What Paxos Commit does with a branch that a person ended, since fewer than F+1 acceptors are left, or that could
 * not follow its decision (heuristic-branch.ts).
 */

import { resource } from "../branch.ts";
import { reportText } from "../heuristic.ts";
import { freed, hasFollowed, reportOf, reportTo, wentAgainst } from "../heuristic-branch.ts";
import type { Effect, Env, ResourceRequest } from "../machine.ts";
import type { Decision, NodeId } from "../transaction.ts";
import { acknowledgement, rowOf, secondDecision, type ParticipantStep, type State } from "./participant-state.ts";

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

/** The decision comes. */
export function onTold(env: Env, state: State, from: NodeId, decision: Decision): ParticipantStep {
  const report = reportTo(from, state, decision);
  const known = state.phase === "damaged" ? "commit" : state.told;
  if (known !== null)
    return known === decision
      ? { state, sends: [report] }
      : { state, effects: [secondDecision(`${from} sent ${decision} after ${known}`)] };
  if (!hasFollowed(state, decision)) return wentAgainst(env, { ...state, coordinator: from }, decision, [report]);
  // Harmless: the branch is where it should be, and is forgotten like any other.
  return {
    state: null,
    closed: { outcome: rowOf(state, decision, reportOf(state)), force: true },
    sends: [acknowledgement(from, decision, null)],
    effects: freed(state),
  };
}
