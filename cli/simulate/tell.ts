/** What `nemcon simulate` prints for people. */

import type { BrokenSchedule, Replayed, Tally } from "../../lab/index.ts";
import type { Output } from "../output.ts";
import { counted } from "../words.ts";

interface Asked {
  readonly faults?: string;
  readonly workload?: string;
  readonly bug?: string;
}

/** The command that runs a broken schedule again. */
export function commandFor({ protocol, seed }: BrokenSchedule, { faults, workload, bug }: Asked): string {
  const words = ["nemcon", "simulate", "--protocol", protocol, "--seed", String(seed), "--schedules", "1"];
  if (faults !== undefined) words.push("--faults", faults);
  if (workload !== undefined) words.push("--workload", workload);
  if (bug !== undefined) words.push("--bug", bug);
  return words.join(" ");
}

/** What went wrong on purpose, and how often. */
export function tellFaults({ faults }: Tally): string {
  const parts = Object.entries(faults).filter(([, count]) => count > 0);
  if (parts.length === 0) return "  no faults";
  return `  ${parts.map(([name, count]) => `${name} ${count.toLocaleString("en-US")}`).join(", ")}`;
}

/** A broken schedule, shrunk: what is run, what happens, and which rule that breaks. */
export function tellReplay(
  broken: BrokenSchedule,
  options: Asked,
  { schedule, diagram, violations, runs }: Replayed,
  output: Output,
): void {
  output.answer("");
  for (const { rule, what } of violations) output.answer(output.style("red", `broken: ${rule}: ${what}`));
  output.answer("");
  output.answer(`What is needed for it (${counted(runs, "run")} to find out):`);
  for (const line of schedule) output.answer(`  ${line}`);
  output.answer("");
  output.answer(diagram);
  output.answer(`Again: ${commandFor(broken, options)}`);
}
