/** What two-phase commit does with a branch that a person ended, or that could not follow its decision (heuristic-branch.ts). */

import { tombstone } from "../branch.ts";
import { freed, hasFollowed, reportOf, reportTo, wentAgainst } from "../heuristic-branch.ts";
import type { Env } from "../machine.ts";
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

/** The decision comes. */
export function onTold(rules: Presumption, env: Env, state: State, from: NodeId, decision: Decision): ParticipantStep {
  const report = reportTo(from, state, decision);
  if (state.phase === "damaged") return { state, sends: [report] };
  if (state.told !== null)
    return state.told === decision
      ? { state, sends: [report] }
      : { state, effects: [secondDecision(`${from} sent ${decision} after ${state.told}`)] };
  if (!hasFollowed(state, decision)) return wentAgainst(env, state, decision, [report]);
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
