/** The whole run: processes up, rounds, processes down, nothing left behind. */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { figuresOf, type Figure } from "./figures.ts";
import { isInMemory, thisMachine, type Machine } from "./machine.ts";
import type { MachineLimits, Measurement, Plant, StorageMeasurement } from "./measurement.ts";
import { Processes } from "./processes.ts";
import { readProfile, type Profile } from "./profile.ts";
import { runRound, type RoundResult, type Stage } from "./rounds.ts";
import { copyBanks, makeBanks, startCluster, startFanOut } from "./targets.ts";
import type { WorkloadOptions } from "./workload.ts";

export interface BenchOptions {
  /** `nemcon` as words of a command line, and Node as servers run under it. */
  readonly nemcon: readonly string[];
  readonly serverNode: readonly string[];
  /** Where a fresh directory is made for the data, and removed; null: the system's temporary one. */
  readonly directory: string | null;
  readonly rounds: number;
  /** Of each measurement, beside its warm-up. */
  readonly seconds: number;
  /** Of each measurement in a round before the first, which is thrown away; 0: there is none. */
  readonly warmUpSeconds: number;
  readonly workload: WorkloadOptions;
  /** Of `parts`: what is measured. */
  readonly only: ReadonlySet<string>;
  /** Afterwards, the part `streamed` once more, in processes that V8 looks into. */
  readonly profile: boolean;
  readonly plant: Plant | null;
  /** Ends the run early; what was measured by then is lost. */
  readonly signal: AbortSignal;
  /** What is done now, as the how-many-th step of how many. */
  progress(step: number, steps: number, what: string): void;
}

export interface BenchReport {
  /** invalid: an answer contradicts the databases. */
  readonly verdict: "valid" | "invalid";
  readonly startedAt: string;
  readonly elapsedSeconds: number;
  readonly machine: Machine;
  readonly rounds: number;
  readonly seconds: number;
  readonly workload: WorkloadOptions;
  readonly figures: readonly Figure[];
  readonly measurements: readonly Measurement[];
  readonly storage: readonly StorageMeasurement[];
  readonly limits: readonly MachineLimits[];
  /** Empty where none was asked for. */
  readonly profiles: readonly Profile[];
}

