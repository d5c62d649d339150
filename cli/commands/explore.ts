/** `nemcon explore`: breadth-first over everything that a specification, or the shipped machines, can do. */

import { Option, type Command } from "commander";
import {
  bugNamed,
  bugNames,
  COUNTED_TIMERS,
  explore,
  exploreMachines,
  specNamed,
  specNames,
  writeTrace,
  type Budgets,
  type Exploration,
  type ExplorationBudget,
  type Reach,
  type SpecName,
} from "../../lab/index.ts";
import { protocols, type ProtocolName } from "../../protocols/index.ts";
import { exit, type ExitCode } from "../../runtime/errors/index.ts";
import { mergeTraces } from "../../trace/index.ts";
import { between, usage } from "../arguments.ts";
import {
  budgetOrAny,
  budgetsOf,
  budgetWords,
  LARGEST_BUDGET,
  LARGEST_COORDINATORS,
  LARGEST_PARTICIPANTS,
  machineOptions,
  machinesOf,
} from "../explore/machines.ts";
import { counterexample } from "../explore/tell.ts";
import type { Json } from "../json.ts";
import type { Output } from "../output.ts";
import { withExamples, type Shell } from "../shell.ts";

interface Options extends Budgets {
  readonly spec?: SpecName;
  readonly protocol?: ProtocolName;
  readonly bug?: string;
  readonly rms?: number;
  readonly ballots?: number;
  readonly quorum?: number;
  readonly trace?: string;
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
      "Explores every reachable state of a specification by Gray and Lamport, or of the shipped machines of one " +
        "transaction under faults, and judges each state and each step: docs/lab.md. Exit code 1 with a shortest " +
        "counterexample where a rule is broken, 2 where not everything was seen.",
    )
    .addOption(new Option("--spec <name>", "the specification to explore").choices(specNames))
    .addOption(new Option("--protocol <name>", "the shipped machines to explore").choices(Object.keys(protocols)))
    .addOption(
      new Option(
        "--bug <name>",
        "the machines with a planted bug of docs/lab.md, in its own budgets unless others are given, until a rule is broken",
      ).choices(bugNames),
    )
    .option("--rms <number>", "a specification's resource managers (default: 3)", between(1, LARGEST_RMS))
    .option("--acceptors <number>", "Paxos Commit: acceptors (default: 3)", between(1, LARGEST_ACCEPTORS))
    .option(
      "--ballots <number>",
      "the specification of Paxos Commit: ballots, ballot 0 among them (default: 2)",
      between(1, LARGEST_BALLOTS),
    )
    .option(
      "--quorum <number>",
      "the same: acceptors that decide (default: a majority); with fewer it is wrong, and that shows",
      between(1, LARGEST_ACCEPTORS),
    )
    .option("--participants <number>", "machines: participants (default: 2)", between(1, LARGEST_PARTICIPANTS))
    .option(
      "--coordinators <number>",
      "machines of Paxos Commit: coordinators (default: 1)",
      between(1, LARGEST_COORDINATORS),
    )
    .option("--crashes <number>", "machines: processes that die (default: 1)", between(0, LARGEST_BUDGET))
    .option("--losses <number>", "machines: messages that are lost, or any (default)", budgetOrAny)
    .option("--duplicates <number>", "machines: messages that come twice, or any (default)", budgetOrAny)
    .option(
      "--suspicions <number>",
      "machines: nodes that are up and taken for dead (default: 0)",
      between(0, LARGEST_BUDGET),
    )
    .option(
      "--timers <number>",
      `machines: timers that fire, or any (default; ${COUNTED_TIMERS} where losses are counted)`,
      budgetOrAny,
    )
    .option(
      "--rounds <number>",
      "machines: the highest ballot or election that is opened (default: the first of each leader)",
      between(0, LARGEST_BUDGET),
    )
    .option("--enlisted", "machines: the work was done before the commit, not inside its prepare")
    .option("--trace <file>", "machines: write the first counterexample, for nemcon check")
    .option("--states <number>", "stop at so many distinct states", between(1, LARGEST_STATES), DEFAULT_STATES)
    .option("--seconds <number>", "stop after so many seconds", between(1, LARGEST_SECONDS))
    .action(() => run(command.opts<Options>(), shell));
  withExamples(command, [
    ["nemcon explore --spec two-phase --rms 3", "288 states, all of which refine TCommit"],
    ["nemcon explore --spec paxos-commit --rms 2 --acceptors 3 --ballots 2", "a minute"],
    ["nemcon explore --spec paxos-commit --rms 1 --quorum 1", "why a quorum is a majority: two decisions"],
    ["nemcon explore --protocol 2pc --crashes 2", "the shipped two-phase commit: any messages late, lost or twice"],
    ["nemcon explore --protocol 3pc-plain --losses 1 --suspicions 2", "why silence is no death: two decisions"],
    ["nemcon explore --bug reused-election", "a planted bug, in the small model that shows it"],
    ["nemcon explore --bug reused-election --trace run.ndjson", "the same, and its counterexample for nemcon check"],
    ["nemcon explore --spec tcommit --rms 6 --json", "the counts as JSON"],
  ]);
}

function number(count: number): string {
  return count.toLocaleString("en-US");
}

function reached({ distinct, generated, depth }: Reach): string {
  return `${number(distinct)} distinct states, ${number(generated)} generated, depth ${depth}`;
}

/** What is explored: its name and its search. */
interface Subject {
  /** As the JSON has it. */
  readonly names: Record<string, Json>;
  /** For people. */
  readonly words: string;
  search(budget: ExplorationBudget, progress: (reach: Reach) => void): Promise<Exploration>;
}

