/** What a coordinator answers about an id that it has no state of: FORGOTTEN, for clients; and for a site that asks, what the silence of this log proves. */

import { answerFor } from "../answer.ts";
import { impossible } from "../branch.ts";
import { decisionOfRow, heuristicRow, isForced, reportText, type Report } from "../heuristic.ts";
import { lookedAfter, reported } from "../heuristic-coordinator.ts";
import type { Env, Input, ReplyId } from "../machine.ts";
import { unreachable } from "../machine.ts";
import type { Message } from "../message.ts";
import type { Absence, Closed, Decision, NodeId } from "../transaction.ts";
import { acknowledgement, reply, second, type CoordinatorStep } from "./coordinator-state.ts";
import { report } from "./termination.ts";

/** No state for this id: FORGOTTEN for clients, and for a site that asks what the silence of this log proves. */
export function absent(env: Env, absence: Absence, input: Input): CoordinatorStep {
  switch (input.kind) {
    case "start":
      return answered(input.reply, absence);
    case "ask":
      return answered(input.reply, absence);
    case "operator":
      if (input.act === "acknowledge" && absence.kind === "closed")
        return lookedAfter(absence.closed, answered(input.reply, absence).effects ?? []);
      return answered(input.reply, absence);
    case "message":
      return absentMessage(env, absence, input.from, input.body);
    case "timeout":
      return { state: null, ignored: "late-timeout" };
    case "suspicion":
    case "closed":
      return { state: null, ignored: "nothing-to-do" };
    case "resource":
      return { state: null, ignored: "late-resource-result" };
    default:
      return unreachable(input);
  }
}

function absentMessage(env: Env, absence: Absence, from: NodeId, body: Message): CoordinatorStep {
  switch (body.kind) {
    case "state-request":
    case "preabort":
    case "precommit":
      return { state: null, sends: [report(from, body, knownOf(absence) ?? "unknown")] };
    case "decision": {
      if (absence.kind === "closed" && isForced(absence.closed))
        return decidedAfterAll(env, absence.closed, from, body.decision);
      const known = knownOf(absence);
      if (absence.kind === "forgotten" || known === stateAfter(body.decision))
        return { state: null, sends: [acknowledgement(from, body.decision)] };
      if (known === null) return { state: null, effects: [impossible(from, body)] };
      return { state: null, effects: [second(from, body.decision, known === "committed" ? "commit" : "abort")] };
    }
    case "vote":
      // A site in w, which nobody collects votes for any more.
      if (body.vote === "no" || absence.kind !== "lost") return { state: null, ignored: "late-vote" };
      return { state: null, sends: [{ to: from, body: { kind: "decision", decision: "abort" } }] };
    case "ack":
      return body.heuristic === null
        ? { state: null, ignored: "late-acknowledgement" }
        : onReport(env, absence, { from, text: body.heuristic }, body.decision);
    case "attempt-ack":
      return { state: null, ignored: "late-acknowledgement" };
    case "state-report":
      return { state: null, ignored: "late-report" };
    case "refused":
      return { state: null, ignored: "late-refusal" };
    default:
      return { state: null, effects: [impossible(from, body)] };
  }
}

/** What this log says to a site that asks. Abort where it is silent: a site that may ask has not acknowledged (§B.1). null: it has no say. */
function knownOf(absence: Absence): "committed" | "aborted" | null {
  switch (absence.kind) {
    case "closed":
      return isForced(absence.closed) ? null : stateAfter(decisionOfRow(absence.closed));
    case "lost":
    case "forgotten":
      return "aborted";
    case "fresh":
    case "foreign":
      return null;
    default:
      return unreachable(absence);
  }
}

/** The sites have decided, after a person had told the client what they would: true, or damage that stays until it was looked after. */
function decidedAfterAll(env: Env, closed: Closed, from: NodeId, decision: Decision): CoordinatorStep {
  const outcome = settled(env, closed, decision);
  return {
    state: null,
    closed: { outcome, force: true },
    sends: [acknowledgement(from, decision)],
    effects: outcome.outcome === "heuristic" ? [{ kind: "alarm", alarm: "heuristic", detail: outcome.detail }] : [],
  };
}

function settled(env: Env, closed: Closed, decision: Decision): Closed {
  const { participants, reason, detail } = closed;
  const said = decisionOfRow(closed);
  if (said === decision)
    return { ...closed, outcome: decision === "commit" ? "committed" : "aborted", until: "retention" };
  const text = reportText(said === "commit" ? "committed" : "rolled back", `as it told its client (${detail})`);
  return heuristicRow({ decision, reason: decision === "commit" ? null : reason, detail: "" }, participants, [
    { from: env.self, text },
  ]);
}

/** A branch that a person ended went against what was decided, which may be news here. */
function onReport(env: Env, absence: Absence, report: Report, decision: Decision): CoordinatorStep {
  const isNews = absence.kind === "closed" && isForced(absence.closed);
  return reported(isNews ? { ...absence, closed: settled(env, absence.closed, decision) } : absence, report, decision);
}

function stateAfter(decision: Decision): "committed" | "aborted" {
  return decision === "commit" ? "committed" : "aborted";
}

function answered(to: ReplyId | null, absence: Absence): CoordinatorStep {
  if (to === null) return { state: null, ignored: "already-decided" };
  return { state: null, effects: [reply(to, answerFor(absence))] };
}
