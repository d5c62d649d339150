/** Many schedules of one kind, one after another: what a worker does, and what its results add up to. */

import type { Protocols } from "./capabilities.ts";
import { joinHashes } from "./digest.ts";
import { faultNames, namesOf, type FaultName } from "./faults.ts";
import type { Violation } from "./judges.ts";
import { runSchedule, type RunOptions } from "./run.ts";
import { drawSchedule, type FaultClass, type Workload } from "./schedule.ts";

export interface Batch {
  readonly protocol: Protocols;
  /** The first seed. */
  readonly seed: number;
  readonly schedules: number;
  /** Absent: those under which the protocol is said to hold. */
  readonly faults?: FaultClass;
  /** Absent: operations; where protocols are mixed, either. */
  readonly workload?: Workload;
}

export interface Broken {
  readonly protocol: Protocols;
  readonly seed: number;
  readonly violations: readonly Violation[];
}

export interface Tally {
  readonly schedules: number;
  /** What happened: messages sent, arrived and lost, steps, writes, answers, deaths and starts. */
  readonly events: number;
  readonly faults: Readonly<Record<FaultName, number>>;
  readonly broken: readonly Broken[];
  /** Of every event of every run, in the order of the seeds. */
  readonly hash: string;
}

/** @param options for each run */
export async function runBatch(batch: Batch, options: RunOptions = {}): Promise<Tally> {
  const { protocol, seed: first, schedules } = batch;
  const faults = noFaults();
  const broken: Broken[] = [];
  const hashes: string[] = [];
  let events = 0;
  for (let seed = first; seed < first + schedules; seed += 1) {
    const outcome = await runSchedule(drawSchedule(protocol, seed, batch), options);
    events += outcome.events;
    hashes.push(outcome.hash);
    for (const fault of outcome.faults) for (const name of namesOf(fault)) faults[name] += 1;
    if (outcome.violations.length > 0) broken.push({ protocol, seed, violations: outcome.violations });
  }
  return { schedules, events, faults, broken, hash: joinHashes(hashes) };
}

/** @param tallies in the order of their seeds */
export function addTallies(tallies: readonly Tally[]): Tally {
  const faults = noFaults();
  for (const tally of tallies) for (const name of faultNames) faults[name] += tally.faults[name];
  return {
    schedules: tallies.reduce((sum, each) => sum + each.schedules, 0),
    events: tallies.reduce((sum, each) => sum + each.events, 0),
    faults,
    broken: tallies.flatMap(({ broken }) => broken),
    hash: joinHashes(tallies.map(({ hash }) => hash)),
  };
}

function noFaults(): Record<FaultName, number> {
  return Object.fromEntries(faultNames.map((name) => [name, 0])) as Record<FaultName, number>;
}
