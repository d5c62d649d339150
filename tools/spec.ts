/**
 * `npm run spec`: TLC runs the specifications of spec/ and must find what spec/expected.json says: the number of states,
 * the depth, no violation, no action that never happens but those named as idle, and in each mutation the violation that
 * was planted. `-- --all` runs the large configurations
 * too, `-- --only NAME` one of them, with the counterexample of a mutation. Where Java or TLC is missing nothing is run
 * and that is said; with `--require` it is a failure.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findTools } from "./spec/java.ts";
import { type Expected, readManifest } from "./spec/manifest.ts";
import { count, difference } from "./spec/report.ts";
import { AT_ONCE, type Run, runTlc } from "./spec/tlc.ts";

const folder = fileURLToPath(new URL("../spec", import.meta.url));
const { values: options } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    all: { type: "boolean", default: false },
    require: { type: "boolean", default: false },
  },
});

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function chosen(): readonly Expected[] {
  const entries = readManifest(join(folder, "expected.json"));
  const { only, all } = options;
  if (only === undefined) return entries.filter((entry) => all || !("large" in entry));
  const unknown = only.filter((name) => entries.every(({ config }) => config !== name));
  if (unknown.length > 0) {
    const there = entries.map(({ config }) => config);
    process.stderr.write(`No configuration ${unknown.join(", ")}. There are: ${there.join(", ")}\n`);
    process.exit(64);
  }
  return entries.filter(({ config }) => only.includes(config));
}

const column = { name: 36, number: 11, depth: 7, seconds: 8 };

function row(name: string, distinct: string, depth: string, seconds: string, verdict: string): string {
  return [
    name.padEnd(column.name),
    distinct.padStart(column.number),
    depth.padStart(column.depth),
    seconds.padStart(column.seconds),
    `  ${verdict}`,
  ].join("");
}

function rowOf(entry: Expected, { report, seconds }: Run, wrong: string): string {
  const good = "violates" in entry ? `violates ${entry.violates}, as planted` : "as expected";
  const verdict = wrong === "" ? good : `WRONG: ${wrong}`;
  return row(entry.config, count(report.distinct), String(report.depth), seconds.toFixed(1), verdict);
}

/** @returns whether all were as expected */
async function runAll(tools: { java: string; jar: string }, entries: readonly Expected[]): Promise<boolean> {
  const weight = (entry: Expected): number => ("distinct" in entry ? entry.distinct : 0);
  // The longest first, so that none runs alone at the end.
  const waiting = entries.toSorted((a, b) => weight(b) - weight(a));
  let failures = 0;
  say(row("configuration", "distinct", "depth", "seconds", "verdict"));
  const work = async (): Promise<void> => {
    for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
      const run = await runTlc(tools, folder, entry);
      const wrong = difference(entry, run.report);
      if (wrong !== "") failures += 1;
      say(rowOf(entry, run, wrong));
      if (options.only !== undefined && wrong === "" && run.report.violated !== null) say(`${run.report.trace}\n`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  say(failures === 0 ? `${entries.length} as expected` : `${failures} of ${entries.length} are not as expected`);
  return failures === 0;
}

const entries = chosen();
const tools = findTools(process.env, true);
if ("missing" in tools) {
  say(`SKIPPED: the specifications were not checked: ${tools.missing}`);
  process.exitCode = options.require ? 1 : 0;
} else if (!(await runAll(tools, entries))) process.exitCode = 1;
