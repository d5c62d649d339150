/** `nemcon simulate`: whole clusters in virtual time, with every fault that is known, from a seed. */

import { Option, type Command } from "commander";
import {
  bugNamed,
  bugNames,
  protocolNames,
  replay,
  safeRuns,
  simulate,
  type BrokenSchedule,
  type Protocols,
  type Tally,
} from "../../lab/index.ts";
import { exit } from "../../runtime/errors/index.ts";
import { between, positive, usage } from "../arguments.ts";
import type { Json } from "../json.ts";
import type { Output } from "../output.ts";
import { withExamples, type Shell } from "../shell.ts";
import { commandFor, tellFaults, tellReplay } from "../simulate/tell.ts";
import { counted } from "../words.ts";

interface Options {
  readonly protocol?: string;
  readonly seed: number;
  readonly schedules: number;
  readonly faults?: "all" | "crashes";
  readonly workload?: "operations" | "money";
  readonly workers?: number;
  readonly bug?: string;
  readonly trace?: string;
}

const LARGEST_SEED = 2 ** 31 - 1;
const LARGEST_SCHEDULES = 1_000_000_000;
const DEFAULT_SCHEDULES = 1_000;

export function define(command: Command, shell: Shell): void {
  command
    .description(
      "Runs the shipped coordinators, participants and acceptors in one process and in virtual time, under crashes, " +
        "lost and late messages, partitions, false suspicion, slow and lying disks and clocks: docs/lab.md. The same seed " +
        "gives the same run, and the same hash. Exit code 1 with the shrunk schedule where a rule is broken.",
    )
    .addOption(
      new Option(
        "--protocol <name>",
        "which; mixed: all that promise to be safe, side by side in each schedule; safe: each of those alone, and mixed (default)",
      ).choices(["safe", "mixed", ...protocolNames]),
    )
    .option("--seed <number>", "of the first schedule", between(0, LARGEST_SEED), 1)
    .option(
      "--schedules <number>",
      "how many, for each protocol and for mixed",
      between(1, LARGEST_SCHEDULES),
      DEFAULT_SCHEDULES,
    )
    .addOption(
      new Option("--faults <class>", "crashes: processes die and every message comes in time (default: all)").choices([
        "all",
        "crashes",
      ]),
    )
    .addOption(
      new Option(
        "--workload <name>",
        "operations: whatever may conflict; money: transfers between accounts, whose sum never changes " +
          "(default: operations; mixed: either)",
      ).choices(["operations", "money"]),
    )
    .option("--workers <number>", "threads (default: one for each processor)", positive)
    .addOption(new Option("--bug <name>", "with a planted bug of docs/lab.md").choices(bugNames))
    .option("--trace <file>", "write what is shown of a broken schedule, or the only one, for nemcon check")
    .action(() => run(command.opts<Options>(), shell));
  withExamples(command, [
    ["nemcon simulate", "a thousand schedules of every safe protocol, and a thousand with all of them"],
    ["nemcon simulate --protocol 3pc-plain", "how three-phase commit breaks when a slow node is taken for a dead one"],
    ["nemcon simulate --protocol 3pc-plain --faults crashes", "… and that it holds where every message comes in time"],
    ["nemcon simulate --bug lost-promise", "what one forgotten promise does"],
    ["nemcon simulate --protocol 2pc --seed 7 --schedules 1 --trace run.ndjson", "one run, to look at"],
  ]);
}

/** @throws NemconError USAGE */
function protocolsOf({ protocol, bug }: Options): readonly Protocols[] {
  if (bug !== undefined) {
    const planted = bugNamed(bug);
    if (protocol === "mixed" || (protocol === undefined && planted.mixed === true)) return ["mixed"];
    if (protocol !== undefined && protocol !== planted.protocol)
      throw usage(`"${bug}" is a bug of ${planted.protocol}, and not of ${protocol}: leave --protocol out.`);
    return [planted.protocol];
  }
  if (protocol !== undefined && protocol !== "safe") return [protocol as Protocols];
  return safeRuns;
}

