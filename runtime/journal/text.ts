/** A journal's description as text that people read and search: one line an entry. */

import type { Ballot, Membership } from "../../protocols/index.ts";
import type { Entry } from "../engine/index.ts";
import type { Json, JournalDescription } from "./inspect.ts";
import type { Witnessed } from "./witness.ts";

/** Lines, with a line feed at the end of each. */
export function journalText(journal: JournalDescription): string {
  const { file, rows, openTransactions, damages } = journal;
  const lines = [
    `journal  ${file}`,
    `of       ${known(journal.role)} ${known(journal.node)}, cluster ${known(journal.cluster)}`,
    `log      ${known(journal.log)}, incarnation ${known(journal.incarnation)}, format ${known(journal.format)}, made ${known(journal.created)}`,
    rows.length === 0
      ? "rows     none"
      : `rows     ${known(journal.firstSequence)} to ${known(journal.lastSequence)}, ${journal.bytes} bytes`,
    `witness  ${witnessText(journal.witness)}`,
    "",
    ...rows.flatMap(({ sequence, entries }) =>
      entries.map((entry) => `${String(sequence).padStart(8)}  ${entryText(entry)}`),
    ),
    ...(rows.length === 0 ? [] : [""]),
    `open     ${openTransactions.length === 0 ? "none" : openTransactions.length}`,
    ...openTransactions.map(
      ({ transaction, protocol, records, sequence }) =>
        `         ${transaction} ${protocol} ${records.join(", ")}, since row ${sequence}`,
    ),
    `damages  ${damages.length === 0 ? "none" : damages.length}`,
    ...damages.map(({ reason, message }) => `         ${reason}: ${message}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** One line. */
export function entryText(entry: Json<Entry>): string {
  switch (entry.kind) {
    case "record":
      return `${entry.transaction}  ${entry.protocol}  ${recordText(entry.record)}`;
    case "closed": {
      const { outcome, reason, detail, result, participants, until } = entry.outcome;
      const why = reason === null ? "" : ` ${reason}`;
      return `${entry.transaction}  ${entry.protocol}  closed  ${outcome}${why}${quoted(detail)} ${list(participants)}${result === null ? "" : ` result ${size(result)}`} until ${until} at ${new Date(entry.atMs).toISOString()}`;
    }
    case "dropped":
      return `${entry.transaction}  dropped`;
    case "watermark":
      return `watermark  ${entry.coordinator} closed all below ${entry.below}${entry.except.length === 0 ? "" : ` but ${entry.except.join(" ")}`}`;
    case "forgotten":
      return `forgotten  through ${entry.through}`;
    case "peer":
      return `peer  ${entry.role} ${entry.node} at row ${entry.sequence}, incarnation ${entry.incarnation}, log ${entry.log}`;
    case "group":
      return `group  version ${entry.version} from ${entry.from}: ${entry.acceptors.map(({ node, address }) => `${node} at ${address}`).join(", ") || "no longer needed"}${quoted(entry.reason)} at ${new Date(entry.atMs).toISOString()}`;
    default:
      return entry satisfies never;
  }
}

function recordText(record: Extract<Json<Entry>, { kind: "record" }>["record"]): string {
  switch (record.kind) {
    case "commit":
      return `commit  ${list(record.participants)}`;
    case "collecting":
      return `collecting  ${list(record.participants)}`;
    case "abort":
      return `abort  ${list(record.participants)} ${record.reason}${quoted(record.detail)}`;
    case "heuristic":
      return `heuristic  ${record.did}${quoted(record.reason)}`;
    case "told":
      return `told  ${record.decision}`;
    case "second-life":
      return "second-life";
    case "one-phase":
      return `one-phase  ${record.participant}`;
    case "prepare": {
      const { coordinator, participants, token, redo, result } = record;
      const branch = token === null ? "one-shot" : `branch ${token.incarnation}.${token.number}`;
      return `prepare  coordinator ${coordinator} ${list(participants)} ${branch} redo ${size(redo)} result ${size(result)}`;
    }
    case "damaged":
      return `damaged  ${record.decision}${quoted(record.detail)}`;
    case "paxos-prepare": {
      const { membership, token, redo, result } = record;
      const branch = token === null ? "one-shot" : `branch ${token.incarnation}.${token.number}`;
      return `paxos-prepare  ${membershipText(membership)} ${branch} redo ${redo === null ? "none" : size(redo)} result ${size(result)}`;
    }
    case "promise":
      return `promise  ballot ${ballotText(record.ballot)}`;
    case "accept": {
      const { ballot, membership, proposals } = record;
      if (membership === null) return `accept  ballot ${ballotText(ballot)} * aborted`;
      const values = proposals.map(({ participant, value }) => `${participant} ${value}`).join(" ");
      return `accept  ballot ${ballotText(ballot)} ${values}; ${membershipText(membership)}`;
    }
    case "precommit":
    case "preabort":
      return `${record.kind}  election ${election(record.election)} ${list(record.participants)}`;
    case "elected":
      return `elected  ${election(record.election)}`;
    case "decided": {
      const why = record.reason === null ? "" : ` ${record.reason}`;
      return `decided  ${record.decision}${why}${quoted(record.detail)} ${list(record.participants)}`;
    }
    default:
      return record satisfies never;
  }
}

function ballotText({ counter, node, incarnation }: Json<Ballot>): string {
  return counter === 0 ? "0" : `${counter} of ${node}, incarnation ${incarnation}`;
}

function membershipText({ coordinator, participants, group }: Json<Membership>): string {
  return `coordinator ${coordinator} ${list(participants)} acceptors ${list(group.acceptors)} version ${group.version}`;
}

function election({ round, node }: { readonly round: number; readonly node: string }): string {
  return `${round} of ${node}`;
}

function list(nodes: readonly string[]): string {
  return `[${nodes.join(" ")}]`;
}

function size(hex: string): string {
  return `${hex.length / 2} bytes`;
}

function quoted(detail: string): string {
  return detail === "" ? "" : ` ${JSON.stringify(detail)}`;
}

function known(value: string | number | null): string {
  return value === null ? "unreadable" : String(value);
}

function witnessText(witness: Witnessed): string {
  return typeof witness === "string" ? witness : `row ${witness.sequence}, incarnation ${witness.incarnation}`;
}
