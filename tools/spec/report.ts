/** Reads what TLC prints under `-tool`, and compares it with what is expected. */

import type { Expected, Holds } from "./manifest.ts";

export interface Report {
  readonly distinct: number;
  readonly depth: number;
  /** The property that does not hold; null: all do. */
  readonly violated: string | null;
  /** The names of the actions that lead to the violation. */
  readonly steps: readonly string[];
  /** How many steps each action made, new states or not; empty where TLC was not asked to count. */
  readonly actions: ReadonlyMap<string, number>;
  /** The counterexample as TLC prints it. */
  readonly trace: string;
  /** What TLC complained about other than a violation; "" where it saw everything. */
  readonly trouble: string;
}

/** Numbers of TLC's messages: tlc2.output.EC. */
const STATISTICS = 2199;
const DEPTH = 2194;
const COVERAGE = 2201;
const ACTION = 2772;
const SUCCESS = 2193;
const STATE = 2217;
const INVARIANT = 2110;
const INVARIANT_AT_START = 2107;
const ACTION_PROPERTY = 2112;
const BEHAVIOR_FOLLOWS = 2121;
const ERROR_CLASS = 1;

interface Note {
  readonly code: number;
  readonly severity: number;
  readonly text: string;
}

function notesOf(output: string): Note[] {
  const framed = /^@!@!@STARTMSG (\d+):(\d+) @!@!@\n([^]*?)^@!@!@ENDMSG \1 @!@!@$/gm;
  return [...output.matchAll(framed)].map(([, code, severity, text = ""]) => ({
    code: Number(code),
    severity: Number(severity),
    text: text.trimEnd(),
  }));
}

/** Of the last count, which comes when all was seen; an action that Next has in two places is counted in each. */
function actionsOf(notes: readonly Note[]): ReadonlyMap<string, number> {
  const actions = new Map<string, number>();
  const last = notes.findLastIndex(({ code }) => code === COVERAGE);
  for (const { code, text } of notes.slice(last + 1)) {
    const counted = code === ACTION ? /^<(\w+) .*>: [\d,]+:([\d,]+)$/.exec(text) : null;
    if (counted === null) continue;
    const [, name = "", steps = ""] = counted;
    actions.set(name, (actions.get(name) ?? 0) + Number(steps.replaceAll(",", "")));
  }
  return actions;
}

/** A step property of another module has no name of its own in TLC: it is that module's next-state relation. */
function violatedBy({ code, text }: Note): string | null {
  if (code !== INVARIANT && code !== INVARIANT_AT_START && code !== ACTION_PROPERTY) return null;
  if (/^Action property line .* of module TCommit is violated/.test(text)) return "Refinement";
  return /^(?:Invariant|Action property) (\S+) is violated/.exec(text)?.[1] ?? text;
}

/** @param output TLC's standard output and error under `-tool` */
export function readReport(output: string): Report {
  const notes = notesOf(output);
  const numberIn = (code: number, pattern: RegExp): number => {
    const text = notes.findLast((note) => note.code === code)?.text ?? "";
    return Number(pattern.exec(text)?.[1]?.replaceAll(",", "") ?? 0);
  };
  const violated = notes.map(violatedBy).find((name) => name !== null) ?? null;
  const states = notes.filter(({ code }) => code === STATE).map(({ text }) => text);
  const isSeen = notes.some(({ code }) => code === SUCCESS);
  const errors = notes.filter(
    (note) => note.severity === ERROR_CLASS && violatedBy(note) === null && note.code !== BEHAVIOR_FOLLOWS,
  );
  return {
    distinct: numberIn(STATISTICS, /, ([\d,]+) distinct states found/),
    depth: violated === null ? numberIn(DEPTH, /search is ([\d,]+)\./) : states.length,
    violated,
    steps: states.slice(1).map((state) => /^\d+: <(\w+)/.exec(state)?.[1] ?? "?"),
    actions: actionsOf(notes),
    trace: states.join("\n\n"),
    trouble:
      errors.length > 0
        ? errors.map(({ text }) => text).join("\n")
        : isSeen || violated !== null
          ? ""
          : `TLC did not finish:\n${output.slice(-2000)}`,
  };
}

/** What differs from what is expected; "" where nothing does. */
export function difference(expected: Expected, report: Report): string {
  if (report.trouble !== "") return report.trouble;
  if ("violates" in expected) {
    if (report.violated === null) return `nothing is violated, and ${expected.violates} must be`;
    if (report.violated !== expected.violates)
      return `${report.violated} is violated, and ${expected.violates} must be\n${report.trace}`;
    return report.depth === expected.depth ? "" : `the way there has ${report.depth} states, not ${expected.depth}`;
  }
  if (report.violated !== null) return `${report.violated} is violated\n${report.trace}`;
  if (report.distinct !== expected.distinct || report.depth !== expected.depth)
    return `expected ${count(expected.distinct)} states, ${expected.depth} deep`;
  return idleDifference(expected, report);
}

function idleDifference({ idle = [] }: Holds, { actions }: Report): string {
  if (actions.size === 0) return "TLC counted no actions";
  const never = [...actions].filter(([, steps]) => steps === 0).map(([name]) => name);
  const unexpected = never.filter((name) => !idle.includes(name));
  if (unexpected.length > 0) return `never happens, and is not expected to be idle: ${unexpected.join(", ")}`;
  const busy = idle.filter((name) => !never.includes(name));
  return busy.length > 0 ? `expected to be idle, and is not: ${busy.join(", ")}` : "";
}

export function count(states: number): string {
  return states.toLocaleString("en-US");
}
