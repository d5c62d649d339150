/**
 * A whole cluster in one process and in virtual time, for the tests of those who use nemcon: the shipped coordinators,
 * participants and acceptors, real SQLite databases under the participants, and faults when the test says so.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judgeTrace, Seeded, simulatedTimes, World, type CoordinatorHost } from "../lab/index.ts";
import type { ProtocolName } from "../protocols/index.ts";
import { NemconError } from "../runtime/errors/index.ts";
import { diagramOf, diagramText, mergeTraces, type TraceEvent } from "../trace/index.ts";
import { houseOperation, resultFrom, type Parameters, type Result } from "../client/values.ts";
import { SimulatedClient } from "./client.ts";
import { SqliteStore } from "./store.ts";

export interface SimulatedClusterOptions {
  /** By participant's name, SQL that makes and fills its tables. */
  readonly participants: Readonly<Record<string, string>>;
  /** Of transactions that name none. Default: `paxos-commit` where there are acceptors, otherwise `2pc`. */
  readonly protocol?: ProtocolName;
  /** Default 1. They are called coordinator-1, … */
  readonly coordinators?: number;
  /** An odd number, or 0. Default 0. They are called acceptor-1, … */
  readonly acceptors?: number;
  /** The same seed gives the same run. Default 1. */
  readonly seed?: number;
}

/** What becomes of a message between two nodes: it arrives, is lost, or is late by so many milliseconds. */
export type Fate = "arrives" | "is lost" | { readonly lateMs: number };

export interface SentMessage {
  readonly from: string;
  readonly to: string;
  /** Such as `prepare`, `vote`, `decision` (docs/protocols.md); "": which transactions are closed. */
  readonly kind: string;
}

/** Everything is over long before. */
const LONGEST_MS = 600_000;
const LATENCY_MS = { min: 1, max: 5 };

export class SimulatedCluster {
  /** What an application does with the library. */
  readonly client: SimulatedClient;
  private readonly world: World;
  private readonly stores: ReadonlyMap<string, SqliteStore>;
  private readonly directory: string;
  private readonly events: TraceEvent[] = [];
  /** Rules that the simulated world itself holds its nodes to. */
  private readonly broken: string[] = [];
  private readonly deaths = new Map<CoordinatorHost, Set<() => void>>();
  private rule: (message: SentMessage) => Fate = () => "arrives";
  private turn = 0;
  private closed = false;

  /** @throws NemconError INVALID_REQUEST; an SqliteError of a schema */
  constructor(options: SimulatedClusterOptions) {
    const { participants, coordinators = 1, acceptors = 0, seed = 1 } = options;
    const names = Object.keys(participants);
    if (names.length === 0 || coordinators < 1 || (acceptors !== 0 && acceptors % 2 === 0))
      throw new NemconError(
        "INVALID_REQUEST",
        "A cluster has at least one participant and one coordinator, and an odd number of acceptors or none.",
      );
    const protocol = options.protocol ?? (acceptors > 0 ? "paxos-commit" : "2pc");
    this.directory = mkdtempSync(join(tmpdir(), "nemcon-testing-"));
    const stores = new Map<string, SqliteStore>();
    this.stores = stores;
    try {
      for (const [name, schema] of Object.entries(participants))
        stores.set(name, new SqliteStore(join(this.directory, `${name}.db`), name, schema));
    } catch (thrown) {
      rmSync(this.directory, { recursive: true });
      throw thrown;
    }
    const random = new Seeded(seed);
    this.world = new World(
      {
        protocol,
        random,
        names: {
          coordinators: numbered("coordinator", coordinators),
          participants: names,
          acceptors: numbered("acceptor", acceptors),
        },
        store: (name) => stores.get(name) ?? null,
        times: simulatedTimes,
        trace: (event) => this.events.push(event),
      },
      [{ crashed: (node) => this.died(node), violated: (rule, what) => this.broken.push(`${rule}: ${what}`) }],
    );
    const { world } = this;
    // Applications await more than the lab's own clients do.
    world.timeline.settle = () => new Promise((resolve) => setImmediate(resolve));
    world.network.rule = ({ from, to, envelope }) => {
      const fate = this.rule({ from, to, kind: envelope?.body.kind ?? "" });
      const { min, max } = LATENCY_MS;
      const latencyMs = random.between(min, max);
      if (fate === "is lost") return [];
      return [fate === "arrives" ? latencyMs : latencyMs + fate.lateMs];
    };
    this.client = new SimulatedClient({
      protocol,
      nowMs: () => world.timeline.nowMs,
      after: (delayMs, run) => void world.timeline.after(Math.max(0, delayMs), run),
      coordinator: () => this.nextCoordinator(),
      onDeath: (host, run) => this.deathsOf(host).add(run),
      waiting: async (promise) => {
        world.timeline.promises += 1;
        try {
          return await promise;
        } finally {
          world.timeline.promises -= 1;
        }
      },
    });
    world.startAll();
  }

