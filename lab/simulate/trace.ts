/**
 * A run as text, in the manner of protocols §I: one event a line, `*` on forced writes, messages numbered in
 * the order in which they were sent.
 */

import type {
  Answer,
  Ballot,
  Closed,
  Election,
  LogRecord,
  Message,
  NodeId,
  Proposal,
  Step,
  TransactionId,
} from "../../protocols/index.ts";
import type { Entry, Envelope } from "../../runtime/engine/index.ts";
import type { Row } from "./disk.ts";
import type { Probe } from "./probe.ts";
import { text } from "./work.ts";
import type { Plan } from "./plan.ts";

export class Trace implements Probe {
  nowMs: () => number = () => 0;
  private readonly lines: string[] = [];
  private readonly names = new Map<TransactionId, string>();
  private readonly forced = new WeakSet<LogRecord | Closed>();
  private readonly shown = new WeakSet<Entry>();
  private readonly limit: number;

  /** With a limit, only the last lines are kept. */
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.limit = limit;
  }

  get text(): string {
    return `${this.lines.join("\n")}\n`;
  }

  begun({ id, mode, work }: Plan): void {
    const parts = [...work].map(([node, items]) => `${node} "${items.join("; ")}"`);
    const how = mode === "at once" ? "submit" : "begin";
    this.line("client", `${how} ${this.name(id)}: ${parts.join(", ")}`);
  }

  sent(from: NodeId, to: NodeId, { transaction, body }: Envelope, number: number): void {
    this.line(from, `[${number}] ${this.name(transaction)} ${messageText(body)} → ${to}`);
  }

  lost(_from: NodeId, to: NodeId, _envelope: Envelope, number: number, why: string): void {
    this.line(to, why === "lost" ? `[${number}] is lost` : `[${number}] is lost: ${why}`);
  }

  stepped(_node: NodeId, _id: TransactionId, step: Step<unknown, LogRecord>): void {
    for (const { record, force } of step.records ?? []) if (force) this.forced.add(record);
    if (step.closed?.force === true) this.forced.add(step.closed.outcome);
  }

  /** A link that comes or goes where it matters to nobody is not worth a line. */
  ignored(node: NodeId, id: TransactionId, why: string): void {
    if (why === "nothing-to-do") return;
    this.line(node, `${this.name(id)} ignored: ${why}`);
  }

  wrote(node: NodeId, row: Row): void {
    this.entries(node, row.entries, true);
  }

  appended(node: NodeId, entries: readonly Entry[]): void {
    this.entries(node, entries, false);
  }

  answered(id: TransactionId, answer: Answer, to: "begin" | "retry" | "status"): void {
    this.line("client", `${this.name(id)} ${to === "begin" ? "" : `(${to}) `}is told ${answerText(answer)}`);
  }

  alarm(node: NodeId, id: TransactionId, alarm: string, detail: string): void {
    this.line(node, `${this.name(id)} ALARM ${alarm}: ${this.named(detail)}`);
  }

  crashed(node: NodeId): void {
    this.line(node, "CRASH");
  }

  started(node: NodeId): void {
    if (this.nowMs() > 0) this.line(node, "START");
  }

  violated(rule: string, what: string): void {
    this.line("judge", `${rule}: ${this.named(what)}`);
  }

  note(text: string): void {
    this.line("-", this.named(text));
  }

  /** Each record once: with its star at the forced write; without one where it waits in memory, or is written since something was applied. */
  private entries(node: NodeId, entries: readonly Entry[], written: boolean): void {
    for (const entry of entries) {
      if (entry.kind !== "record" && entry.kind !== "closed") continue;
      const forced = this.forced.has(entry.kind === "record" ? entry.record : entry.outcome);
      if ((forced && !written) || this.shown.has(entry)) continue;
      this.shown.add(entry);
      const what = entry.kind === "record" ? recordText(entry.record) : closedText(entry.outcome);
      this.line(node, `${this.name(entry.transaction)} ${what}${forced ? "*" : ""}`);
    }
  }

  private line(who: string, what: string): void {
    this.lines.push(`${String(Math.round(this.nowMs())).padStart(6)}  ${who.padEnd(6)}  ${what}`);
    if (this.lines.length > this.limit) this.lines.shift();
  }

  private name(id: TransactionId): string {
    const known = this.names.get(id);
    if (known !== undefined) return known;
    const name = `T${this.names.size + 1}`;
    this.names.set(id, name);
    return name;
  }

  private named(what: string): string {
    return what.replaceAll(/C\.[0-9a-z]{4}\.[0-9a-z]{8}/gu, (id) => this.name(id));
  }
}

