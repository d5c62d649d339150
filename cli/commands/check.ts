/** `nemcon check`: judges recorded traces. */

import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { judgeTrace, rules, type Judgement } from "../../lab/index.ts";
import { exit, NemconError } from "../../runtime/errors/index.ts";
import { mergeTraces, parseTrace, type TraceEvent } from "../../trace/index.ts";
import type { Json } from "../json.ts";
import { withExamples, type Shell } from "../shell.ts";

/** Past this many, people have seen enough. */
const SHOWN = 20;

function read(file: string): TraceEvent[] {
  try {
    return parseTrace(readFileSync(file, "utf8"));
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new NemconError(
      "USAGE",
      `${file} is no trace: ${what}. A trace is what a server writes that is started with --trace FILE (docs/trace.md).`,
      { cause },
    );
  }
}

function tell({ events, transactions, violations, inDoubt, heuristic }: Judgement, { output }: Shell): void {
  for (const { rule, transaction, what, node, lamport } of violations.slice(0, SHOWN)) {
    const where = `${node}, stamp ${lamport}${transaction === null ? "" : `, ${transaction}`}`;
    output.answer(`${output.style("red", rule)}: ${what}\n  (${where}; the rule: ${rules[rule]})`);
  }
  if (violations.length > SHOWN) output.answer(`… and ${violations.length - SHOWN} more; --json has all.`);
  for (const each of inDoubt.slice(0, SHOWN)) output.answer(`in doubt where the trace ends: ${each}`);
  for (const each of heuristic.slice(0, SHOWN)) output.answer(`did not follow the decision: ${each}`);
  const what = `${events} events of ${transactions} transactions`;
  output.answer(
    violations.length === 0
      ? `${output.style("green", "VALID")}: ${what} keep every rule`
      : `${output.style("red", "INVALID")}: ${what}, ${violations.length} violations`,
  );
}

export function define(command: Command, shell: Shell): void {
  command
    .description("Judges traces of real processes: files that servers wrote with --trace, all of a run together.")
    .argument("<file...>", "one for each server")
    .action((files: readonly string[]) => {
      const judgement = judgeTrace(mergeTraces(files.map(read)));
      if (shell.output.json) shell.output.document({ ...judgement } as unknown as Json);
      else tell(judgement, shell);
      shell.exitCode = judgement.violations.length === 0 ? exit.done : exit.failed;
    });
  withExamples(command, [
    ["nemcon check coordinator-1.trace bank-a.trace bank-b.trace", "what three servers did together"],
    ["nemcon check *.trace --json", "every violation with its rule, its transaction and its place"],
  ]);
}
