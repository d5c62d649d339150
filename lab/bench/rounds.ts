/** One round: everything in turn, so that what is compared was measured within seconds of each other. */

import type { LoadRequest, LoadResult } from "./load.ts";
import {
  STREAMED,
  UNARY,
  type MachineLimits,
  type Measurement,
  type Plant,
  type StorageMeasurement,
  type Subject,
  type System,
} from "./measurement.ts";
import type { StartedWorker } from "./processes.ts";
import type { Replay, Replayed } from "./storage.ts";
import type { Cluster, Target } from "./targets.ts";
import { lastRow, rowsAfter } from "./turns.ts";
import type { WorkloadOptions } from "./workload.ts";

/** All processes of a run. */
export interface Stage {
  readonly load: StartedWorker;
  readonly cluster: Cluster;
  /** null where nothing is asked of it. */
  readonly targets: Readonly<Record<System, Target | null>>;
  /** By the product's process whose writes it repeats. */
  readonly storage: Readonly<Record<string, StartedWorker>>;
  readonly limits: { readonly worker: StartedWorker; readonly echoAddress: string } | null;
  readonly directory: string;
}

export interface RoundOptions {
  readonly workload: WorkloadOptions;
  readonly seconds: number;
  readonly plant: Plant | null;
  /** Of `parts`. */
  readonly only: ReadonlySet<string>;
}

export interface RoundResult {
  readonly measurements: readonly Measurement[];
  /** null where it was left out. */
  readonly storage: StorageMeasurement | null;
  readonly limits: MachineLimits | null;
}

const streamed: Subject = {
  name: "2PC, library, 1,024",
  system: "2pc",
  way: "library",
  keys: "ascending",
  concurrency: STREAMED,
};
const unary: Subject = { ...streamed, name: "2PC, unary calls, 128", way: "unary", concurrency: UNARY };
const alone: Subject = { ...streamed, name: "2PC, library, 1", concurrency: 1 };

const subjects: Readonly<Record<string, Subject>> = {
  streamed,
  "fan-out": { ...streamed, name: "fan-out, streams, 1,024", system: "fan-out", way: "fan-out" },
  paxos: { ...streamed, name: "Paxos Commit, library, 1,024", system: "paxos-commit" },
  random: { ...streamed, name: "2PC, library, 1,024, random keys", keys: "random" },
  stubs: { ...streamed, name: "2PC, stubs, 1,024", way: "stubs" },
  some: { ...streamed, name: "2PC, library, 64", concurrency: 64 },
  library: { ...unary, name: "2PC, library, 128", way: "library" },
  unary,
  alone,
  unsynced: { ...alone, name: "2PC never forced, library, 1", system: "2pc-unsynced" },
};

/**
 * What a round consists of, in order, so that what is compared is neighbours: the limits begin with unary calls and
 * end with forced commits. By these names a part may be asked for alone. `storage` repeats what `streamed` wrote.
 */
export const parts: readonly string[] = [
  "streamed",
  "storage",
  "fan-out",
  "paxos",
  "random",
  "stubs",
  "some",
  "library",
  "unary",
  "limits",
  "alone",
  "unsynced",
];

const WARM_UP_PART = 0.25;
/** Of a measurement of a limit, against one of a transaction's. */
const LIMIT_PART = 0.125;
const FRAME_MESSAGES = [1, 8, 32, 128];
const COMMIT_BYTES = 256;
/** Of a limit that a figure rests on, against the others. */
const FIGURE_TIMES = 4;

/** @param step told what is begun: once for each of `options.only` */
export async function runRound(
  round: number,
  stage: Stage,
  options: RoundOptions,
  step: (what: string) => void,
): Promise<RoundResult> {
  const measurements: Measurement[] = [];
  let storage: StorageMeasurement | null = null;
  let limits: MachineLimits | null = null;
  let before: Readonly<Record<string, number>> = {};
  for (const part of parts) {
    if (!options.only.has(part)) continue;
    const subject = subjects[part];
    if (subject !== undefined) {
      before = mapValues(stage.cluster.journals, lastRow);
      step(subject.name);
      measurements.push(await measured(round, subject, stage, options));
    } else if (part === "storage") {
      step("the same writes without messages");
      storage = await replayed(round, stage, options, before, measurements.at(-1)?.compared ?? 0);
    } else {
      step("the machine's limits");
      limits = await limitsOf(round, stage, options.seconds * 1_000 * LIMIT_PART);
    }
  }
  return { measurements, storage, limits };
}