function recordText(record: LogRecord): string {
  switch (record.kind) {
    case "commit":
      return `commit(${record.participants.join(", ")})`;
    case "collecting":
      return `collecting(${record.participants.join(", ")})`;
    case "abort":
      return `abort(${record.participants.join(", ")})`;
    case "heuristic":
      return `heuristic(${record.did}, ${record.reason})`;
    case "told":
      return `told(${record.decision})`;
    case "one-phase":
      return `one-phase(${record.participant})`;
    case "promise":
      return `promise(${ballotText(record.ballot)})`;
    case "accept":
      return `accept(${ballotText(record.ballot)}: ${proposalsText(record.membership === null ? "*" : record.proposals)})`;
    case "precommit":
    case "preabort":
    case "elected":
      return `${record.kind}(${electionText(record.election)})`;
    case "decided":
      return record.reason === null ? `decided(${record.decision})` : `decided(${record.decision} ${record.reason})`;
    default:
      return record.kind;
  }
}

function electionText({ round, node }: Election): string {
  return round === 0 ? "0" : `${round}.${node}`;
}

function closedText({ outcome, reason }: Closed): string {
  return reason === null ? `end(${outcome})` : `end(${outcome} ${reason})`;
}

function answerText(answer: Answer): string {
  switch (answer.outcome) {
    case "committed": {
      const results = [...answer.results].map(([node, result]) => ` ${node}: ${text(result)}`);
      return `${answer.heuristic ? "heuristic" : "committed"}${results.join("")}`;
    }
    case "aborted":
      return `aborted ${answer.reason}${answer.participant === null ? "" : ` by ${answer.participant}`}`;
    case "pending":
      return `pending (${answer.state})${answer.waitingFor === undefined ? "" : `: ${answer.waitingFor}`}`;
    default:
      return answer.outcome;
  }
}

function ballotText({ counter, node }: Ballot): string {
  return counter === 0 ? "0" : `${counter} of ${node}`;
}

function proposalsText(proposals: readonly Proposal[] | "*"): string {
  if (proposals === "*") return "* aborted";
  return proposals.map(({ participant, value }) => `${participant} ${value}`).join(", ");
}

function messageText(body: Message): string {
  switch (body.kind) {
    case "work":
      return `WORK ${body.item}${body.token === null ? "" : ` ${body.token.incarnation}.${body.token.number}`} "${text(body.work)}"`;
    case "worked":
      return `WORKED ${body.item} ${body.token.incarnation}.${body.token.number}`;
    case "work-failed":
      return `WORK_FAILED ${body.item} ${body.reason}`;
    case "prepare":
    case "paxos-prepare":
    case "last-work":
    case "paxos-last-work":
    case "commit-one-phase": {
      const name = {
        prepare: "PREPARE",
        "paxos-prepare": "PREPARE",
        "last-work": "LAST_WORK",
        "paxos-last-work": "LAST_WORK",
        "commit-one-phase": "COMMIT_1P",
      }[body.kind];
      return body.token === null ? name : `${name} ${body.token.incarnation}.${body.token.number} ×${body.workCount}`;
    }
    case "vote":
      return body.vote === "no" ? `NO ${body.reason}` : body.vote === "yes" ? "YES" : "READ_ONLY";
    case "decision":
      return body.decision.toUpperCase();
    case "ack":
      return body.heuristic === null ? "ACK" : `ACK, but ${body.heuristic}`;
    case "decision-request":
      return "DECISION_REQ";
    case "decision-reply":
      return `DECISION_REP ${body.answer.toUpperCase()}`;
    case "resolve-one-phase":
      return "RESOLVE_1P";
    case "one-phase-result":
      return `RESULT_1P ${body.outcome}`;
    case "phase-1a":
      return `1A(${ballotText(body.ballot)})`;
    case "phase-1b": {
      const star = body.star === null ? [] : [`* aborted in ${ballotText(body.star)}`];
      const casts = body.casts.map(
        ({ participant, value, ballot }) => `${participant} ${value} in ${ballotText(ballot)}`,
      );
      return `1B(${ballotText(body.ballot)}: ${[...casts, ...star].join(", ") || "nothing"})`;
    }
    case "phase-2a":
      return `2A(${ballotText(body.ballot)}: ${proposalsText(body.membership === null ? "*" : body.proposals)})${body.begins ? " + BEGIN_COMMIT" : ""}`;
    case "phase-2b":
      return `2B(${ballotText(body.ballot)}: ${proposalsText(body.membership === null ? "*" : body.accepted)})`;
    case "nack":
      return `NACK(${ballotText(body.ballot)})`;
    case "close":
      return `CLOSE(${body.decision})`;
    case "forgotten":
      return `FORGOTTEN${body.decision === null ? "" : `(${body.decision})`}`;
    case "precommit":
    case "preabort":
    case "state-request":
      return `${body.kind.toUpperCase().replace("-", "_")} ${electionText(body.election)}`;
    case "attempt-ack":
      return `ACK ${electionText(body.election)}`;
    case "refused":
      return `NACK follows ${electionText(body.elected)}`;
    case "state-report": {
      const { state, attempt, restarted } = body;
      const of = attempt.round > 0 ? ` of ${electionText(attempt)}` : "";
      return `STATE ${electionText(body.election)}: ${state}${of}${restarted ? ", restarted" : ""}`;
    }
    default:
      return body.kind.toUpperCase().replace("-", "_");
  }
}
