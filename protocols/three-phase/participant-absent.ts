/** What a site answers about an id that it has no state of. What is not kept proves nothing: UNKNOWN, never aborted (§B.3, §B.10). */

import { withoutState } from "../absent.ts";
import { absentWork, impossible, PART, tombstone } from "../branch.ts";
import { didOf } from "../heuristic.ts";
import type { Env, Input } from "../machine.ts";
import { unreachable } from "../machine.ts";
import type { Message, SiteState } from "../message.ts";
import type { Absence, Decision, NodeId, TransactionId } from "../transaction.ts";
import { acknowledgement, ASKED, CANCELLED, init, no, type ParticipantStep, second } from "./participant-state.ts";
import { report } from "./termination.ts";

export function absent(env: Env, id: TransactionId, absence: Absence, input: Input): ParticipantStep {
  return input.kind === "message" ? absentMessage(env, id, absence, input.from, input.body) : withoutState(input);
}

function absentMessage(env: Env, id: TransactionId, absence: Absence, from: NodeId, body: Message): ParticipantStep {
  switch (body.kind) {
    case "work":
      return absentWork(env, init(env, id), absence, from, body);
    case "prepare":
    case "last-work":
      return absentPrepare(absence, from);
    case "decision":
      return absentDecision(absence, from, body.decision);
    case "state-request":
    case "precommit":
    case "preabort":
      return absentState(absence, from, body);
    case "forget":
      return { state: null, ignored: "nothing-to-do" };
    case "ack":
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

/** There is no branch to prepare, whatever the request holds: one-shot mode is off (§B.1). */
function absentPrepare(absence: Absence, from: NodeId): ParticipantStep {
  if (absence.kind === "fresh") return { state: null, sends: [no(from, "BRANCH_LOST", PART)] };
  if (absence.kind !== "closed" || absence.closed.outcome !== "aborted")
    return { state: null, ignored: "late-prepare" };
  const { reason, detail } = absence.closed;
  return { state: null, sends: [no(from, reason ?? "VOTED_NO", detail)] };
}

function absentDecision(absence: Absence, from: NodeId, decision: Decision): ParticipantStep {
  const acknowledged: ParticipantStep = { state: null, sends: [acknowledgement(from, decision)] };
  switch (absence.kind) {
    case "closed": {
      const { outcome, detail } = absence.closed;
      // A person ended it and has looked after it; the decision still wants its answer.
      if (outcome === "heuristic")
        return didOf(detail) === (decision === "commit" ? "committed" : "rolled back")
          ? acknowledged
          : { state: null, sends: [acknowledgement(from, decision, detail)] };
      const known = absence.closed.outcome === "aborted" ? "abort" : "commit";
      return known === decision ? acknowledged : { state: null, effects: [second(from, decision, known)] };
    }
    // Every site has acknowledged, this one too (§B.10).
    case "forgotten":
      return acknowledged;
    case "fresh":
      if (decision === "abort")
        return { ...acknowledged, closed: { outcome: tombstone("CANCELLED", CANCELLED), force: true } };
      // Voted yes, and the log knows nothing: the log lost its memory. An acknowledgement would hide it.
      return { state: null, effects: [impossible(from, { kind: "decision", decision })] };
    case "lost":
    case "foreign":
      return { state: null, effects: [impossible(from, { kind: "decision", decision })] };
    default:
      return unreachable(absence);
  }
}

function absentState(
  absence: Absence,
  from: NodeId,
  body: Message & { kind: "state-request" | "precommit" | "preabort" },
): ParticipantStep {
  // What a person ended and forgot is no site any more: what was decided it may not know, and promised it has.
  if (absence.kind === "closed" && absence.closed.outcome === "heuristic")
    return { state: null, sends: [report(from, body, "unknown")] };
  if (absence.kind === "closed") {
    const state: SiteState = absence.closed.outcome === "aborted" ? "aborted" : "committed";
    return { state: null, sends: [report(from, body, state)] };
  }
  if (absence.kind !== "fresh") return { state: null, sends: [report(from, body, "unknown")] };
  // Nobody precommits before every YES.
  if (body.kind === "precommit") return { state: null, effects: [impossible(from, body)] };
  // Never seen here, so no YES was sent: aborted, durably, before it is told (§B.3).
  return {
    state: null,
    closed: { outcome: tombstone("TIMEOUT", ASKED), force: true },
    sends: [report(from, body, "aborted")],
  };
}
