/** What a participant answers about an id that it has no state of (protocols §A.4): work is never started from a late copy. */

import { withoutState } from "../absent.ts";
import { absentWork, impossible, NOTHING, PART, tombstone, workFailed } from "../branch.ts";
import type { Env, Input, Send } from "../machine.ts";
import { unreachable } from "../machine.ts";
import type { Message } from "../message.ts";
import type { AbortReason, Absence, Decision, NodeId } from "../transaction.ts";
import { absentPeerRequest } from "./cooperation.ts";
import { didOf } from "../heuristic.ts";
import {
  acknowledgement,
  fence,
  type ParticipantStep,
  secondDecision,
  type State,
  toResource,
  UNASKED,
} from "./participant-state.ts";
import type { Presumption } from "./presumption.ts";

/** @param opened the branch that a first message opens */
export function absent(rules: Presumption, env: Env, opened: State, absence: Absence, input: Input): ParticipantStep {
  return input.kind === "message" ? absentMessage(rules, env, opened, absence, input) : withoutState(input);
}

function absentMessage(
  rules: Presumption,
  env: Env,
  blank: State,
  absence: Absence,
  { from, body, expired }: Input & { kind: "message" },
): ParticipantStep {
  const opened = { ...blank, firstLife: absence.kind === "fresh" && absence.sinceStart === true };
  switch (body.kind) {
    case "work":
      if (rules.needsSharedLog && !env.sharesLog) {
        const detail = `${rules.protocol} needs a resource whose redo lies in the participant's own journal`;
        return { state: null, sends: [workFailed(from, body.token, body.item, detail, "RESOURCE_FAILED")] };
      }
      return absentWork(env, opened, absence, from, body);
    case "prepare":
      return absentPrepare(rules, opened, absence, from, body, expired);
    case "last-work":
      if (!rules.unsolicited) return { state: null, sends: [no(from, "BRANCH_LOST", UNASKED)] };
      return absentPrepare(rules, opened, absence, from, body, expired);
    case "commit-one-phase":
      return absentOnePhase(opened, absence, from, body, expired);
    case "resolve-one-phase":
      return outcomeRow(absence, from) ?? fence(from, "TIMEOUT", "given up before the request arrived", false);
    case "decision":
      return body.decision === "commit" ? absentCommit(rules, absence, from) : absentAbort(rules, env, absence, from);
    case "decision-request":
      return absentPeerRequest(env, absence, from);
    case "decision-reply":
      return { state: null, ignored: "late-decision" };
    case "pending":
      return { state: null, ignored: "decision-pending" };
    case "not-mine":
      return { state: null, ignored: "not-mine-answer" };
    case "forget":
      return { state: null, ignored: "nothing-to-do" };
    default:
      return { state: null, effects: [impossible(from, body)] };
  }
}

function no(to: NodeId, reason: AbortReason, detail: string): Send {
  return { to, body: { kind: "vote", vote: "no", reason, detail } };
}

function absentPrepare(
  rules: Presumption,
  opened: State,
  absence: Absence,
  from: NodeId,
  body: Message & { kind: "prepare" | "last-work" },
  expired: boolean,
): ParticipantStep {
  switch (absence.kind) {
    case "closed":
      if (absence.closed.outcome === "aborted")
        return { state: null, sends: [no(from, absence.closed.reason ?? "VOTED_NO", absence.closed.detail)] };
      if (absence.closed.outcome === "read-only")
        return {
          state: null,
          sends: [{ to: from, body: { kind: "vote", vote: "read-only", result: absence.closed.result ?? NOTHING } }],
        };
      return { state: null, ignored: "late-prepare" };
    case "fresh": {
      if (!rules.oneShot || body.work === null || body.token !== null)
        return { state: null, sends: [no(from, "BRANCH_LOST", PART)] };
      const next: State = { ...opened, token: null, coordinator: from, participants: body.participants };
      // Its work comes with the request, as that of the other branches does: none knows when all of it is done.
      const holds = body.kind === "prepare" && body.participants.length > 1;
      if (!expired) return toResource(next, body.work, holds);
      const late = "the request arrived after its deadline";
      const participants = opened.firstLife ? body.participants : [];
      return {
        state: null,
        closed: { outcome: tombstone("TIMEOUT", late, participants), force: true },
        sends: [no(from, "TIMEOUT", late)],
      };
    }
    case "forgotten":
    case "lost":
    case "foreign":
      return { state: null, ignored: "late-prepare" };
    default:
      return unreachable(absence);
  }
}

