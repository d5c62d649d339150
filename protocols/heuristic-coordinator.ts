/** What a coordinator keeps of damage after it has forgotten the transaction, the same under every protocol (protocols §A.10). */

import { heuristicRow, reportersOf, withReport, type Report } from "./heuristic.ts";
import type { Effect, Step } from "./machine.ts";
import type { Absence, Closed, Decision } from "./transaction.ts";

type AbsentStep = Step<never, never>;

/** A branch went against a decision that is forgotten here: an alarm, and a row that stays until somebody has seen to it. */
export function reported(absence: Absence, report: Report, decision: Decision): AbsentStep {
  if (absence.kind === "foreign" || absence.kind === "fresh") return { state: null, ignored: "late-acknowledgement" };
  // Whoever is no branch of it can't keep a row from going.
  const members = absence.kind === "closed" ? absence.closed.participants : [];
  if (members.length > 0 && !members.includes(report.from)) return { state: null, ignored: "no-such-branch" };
  const row =
    absence.kind === "closed"
      ? withReport(absence.closed, decision, report)
      : heuristicRow({ decision, reason: null, detail: "" }, [], [report]);
  // Heard of, and perhaps looked after since: then the branch has missed that.
  if (row === null)
    return absence.kind === "closed" && absence.closed.until === "retention"
      ? { state: null, sends: [{ to: report.from, body: { kind: "forget" } }] }
      : { state: null, ignored: "late-acknowledgement" };
  return {
    state: null,
    closed: { outcome: row, force: true },
    effects: [{ kind: "alarm", alarm: "heuristic", detail: `${report.from} ${report.text}` }],
  };
}

/**
 * A person has looked after the damage: from here on the row may go, and so may those of the branches.
 *
 * @param told what the person hears
 */
export function lookedAfter(closed: Closed, told: readonly Effect[]): AbsentStep {
  if (closed.outcome !== "heuristic" || closed.until !== "acknowledged")
    return told.length === 0 ? { state: null, ignored: "nothing-to-do" } : { state: null, effects: told };
  const { participants } = closed;
  // The coordinator itself may be named, where a person made it answer.
  const branches = reportersOf(closed).filter((node) => participants.length === 0 || participants.includes(node));
  return {
    state: null,
    closed: { outcome: { ...closed, until: "retention" }, force: true },
    sends: branches.map((to) => ({ to, body: { kind: "forget" } })),
    effects: told,
  };
}
