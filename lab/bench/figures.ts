/** The figures of a run: ratios of what was measured in the same round, and whether what they rest on is sound. */

import { STREAMED, UNARY, type MachineLimits, type Measurement, type StorageMeasurement } from "./measurement.ts";
import { spreadOf, type Spread } from "./statistics.ts";

export type FigureName = "atomicity" | "storage" | "paxos" | "latency" | "cpu-ascending" | "cpu-random" | "unary";

export interface Goal {
  readonly direction: "at least" | "at most";
  readonly target: number;
  /** Where to get after that; null: the same. */
  readonly later: number | null;
}

export interface Figure extends Goal {
  readonly name: FigureName;
  readonly unit: "ratio" | "µs";
  /** In words: what is divided by what. */
  readonly meaning: string;
  /** By round, as far as it could be computed. */
  readonly rounds: readonly number[];
  readonly spread: Spread | null;
  /** Of the median; null where there is no figure, or an invalid one. */
  readonly reached: boolean | null;
  /** Why it says nothing; null: it is sound. */
  readonly invalid: string | null;
}

export interface Measured {
  readonly measurements: readonly Measurement[];
  readonly storage: readonly StorageMeasurement[];
  readonly limits: readonly MachineLimits[];
  /** The data lay where a forced write costs nothing. */
  readonly inMemory: boolean;
}

/** A plain unary client that is slower than this part of an empty call is a bad client, and beating it proves nothing. */
const UNARY_PART = 0.5;

type Wanted = Partial<Pick<Measurement, "system" | "way" | "keys" | "concurrency">>;

export function figuresOf(measured: Measured): Figure[] {
  const { measurements, storage, limits, inMemory } = measured;
  const rounds = [...new Set(measurements.map(({ round }) => round))];
  const find = (round: number, wanted: Wanted): Measurement | undefined =>
    measurements.find(
      (each) =>
        each.round === round && Object.entries(wanted).every(([key, value]) => each[key as keyof Wanted] === value),
    );
  const each = (of: (round: number) => number | null | undefined): number[] =>
    rounds.map(of).filter((value): value is number => Number.isFinite(value));
  const streamed = { system: "2pc", way: "library", keys: "ascending", concurrency: STREAMED } as const;
  const cpu = (round: number, wanted: Wanted): number | undefined => find(round, wanted)?.cpuMicros?.total;
  const rate = (round: number, wanted: Wanted): number | undefined => find(round, wanted)?.perSecond;

  const unary = { system: "2pc", concurrency: UNARY } as const;
  const plain = spreadOf(each((round) => rate(round, { ...unary, way: "unary" })))?.median ?? Number.NaN;
  const empty = spreadOf(limits.map(({ unaryPerSecond }) => unaryPerSecond))?.median ?? Number.NaN;

  const build = (
    name: FigureName,
    unit: Figure["unit"],
    meaning: string,
    goal: Goal,
    values: readonly number[],
    unsound: (median: number) => string | null = () => null,
  ): Figure => {
    const spread = spreadOf(values);
    const invalid = spread === null ? "not all that it rests on was measured" : unsound(spread.median);
    const wrong = measurements.find(({ violations }) => violations.length > 0);
    const broken = wrong === undefined ? invalid : `answers contradict the databases in “${wrong.name}”`;
    return {
      name,
      unit,
      meaning,
      ...goal,
      rounds: values,
      spread,
      invalid: broken,
      reached: spread === null || broken !== null ? null : reaches(goal, spread.median),
    };
  };

  const noDisk = inMemory ? "the data lay in memory, where a forced write costs nothing" : null;
  const past1 = (what: string) => (median: number) => (median > 1 ? `${what}, so it is no bound` : null);
  const atLeast = (target: number, later: number | null): Goal => ({ direction: "at least", target, later });
  const atMost = (target: number, later: number | null): Goal => ({ direction: "at most", target, later });

  return [
    build(
      "atomicity",
      "ratio",
      "CPU of the uncoordinated fan-out / CPU of 2PC, the same rows, streamed, 1,024 at a time",
      atLeast(0.5, 0.65),
      each((round) => ratio(cpu(round, { system: "fan-out", concurrency: STREAMED }), cpu(round, streamed))),
      past1("the fan-out costs more CPU than 2PC, which does the same and more"),
    ),
    build(
      "storage",
      "ratio",
      "throughput of 2PC / of the same SQLite writes in four processes without messages",
      atLeast(0.5, 0.75),
      each((round) => ratio(rate(round, streamed), storage.find((one) => one.round === round)?.perSecond)),
      (median) => noDisk ?? past1("the writes alone took longer than with the messages")(median),
    ),
    build(
      "paxos",
      "ratio",
      "CPU of 2PC / CPU of Paxos Commit with F=1",
      atLeast(0.65, 0.8),
      each((round) => ratio(cpu(round, streamed), cpu(round, { ...streamed, system: "paxos-commit" }))),
    ),
    build(
      "latency",
      "ratio",
      "p50 one at a time / (p50 with the journal never forced + 2 × p50 of a forced commit while three processes commit)",
      atMost(1.5, 1.2),
      each((round) => {
        const alone = { concurrency: 1, keys: "ascending" } as const;
        const forced = find(round, { ...alone, system: "2pc" })?.latencyMs.p50;
        const unsynced = find(round, { ...alone, system: "2pc-unsynced" })?.latencyMs.p50;
        const commit = limits.find((one) => one.round === round)?.commitOfThreeMs;
        return unsynced === undefined || commit === undefined ? null : ratio(forced, unsynced + 2 * commit);
      }),
      () => noDisk,
    ),
    build(
      "cpu-ascending",
      "µs",
      "CPU a transaction over all processes, client included; streamed, 1,024 at a time, ascending keys",
      atMost(45, 30),
      each((round) => cpu(round, streamed)),
    ),
    build(
      "cpu-random",
      "µs",
      "the same, random keys",
      atMost(80, 60),
      each((round) => cpu(round, { ...streamed, keys: "random" })),
    ),
    build(
      "unary",
      "ratio",
      "transactions/s through the library / through plain unary calls, 128 at a time",
      atLeast(5, null),
      each((round) => ratio(rate(round, { ...unary, way: "library" }), rate(round, { ...unary, way: "unary" }))),
      () =>
        plain >= UNARY_PART * empty
          ? null
          : `the plain client is too slow to compare with: ${Math.round(plain)} transactions/s, and an empty unary call reaches ${Math.round(empty)}/s on this machine; half of that is asked for`,
    ),
  ];
}

function ratio(of: number | undefined, to: number | undefined): number | null {
  return of === undefined || to === undefined ? null : of / to;
}

function reaches({ direction, target }: Goal, value: number): boolean {
  return direction === "at least" ? value >= target : value <= target;
}