  /** Virtual milliseconds since the start. */
  get nowMs(): number {
    return this.world.timeline.nowMs;
  }

  /** Lets so many milliseconds go by. */
  async run(forMs: number): Promise<void> {
    await this.world.run(forMs);
  }

  /**
   * Lets time go by until the promise has settled, and gives what it gave.
   *
   * @param withinMs virtual milliseconds
   * @throws what it rejects with; NemconError DEADLINE_EXCEEDED where it has not settled by then
   */
  async until<T>(promise: Promise<T>, withinMs = LONGEST_MS): Promise<T> {
    let isSettled = false;
    const settled = promise.finally(() => {
      isSettled = true;
    });
    settled.catch(() => undefined);
    this.world.timeline.promises += 1;
    try {
      await this.world.run(withinMs, () => isSettled);
      // What does not hang on time at all.
      await this.world.timeline.settle();
    } finally {
      this.world.timeline.promises -= 1;
    }
    if (!isSettled)
      throw new NemconError("DEADLINE_EXCEEDED", `It has not settled within ${withinMs} ms of virtual time.`);
    return settled;
  }

  /** Lets time go by until nothing is under way at any node. @returns whether it came to that: a branch in doubt may wait for ever */
  settled(withinMs = 60_000): Promise<boolean> {
    return this.world.run(withinMs, () => this.world.isQuiet);
  }

  /**
   * Kills a process, as `kill -9` does.
   *
   * @param at "now"; "before write", "after write": in its next forced write, before it or after it, when nothing of
   *   that turn has left yet. Databases of participants know "now" alone.
   */
  kill(node: string, at: "now" | "before write" | "after write" = "now"): void {
    const host = this.world.host(node);
    if (at === "now") host.crash("lost");
    else if (this.stores.has(node))
      throw new NemconError("INVALID_REQUEST", `${node} is a participant: it can be killed now, and not at a write.`);
    else host.planned = { when: at === "before write" ? "before" : "after", tail: "lost", skip: 0 };
  }

  /** Starts a process that was killed, on what it had written. */
  start(node: string): void {
    this.world.host(node).start();
  }

  isUp(node: string): boolean {
    return this.world.host(node).isAlive;
  }

  /** Nothing gets from these to the others, nor back, until `heal`; and all of them are told that the links are down. */
  partition(...side: readonly string[]): void {
    for (const a of side)
      for (const { name } of this.world.all()) if (!side.includes(name)) this.world.cut(a, name, true);
  }

  /** No partition any more, and every message arrives. */
  heal(): void {
    this.rule = () => "arrives";
    this.world.healLinks();
  }

  /** What becomes of each message from now on. */
  messages(rule: (message: SentMessage) => Fate): void {
    this.rule = rule;
  }

  /** Committed data of a participant whose process is up. @throws NemconError PARTICIPANT_UNREACHABLE where it is not */
  query(participant: string, sql: string, parameters: Parameters = []): Result {
    const resource = this.stores.get(participant)?.resource;
    if (resource === undefined || resource === null)
      throw new NemconError("PARTICIPANT_UNREACHABLE", `${participant} is no participant here, or it is down.`);
    return resultFrom(resource.query(houseOperation({ sql, parameters })), false);
  }

  /** Rules of atomic commitment that were broken so far (docs/lab.md): none, or nemcon has a bug. */
  get violations(): readonly string[] {
    const { violations } = judgeTrace(mergeTraces([this.events]));
    return [...this.broken, ...violations.map(({ rule, what }) => `${rule}: ${what}`)];
  }

  /** What happened in a transaction, as a sequence diagram in text. */
  diagram(transaction: string): string {
    return diagramText(diagramOf(mergeTraces([this.events]), { transaction }));
  }

  /** Ends all of it and removes its files. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const store of this.stores.values()) store.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private nextCoordinator(): CoordinatorHost | null {
    const up = this.world.coordinators.filter(({ isAlive }) => isAlive);
    this.turn += 1;
    return up[this.turn % Math.max(1, up.length)] ?? null;
  }

  private deathsOf(host: CoordinatorHost): Set<() => void> {
    const known = this.deaths.get(host);
    if (known !== undefined) return known;
    const deaths = new Set<() => void>();
    this.deaths.set(host, deaths);
    return deaths;
  }

  private died(node: string): void {
    const host = this.world.coordinators.find(({ name }) => name === node);
    if (host === undefined) return;
    const deaths = [...this.deathsOf(host)];
    this.deaths.delete(host);
    for (const run of deaths) run();
  }
}

function numbered(role: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${role}-${at + 1}`);
}
