/** The client process: opens a way, keeps it busy, and compares every answer with the databases. */

import { setTimeout as pause } from "node:timers/promises";
import { connect } from "../../client/index.ts";
import { channelCredentials, ParticipantStub } from "../../runtime/link/index.ts";
import type { Bank } from "../index.ts";
import { machineCpuMs, processCpuMs } from "./cpu.ts";
import { drive, type Driven, type Loop } from "./drive.ts";
import { compareRows } from "./rows.ts";
import { planner, type Keys } from "./transactions.ts";
import { libraryWay } from "./ways/library.ts";
import { streamWay } from "./ways/stream.ts";
import { unaryWay } from "./ways/unary.ts";
import type { Way, WayName } from "./ways/way.ts";

export interface LoadRequest extends Loop {
  readonly way: WayName;
  /** A coordinator's, or every server's in the order of the banks. */
  readonly addresses: readonly string[];
  readonly banks: readonly Bank[];
  readonly keys: Keys;
  readonly rows: number;
  readonly seed: number;
  /** Larger than any number before. */
  readonly firstNumber: number;
  /** Whose CPU time is counted, by name; this process comes by itself, as "client". */
  readonly pids: Readonly<Record<string, number>>;
}

export interface LoadResult extends Omit<Driven, "answers"> {
  /** In the window, by process, in milliseconds. */
  readonly cpuMs: Readonly<Record<string, number>>;
  readonly machineCpuMs: number;
  readonly compared: number;
  /** Of warm-up and end too: why transactions did not commit, and how often. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
  readonly nextNumber: number;
}

interface Edge {
  readonly cpuMs: ReadonlyMap<string, number>;
  readonly machineMs: number;
}

const ways = new Map<string, Way>();

function wayTo(name: WayName, addresses: readonly string[]): Way {
  const key = `${name} ${addresses.join(" ")}`;
  const [first = ""] = addresses;
  const way = ways.get(key) ?? open(name, first);
  ways.set(key, way);
  return way;
}

function open(name: WayName, address: string): Way {
  switch (name) {
    case "stream":
      return streamWay(address);
    case "library":
      return libraryWay(address);
    case "unary":
      return unaryWay(address);
    default:
      return name satisfies never;
  }
}

/** A client is answered when the decision is durable; participants apply it after that. */
async function settled(address: string, names: readonly string[]): Promise<void> {
  const client = new ParticipantStub(address, channelCredentials(null));
  try {
    for (const participant of names) while ((await openBranches(client, participant)) > 0) await pause(LOOK_EVERY_MS);
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

const REACHED_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 20;

export const methods = {
  /** Waits until every participant is linked with the coordinator. */
  reach: async ({ address, names }: { readonly address: string; readonly names: readonly string[] }): Promise<void> => {
    const branches = names.map((participant) => ({ participant, operations: [{ sql: "SELECT 1" }] }));
    const client = connect(address);
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
    const { way, addresses, banks, firstNumber } = request;
    const names = banks.map(({ name }) => name);
    const next = planner(names, request);
    const pids = Object.entries({ ...request.pids, client: process.pid });
    const edges: Edge[] = [];
    const { answers, ...driven } = await drive(wayTo(way, addresses), next, request, () => {
      edges.push({
        cpuMs: new Map(pids.map(([name, pid]) => [name, processCpuMs(pid)])),
        machineMs: machineCpuMs(),
      });
    });
    await settled(addresses[0] ?? "", names);
    const [begin, end] = edges;
    const cpuMs = pids.map(([name]) => [name, (end?.cpuMs.get(name) ?? 0) - (begin?.cpuMs.get(name) ?? 0)] as const);
    const reasons: Record<string, number> = {};
    for (const { told, why } of answers) if (told !== "committed") reasons[why] = (reasons[why] ?? 0) + 1;
    return {
      ...driven,
      cpuMs: Object.fromEntries(cpuMs),
      machineCpuMs: (end?.machineMs ?? 0) - (begin?.machineMs ?? 0),
      compared: answers.length,
      reasons,
      violations: compareRows(banks, answers, firstNumber),
      nextNumber: firstNumber + answers.length,
    };
  },
};
