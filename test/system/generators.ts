/** Processes that put load on a cluster, and what they saw together. */

import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as passes } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Command, Orders, Saw, Told } from "./load.ts";
import type { Cluster } from "./processes.ts";

const main = fileURLToPath(new URL("load.ts", import.meta.url));
/** Customers of each process. */
export const CUSTOMERS = 5_000;
const NUMBERS = 1_000_000_000;

export type Figures = Omit<Saw, "ms"> & { readonly inTimePerSecond: number; readonly offeredPerSecond: number };

export class Generators {
  private readonly processes: readonly Generator[];

  constructor(
    cluster: Cluster,
    orders: Pick<Orders, "pairs" | "timeoutMs" | "weight" | "seed">,
    range: { readonly first: number; readonly count: number },
  ) {
    this.processes = Array.from({ length: range.count }, (_, each) => {
      const index = range.first + each;
      return new Generator({
        ...orders,
        coordinator: cluster.coordinator.address,
        firstCustomer: 1 + index * CUSTOMERS,
        customers: CUSTOMERS,
        firstNumber: (1 + index) * NUMBERS,
        seed: orders.seed * 1_000 + index,
      });
    });
  }

  /** From now on this load, of all processes together; gives what they saw since the last one. */
  async load({ clients, rate }: Command): Promise<Figures> {
    const count = this.processes.length;
    const share = { clients: Math.ceil(clients / count), rate: rate / count };
    const all = await Promise.all(this.processes.map((each) => each.load(share)));
    return together(all);
  }

  /** This load for a while, of which the beginning is not looked at. */
  async measure(command: Command, times: { readonly beforeMs: number; readonly ms: number }): Promise<Figures> {
    await this.load(command);
    await passes(times.beforeMs);
    await this.load(command);
    await passes(times.ms);
    return this.load(command);
  }

  /** No more load; resolves when everything that was begun has its answer. */
  async stop(): Promise<Told> {
    const all = await Promise.all(this.processes.map((each) => each.stop()));
    return {
      committed: all.flatMap(({ committed }) => committed),
      notDone: all.flatMap(({ notDone }) => notDone),
    };
  }

  kill(): void {
    for (const each of this.processes) each.kill();
  }
}

class Generator {
  private readonly child: ChildProcess;
  private readonly waiting: { resolve(line: string): void; reject(error: Error): void }[] = [];
  private said = "";

  constructor(orders: Orders) {
    const child = spawn(process.execPath, [main, JSON.stringify(orders)], { stdio: ["pipe", "pipe", "pipe"] });
    this.child = child;
    createInterface({ input: child.stdout }).on("line", (line) => this.waiting.shift()?.resolve(line));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.said += text));
    child.once("close", () => {
      for (const each of this.waiting.splice(0)) each.reject(new Error(`a load generator ended: ${this.said}`));
    });
  }

  async load(command: Command): Promise<Saw> {
    const answer = this.answer();
    this.child.stdin?.write(`${JSON.stringify(command)}\n`);
    return JSON.parse(await answer) as Saw;
  }

  async stop(): Promise<Told> {
    const answer = this.answer();
    this.child.stdin?.end();
    return JSON.parse(await answer) as Told;
  }

  kill(): void {
    this.child.kill("SIGKILL");
  }

  private answer(): Promise<string> {
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }
}

function together(all: readonly Saw[]): Figures {
  const sum = (of: (saw: Saw) => number): number => all.reduce((total, saw) => total + of(saw), 0);
  const perSecond = (of: (saw: Saw) => number): number => sum((saw) => (of(saw) * 1_000) / saw.ms);
  const hints = all.flatMap(({ hintsMs }) => (hintsMs === null ? [] : [hintsMs]));
  return {
    offered: sum(({ offered }) => offered),
    inTime: sum(({ inTime }) => inTime),
    late: sum(({ late }) => late),
    unknown: sum(({ unknown }) => unknown),
    aborted: added(all.map(({ aborted }) => aborted)),
    refused: added(all.map(({ refused }) => refused)),
    hintsMs:
      hints.length === 0
        ? null
        : {
            shortest: Math.min(...hints.map(({ shortest }) => shortest)),
            longest: Math.max(...hints.map(({ longest }) => longest)),
          },
    inTimePerSecond: perSecond(({ inTime }) => inTime),
    offeredPerSecond: perSecond(({ offered }) => offered),
  };
}

function added(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const counts of all)
    for (const [what, count] of Object.entries(counts)) total[what] = (total[what] ?? 0) + count;
  return total;
}
