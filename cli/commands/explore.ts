/** `nemcon explore`: breadth-first over everything that a specification can do. */

import { Option, type Command } from "commander";
import { explore, specNamed, specNames, type Exploration, type Reach, type SpecName } from "../../lab/index.ts";
import { exit, type ExitCode } from "../../runtime/errors/index.ts";
import { between, usage } from "../arguments.ts";
import { counterexample } from "../explore/tell.ts";
import type { Json } from "../json.ts";
import type { Output } from "../output.ts";
import { withExamples, type Shell } from "../shell.ts";

interface Options {
  readonly spec?: SpecName;
  readonly protocol?: string;
  readonly rms: number;
  readonly acceptors?: number;
  readonly ballots?: number;
  readonly quorum?: number;
  readonly states: number;
  readonly seconds?: number;
}

const LARGEST_RMS = 64;
const LARGEST_ACCEPTORS = 9;
const LARGEST_BALLOTS = 100;
/** Some 2 GiB. */
const DEFAULT_STATES = 50_000_000;
const LARGEST_STATES = 1_500_000_000;
const LARGEST_SECONDS = 7 * 24 * 3600;
const PROGRESS_AFTER_SECONDS = 1;

export function define(command: Command, shell: Shell): void {
  command
    .description(
      "Explores every reachable state of a specification by Gray and Lamport, and judges each state and each step: " +
        "docs/lab.md. Exit code 1 with a shortest counterexample where a rule is broken, 2 where not everything was seen.",
    )
    .addOption(new Option("--spec <name>", "what to explore").choices(specNames))
    .addOption(new Option("--protocol <name>").hideHelp())
    .option("--rms <number>", "resource managers", between(1, LARGEST_RMS), 3)
    .option("--acceptors <number>", "paxos-commit: acceptors (default: 3)", between(1, LARGEST_ACCEPTORS))
    .option(
      "--ballots <number>",
      "paxos-commit: ballots, ballot 0 among them (default: 2)",
      between(1, LARGEST_BALLOTS),
    )
    .option(
      "--quorum <number>",
      "paxos-commit: acceptors that decide (default: a majority); with fewer it is wrong, and that shows",
      between(1, LARGEST_ACCEPTORS),
    )
    .option("--states <number>", "stop at so many distinct states", between(1, LARGEST_STATES), DEFAULT_STATES)
    .option("--seconds <number>", "stop after so many seconds", between(1, LARGEST_SECONDS))
    .action(() => run(command.opts<Options>(), shell));
  withExamples(command, [
    ["nemcon explore --spec two-phase --rms 3", "288 states, all of which refine TCommit"],
    ["nemcon explore --spec paxos-commit --rms 2 --acceptors 3 --ballots 2", "a minute"],
    ["nemcon explore --spec paxos-commit --rms 1 --quorum 1", "why a quorum is a majority: two decisions"],
    ["nemcon explore --spec tcommit --rms 6 --json", "the counts as JSON"],
  ]);
}

function number(count: number): string {
  return count.toLocaleString("en-US");
}

function reached({ distinct, generated, depth }: Reach): string {
  return `${number(distinct)} distinct states, ${number(generated)} generated, depth ${depth}`;
}

/** @throws NemconError USAGE */
function specOf(options: Options): SpecName {
  const { spec, protocol } = options;
  if (protocol !== undefined)
    throw usage("Specifications can be explored, not the shipped machines yet: use --spec instead of --protocol.");
  if (spec === undefined) throw usage("What should be explored? --spec tcommit, two-phase or paxos-commit.");
  if (spec === "paxos-commit") return spec;
  for (const option of ["acceptors", "ballots", "quorum"] as const)
    if (options[option] !== undefined) throw usage(`--${option}: ${spec} has no acceptors.`);
  return spec;
}

/** @throws NemconError USAGE */
function quorumOf({ acceptors = 3, quorum = Math.floor(acceptors / 2) + 1 }: Options): number {
  if (quorum > acceptors) throw usage(`--quorum ${quorum}: there are ${acceptors} acceptors.`);
  return quorum;
}

function exitOf({ violations, complete }: Exploration): ExitCode {
  if (violations.length > 0) return exit.failed;
  return complete ? exit.done : exit.unknown;
}

async function run(options: Options, shell: Shell): Promise<void> {
  const { output, signal } = shell;
  const { rms, acceptors = 3, ballots = 2, states, seconds = LARGEST_SECONDS } = options;
  const spec = specOf(options);
  const system = specNamed(spec, { rms, acceptors, ballots, quorum: quorumOf(options) });
  const started = performance.now();
  const elapsedSeconds = (): number => (performance.now() - started) / 1000;
  const exploration = await explore(system, { states, seconds, signal }, (reach) => {
    if (elapsedSeconds() >= PROGRESS_AFTER_SECONDS)
      output.status(`${reached(reach)}, ${elapsedSeconds().toFixed(0)} s`);
  });
  output.status("");
  if (output.json) output.document(documentOf(spec, exploration));
  else tell(spec, exploration, elapsedSeconds(), output);
  shell.exitCode = exitOf(exploration);
}

function documentOf(spec: SpecName, exploration: Exploration): Json {
  const { distinct, generated, depth, complete, violations, collisionProbability } = exploration;
  const shown = violations.map(({ rule, count, trace }) => ({
    rule,
    count,
    trace: trace.map(({ label, state }) => ({ label, state: { ...state } })),
  }));
  return { spec, distinct, generated, depth, complete, violations: shown, collisionProbability };
}

function tell(spec: SpecName, exploration: Exploration, seconds: number, output: Output): void {
  const { violations, complete, stopped, distinct, collisionProbability } = exploration;
  for (const broken of violations) output.answer(counterexample(output, broken));
  const how = complete
    ? `everything that ${spec} can do; that fingerprints hid a state: less than ${collisionProbability.toExponential(0)}`
    : `stopped (${stopped}) before everything was seen`;
  output.answer(`${reached(exploration)}: ${how}`);
  output.note(
    `${seconds.toFixed(1)} s, ${number(Math.round(distinct / Math.max(seconds, 0.001)))} distinct states a second`,
  );
  if (violations.length > 0) output.answer(`${output.style("red", "INVALID")}: broken rules: ${violations.length}`);
  else if (complete) output.answer(`${output.style("green", "VALID")}: every state and every step keeps every rule`);
  else output.answer(`${output.style("yellow", "UNKNOWN")}: no rule is broken as far as it was seen`);
}
