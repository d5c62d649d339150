/** A message for a branch that has no state: what is over answers by its row, and no late copy starts work. */

import { withoutState } from "../absent.ts";
import { absentWork, impossible, PART, tombstone } from "../branch.ts";
import type { Env, Input } from "../machine.ts";
import { unreachable } from "../machine.ts";
import type { Message } from "../message.ts";
import type { Absence, Closed, Decision, NodeId, TransactionId } from "../transaction.ts";
import {
  acknowledgement,
  init,
  joined,
  refuse,
  secondDecision,
  toResource,
  type ParticipantStep,
} from "./participant-state.ts";

type Prepare = Message & { kind: "paxos-prepare" | "paxos-last-work" };

/** No state for this id: work is never started from a late copy. */
export function absent(env: Env, id: TransactionId, absence: Absence, input: Input): ParticipantStep {
  return input.kind === "message"
    ? absentMessage(env, id, absence, input.from, input.body, input.expired)
    : withoutState(input);
}

function absentMessage(
  env: Env,
  id: TransactionId,
  absence: Absence,
  from: NodeId,
  body: Message,
  expired: boolean,
): ParticipantStep {
  switch (body.kind) {
    case "work":
      return absentWork(env, init(env, id), absence, from, body);
    case "paxos-prepare":
    case "paxos-last-work":
      return absentPrepare(env, id, absence, from, body, expired);
    case "decision":
      return absentDecision(absence, from, body.decision);
    case "phase-2b":
      return { state: null, ignored: "late-acceptance" };
    case "nack":
      return { state: null, ignored: "outbid" };
    case "forgotten":
      return { state: null, ignored: "late-decision" };
    case "pending":
      return { state: null, ignored: "decision-pending" };
    case "forget":
      return { state: null, ignored: "nothing-to-do" };
    default:
      return { state: null, effects: [impossible(from, body)] };
  }
}

function absentPrepare(
  env: Env,
  id: TransactionId,
  absence: Absence,
  from: NodeId,
  body: Prepare,
  expired: boolean,
): ParticipantStep {
  switch (absence.kind) {
    case "closed":
      return answeredByRow(absence.closed, from);
    case "fresh": {
      const next = joined({ ...init(env, id), token: null, begins: body.kind === "paxos-last-work" }, body.membership);
      if (body.work === null || body.token !== null) return refuse(env, next, "BRANCH_LOST", PART, false);
      // Its work comes with the request, as that of the other branches does: none knows when all of it is done.
      const holds = body.kind === "paxos-prepare" && next.participants.length > 1;
      if (!expired) return toResource(next, body.work, holds);
      // The leader has given up by now, and finishes this instance itself: nothing is proposed (§C.3).
      const late = "the request arrived after its deadline";
      return { state: null, closed: { outcome: tombstone("TIMEOUT", late, next.participants), force: true } };
    }
    case "forgotten":
    case "lost":
    case "foreign":
      return { state: null, ignored: "late-prepare" };
    default:
      return unreachable(absence);
  }
}

/** The row is the outcome: nothing is proposed any more (§C.3). */
function answeredByRow({ outcome }: Closed, to: NodeId): ParticipantStep {
  switch (outcome) {
    case "committed":
    case "aborted":
      return { state: null, sends: [acknowledgement(to, outcome === "committed" ? "commit" : "abort", null)] };
    case "heuristic":
    case "read-only":
      return { state: null, ignored: "late-prepare" };
    default:
      return unreachable(outcome);
  }
}

function absentDecision(absence: Absence, from: NodeId, decision: Decision): ParticipantStep {
  const acknowledged: ParticipantStep = { state: null, sends: [acknowledgement(from, decision, null)] };
  switch (absence.kind) {
    case "forgotten":
      return acknowledged;
    case "closed": {
      const { outcome, detail } = absence.closed;
      if (outcome === "heuristic") return { state: null, sends: [acknowledgement(from, decision, detail)] };
      if ((outcome === "committed") === (decision === "commit")) return acknowledged;
      return {
        state: null,
        effects: [secondDecision(`${from} sent ${decision} to a branch that is ${outcome}`)],
      };
    }
    case "fresh":
      // It may have overtaken its Prepare: the tombstone meets the late copy (§0.3).
      if (decision === "abort")
        return {
          state: null,
          closed: { outcome: tombstone("CANCELLED", "the transaction was aborted"), force: true },
          sends: [acknowledgement(from, "abort", null)],
        };
      return { state: null, effects: [impossible(from, { kind: "decision", decision })] };
    case "lost":
    case "foreign":
      return { state: null, effects: [impossible(from, { kind: "decision", decision })] };
    default:
      return unreachable(absence);
  }
}