/** @throws NemconError USAGE */
function subjectOf(options: Options): Subject {
  const { spec, bug } = options;
  const protocol = protocolOf(options);
  if (spec !== undefined && protocol !== undefined)
    throw usage(bug === undefined ? "Either --spec or --protocol." : "--bug is for the shipped machines.");
  if (protocol !== undefined) return machinesSubject(protocol, options);
  if (spec === undefined)
    throw usage(
      `What should be explored? --spec ${specNames.join("|")}, or --protocol ${Object.keys(protocols).join("|")}.`,
    );
  return specSubject(spec, options);
}

/** @throws NemconError USAGE */
function protocolOf({ protocol, bug }: Options): ProtocolName | undefined {
  if (bug === undefined) return protocol;
  const planted = bugNamed(bug);
  if (protocol !== undefined && protocol !== planted.protocol)
    throw usage(`"${bug}" is a bug of ${planted.protocol}, and not of ${protocol}: leave --protocol out.`);
  return planted.protocol;
}

function machinesSubject(protocol: ProtocolName, options: Options): Subject {
  const { bug = null } = options;
  for (const option of ["rms", "ballots", "quorum"] as const)
    if (options[option] !== undefined) throw usage(`--${option} is for specifications.`);
  const model = machinesOf(protocol, bug, options);
  const planted = bug === null ? "" : ` with the bug ${bug}`;
  return {
    names: { protocol, ...(bug !== null && { bug }), budgets: budgetsOf(model) },
    words: `${protocol}${planted} can do with ${budgetWords(model)}`,
    search: (budget, progress) => exploreMachines(model, { ...budget, untilBroken: bug !== null }, progress),
  };
}

function specSubject(spec: SpecName, options: Options): Subject {
  if (options.trace !== undefined)
    throw usage("--trace is for the shipped machines: a specification has no processes whose trace could be judged.");
  for (const option of machineOptions)
    if (options[option] !== undefined) throw usage(`--${option} is for the shipped machines: --protocol.`);
  if (spec !== "paxos-commit")
    for (const option of ["acceptors", "ballots", "quorum"] as const)
      if (options[option] !== undefined) throw usage(`--${option}: ${spec} has no acceptors.`);
  const { rms = 3, acceptors = 3, ballots = 2, quorum = Math.floor(acceptors / 2) + 1 } = options;
  if (quorum > acceptors) throw usage(`--quorum ${quorum}: there are ${acceptors} acceptors.`);
  const system = specNamed(spec, { rms, acceptors, ballots, quorum });
  return {
    names: { spec },
    words: `${spec} can do`,
    search: (budget, progress) => explore(system, budget, progress),
  };
}

function exitOf({ violations, complete }: Exploration): ExitCode {
  if (violations.length > 0) return exit.failed;
  return complete ? exit.done : exit.unknown;
}

async function run(options: Options, shell: Shell): Promise<void> {
  const { output, signal } = shell;
  const { states, seconds = LARGEST_SECONDS } = options;
  const subject = subjectOf(options);
  const started = performance.now();
  const elapsedSeconds = (): number => (performance.now() - started) / 1000;
  const exploration = await subject.search({ states, seconds, signal }, (reach) => {
    if (elapsedSeconds() >= PROGRESS_AFTER_SECONDS)
      output.status(`${reached(reach)}, ${elapsedSeconds().toFixed(0)} s`);
  });
  output.status("");
  const events = exploration.violations[0]?.events ?? [];
  if (options.trace !== undefined && events.length > 0) writeTrace(options.trace, mergeTraces([events]));
  if (output.json) output.document(documentOf(subject, exploration));
  else {
    tell(subject, exploration, elapsedSeconds(), output);
    tellTrace(options.trace, events.length > 0, output);
  }
  shell.exitCode = exitOf(exploration);
}

function tellTrace(file: string | undefined, isWritten: boolean, output: Output): void {
  if (file === undefined) return;
  if (isWritten) output.answer(`the first counterexample is in ${file}: nemcon check ${file}`);
  else output.note(`Nothing was written to ${file}: no rule is broken.`);
}

function documentOf({ names }: Subject, exploration: Exploration): Json {
  const { distinct, generated, depth, complete, violations, collisionProbability } = exploration;
  const shown = violations.map(({ rule, count, trace }) => ({
    rule,
    count,
    trace: trace.map(({ label, state }) => ({ label, state: { ...state } })),
  }));
  return { ...names, distinct, generated, depth, complete, violations: shown, collisionProbability };
}

function tell({ words }: Subject, exploration: Exploration, seconds: number, output: Output): void {
  const { violations, complete, stopped, distinct, collisionProbability } = exploration;
  for (const broken of violations) output.answer(counterexample(output, broken));
  const how = complete
    ? `everything that ${words}; that fingerprints hid a state: less than ${collisionProbability.toExponential(0)}`
    : `stopped (${stopped}) before everything was seen that ${words}`;
  output.answer(`${reached(exploration)}: ${how}`);
  output.note(
    `${seconds.toFixed(1)} s, ${number(Math.round(distinct / Math.max(seconds, 0.001)))} distinct states a second`,
  );
  if (violations.length > 0) output.answer(`${output.style("red", "INVALID")}: broken rules: ${violations.length}`);
  else if (complete) output.answer(`${output.style("green", "VALID")}: every state and every step keeps every rule`);
  else output.answer(`${output.style("yellow", "UNKNOWN")}: no rule is broken as far as it was seen`);
}
