/**
 * What three-phase commit does with a branch that a person ended, since no rule can end it any more (protocols §0.4), or
 * that could not follow its decision (heuristic-branch.ts). The person ends the branch, and decides nothing for other
 * sites: this one keeps its promises and goes on answering the elections of others, so that whatever they decide is one
 * decision, which tells whether the act did damage. It leads none itself.
 */

import { tombstone } from "../branch.ts";
import { freed, hasFollowed, reportedAgain, reportOf, reportTo, wentAgainst } from "../heuristic-branch.ts";
import type { Env } from "../machine.ts";
import type { Message } from "../message.ts";
import type { Decision, NodeId } from "../transaction.ts";
import { acknowledge, committed, type ParticipantStep, second, type State } from "./participant-state.ts";
import { ask, doings, onMessage, onSuspicion, report, isTermination, type Turn } from "./termination.ts";
import type { Rules } from "./rules.ts";

/** The branch is ended, and nobody is led by it. */
export function endedByHand(state: State, did: Decision, reason: string): State {
  const { doubt } = state;
  return { ...state, phase: "heuristic", did, reason, doubt: doubt === null ? null : { ...doubt, leading: null } };
}

export function onHeuristicMessage(env: Env, rules: Rules, state: State, from: NodeId, body: Message): ParticipantStep {
  const { told, doubt } = state;
  if (told === null) return doubt === null ? { state } : turn(env, state, onMessage(env, rules, doubt, from, body));
  if (isTermination(body)) return { state, sends: [report(from, body, told === "commit" ? "committed" : "aborted")] };
  switch (body.kind) {
    case "decision":
      return onTold(env, state, from, body.decision);
    case "state-report":
      return { state, ignored: "late-report" };
    default:
      return { state, ignored: "late-acknowledgement" };
  }
}

/** It asks, and leads nothing; and once it is told, its coordinator hears what it did until somebody has seen to it. */
export function onHeuristicTimeout(env: Env, rules: Rules, state: State): ParticipantStep {
  const { told, doubt } = state;
  if (told === null)
    return doubt === null ? { state } : turn(env, state, ask(env, rules, { ...doubt, tries: doubt.tries + 1 }));
  return reportedAgain(env, state, told);
}

/** A link came up or went down. */
export function onHeuristicSuspicion(
  env: Env,
  rules: Rules,
  state: State,
  node: NodeId,
  suspected: boolean,
): ParticipantStep {
  const { told, doubt, coordinator } = state;
  if (told === null)
    return doubt === null ? { state } : turn(env, state, onSuspicion(env, rules, doubt, node, suspected));
  if (suspected || node !== coordinator) return { state, ignored: "nothing-to-do" };
  return { state, sends: [reportTo(coordinator, state, told)] };
}

/** What a turn of the termination did at a branch that is ended. */
export function turn(env: Env, state: State, done: Turn): ParticipantStep {
  if (done.ignored !== undefined) return { state, ignored: done.ignored };
  const { doubt, settled } = done;
  const next = { ...state, doubt };
  return settled === undefined ? { state: next, ...doings(done) } : onTold(env, next, settled.from, settled.decision);
}

/**
 * The decision comes.
 *
 * @param from who announced it; null: a peer that was asked knew it
 */
function onTold(env: Env, state: State, from: NodeId | null, decision: Decision): ParticipantStep {
  const { told, coordinator } = state;
  if (told !== null)
    return told === decision
      ? { state, sends: acknowledge(from, decision, reportOf(state)) }
      : { state, effects: [second(from ?? "a peer", decision, told)] };
  if (!hasFollowed(state, decision)) {
    const announcer = from === null || from === coordinator ? [] : [reportTo(from, state, decision)];
    return wentAgainst(env, state, decision, [...announcer, reportTo(coordinator, state, decision)]);
  }
  // Harmless: the branch is where it should be, and is forgotten like any other.
  const words = reportOf(state);
  const outcome = decision === "commit" ? committed(state, words) : tombstone("CANCELLED", words, state.participants);
  return {
    state: null,
    closed: { outcome, force: true },
    sends: acknowledge(from, decision),
    timers: [{ cancel: "decision" }],
    effects: freed(state),
  };
}
