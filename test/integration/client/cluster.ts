/** Coordinators and participants in this process, on free ports and in a folder that goes with the test. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { connect, type Client, type ConnectOptions } from "../../../client/index.ts";
import { serveCoordinator, type RunningCoordinator } from "../../../coordinator/index.ts";
import { serveParticipant, type RunningParticipant } from "../../../participant/index.ts";
import { loadConfig, silentLog } from "../../../runtime/index.ts";
import { Proxy } from "./proxy.ts";

export const participants = ["bank-a", "bank-b"] as const;
export type ParticipantName = (typeof participants)[number];

const schema = `
  CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL CHECK (balance >= 0));
  INSERT INTO account VALUES (1, 100), (2, 100);
  CREATE TABLE entry (key INTEGER PRIMARY KEY, number INTEGER, value);
`;

export interface ClusterOptions {
  readonly coordinators?: number;
  /** Configuration keys of coordinators and of participants (docs/configuration.md). */
  readonly coordinator?: Readonly<Record<string, string>>;
  readonly participant?: Readonly<Record<string, string>>;
}

export class Cluster {
  readonly coordinators: RunningCoordinator[] = [];
  private readonly running = new Map<ParticipantName, RunningParticipant>();
  private readonly closers: (() => unknown)[] = [];
  private readonly directory = mkdtempSync(join(tmpdir(), "nemcon-client-"));

  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const cluster = new Cluster();
    for (const name of participants) {
      const database = new Database(cluster.fileOf(name));
      database.exec(schema);
      database.close();
    }
    for (let number = 1; number <= (options.coordinators ?? 1); number += 1)
      cluster.coordinators.push(await cluster.serveCoordinator(number, options.coordinator ?? {}));
    for (const name of participants) {
      const flags = {
        node: name,
        database: cluster.fileOf(name),
        coordinators: cluster.coordinators.map(({ address }) => address).join(","),
        listen: "127.0.0.1:0",
        "wal.extendBytes": "1048576",
        ...options.participant,
      };
      const config = loadConfig("participant", { file: null, environment: {}, flags });
      cluster.running.set(name, await serveParticipant(config, { log: silentLog() }));
    }
    await cluster.linked();
    return cluster;
  }

  get coordinator(): RunningCoordinator {
    const [first] = this.coordinators;
    if (first === undefined) throw new Error("no coordinator");
    return first;
  }

  /** A client that is closed with the cluster. */
  client(options: ConnectOptions = {}, addresses: string | readonly string[] = this.coordinator.address): Client {
    const client = connect(addresses, options);
    this.closers.unshift(() => client.close());
    return client;
  }

  /** A way to the first coordinator that can be cut. */
  async proxy(): Promise<Proxy> {
    const proxy = await Proxy.to(this.coordinator.address);
    this.closers.push(() => proxy.close());
    return proxy;
  }

  /** What a participant's database holds, read past everything. */
  read(name: ParticipantName, sql: string): unknown[] {
    const database = new Database(this.fileOf(name), { readonly: true });
    try {
      return database.prepare(sql).raw().all();
    } finally {
      database.close();
    }
  }

  /** Resolves at the first change of state of any transaction for which `holds`. */
  changed(holds: (state: string, transaction: string) => boolean): Promise<string> {
    return new Promise((resolve) => {
      const end = this.coordinator.coordinator.watch(({ state, transaction }) => {
        if (!holds(state, transaction)) return;
        end();
        resolve(transaction);
      });
    });
  }

  /** No branch is open anywhere: what was decided is done. */
  async settled(): Promise<void> {
    await until(() => [...this.running.values()].every(({ participant }) => participant.branches().length === 0));
  }

  async close(): Promise<void> {
    for (const close of this.closers) await close();
    await Promise.all([...this.coordinators, ...this.running.values()].map((server) => server.close()));
    rmSync(this.directory, { recursive: true, force: true });
  }

  private fileOf(name: ParticipantName): string {
    return join(this.directory, `${name}.db`);
  }

  private serveCoordinator(number: number, more: Readonly<Record<string, string>>): Promise<RunningCoordinator> {
    const node = `coordinator-${number}`;
    const flags = { node, directory: join(this.directory, node), listen: "127.0.0.1:0", ...more };
    const config = loadConfig("coordinator", {
      file: null,
      environment: {},
      flags: { "wal.extendBytes": "1048576", ...flags },
    });
    return serveCoordinator(config, { log: silentLog() });
  }

  /** Every coordinator has heard of every participant. */
  private async linked(): Promise<void> {
    await until(() =>
      this.coordinators.every(({ coordinator }) =>
        participants.every((name) => coordinator.engine.peer(name) !== undefined),
      ),
    );
  }
}

/** Looks again after each round of the event loop. */
export async function until(holds: () => boolean): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error("not within 10 s");
    await new Promise((resolve) => setImmediate(resolve));
  }
}
