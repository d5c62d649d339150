/** `nemcon check`: judges recorded traces. */

import { readFileSync } from "node:fs";
import { Option, type Command } from "commander";
import { judgeTrace, rules, type Judgement } from "../../lab/index.ts";
import { exit, NemconError } from "../../runtime/errors/index.ts";
import { mergeTraces, parseTrace, type TraceEvent } from "../../trace/index.ts";
import { usage } from "../arguments.ts";
import { chosen, diagramForms, drawn, save, type DiagramForm } from "../check/draw.ts";
import type { Json } from "../json.ts";
import type { Output } from "../output.ts";
import { withExamples, type Shell } from "../shell.ts";
import { counted } from "../words.ts";

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

/** @param beside stdout has the diagram: to stderr */
function tell(judgement: Judgement, { output }: Shell, beside: boolean): void {
  const { events, transactions, violations, inDoubt, heuristic } = judgement;
  const say = (text: string): void => (beside ? output.note(text) : output.answer(text));
  const style: Output["style"] = (name, text) => (beside ? output.noteStyle(name, text) : output.style(name, text));
  for (const { rule, transaction, what, node, lamport } of violations.slice(0, SHOWN)) {
    const where = `${node}, stamp ${lamport}${transaction === null ? "" : `, ${transaction}`}`;
    say(`${style("red", rule)}: ${what}\n  (${where}; the rule: ${rules[rule]})`);
  }
  if (violations.length > SHOWN) say(`… and ${violations.length - SHOWN} more; --json has all.`);
  for (const each of inDoubt.slice(0, SHOWN)) say(`in doubt where the trace ends: ${each}`);
  for (const each of heuristic.slice(0, SHOWN)) say(`did not follow the decision: ${each}`);
  const what = `${counted(events, "event")} of ${counted(transactions, "transaction")}`;
  say(
    violations.length === 0
      ? `${style("green", "VALID")}: ${what} keep every rule`
      : `${style("red", "INVALID")}: ${what}, ${counted(violations.length, "violation")}`,
  );
}

interface Options {
  readonly diagram?: DiagramForm;
  readonly transaction?: string;
  readonly out?: string;
}

function run(files: readonly string[], { diagram: form, transaction, out }: Options, shell: Shell): void {
  const { output } = shell;
  if (form === undefined && transaction !== undefined)
    throw usage("--transaction says which transaction is drawn: it goes with --diagram. All of the trace is judged.");
  if (form === undefined && out !== undefined)
    throw usage("--out says where the diagram is written: it goes with --diagram.");
  const traces = files.map(read);
  const events = mergeTraces(traces);
  const leftOut = traces.flat().length - events.length;
  const judgement = judgeTrace(events);
  const id = form === undefined ? null : chosen(events, judgement, transaction);
  const diagram = form === undefined || id === null ? null : drawn(events, judgement, id, form);
  if (out !== undefined && diagram !== null) save(out, diagram);
  const isPrinted = diagram !== null && out === undefined;
  if (output.json) output.document({ ...judgement, leftOut, ...(isPrinted ? { diagram } : {}) } as unknown as Json);
  else {
    // What is drawn is the answer then, and can be piped.
    if (isPrinted) output.answer(diagram.trimEnd());
    tell(judgement, shell, isPrinted);
    if (leftOut > 0)
      output.note(
        `Not judged: ${counted(leftOut, "event")} that rest on messages which their sender's file ends before (docs/trace.md).`,
      );
  }
  shell.exitCode = judgement.violations.length === 0 ? exit.done : exit.failed;
}

export function define(command: Command, shell: Shell): void {
  command
    .description(
      "Judges traces of real processes: files that servers wrote with --trace, all of a run together. " +
        "Draws a transaction of them as a sequence diagram, with what breaks a rule marked.",
    )
    .argument("<file...>", "one for each server")
    .addOption(
      new Option("--diagram <form>", "draw a transaction; on stdout the verdict goes to stderr").choices(diagramForms),
    )
    .option("--transaction <id>", "which one is drawn; needed where the trace has several")
    .option("--out <file>", "write the diagram there")
    .action((files: readonly string[]) => run(files, command.opts<Options>(), shell));
  withExamples(command, [
    ["nemcon check coordinator-1.trace bank-a.trace bank-b.trace", "what three servers did together"],
    ["nemcon check *.trace --json", "every violation with its rule, its transaction and its place"],
    [
      "nemcon check *.trace --diagram text --transaction coordinator-1.0001.00000001",
      "who told whom what, in the terminal",
    ],
    [
      "nemcon check *.trace --diagram svg --transaction coordinator-1.0001.00000001 --out one.svg",
      "the same as an image",
    ],
  ]);
}
