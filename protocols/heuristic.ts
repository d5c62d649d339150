/**
 * Heuristic decisions (protocols §A.10): what a branch says that went against the decision, what that makes of
 * the transaction, and how both are kept in words that people and this file read.
 */

import type { AbortReason, Closed, Decision, NodeId } from "./transaction.ts";

/** mixed: a part of the branch each way. unknown: it can't tell. Neither can come from an embedded resource. */
export type Did = "committed" | "rolled back" | "mixed" | "unknown";

/** What a branch did on its own, and why. */
export interface Report {
  readonly from: NodeId;
  /** The text of its acknowledgement. */
  readonly text: string;
}

export type Classification = "HEURISTIC_ROLLBACK" | "HEURISTIC_COMMIT" | "HEURISTIC_MIXED" | "HEURISTIC_HAZARD";

const dids: readonly Did[] = ["committed", "rolled back", "mixed", "unknown"];

/** The text of an acknowledgement, and of the branch's outcome row. */
export function reportText(did: Did, reason: string): string {
  return `${did}: ${oneLine(reason)}`;
}

export function didOf(text: string): Did {
  return dids.find((did) => text.startsWith(`${did}: `)) ?? "unknown";
}

/**
 * Aggregates over branches: a known opposite pair is MIXED; all updating branches against the decision are
 * ROLLBACK or COMMIT; something unknown where nothing known conflicts is HAZARD.
 *
 * @param members the updating branches; none: not known any more
 * @param reports of branches that did not follow the decision
 */
export function classify(decision: Decision, members: readonly NodeId[], reports: readonly Report[]): Classification {
  const known = reports.map(({ text }) => didOf(text)).filter((did) => did !== "unknown");
  if (known.length === 0 || members.length === 0) return "HEURISTIC_HAZARD";
  const against = decision === "commit" ? "rolled back" : "committed";
  const all = members.every((node) => reports.some(({ from, text }) => from === node && didOf(text) === against));
  if (!all) return "HEURISTIC_MIXED";
  return decision === "commit" ? "HEURISTIC_ROLLBACK" : "HEURISTIC_COMMIT";
}

/** The outcome row of a transaction that branches went against: kept until a person has acknowledged it. */
export function heuristicRow(
  decided: { readonly decision: Decision; readonly reason: AbortReason | null; readonly detail: string },
  members: readonly NodeId[],
  reports: readonly Report[],
): Closed {
  const { decision, reason, detail } = decided;
  const why = reason === null ? "" : ` (${reason}${detail === "" ? "" : `, ${oneLine(detail)}`})`;
  const head = `${classify(decision, members, reports)}: ${decision} was decided${why}`;
  const said = reports.map(({ from, text }) => `${from} ${text}`);
  return {
    outcome: "heuristic",
    reason: decision === "commit" ? null : (reason ?? "PRESUMED"),
    detail: [head, ...said].join(SEPARATOR),
    result: null,
    participants: members,
    until: "acknowledged",
  };
}

/** The row with one more report; null where that branch was heard of already. */
export function withReport(closed: Closed, decision: Decision, report: Report): Closed | null {
  const { reason, detail, participants } = closed;
  if (closed.outcome !== "heuristic") return heuristicRow({ decision, reason, detail }, participants, [report]);
  const head = headOf(closed);
  const reports = reportsOf(closed);
  if (reports.some(({ from }) => from === report.from)) return null;
  const said = [...reports, report];
  const kind = classify(decision, participants, said);
  const words = [`${kind}${head.slice(head.indexOf(": "))}`, ...said.map(({ from, text }) => `${from} ${text}`)];
  return { ...closed, detail: words.join(SEPARATOR), until: "acknowledged" };
}

/** What was decided, in a row that is not the coordinator's own word (`forcedRow`): a row of damage has a reason where it was to abort. */
export function decisionOfRow({ outcome, reason }: Closed): Decision {
  return outcome === "aborted" || reason !== null ? "abort" : "commit";
}

/**
 * The row of a coordinator that a person made answer its client though nobody can decide any more (§0.4): what became
 * of the branches is not known here.
 */
export function forcedRow(decision: Decision, words: string, participants: readonly NodeId[]): Closed {
  return {
    outcome: "heuristic",
    reason: decision === "commit" ? null : "CANCELLED",
    detail: `${BY_HAND}${decision} was said by hand, and nobody knows what the sites decide (${oneLine(words)})`,
    result: null,
    participants,
    until: "acknowledged",
  };
}

/** Whether nothing was decided when the row was written, as far as its coordinator knew. */
export function isForced({ outcome, detail }: Closed): boolean {
  return outcome === "heuristic" && detail.startsWith(BY_HAND);
}

/** The branches that a row says went against the decision. */
export function reportersOf(closed: Closed): NodeId[] {
  return reportsOf(closed).map(({ from }) => from);
}

function headOf({ detail }: Closed): string {
  return detail.split(SEPARATOR, 1)[0] ?? "";
}

function reportsOf({ detail }: Closed): Report[] {
  const [, ...said] = detail.split(SEPARATOR);
  return said.map((each) => {
    const at = each.indexOf(" ");
    return { from: each.slice(0, at), text: each.slice(at + 1) };
  });
}

const SEPARATOR = "; ";
const BY_HAND = "HEURISTIC_HAZARD by hand: ";

/** People write reasons; what they write can't pass for the parts around it. */
function oneLine(text: string): string {
  return text.replaceAll(/[;\s]+/gu, " ").trim();
}
