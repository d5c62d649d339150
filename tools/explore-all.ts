/**
 * `npm run explore:all`: the shipped machines under the largest budgets that a machine of 16 GiB explores in half an hour
 * each, one after the other; hours altogether. What is found must be what tools/explore/explored.json says was found
 * before. `-- --only NAME` runs one of them, `--seconds S` and `--memory GIB` bound each; `--record` writes what is found
 * into that file, and the table of docs/lab.md.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { difference, type Entry, type Found, readManifest, writeManifest } from "./explore/manifest.ts";
import { runOne } from "./explore/run.ts";
import { withTable } from "./explore/table.ts";

const manifest = fileURLToPath(new URL("explore/explored.json", import.meta.url));
const page = fileURLToPath(new URL("../docs/lab.md", import.meta.url));
const MIB_PER_GIB = 1024;

const { values: options } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    seconds: { type: "string", default: "1800" },
    memory: { type: "string", default: "16" },
    record: { type: "boolean", default: false },
  },
});

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(64);
}

function chosen(entries: readonly Entry[]): readonly Entry[] {
  const { only } = options;
  if (only === undefined) return entries;
  const names = entries.map(({ name }) => name);
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length > 0) fail(`Nothing is called ${unknown.join(", ")}. There are: ${names.join(", ")}`);
  return entries.filter(({ name }) => only.includes(name));
}

/** Read anew each time, since a run takes long and rows are added meanwhile. */
function record(name: string, found: Found): void {
  const entries = readManifest(manifest).map((entry) => (entry.name === name ? { ...entry, found } : entry));
  writeManifest(manifest, entries);
  writeFileSync(page, withTable(readFileSync(page, "utf8"), entries));
}

function words({ distinct, depth, stopped, broken, minutes, memoryMiB }: Found): string {
  const how = stopped === null ? "complete" : `not complete (${stopped})`;
  const rules = broken.length === 0 ? "" : `, broken: ${broken.join(", ")}`;
  return `${distinct.toLocaleString("en-US")} states, ${depth} deep, ${how}${rules}, ${minutes} min, ${memoryMiB ?? "?"} MiB`;
}

const [seconds, gibibytes] = [Number(options.seconds), Number(options.memory)];
if (!(seconds >= 1) || !(gibibytes > 0))
  fail("usage: npm run explore:all -- [--only NAME] [--seconds S] [--memory GIB] [--record]");
for (const entry of chosen(readManifest(manifest))) {
  const found = await runOne(entry, { seconds: Math.ceil(seconds), memoryMiB: Math.ceil(gibibytes * MIB_PER_GIB) });
  const wrong = entry.found === undefined || options.record ? "" : difference(entry.found, found);
  process.stdout.write(`${entry.name}: ${words(found)}${wrong === "" ? "" : `, WRONG: ${wrong}`}\n`);
  if (options.record) record(entry.name, found);
  if (wrong !== "") process.exitCode = 1;
}
