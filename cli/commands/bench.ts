/** `nemcon bench`: throughput and latency of this machine, against its own measured limits. */

import { fileURLToPath } from "node:url";
import { InvalidArgumentError, type Command } from "commander";
import { exit } from "../../runtime/errors/index.ts";
import { count, positive } from "../arguments.ts";
import { withExamples, type Shell } from "../shell.ts";

interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly rows: number;
  readonly seed: number;
  readonly directory?: string;
  readonly quick?: true;
}

export function define(command: Command, shell: Shell): void {
  command
    .description(
      "Measures two-phase commit on this machine, with real processes and forced writes, in interleaved rounds.",
    )
    .option("--rounds <number>", "how often everything is measured", positive, 5)
    .option("--seconds <number>", "length of each measurement, beside its warm-up", seconds, 2)
    .option("--rows <number>", "rows at each participant", positive, 100_000)
    .option("--seed <number>", "what random keys are drawn from", count, 1)
    .option("--directory <directory>", "on which disk: data is kept in a fresh directory there while it runs")
    .option("--quick", "one round of half a second each, to see that it works; no figure to quote")
    .action(() => run(command.opts<Options>(), shell));
  withExamples(command, [
    ["nemcon bench", "five rounds, a table at the end"],
    ["nemcon bench --quick", "does it run here?"],
    ["nemcon bench --json --directory /data", "on another disk, as JSON"],
  ]);
}

function seconds(text: string): number {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 0.1 && value <= 600)) throw new InvalidArgumentError("It is no number from 0.1 to 600.");
  return value;
}

async function run(options: Options, shell: Shell): Promise<void> {
  const { output, signal } = shell;
  const { rounds, seconds, rows, seed, directory = null, quick = false } = options;
  const { bench } = await import("../../lab/bench/index.ts");
  const { reportText, reportDocument } = await import("../bench/tell.ts");
  const main = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "../main.ts" : "../main.js", import.meta.url));
  try {
    const report = await bench({
      nemcon: [process.execPath, main],
      directory,
      rounds: quick ? 1 : rounds,
      seconds: quick ? 0.5 : seconds,
      rows,
      seed,
      signal,
      progress: (done, all, what) => output.status(`${done + 1}/${all}  ${what}`),
    });
    output.status("");
    if (output.json) output.document(reportDocument(report));
    output.answer(reportText(output, report));
    shell.exitCode = report.measurements.every(({ violations }) => violations.length === 0) ? exit.done : exit.failed;
  } catch (thrown) {
    output.status("");
    if (!signal.aborted) throw thrown;
    output.note("Stopped before the end: nothing is reported.");
    shell.exitCode = exit.unknown;
  }
}
