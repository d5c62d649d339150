/** What a report says, as tables: for a terminal and for a page alike. */

import type { Figure } from "./figures.ts";
import type { MachineLimits, Measurement, StorageMeasurement } from "./measurement.ts";
import type { BenchReport } from "./run.ts";
import { spreadOf } from "./statistics.ts";

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** All that a report says of itself; a table without rows says nothing, and so does null. */
export interface Said {
  readonly rates: Table;
  readonly cpu: Table;
  readonly limits: Table;
  readonly figures: Table;
  readonly profile: Table;
  readonly functions: Table;
  readonly batches: string | null;
  readonly disturbed: string | null;
  /** Why figures say nothing, a line each. */
  readonly invalid: readonly string[];
}

export function said(report: BenchReport): Said {
  return {
    rates: rateTable(report),
    cpu: cpuTable(report),
    limits: limitTable(report),
    figures: figureTable(report),
    profile: profileTable(report),
    functions: functionTable(report),
    batches: batching(report),
    disturbed: disturbance(report),
    invalid: invalidFigures(report),
  };
}

const NONE = "–";
const WRITES = "the writes of 2PC, without messages";
const BANKS = 3;
const PART_SHOWN = 0.01;
/** Of all cores: what a machine that does nothing else does all the same. */
const QUIET_PART = 0.05;
const US_PER_MS = 1_000;

function figureTable({ figures }: BenchReport): Table {
  return {
    head: ["figure", "median", "min – max", "goal", "reached"],
    rows: figures.map(({ name, unit, spread, direction, target, later, reached }) => {
      const digits = unit === "µs" ? 1 : 2;
      const [median = NONE, range = NONE] =
        spread === null
          ? []
          : [spread.median.toFixed(digits), `${spread.min.toFixed(digits)} – ${spread.max.toFixed(digits)}`];
      const goal = `${direction} ${target}${later === null ? "" : `, then ${later}`}${unit === "µs" ? " µs" : ""}`;
      return [name, median, range, goal, reached === null ? "invalid" : reached ? "yes" : "no"];
    }),
  };
}

/** Why figures say nothing, a line each. */
function invalidFigures({ figures }: BenchReport): string[] {
  return figures.flatMap(({ name, invalid }: Figure) => (invalid === null ? [] : [`${name}: ${invalid}`]));
}

/** Where each process's time goes: every part of the house, and package, that has a hundredth of any of them. */
function profileTable({ profiles }: BenchReport): Table {
  const all = profiles.flatMap(({ parts }) => parts.filter(({ share }) => share >= PART_SHOWN));
  const most = (part: string): number =>
    Math.max(...all.filter((each) => each.part === part).map(({ share }) => share));
  const names = [...new Set(all.map(({ part }) => part))].toSorted((a, b) => most(b) - most(a));
  return {
    head: ["% of the busy time", ...profiles.map(({ process }) => (process === "load" ? "client" : process))],
    rows: names.map((name) => [
      name,
      ...profiles.map(({ parts }) => percent(parts.find(({ part }) => part === name)?.share ?? 0)),
    ]),
  };
}

/** The functions that take most of a process's time themselves. */
function functionTable({ profiles }: BenchReport): Table {
  const shown = profiles.filter(({ process }) => !/^bank-[b-z]/.test(process));
  return {
    head: ["process", "% of the busy time", "function"],
    rows: shown.flatMap(({ process, functions }) =>
      functions.map(({ name, share }) => [process === "load" ? "client" : process, percent(share), name]),
    ),
  };
}

function percent(share: number): string {
  return (share * 100).toFixed(1);
}

function groups({ measurements }: BenchReport): [string, Measurement[]][] {
  return [...Map.groupBy(measurements, ({ name }) => name)];
}

function rateTable(report: BenchReport): Table {
  const rows = groups(report).map(([name, all]) => [
    name,
    ...ranged(all.map(({ perSecond }) => perSecond)),
    median(all, 2, ({ latencyMs }) => latencyMs.p50),
    median(all, 2, ({ latencyMs }) => latencyMs.p90),
    median(all, 2, ({ latencyMs }) => latencyMs.p99),
    median(all, 1, ({ latencyMs }) => latencyMs.max),
    median(all, 2, percentAborted),
    median(all, 2, ({ cores }) => cores?.used),
    median(all, 2, ({ cores }) => cores?.others),
  ]);
  const head = ["what", "tx/s", "min – max", "p50 ms", "p90 ms", "p99 ms", "max ms", "% aborted", "cores", "others"];
  const { storage } = report;
  if (storage.length === 0) return { head, rows };
  const rates = ranged(storage.map(({ perSecond }) => perSecond));
  return { head, rows: [...rows, padded(head, [WRITES, ...rates])] };
}

