/** The whole run: processes up, rounds with everything in turn, processes down, nothing left behind. */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCluster, type BenchCluster } from "./cluster.ts";
import type { LoadRequest, LoadResult } from "./load.ts";
import type { Measurement, Subject } from "./measurement.ts";
import { Processes, type StartedWorker } from "./processes.ts";

export interface BenchOptions {
  /** `nemcon` as words of a command line. */
  readonly nemcon: readonly string[];
  /** Under which a fresh directory is made for data, and removed; null: the system's temporary one. */
  readonly directory: string | null;
  readonly rounds: number;
  /** Of each measurement, beside its warm-up. */
  readonly seconds: number;
  readonly rows: number;
  readonly seed: number;
  /** Ends the run early; what was measured by then is lost. */
  readonly signal: AbortSignal;
  /** What is measured now. */
  progress(done: number, all: number, what: string): void;
}

export interface BenchReport {
  readonly seed: number;
  readonly rounds: number;
  readonly measurements: readonly Measurement[];
}

const WARM_UP_PART = 0.25;

const subjects: readonly Subject[] = [
  { name: "2pc, library, 1,024 at a time", system: "2pc", way: "library", keys: "ascending", concurrency: 1_024 },
  { name: "2pc, stubs, 1,024 at a time", system: "2pc", way: "stream", keys: "ascending", concurrency: 1_024 },
  { name: "2pc, library, 1,024, random keys", system: "2pc", way: "library", keys: "random", concurrency: 1_024 },
  { name: "2pc, library, 64 at a time", system: "2pc", way: "library", keys: "ascending", concurrency: 64 },
  { name: "2pc, library, one at a time", system: "2pc", way: "library", keys: "ascending", concurrency: 1 },
];

/** @throws the signal's reason; NemconError where a process can't be started or ends by itself */
export async function bench(options: BenchOptions): Promise<BenchReport> {
  const { directory, nemcon, signal } = options;
  const parent = directory ?? tmpdir();
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "nemcon-bench-"));
  const processes = new Processes(folder, nemcon);
  try {
    return await Promise.race([measureAll(options, processes, folder), aborted(signal)]);
  } finally {
    await processes.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureAll(options: BenchOptions, processes: Processes, folder: string): Promise<BenchReport> {
  const { rounds, rows, seed } = options;
  const all = rounds * subjects.length;
  options.progress(0, all, "starting");
  const cluster = await startCluster(processes, folder, rows);
  const load = processes.worker("load", "load");
  await load.call("reach", { address: cluster.address, names: cluster.banks.map(({ name }) => name) });
  const run = new Run(options, cluster, load);
  const measurements: Measurement[] = [];
  for (let round = 1; round <= rounds; round += 1)
    for (const subject of subjects) {
      options.progress(measurements.length, all, `round ${round}: ${subject.name}`);
      measurements.push(await run.measure(round, subject));
    }
  return { seed, rounds, measurements };
}

class Run {
  private readonly options: BenchOptions;
  private readonly cluster: BenchCluster;
  private readonly load: StartedWorker;
  private nextNumber = 1;

  constructor(options: BenchOptions, cluster: BenchCluster, load: StartedWorker) {
    this.options = options;
    this.cluster = cluster;
    this.load = load;
  }

  async measure(round: number, subject: Subject): Promise<Measurement> {
    const { rows, seed, seconds } = this.options;
    const { address, banks, pids } = this.cluster;
    const { way, keys, concurrency } = subject;
    const result = await this.load.call<LoadResult>("run", {
      way,
      keys,
      concurrency,
      addresses: [address],
      banks,
      rows,
      seed: seed + round,
      firstNumber: this.nextNumber,
      pids,
      warmUpMs: seconds * 1_000 * WARM_UP_PART,
      measureMs: seconds * 1_000,
    } satisfies LoadRequest);
    this.nextNumber = result.nextNumber;
    return measurementOf(round, subject, result);
  }
}

function measurementOf(round: number, subject: Subject, result: LoadResult): Measurement {
  const { windowMs, committed, aborted, unknown, latencyMs, cpuMs, machineCpuMs, compared, reasons, violations } =
    result;
  const allMs = Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0);
  const micros = (ms: number): number => (ms * 1_000) / committed;
  const isKnown = Number.isFinite(allMs);
  return {
    ...subject,
    round,
    seconds: windowMs / 1_000,
    committed,
    aborted,
    unknown,
    reasons,
    perSecond: committed / (windowMs / 1_000),
    latencyMs,
    cpuMicros: isKnown
      ? {
          total: micros(allMs),
          processes: Object.fromEntries(Object.entries(cpuMs).map(([name, ms]) => [name, micros(ms)])),
        }
      : null,
    cores: isKnown ? { used: allMs / windowMs, others: Math.max(0, machineCpuMs - allMs) / windowMs } : null,
    compared,
    violations,
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const end = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error("stopped"));
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