async function measured(
  round: number,
  subject: Subject,
  { load, targets }: Stage,
  { workload, seconds, plant }: RoundOptions,
): Promise<Measurement> {
  const { system, way, keys, concurrency } = subject;
  const target = targets[system];
  if (target === null) throw new Error(`nobody runs ${system}`);
  const request: LoadRequest = {
    target,
    way,
    keys,
    concurrency,
    workload,
    plant,
    warmUpMs: seconds * 1_000 * WARM_UP_PART,
    measureMs: seconds * 1_000,
  };
  const { windowMs, cpuMs, machineCpuMs, ...result } = await load.call<LoadResult>("run", request);
  const allMs = Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0);
  const micros = (ms: number): number => (ms * 1_000) / result.committed;
  const isKnown = Number.isFinite(allMs) && result.committed > 0;
  return {
    ...subject,
    ...result,
    round,
    seconds: windowMs / 1_000,
    perSecond: result.committed / (windowMs / 1_000),
    cpuMicros: isKnown ? { total: micros(allMs), processes: mapValues(cpuMs, micros) } : null,
    cores: isKnown ? { used: allMs / windowMs, others: Math.max(0, machineCpuMs - allMs) / windowMs } : null,
  };
}

/** @param transactions whose writes are in the journals' rows after `before` */
async function replayed(
  round: number,
  { cluster, storage }: Stage,
  { workload }: RoundOptions,
  before: Readonly<Record<string, number>>,
  transactions: number,
): Promise<StorageMeasurement> {
  const participants = cluster.banks.map(({ name }) => name);
  const rows = mapValues(cluster.journals, (file, name) => rowsAfter(file, before[name] ?? 0));
  const results = await Promise.all(
    Object.entries(storage).map(async ([name, worker]) => {
      const updates = participants.includes(name) ? transactions : 0;
      const { records, valueBytes } = workload;
      const replay: Replay = { rowBytes: rows[name] ?? [], updates, valueBytes, records };
      return [name, await worker.call<Replayed>("replay", replay)] as const;
    }),
  );
  const longestMs = Math.max(...results.map(([, { elapsedMs }]) => elapsedMs));
  return {
    round,
    transactions,
    perSecond: transactions / (longestMs / 1_000),
    cpuMicros: Object.fromEntries(results.map(([name, { cpuMs }]) => [name, (cpuMs * 1_000) / transactions])),
    forcedWrites: mapValues(rows, ({ length }) => length),
  };
}

async function limitsOf(round: number, stage: Stage, forMs: number): Promise<MachineLimits> {
  const { cluster, storage, directory } = stage;
  const three = cluster.banks.flatMap(({ name }) => storage[name] ?? []);
  const [first] = three;
  if (first === undefined || stage.limits === null) throw new Error("nobody measures limits");
  const { worker: limits, echoAddress: address } = stage.limits;
  const commit = { rowBytes: COMMIT_BYTES, forMs };
  const longer = { forMs: forMs * FIGURE_TIMES };
  const unaryPerSecond = await limits.call<number>("unary", { address, concurrency: UNARY, ...longer });
  const streamPerSecond: Record<string, number> = {};
  for (const frameMessages of FRAME_MESSAGES)
    streamPerSecond[frameMessages] = await limits.call<number>("stream", { address, frameMessages, forMs });
  const spinNs = await limits.call<number>("spin", { forMs });
  const codecNs = await limits.call<number>("codec", { forMs });
  const disk = await limits.call<Pick<MachineLimits, "appendMs" | "overwriteMs">>("disk", { directory, forMs });
  const growingCommitMs = await limits.call<number>("growingCommit", { file: `${directory}/growing.db`, forMs });
  const commitMs = await first.call<number>("commits", commit);
  const ofThree = await Promise.all(three.map((worker) => worker.call<number>("commits", { ...commit, ...longer })));
  const commitOfThreeMs = ofThree.reduce((sum, ms) => sum + ms, 0) / ofThree.length;
  return {
    round,
    spinNs,
    ...disk,
    growingCommitMs,
    commitMs,
    commitOfThreeMs,
    unaryPerSecond,
    streamPerSecond,
    codecNs,
  };
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, to: (value: A, key: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, to(value, key)]));
}