/** µs of CPU a transaction, median, by process. */
function cpuTable(report: BenchReport): Table {
  const rows = groups(report).map(([name, all]) => [
    name,
    median(all, 1, ({ cpuMicros }) => cpuMicros?.total),
    median(all, 1, ({ cpuMicros }) => cpuMicros?.processes["client"]),
    median(all, 1, ({ cpuMicros }) => cpuMicros?.processes["coordinator"]),
    median(all, 1, ({ cpuMicros }) => (cpuMicros === null ? undefined : ofBanks(cpuMicros.processes))),
    median(all, 1, ({ cpuMicros }) => (cpuMicros === null ? undefined : ofAcceptors(cpuMicros.processes))),
  ]);
  const head = ["µs of CPU a transaction", "all", "client", "coordinator", "three participants", "three acceptors"];
  const { storage } = report;
  if (storage.length === 0) return { head, rows };
  const all = median(storage, 1, ({ cpuMicros }) => ofBanks(cpuMicros) + (cpuMicros["coordinator"] ?? 0));
  const coordinator = median(storage, 1, ({ cpuMicros }) => cpuMicros["coordinator"]);
  const banks = median(storage, 1, ({ cpuMicros }) => ofBanks(cpuMicros));
  return { head, rows: [...rows, padded(head, [WRITES, all, NONE, coordinator, banks])] };
}

/** That the machine had something else to do, in words; null where it did not. */
function disturbance({ machine, measurements }: BenchReport): string | null {
  const others = spreadOf(measurements.flatMap(({ cores }) => cores?.others ?? []))?.median ?? 0;
  if (others <= machine.cores * QUIET_PART) return null;
  return `Something else kept ${others.toFixed(2)} of ${machine.cores} cores busy meanwhile: rates and latencies are worse than those of a quiet machine, CPU a transaction somewhat. Ratios are less disturbed.`;
}

/** How large the product's batches were, in words; null where that was not measured. */
function batching({ storage }: BenchReport): string | null {
  if (storage.length === 0) return null;
  const writes = ({ forcedWrites }: StorageMeasurement, name: string): number => forcedWrites[name] ?? 0;
  const coordinator = median(storage, 0, (each) => each.transactions / writes(each, "coordinator"));
  const participant = median(storage, 0, (each) => (2 * each.transactions) / (ofBanks(each.forcedWrites) / BANKS));
  return `Of 1,024 at a time, a forced write of the coordinator carried ${coordinator} decisions, and one of a participant ${participant} votes and commits.`;
}

/** No rows where they were not measured. */
function limitTable({ limits }: BenchReport): Table {
  const head = ["this machine", "median", "min – max"];
  if (limits.length === 0) return { head, rows: [] };

  const micros = (what: string, of: (each: MachineLimits) => number): string[] => [
    what,
    ...ranged(
      limits.map((each) => of(each) * US_PER_MS),
      "µs",
    ),
  ];
  const perSecond = (what: string, of: (each: MachineLimits) => number): string[] => [
    what,
    ...ranged(limits.map(of), "/s"),
  ];
  const frames = Object.keys(limits[0]?.streamPerSecond ?? {});
  return {
    head,
    rows: [
      [
        "a step of an empty loop, CPU",
        ...ranged(
          limits.map(({ spinNs }) => spinNs),
          "ns",
          2,
        ),
      ],
      micros("a forced record at the end of a file, p50", ({ appendMs }) => appendMs),
      micros("the same over another record", ({ overwriteMs }) => overwriteMs),
      micros("a SQLite commit, its log growing, p50", ({ growingCommitMs }) => growingCommitMs),
      micros("the same, its log extended beforehand", ({ commitMs }) => commitMs),
      micros("the same, three processes committing", ({ commitOfThreeMs }) => commitOfThreeMs),
      perSecond("empty unary gRPC calls, 128 at a time", ({ unaryPerSecond }) => unaryPerSecond),
      ...frames.map((messages) =>
        perSecond(
          `messages on a gRPC stream, ${messages} a frame`,
          ({ streamPerSecond }) => streamPerSecond[messages] ?? 0,
        ),
      ),
      [
        "packing and unpacking a message",
        ...ranged(
          limits.map(({ codecNs }) => codecNs),
          "ns",
        ),
      ],
    ],
  };
}

/** Of the answers in the window. */
function percentAborted({ committed, aborted, unknown }: Measurement): number {
  const others = aborted + unknown;
  return (others / (committed + others)) * 100;
}

function ofBanks(processes: Readonly<Record<string, number>>): number {
  return sumOf(processes, "bank-") ?? 0;
}

/** undefined where there are none. */
function ofAcceptors(processes: Readonly<Record<string, number>>): number | undefined {
  return sumOf(processes, "acceptor-");
}

function sumOf(processes: Readonly<Record<string, number>>, prefix: string): number | undefined {
  const some = Object.entries(processes).filter(([name]) => name.startsWith(prefix));
  return some.length === 0 ? undefined : some.reduce((sum, [, value]) => sum + value, 0);
}

function padded(head: readonly string[], cells: readonly string[]): string[] {
  return head.map((_, column) => cells[column] ?? NONE);
}

/** Median, and the range. */
function ranged(values: readonly number[], unit = "", digits = 0): string[] {
  const spread = spreadOf(values);
  if (spread === null) return [NONE, NONE];
  const text = (value: number): string =>
    value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return [`${text(spread.median)} ${unit}`.trim(), `${text(spread.min)} – ${text(spread.max)}`];
}

function median<T>(all: readonly T[], digits: number, of: (each: T) => number | undefined): string {
  const spread = spreadOf(all.map(of).filter((value) => value !== undefined));
  return spread === null ? NONE : spread.median.toFixed(digits);
}
