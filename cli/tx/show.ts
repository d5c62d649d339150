/** Outcomes and transactions, for people and as JSON, and the exit codes that they give. */

import { aborts, exit, type ExitCode } from "../../runtime/errors/index.ts";
import { resultFromProto } from "../../runtime/link/index.ts";
import type { OperationResult, Value } from "../../runtime/values/index.ts";
import { resultToJson, type Json } from "../json.ts";
import { table, type Output } from "../output.ts";
import type { Submitted } from "./api.ts";
import type { WireOutcome, WireTransaction } from "./wire.ts";

const outcomeNames: Readonly<Record<string, string>> = {
  OUTCOME_KIND_COMMITTED: "committed",
  OUTCOME_KIND_ABORTED: "aborted",
  OUTCOME_KIND_PENDING: "pending",
  OUTCOME_KIND_FORGOTTEN: "forgotten",
};

/** Committed 0, aborted 1; a heuristic outcome failed; all else is no verdict. */
export function exitOf(state: string, heuristic = false): ExitCode {
  if (state === "aborted" || state === "heuristic" || heuristic) return exit.failed;
  return state === "committed" ? exit.done : exit.unknown;
}

function outcomeName(outcome: WireOutcome): string {
  return outcomeNames[outcome.kind] ?? "unknown";
}

function whyJson({ reason, detail }: { readonly reason: string; readonly detail: string }): Record<string, Json> {
  return { ...(reason === "" ? {} : { reason }), ...(detail === "" ? {} : { detail }) };
}

function outcomeJson(outcome: WireOutcome): Record<string, Json> {
  const { transaction, participant, branches, heuristic } = outcome;
  const json: Record<string, Json> = { transaction, outcome: outcomeName(outcome), ...whyJson(outcome) };
  if (participant !== "") json["participant"] = participant;
  if (heuristic) json["heuristic"] = true;
  if (branches.length > 0)
    json["branches"] = branches.map((branch) => ({
      participant: branch.participant,
      results: branch.results.map((result) => resultToJson(resultFromProto(result))),
    }));
  return json;
}

function valueText(value: Value): string {
  if (value === null) return "NULL";
  if (typeof value === "object") return `x'${Buffer.from(value).toString("hex")}'`;
  return String(value);
}

function resultText({ columns, rows, rowsAffected }: OperationResult): string {
  if (columns.length === 0) return `${rowsAffected} ${rowsAffected === 1 ? "row" : "rows"} changed`;
  return table(
    columns,
    rows.map((row) => row.map(valueText)),
  );
}

/** What a branch's statements returned. */
export function printResults(
  participant: string,
  results: WireOutcome["branches"][number]["results"],
  output: Output,
): void {
  for (const result of results) {
    const lines = resultText(resultFromProto(result)).split("\n");
    output.answer(lines.map((line) => `  ${participant}  ${line}`).join("\n"));
  }
}

export function resultsJson(results: WireOutcome["branches"][number]["results"]): Json {
  return results.map((result) => resultToJson(resultFromProto(result)));
}

const styles: Readonly<Record<string, "green" | "red">> = { committed: "green", aborted: "red", heuristic: "red" };

function coloured(state: string, output: Output): string {
  return output.style(styles[state] ?? "yellow", state);
}

function abortText({ reason, detail, participant }: WireOutcome): string {
  const entry = aborts[reason];
  const where = participant === "" ? "" : ` at ${participant}`;
  const why = detail === "" ? "" : `: ${detail}`;
  return `  ${reason}${where}${why}${entry === undefined ? "" : `\n  ${entry.meaning} ${entry.remedy}`}`;
}

/** Prints an outcome and gives its exit code. */
export function printOutcome(outcome: WireOutcome, output: Output): ExitCode {
  const name = outcomeName(outcome);
  if (output.json) output.document(outcomeJson(outcome));
  else {
    output.answer(`${coloured(name, output)}  ${outcome.transaction}`);
    if (name === "aborted") output.answer(abortText(outcome));
    if (name === "pending" || name === "unknown")
      output.answer(`  Not decided yet. Ask again: nemcon tx show ${outcome.transaction}`);
    if (name === "forgotten") output.answer("  It finished so long ago that its outcome is no longer kept.");
    if (outcome.heuristic) output.answer("  A branch could not follow the decision: see docs/errors.md.");
    for (const { participant, results } of outcome.branches) printResults(participant, results, output);
  }
  return exitOf(name, outcome.heuristic);
}

/** The same for a submission, which may have got no answer. */
export function printSubmitted(submitted: Submitted, output: Output): ExitCode {
  if (submitted.answered) return printOutcome(submitted.outcome, output);
  const { transaction, why } = submitted;
  if (output.json) output.document({ transaction, outcome: "unknown", reason: why.reason, detail: why.message });
  else {
    output.answer(`${coloured("unknown", output)}  ${transaction}`);
    output.answer(`  ${why.message}\n  It was sent, so it may commit. Ask: nemcon tx show ${transaction}`);
  }
  return exit.unknown;
}

function timeOf(ms: string): string | null {
  return ms === "0" ? null : new Date(Number(ms)).toISOString();
}

export function transactionJson(transaction: WireTransaction): Json {
  const { protocol, state, participants, startedAtMs, endedAtMs } = transaction;
  return {
    transaction: transaction.transaction,
    protocol,
    state,
    ...whyJson(transaction),
    participants,
    startedAt: timeOf(startedAtMs),
    endedAt: timeOf(endedAtMs),
  };
}

/** A page of transactions for people. */
export function transactionTable(transactions: readonly WireTransaction[]): string {
  return table(
    ["TRANSACTION", "STATE", "PROTOCOL", "STARTED", "PARTICIPANTS", "REASON"],
    transactions.map(({ transaction, state, protocol, startedAtMs, participants, reason }) => [
      transaction,
      state,
      protocol,
      timeOf(startedAtMs) ?? "-",
      participants.join(","),
      reason,
    ]),
  );
}

/** One transaction for people, a field a line. */
export function transactionText(transaction: WireTransaction, output: Output): string {
  const { state, protocol, participants, startedAtMs, endedAtMs, reason, detail } = transaction;
  const fields: readonly (readonly [string, string])[] = [
    ["transaction", transaction.transaction],
    ["state", coloured(state, output)],
    ["protocol", protocol],
    ["participants", participants.join(", ")],
    ["started", timeOf(startedAtMs) ?? ""],
    ["ended", timeOf(endedAtMs) ?? ""],
    ["reason", reason],
    ["detail", detail],
  ];
  const shown = fields.filter(([, text]) => text !== "");
  return shown.map(([name, text]) => `${name.padEnd(14)}${text}`).join("\n");
}

/** One change, a line. */
export function changeText({ transaction, state, reason, detail }: WireTransaction, output: Output): string {
  return [transaction, coloured(state, output), reason, detail].filter((part) => part !== "").join("  ");
}
