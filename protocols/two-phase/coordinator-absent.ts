/**
 * What a coordinator answers about an id that it has no state of: the presumption, for prepared participants
 * only; FORGOTTEN, for clients; and reports of damage that come after it has forgotten.
 */

import { answerFor } from "../answer.ts";
import type { Input, ReplyId } from "../machine.ts";
import { unreachable } from "../machine.ts";
import type { Message } from "../message.ts";
import type { Absence, Decision, NodeId } from "../transaction.ts";
import type { CoordinatorStep } from "./coordinator-state.ts";
import { lookedAfter, reported } from "../heuristic-coordinator.ts";
import type { Presumption } from "./presumption.ts";

export function absent(rules: Presumption, absence: Absence, input: Input): CoordinatorStep {
  switch (input.kind) {
    case "start":
      return input.reply === null ? { state: null, ignored: "already-decided" } : answered(input.reply, absence);
    case "ask":
      return answered(input.reply, absence);
    case "operator":
      if (input.act === "acknowledge") return acknowledge(absence, input.reply);
      return input.reply === null ? { state: null, ignored: "already-decided" } : answered(input.reply, absence);
    case "message":
      return absentMessage(rules, absence, input.from, input.body);
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

function absentMessage(rules: Presumption, absence: Absence, from: NodeId, body: Message): CoordinatorStep {
  switch (body.kind) {
    case "inquire":
      if (absence.kind === "foreign") return { state: null, sends: [{ to: from, body: { kind: "not-mine" } }] };
      return told(rules, absence, from, body);
    case "vote":
      // Presumed commit answers only who asks: a YES that comes late proves nothing (§A.2 d).
      if (body.vote !== "yes" || absence.kind === "foreign" || rules.silence === "commit")
        return { state: null, ignored: "late-vote" };
      return told(rules, absence, from, body);
    case "ack":
      return body.heuristic === null
        ? { state: null, ignored: "late-acknowledgement" }
        : reported(absence, { from, text: body.heuristic }, body.decision);
    case "one-phase-result":
      return { state: null, ignored: "late-one-phase-result" };
    default:
      return { state: null, effects: [impossible(from, body)] };
  }
}

/** What the row says; where there is none, what its silence means (§A.5). The log is proven complete. */
function told(rules: Presumption, absence: Absence, from: NodeId, body: Message): CoordinatorStep {
  const decision = decisionFor(rules, absence, from);
  if (decision === null) return { state: null, effects: [impossible(from, body)] };
  return { state: null, sends: [{ to: from, body: { kind: "decision", decision } }] };
}

function decisionFor(rules: Presumption, absence: Absence, from: NodeId): Decision | null {
  switch (absence.kind) {
    case "closed": {
      const { outcome, reason, participants } = absence.closed;
      const commits = outcome !== "aborted" && reason === null && participants.includes(from);
      return commits ? "commit" : "abort";
    }
    case "fresh":
      // Never issued, and somebody has prepared it: this log is not the one that issued it.
      return rules.silence === "abort" ? "abort" : null;
    case "lost":
    case "forgotten":
      return rules.silence;
    case "foreign":
      return null;
    default:
      return unreachable(absence);
  }
}

/** A person has looked after the damage. */
function acknowledge(absence: Absence, reply: ReplyId | null): CoordinatorStep {
  const told = reply === null ? [] : (answered(reply, absence).effects ?? []);
  if (absence.kind === "closed") return lookedAfter(absence.closed, told);
  return reply === null ? { state: null, ignored: "nothing-to-do" } : { state: null, effects: told };
}

function answered(to: ReplyId, absence: Absence): CoordinatorStep {
  return { state: null, effects: [{ kind: "reply", to, answer: answerFor(absence) }] };
}

function impossible(from: NodeId, body: Message): { kind: "alarm"; alarm: "impossible-message"; detail: string } {
  return { kind: "alarm", alarm: "impossible-message", detail: `${from} sent ${body.kind} to a coordinator` };
}
