/** A run that nobody measured: every figure lies well within its goal, and a test changes what it asks about. */

import type { Measured } from "../../../lab/bench/figures.ts";
import type { MachineLimits, Measurement } from "../../../lab/bench/measurement.ts";

const streamed: Measurement = {
  name: "streamed",
  system: "2pc",
  way: "library",
  keys: "ascending",
  concurrency: 1_024,
  round: 1,
  seconds: 2,
  committed: 100_000,
  aborted: 0,
  unknown: 0,
  reasons: {},
  perSecond: 50_000,
  latencyMs: { p50: 20, p90: 25, p99: 30, max: 40 },
  cpuMicros: { total: 25, processes: { coordinator: 5, "bank-a": 5, "bank-b": 5, "bank-c": 5, client: 5 } },
  cores: { used: 1.25, others: 0 },
  compared: 120_000,
  violations: [],
};

function withCpu(total: number): Pick<Measurement, "cpuMicros"> {
  return { cpuMicros: { total, processes: {} } };
}

function withP50(p50: number): Pick<Measurement, "latencyMs"> {
  return { latencyMs: { p50, p90: p50, p99: p50, max: p50 } };
}

const measurements: readonly Measurement[] = [
  streamed,
  { ...streamed, name: "fan-out", system: "fan-out", way: "fan-out", ...withCpu(20) },
  { ...streamed, name: "paxos", system: "paxos-commit", ...withCpu(31.25) },
  { ...streamed, name: "random", keys: "random", ...withCpu(50) },
  { ...streamed, name: "alone", concurrency: 1, ...withP50(1.1) },
  { ...streamed, name: "unsynced", concurrency: 1, system: "2pc-unsynced", ...withP50(0.6) },
  { ...streamed, name: "library", concurrency: 128, perSecond: 30_000 },
  { ...streamed, name: "unary", concurrency: 128, way: "unary", perSecond: 4_000 },
];

const limits: MachineLimits = {
  round: 1,
  spinNs: 1,
  appendMs: 0.12,
  overwriteMs: 0.09,
  growingCommitMs: 0.2,
  commitMs: 0.12,
  commitOfThreeMs: 0.2,
  unaryPerSecond: 5_000,
  streamPerSecond: { "1": 10_000 },
  codecNs: 150,
};

/** @param changes to measurements by their names, and to the machine */
export function measured(
  rounds: readonly {
    readonly [name: string]: Partial<Measurement> | undefined;
    readonly machine?: Partial<MachineLimits> & Partial<Measurement>;
  }[] = [{}],
): Measured {
  return {
    measurements: rounds.flatMap((changes, index) =>
      measurements.map((each) => ({ ...each, ...changes[each.name], round: index + 1 })),
    ),
    storage: rounds.map((_, index) => ({
      round: index + 1,
      perSecond: 80_000,
      cpuMicros: {},
      forcedWrites: { coordinator: 240, "bank-a": 600, "bank-b": 600, "bank-c": 600 },
      transactions: 120_000,
    })),
    inMemory: false,
    limits: rounds.map(({ machine = {} }, index) => ({ ...limits, ...machine, round: index + 1 })),
  };
}