function absentOnePhase(
  opened: State,
  absence: Absence,
  from: NodeId,
  body: Message & { kind: "commit-one-phase" },
  expired: boolean,
): ParticipantStep {
  const known = outcomeRow(absence, from);
  if (known !== null) return known;
  if (body.work === null || body.token !== null) return fence(from, "BRANCH_LOST", PART, false);
  if (expired) return fence(from, "TIMEOUT", "the request arrived after its deadline", false);
  return toResource({ ...opened, token: null, coordinator: from, onePhase: true }, body.work);
}

/** The answer that the outcome row gives; null where there is none and there may be one. */
function outcomeRow(absence: Absence, to: NodeId): ParticipantStep | null {
  if (absence.kind === "fresh") return null;
  if (absence.kind !== "closed") return { state: null, ignored: "late-prepare" };
  const { outcome, reason, detail, result } = absence.closed;
  const body: Message =
    outcome === "aborted"
      ? { kind: "one-phase-result", outcome: "aborted", reason: reason ?? "VOTED_NO", detail }
      : { kind: "one-phase-result", outcome: "committed", result: result ?? NOTHING };
  return { state: null, sends: [{ to, body }] };
}

function absentAbort(rules: Presumption, env: Env, absence: Absence, from: NodeId): ParticipantStep {
  const { acknowledged, forcesTombstone } = rules;
  const sends = acknowledged.abort ? [acknowledgement(from, "abort", null)] : [];
  const again: ParticipantStep = acknowledged.abort
    ? { state: null, sends }
    : { state: null, ignored: "late-decision" };
  switch (absence.kind) {
    case "fresh": {
      // It may have overtaken its PREPARE: the tombstone meets the late copy (§0.3).
      const participants = absence.sinceStart === true ? [env.self] : [];
      const outcome = tombstone("CANCELLED", "the coordinator aborted", participants);
      return { state: null, closed: { outcome, force: forcesTombstone.unknown }, sends };
    }
    case "closed": {
      const { outcome, detail } = absence.closed;
      if (outcome === "committed") return { state: null, effects: [secondDecision(`${from} sent abort after commit`)] };
      if (outcome === "heuristic") return afterHeuristic(rules, from, "abort", detail);
      // A reader that a coordinator's recovery aborts with the others: as if nothing were known of it (§A.2).
      if (outcome === "read-only" && forcesTombstone.active)
        return {
          state: null,
          closed: { outcome: tombstone("CANCELLED", "the coordinator aborted"), force: true },
          sends,
        };
      return again;
    }
    case "forgotten":
      return again;
    case "lost":
    case "foreign":
      return { state: null, ignored: "late-decision" };
    default:
      return unreachable(absence);
  }
}

function absentCommit(rules: Presumption, absence: Absence, from: NodeId): ParticipantStep {
  const again: ParticipantStep = rules.acknowledged.commit
    ? { state: null, sends: [acknowledgement(from, "commit", null)] }
    : { state: null, ignored: "late-decision" };
  switch (absence.kind) {
    case "forgotten":
      return again;
    case "closed": {
      const { outcome, detail } = absence.closed;
      if (outcome === "committed") return again;
      if (outcome === "heuristic") return afterHeuristic(rules, from, "commit", detail);
      return { state: null, effects: [secondDecision(`${from} sent commit to a branch that is ${outcome}`)] };
    }
    case "fresh":
    case "lost":
    case "foreign":
      // Voted yes, and the log knows nothing: the log lost its memory. An acknowledgement would hide it.
      return { state: null, effects: [impossible(from, { kind: "decision", decision: "commit" })] };
    default:
      return unreachable(absence);
  }
}

/** The damage was looked after here, and the coordinator still has to hear of it. */
function afterHeuristic(rules: Presumption, from: NodeId, decision: Decision, report: string): ParticipantStep {
  const followed = didOf(report) === (decision === "commit" ? "committed" : "rolled back");
  if (!followed) return { state: null, sends: [acknowledgement(from, decision, report)] };
  if (rules.acknowledged[decision]) return { state: null, sends: [acknowledgement(from, decision, null)] };
  return { state: null, ignored: "late-decision" };
}
