/** `nemcon bench`: throughput and latency of this machine, against its own measured limits. */

import { accessSync, constants, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { InvalidArgumentError, Option, type Command } from "commander";
import { serverNode } from "../node.ts";
import { exit } from "../../runtime/errors/index.ts";
import { count, positive, usage } from "../arguments.ts";
import type { Json } from "../json.ts";
import { withExamples, type Shell } from "../shell.ts";
import { version } from "../version.ts";

interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly rows: number;
  readonly seed: number;
  readonly directory?: string;
  readonly write?: string;
  readonly only?: string;
  readonly quick?: true;
  readonly profile?: true;
  readonly plant?: "slow-baseline" | "lost-write";
}

const VALUE_BYTES = 100;
const QUICK_SECONDS = 0.4;
const WARM_UP_PART = 0.5;
const LONGEST_SECONDS = 600;

export function define(command: Command, shell: Shell): void {
  command
    .description(
      "Measures two-phase commit, and Paxos Commit beside it, against what this machine can do: real processes, forced writes, " +
        "everything in turn within each round, every answer compared with the databases. docs/benchmarks.md explains the figures.",
    )
    .option("--rounds <number>", "how often everything is measured", positive, 5)
    .option("--seconds <number>", "length of each measurement, beside its warm-up", seconds, 2)
    .option("--rows <number>", "rows at each participant", positive, 100_000)
    .option("--seed <number>", "what random keys are drawn from", count, 1)
    .option("--directory <directory>", "on which disk: data lies in a fresh directory there while it runs")
    .option("--write <file>", "write the report as Markdown, too")
    .option(
      "--only <parts>",
      "measure only these, such as streamed,fan-out (any other word lists them); figures that need more are invalid",
    )
    .option("--profile", "at the end, show where the time goes: V8's samples of one more measurement")
    .option("--quick", "one short round, to see that it works; no figure to quote")
    .addOption(new Option("--plant <what>").choices(["slow-baseline", "lost-write"]).hideHelp())
    .action(() => run(command.opts<Options>(), shell));
  withExamples(command, [
    ["nemcon bench", "five rounds, then the tables; about four minutes"],
    ["nemcon bench --quick", "does it run here?"],
    ["nemcon bench --only streamed,random --rounds 2", "what a transaction costs, in half a minute"],
    ["nemcon bench --only streamed,paxos --rounds 3", "what it costs to go on without the coordinator"],
    ["nemcon bench --json --directory /data > bench.json", "on another disk, as JSON"],
    ["nemcon bench --only streamed --rounds 1 --profile", "where the time goes"],
    ["nemcon bench --rounds 9 --profile --write docs/benchmarks.md", "the page of this repository"],
  ]);
}

function seconds(text: string): number {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0.1 && value <= LONGEST_SECONDS) return value;
  throw new InvalidArgumentError(`It is no number from 0.1 to ${LONGEST_SECONDS}.`);
}

async function run(options: Options, shell: Shell): Promise<void> {
  const { output, signal } = shell;
  const { rounds, rows, seed, directory = null, quick = false, profile = false, write, plant = null } = options;
  if (write !== undefined) checkWritable(write);
  // Loaded here, so that help and mistakes cost nothing.
  const { bench, pageOf, parts } = await import("../../lab/bench/index.ts");
  const only = partsOf(options.only, parts);
  const { reportText } = await import("../bench/tell.ts");
  const main = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "../main.ts" : "../main.js", import.meta.url));
  try {
    const report = await bench({
      nemcon: [...serverNode, main],
      serverNode,
      directory,
      rounds: quick ? 1 : rounds,
      seconds: quick ? QUICK_SECONDS : options.seconds,
      warmUpSeconds: quick ? 0 : options.seconds * WARM_UP_PART,
      workload: { seed, records: rows, valueBytes: VALUE_BYTES },
      only,
      profile,
      plant,
      signal,
      progress: (step, steps, what) => output.status(`${step} of ${steps}  ${what}`),
    });
    output.status("");
    const document = { nemcon: version(), ...report };
    if (write !== undefined) writeFileSync(write, pageOf(document, commandLine(options)));
    if (output.json) output.document(JSON.parse(JSON.stringify(document)) as Json);
    output.answer(reportText(output, document));
    shell.exitCode = report.verdict === "valid" ? exit.done : exit.failed;
  } catch (thrown) {
    output.status("");
    if (!signal.aborted) throw thrown;
    output.note("Stopped before the end: nothing is reported.");
    shell.exitCode = exit.unknown;
  }
}

/** @throws NemconError USAGE */
function partsOf(text: string | undefined, parts: readonly string[]): ReadonlySet<string> {
  if (text === undefined) return new Set(parts);
  const only = new Set(text.split(","));
  const strange = [...only].find((part) => !parts.includes(part));
  if (strange !== undefined) throw usage(`"${strange}" can't be measured; there is ${parts.join(", ")}.`);
  if (only.has("storage") && !only.has("streamed"))
    throw usage("storage repeats what streamed wrote: measure both, --only streamed,storage.");
  return only;
}

/** Before minutes are spent. @throws NemconError USAGE */
function checkWritable(file: string): void {
  try {
    accessSync(dirname(resolve(file)), constants.W_OK);
  } catch (cause) {
    throw usage(`${file} can't be written: ${cause instanceof Error ? cause.message : String(cause)}.`);
  }
}

/** What gives the same run again. */
function commandLine({ rounds, seconds, rows, seed, directory, write, only, quick, profile }: Options): string {
  const flags = [
    quick === true ? "--quick" : `--rounds ${rounds} --seconds ${seconds}`,
    `--rows ${rows} --seed ${seed}`,
    ...(only === undefined ? [] : [`--only ${only}`]),
    ...(profile === true ? ["--profile"] : []),
    ...(directory === undefined ? [] : [`--directory ${directory}`]),
    ...(write === undefined ? [] : [`--write ${write}`]),
  ];
  return `nemcon bench ${flags.join(" ")}`;
}