async function run(options: Options, shell: Shell): Promise<void> {
  const { output, signal } = shell;
  const { seed, schedules, faults = "all", workers, bug = null, trace } = options;
  const workload = options.workload ?? (bug === null ? undefined : bugNamed(bug).workload);
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  const protocols = protocolsOf(options);
  const total = protocols.length * schedules;
  const counts = await simulate(
    protocols.map((protocol) => ({ protocol, seed, schedules, faults, ...(workload && { workload }) })),
    {
      bug,
      signal,
      stopAtFirst: true,
      ...(workers === undefined ? {} : { workers }),
      progress: (so) =>
        output.status(`${number(so.schedules)} of ${counted(total, "schedule")}, ${rate(so.events, seconds())}`),
    },
  );
  const tallies = protocols.flatMap((protocol, at) => {
    const tally = counts[at];
    return tally === undefined || tally.schedules === 0 ? [] : [{ protocol, tally }];
  });
  output.status("");
  const elapsed = seconds();
  const first = tallies.flatMap(({ tally }) => tally.broken)[0];
  const shown = first ?? (schedules === 1 && tallies.length === 1 ? onlyOf(tallies, seed) : undefined);
  const replayed =
    shown === undefined ? null : await replay(shown, { faults, workload: workload ?? null, bug, trace: trace ?? null });
  const isWhole = tallies.reduce((sum, { tally }) => sum + tally.schedules, 0) === total;
  if (output.json) output.document(documentOf(options, tallies, elapsed, replayed));
  else {
    for (const { protocol, tally } of tallies) tellTally(protocol, tally, output);
    output.note(`${elapsed.toFixed(1)} s, ${rate(eventsOf(tallies), elapsed)}`);
    if (replayed !== null && first !== undefined) tellReplay(first, options, replayed, output);
    if (trace !== undefined && replayed !== null) output.answer(`the trace is in ${trace}: nemcon check ${trace}`);
    const verdict =
      first !== undefined
        ? `${output.style("red", "INVALID")}: ${first.protocol} breaks "${first.violations[0]?.rule ?? ""}"`
        : isWhole
          ? `${output.style("green", "VALID")}: no rule is broken`
          : `${output.style("yellow", "UNKNOWN")}: stopped, and no rule was broken by then`;
    output.answer(verdict);
  }
  shell.exitCode = first !== undefined ? exit.failed : isWhole ? exit.done : exit.unknown;
}

function onlyOf(tallies: readonly { readonly protocol: Protocols }[], seed: number): BrokenSchedule | undefined {
  const only = tallies[0];
  return only && { protocol: only.protocol, seed, violations: [] };
}

function tellTally(protocol: Protocols, tally: Tally, output: Output): void {
  const { schedules, events, hash } = tally;
  output.answer(`${protocol}: ${counted(schedules, "schedule")}, ${counted(events, "event")}, hash ${hash}`);
  output.note(tellFaults(tally));
}

function eventsOf(tallies: readonly { readonly tally: Tally }[]): number {
  return tallies.reduce((sum, { tally }) => sum + tally.events, 0);
}

function number(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

function rate(events: number, seconds: number): string {
  return `${number(events / Math.max(seconds, 0.001))} events a second`;
}

type Replayed = Awaited<ReturnType<typeof replay>>;

function documentOf(
  options: Options,
  tallies: readonly { readonly protocol: Protocols; readonly tally: Tally }[],
  seconds: number,
  replayed: Replayed | null,
): Json {
  const events = eventsOf(tallies);
  const faults: Record<string, number> = {};
  for (const { tally } of tallies)
    for (const [name, count] of Object.entries(tally.faults)) faults[name] = (faults[name] ?? 0) + count;
  return {
    seed: options.seed,
    schedules: tallies.reduce((sum, { tally }) => sum + tally.schedules, 0),
    events,
    seconds,
    eventsPerSecond: Math.round(events / Math.max(seconds, 0.001)),
    faults,
    protocols: tallies.map(({ protocol, tally }) => ({
      protocol,
      schedules: tally.schedules,
      events: tally.events,
      hash: tally.hash,
    })),
    violations: tallies
      .flatMap(({ tally }) => tally.broken)
      .map((broken, at) => ({
        protocol: broken.protocol,
        seed: broken.seed,
        rules: broken.violations.map(({ rule, what }) => ({ rule, what })),
        command: commandFor(broken, options),
        shrunk: at === 0 && replayed !== null ? { schedule: replayed.schedule, diagram: replayed.diagram } : null,
      })),
    hash: tallies.map(({ tally }) => tally.hash).join(" "),
  };
}