/** @throws the signal's reason; NemconError where a process can't be started or ends by itself */
export async function bench(options: BenchOptions): Promise<BenchReport> {
  const { directory: parent, nemcon, serverNode } = options;
  const startedAt = new Date();
  const beganMs = performance.now();
  mkdirSync(parent ?? tmpdir(), { recursive: true });
  const directory = mkdtempSync(join(parent ?? tmpdir(), "nemcon-bench-"));
  const commands = { nemcon, serverNode };
  try {
    const results = await within(options, new Processes(directory, commands), (processes) =>
      allRounds(options, processes, directory),
    );
    const profiled = options.profile ? await profiles(options, directory) : { profiles: [], measurements: [] };
    const measurements = results.flatMap((each) => each.measurements);
    const storage = results.flatMap((each) => each.storage ?? []);
    const limits = results.flatMap((each) => each.limits ?? []);
    const { rounds, seconds, workload } = options;
    const machine = thisMachine(directory);
    return {
      verdict: [...measurements, ...profiled.measurements].every(({ violations }) => violations.length === 0)
        ? "valid"
        : "invalid",
      startedAt: startedAt.toISOString(),
      elapsedSeconds: (performance.now() - beganMs) / 1_000,
      machine,
      rounds,
      seconds,
      workload,
      figures: figuresOf({ measurements, storage, limits, inMemory: isInMemory(machine) }),
      measurements,
      storage,
      limits,
      profiles: profiled.profiles,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Whatever happens, the processes are gone afterwards. */
async function within<T>(
  { signal }: BenchOptions,
  processes: Processes,
  work: (processes: Processes) => Promise<T>,
): Promise<T> {
  try {
    return await Promise.race([work(processes), stopped(signal), processes.lost]);
  } finally {
    await processes.stop();
  }
}

/** In processes of their own, since to be looked into costs time; they write what was seen when they end. */
async function profiles(
  options: BenchOptions,
  parent: string,
): Promise<{ readonly profiles: Profile[]; readonly measurements: readonly Measurement[] }> {
  const { nemcon, serverNode, seconds } = options;
  const directory = join(parent, "profiled");
  mkdirSync(directory);
  const some = { ...options, only: new Set(["streamed"]), seconds: seconds * PROFILED_TIMES };
  options.progress(1, 1, "where the time goes");
  const processes = new Processes(directory, { nemcon, serverNode }, directory);
  const { measurements } = await within(options, processes, async () => {
    const stage = await setUp(some, processes, directory);
    return runRound(1, stage, some, () => undefined);
  });
  return { profiles: profiledProcesses.map((name) => readProfile(directory, name)), measurements };
}

async function allRounds(options: BenchOptions, processes: Processes, directory: string): Promise<RoundResult[]> {
  const { rounds, warmUpSeconds, only } = options;
  const steps = (rounds + (warmUpSeconds > 0 ? 1 : 0)) * only.size + 1;
  let step = 0;
  const tell = (what: string): void => options.progress((step += 1), steps, what);
  tell("starting");
  const stage = await setUp(options, processes, directory);
  // Compiled code, warm caches, journals of some length: a round that nobody counts.
  if (warmUpSeconds > 0)
    await runRound(0, stage, { ...options, seconds: warmUpSeconds }, (what) => tell(`warm-up: ${what}`));
  const results: RoundResult[] = [];
  for (let round = 1; round <= rounds; round += 1)
    results.push(await runRound(round, stage, options, (what) => tell(`round ${round} of ${rounds}: ${what}`)));
  return results;
}

/** Against a measurement that counts: code that is not compiled yet should not be most of what is seen. */
const PROFILED_TIMES = 4;
const profiledProcesses = ["load", "coordinator", "bank-a", "bank-b", "bank-c"];

/** Only what is needed for what is measured. */
async function setUp({ workload, only }: BenchOptions, processes: Processes, directory: string): Promise<Stage> {
  const place = (name: string): string => join(directory, name);
  const banks = makeBanks(place("forced"), workload);
  const copies = (name: string) => copyBanks(banks, place(name));
  const [bare, others, alone, accepted] = [copies("unsynced"), copies("fan-out"), copies("storage"), copies("paxos")];
  // Each in processes of its own: code that is compiled for one protocol is that protocol's.
  const [cluster, unsynced, paxos, fanOut] = await Promise.all([
    startCluster(processes, place("forced"), banks),
    only.has("unsynced") ? startCluster(processes, place("unsynced"), bare, { flags: ["--fault-no-sync"] }) : null,
    only.has("paxos") ? startCluster(processes, place("paxos"), accepted, { protocol: "paxos-commit" }) : null,
    only.has("fan-out") ? startFanOut(processes, others) : null,
  ]);
  const writers = only.has("storage") || only.has("limits");
  const files = writers ? [...alone, { name: "coordinator", file: place("storage/coordinator.db") }] : [];
  const storage = files.map(({ name, file }) => ({
    name,
    file,
    worker: processes.worker(`storage-${name}`, "storage"),
  }));
  await Promise.all(storage.map(({ file, worker }) => worker.call("open", { file })));
  const load = processes.worker("load", "load");
  for (const target of [cluster, unsynced, paxos]) if (target !== null) await load.call("reach", target);
  return {
    load,
    cluster,
    targets: { "2pc": cluster, "2pc-unsynced": unsynced, "paxos-commit": paxos, "fan-out": fanOut },
    storage: Object.fromEntries(storage.map(({ name, worker }) => [name, worker])),
    limits: only.has("limits") ? await startLimits(processes) : null,
    directory,
  };
}

async function startLimits(processes: Processes): Promise<Stage["limits"]> {
  const echoAddress = await processes.worker("echo", "echo").call<string>("serve", null);
  return { worker: processes.worker("limits", "limits"), echoAddress };
}

function stopped(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const end = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error("stopped"));
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
