/** What two-phase commit does with a branch that a person ended, or that could not follow its decision (heuristic-branch.ts). */

import { tombstone } from "../branch.ts";
import { freed, hasFollowed, reportOf, wentAgainst } from "../heuristic-branch.ts";
import type { Env, ResourceResult } from "../machine.ts";
import type { Decision, NodeId } from "../transaction.ts";
import { witnesses } from "./cooperation.ts";
import {
  acknowledgement,
  committedRow,
  type ParticipantStep,
  secondDecision,
  type State,
} from "./participant-state.ts";
import type { Presumption } from "./presumption.ts";

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

/** The decision comes. */
export function onTold(rules: Presumption, env: Env, state: State, from: NodeId, decision: Decision): ParticipantStep {
  const report = acknowledgement(from, decision, reportOf(state));
  if (state.phase === "damaged") return { state, sends: [report] };
  if (state.told !== null)
    return state.told === decision
      ? { state, sends: [report] }
      : { state, effects: [secondDecision(`${from} sent ${decision} after ${state.told}`)] };
  if (!hasFollowed(state, decision)) return wentAgainst(state, decision, report);
  // Harmless (XA_HEURCOM, XA_HEURRB): the branch is where it should be, and is forgotten like any other.
  const detail = reportOf(state);
  const outcome =
    decision === "commit" ? committedRow(state, detail) : tombstone("CANCELLED", detail, witnesses(env, state));
  return {
    state: null,
    closed: { outcome, force: true },
    sends: rules.acknowledged[decision] ? [acknowledgement(from, decision, null)] : [],
    effects: freed(state),
  };
}
