/** The client process: keeps a way busy, and compares every answer with the databases. */

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import Database from "better-sqlite3";
import { connect, type Outcome } from "../../client/index.ts";
import { channelCredentials, ParticipantStub } from "../../runtime/link/index.ts";
import type { Bank, KeyValue, OneShot } from "../index.ts";
import { machineCpuMs, processCpuMs } from "./cpu.ts";
import { drive, type Driven, type Loop } from "./drive.ts";
import type { Keys, Plant, WayName } from "./measurement.ts";
import type { Target } from "./targets.ts";
import { keyValue, type WorkloadOptions } from "./workload.ts";
import { fanOutWay } from "./ways/fan-out.ts";
import { libraryWay } from "./ways/library.ts";
import { stubsWay } from "./ways/stubs.ts";
import { unaryWay } from "./ways/unary.ts";
import type { Told, Way } from "./ways/way.ts";

export interface LoadRequest extends Loop {
  readonly target: Target;
  readonly way: WayName;
  readonly keys: Keys;
  readonly workload: WorkloadOptions;
  readonly plant: Plant | null;
}

export interface LoadResult extends Driven {
  /** In the window, by process, in milliseconds. */
  readonly cpuMs: Readonly<Record<string, number>>;
  /** Of the whole machine. */
  readonly machineCpuMs: number;
  readonly compared: number;
  /** Of warm-up and end too: why transactions did not commit, and how often. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
}

interface Edge {
  readonly cpuMs: ReadonlyMap<string, number>;
  readonly machineMs: number;
}

const REACHED_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 20;
/** Of a planted slow baseline, on each call. */
const SLOW_MS = 20;

/** Opened once: connections and streams stay, as those of a service would. */
const ways = new Map<string, Way>();
const workloads = new Map<string, KeyValue>();

function once<T>(known: Map<string, T>, key: string, make: () => T): T {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}

function wayTo({ way: name, plant, target }: LoadRequest): Way {
  const { servers, protocol } = target;
  const coordinator = typeof servers === "string" ? servers : "";
  switch (name) {
    case "library":
      return libraryWay(coordinator, protocol);
    case "stubs":
      return stubsWay(coordinator);
    case "unary":
      return unaryWay(coordinator, plant === "slow-baseline" ? SLOW_MS : 0);
    case "fan-out":
      return fanOutWay(new Map(typeof servers === "string" ? [] : Object.entries(servers)));
    default:
      return name satisfies never;
  }
}

const committed: Outcome = { kind: "committed", transaction: "", results: {}, heuristic: false };
const unknown: Outcome = { kind: "unknown", transaction: null, detail: "", howToAsk: "" };
const refused = { kind: "refused", reason: "" } as const;

function outcomeOf(told: Told): Outcome | typeof refused {
  return told === "committed" ? committed : told === "aborted" ? refused : unknown;
}

export const methods = {
  /** Waits until every participant is linked with the coordinator. */
  reach: async ({ servers, banks, protocol }: Target): Promise<void> => {
    assert(typeof servers === "string");
    const branches = banks.map(({ name }) => ({ participant: name, operations: [{ sql: "SELECT 1" }] }));
    const client = connect(servers, protocol === null ? {} : { protocol });
    try {
      for (const endMs = performance.now() + REACHED_WITHIN_MS; ;) {
        const outcome = await client.submit({ branches });
        if (outcome.kind === "committed") return;
        if (performance.now() > endMs) throw new Error(`no transaction commits: ${JSON.stringify(outcome)}`);
        await pause(LOOK_EVERY_MS);
      }
    } finally {
      client.close();
    }
  },

  run: async (request: LoadRequest): Promise<LoadResult> => {
    const { target, keys } = request;
    const { servers, banks } = target;
    const place = JSON.stringify(servers);
    const way = once(ways, `${request.way} ${place}`, () => wayTo(request));
    const workload = once(workloads, `${keys} ${place}`, () => keyValue(banks, keys, request.workload));
    const judge = workload.begin(banks);
    const pids = Object.entries({ ...target.pids, client: process.pid });
    const edges: Edge[] = [];
    const reasons: Record<string, number> = {};
    const driven = await drive(way, request, {
      next: () => {
        const job = workload.next();
        assert(job.branches !== null);
        return job;
      },
      hear: (job: OneShot, told, why) => {
        if (told !== "committed") reasons[why] = (reasons[why] ?? 0) + 1;
        judge.hear(job.answered(outcomeOf(told)));
      },
      edge: () => {
        const cpuMs = new Map(pids.map(([name, pid]) => [name, processCpuMs(pid)]));
        edges.push({ cpuMs, machineMs: machineCpuMs() });
      },
    });
    if (typeof servers === "string") await settled(servers, banks);
    if (request.plant === "lost-write") loseAWrite(banks[0]);
    const { compared, violations } = judge.verdict();
    const [begin, end] = edges;
    assert(begin !== undefined && end !== undefined);
    const cpuMs = pids.map(
      ([name]) => [name, (end.cpuMs.get(name) ?? Number.NaN) - (begin.cpuMs.get(name) ?? 0)] as const,
    );
    return {
      ...driven,
      cpuMs: Object.fromEntries(cpuMs),
      machineCpuMs: end.machineMs - begin.machineMs,
      compared,
      reasons,
      violations,
    };
  },
};

/** Takes back what the last transaction wrote at one participant. */
function loseAWrite(bank: Bank | undefined): void {
  assert(bank !== undefined);
  const database = new Database(bank.file, { timeout: 1_000 });
  try {
    const last = "SELECT key FROM kv ORDER BY CAST(value AS INTEGER) DESC LIMIT 1";
    database.exec(`UPDATE kv SET value = '0' WHERE key = (${last})`);
  } finally {
    database.close();
  }
}

/** A client is answered when the decision is durable; participants apply it after that. */
async function settled(address: string, banks: readonly Bank[]): Promise<void> {
  const client = new ParticipantStub(address, channelCredentials(null));
  try {
    for (const { name } of banks) while ((await openBranches(client, name)) > 0) await pause(LOOK_EVERY_MS);
  } finally {
    client.close();
  }
}

function openBranches(client: InstanceType<typeof ParticipantStub>, participant: string): Promise<number> {
  return new Promise((resolve, reject) => {
    client.ListBranches({ participant }, (error, answer) => {
      if (answer === undefined) reject(error ?? new Error("no answer"));
      else resolve(answer.branches.length);
    });
  });
}
