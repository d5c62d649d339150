/** Real server processes for system tests: started, killed and started again; always ended with the test. */

import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { connect, type Client } from "../../client/index.ts";
import { describeJournal } from "../../runtime/journal/inspect.ts";
import { openBooks, type Bank } from "./books.ts";
import { Caller, type OpenBranch } from "./caller.ts";

const main = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
/** The failure bound of every recovery. */
export const RECOVERY_MS = 10_000;

export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One server, over all its lives. */
export class Server {
  readonly name: string;
  readonly address: string;
  private readonly args: readonly string[];
  private child: ChildProcess | null = null;
  /** Past this many blocks of 512 bytes its files can't grow in its next life: a disk that is full. */
  fileBlocks: number | null = null;
  /** What it wrote, of all lives. */
  stderr = "";
  stdout = "";
  /** Resolves when the present life is over. */
  ended: Promise<End> = Promise.resolve({ code: null, signal: null });

  constructor(name: string, address: string, args: readonly string[]) {
    this.name = name;
    this.address = address;
    this.args = args;
  }

  get isAlive(): boolean {
    return this.child !== null;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Resolves true when it serves, false when it ended before. */
  start(more: readonly string[] = []): Promise<boolean> {
    const all = [
      main,
      ...this.args,
      "--listen",
      this.address,
      "--log-level",
      "warn",
      "--json",
      "--stop-with-stdin",
      ...more,
    ];
    const stdio = ["pipe", "pipe", "pipe"] as const;
    const child =
      this.fileBlocks === null
        ? spawn(process.execPath, all, { stdio: [...stdio] })
        : spawn("sh", ["-c", `ulimit -f ${this.fileBlocks} && exec "$0" "$@"`, process.execPath, ...all], {
            stdio: [...stdio],
          });
    this.child = child;
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.ended = new Promise((resolve) => {
      child.once("close", (code, signal) => {
        if (this.child === child) this.child = null;
        resolve({ code, signal });
      });
    });
    return new Promise((resolve) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        this.stdout += `${line}\n`;
        if (line.startsWith('{"ready":true')) resolve(true);
      });
      void this.ended.then(() => resolve(false));
    });
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    this.child?.kill(signal);
    await this.ended;
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }
}

export interface ClusterOptions {
  readonly banks?: number;
  /** acceptor-1 …, all in one group. */
  readonly acceptors?: number;
  /** Coordinators beside the one that is asked: c2 … */
  readonly standbys?: number;
  readonly customers?: number;
  readonly coordinatorArgs?: readonly string[];
  readonly participantArgs?: readonly string[];
  readonly acceptorArgs?: readonly string[];
  /** The computer that a node counts as being on; without it each is on one of its own. */
  readonly hostOf?: (name: string) => string;
  /** Each server writes `NAME.trace` into the cluster's directory. */
  readonly trace?: boolean;
}

/** A coordinator and some banks, and what a protocol needs beside them. */
export class Cluster {
  readonly directory = mkdtempSync(join(tmpdir(), "nemcon-system-"));
  readonly coordinator: Server;
  readonly standbys: readonly Server[];
  readonly participants: readonly Server[];
  readonly acceptors: readonly Server[];
  readonly banks: readonly Bank[];
  /** Asks over the generated stubs. */
  readonly caller: Caller;
  private opened: Client | null = null;

  private constructor(
    ports: readonly number[],
    {
      banks = 2,
      standbys = 0,
      customers = 100,
      coordinatorArgs = [],
      participantArgs = [],
      acceptorArgs = [],
      trace = false,
      hostOf,
    }: ClusterOptions,
  ) {
    const [first = 0, ...rest] = ports;
    const [others, more, free] = [
      rest.slice(0, banks),
      rest.slice(banks, banks + standbys),
      rest.slice(banks + standbys),
    ];
    const traced = (name: string) => [
      ...(trace ? ["--trace", join(this.directory, `${name}.trace`)] : []),
      ...(hostOf === undefined ? [] : ["--host", hostOf(name)]),
    ];
    this.acceptors = free.map((port, index) => {
      const name = `acceptor-${index + 1}`;
      const directory = join(this.directory, name);
      return new Server(name, `127.0.0.1:${port}`, [
        "acceptor",
        "--node",
        name,
        "--directory",
        directory,
        ...traced(name),
        ...acceptorArgs,
      ]);
    });
    const group = this.acceptors.map((each) => `${each.name}@${each.address}`).join(",");
    const [coordinator, ...standing] = [first, ...more].map((port, index) => {
      const name = index === 0 ? "c" : `c${index + 1}`;
      return new Server(name, `127.0.0.1:${port}`, [
        "coordinator",
        "--node",
        name,
        "--directory",
        join(this.directory, name),
        ...(group === "" ? [] : ["--acceptors", group]),
        ...traced(name),
        ...coordinatorArgs,
      ]);
    });
    if (coordinator === undefined) throw new Error("no port for the coordinator");
    this.coordinator = coordinator;
    this.standbys = standing;
    this.banks = others.map((_, index) => {
      const name = `bank-${"abcdefgh"[index]}`;
      return { name, file: join(this.directory, `${name}.db`) };
    });
    for (const bank of this.banks) openBooks(bank, customers);
    this.participants = this.banks.map(
      ({ name, file }, index) =>
        new Server(name, `127.0.0.1:${others[index]}`, [
          "participant",
          "--node",
          name,
          "--database",
          file,
          "--coordinators",
          [coordinator, ...standing].map((each) => each.address).join(","),
          "--wal-extend-bytes",
          "1048576",
          ...traced(name),
          ...participantArgs,
        ]),
    );
    this.caller = new Caller(coordinator.address, this.participants);
  }

  static async open(options: ClusterOptions = {}): Promise<Cluster> {
    const { banks = 2, acceptors = 0, standbys = 0 } = options;
    return new Cluster(await freePorts(1 + banks + standbys + acceptors), options);
  }

  get servers(): readonly Server[] {
    return [this.coordinator, ...this.standbys, ...this.participants, ...this.acceptors];
  }

  /** The client library, connected when it is first asked for. */
  get client(): Client {
    this.opened ??= connect(this.coordinator.address, {
      defaultTimeoutMs: 15_000,
      retryBudget: { ratio: 1, reserve: 10_000 },
    });
    return this.opened;
  }

  /** Starts what is down and waits until every bank answers through the coordinator. */
  async start(): Promise<void> {
    const down = this.servers.filter((server) => !server.isAlive);
    const served = await Promise.all(down.map((server) => server.start()));
    const failed = down.filter((_, index) => served[index] !== true);
    if (failed.length > 0)
      throw new Error(`${failed.map(({ name }) => name).join(", ")} did not start\n${this.said()}`);
    await this.linked();
  }

  async linked(): Promise<void> {
    for (const { name } of this.banks)
      await eventually(`${name} answers through the coordinator`, () => this.caller.reaches(name));
  }

  /** Waits until everybody has linked with whom it needs: each writes down whom it has met. */
  async meshed(): Promise<void> {
    const names = (servers: readonly Server[]): string[] => servers.map(({ name }) => name);
    const coordinators = names([this.coordinator, ...this.standbys]);
    const [banks, acceptors] = [names(this.participants), names(this.acceptors)];
    for (const server of this.servers) {
      const needed = acceptors.includes(server.name)
        ? [...coordinators, ...banks]
        : coordinators.includes(server.name)
          ? [...banks, ...acceptors]
          : [...coordinators, ...banks, ...acceptors].filter((name) => name !== server.name);
      await eventually(
        () => `${server.name} knows ${needed.join(", ")}, and it knows ${this.knownTo(server).join(", ")}`,
        () => Promise.resolve(needed.every((name) => this.knownTo(server).includes(name))),
      );
    }
  }

  /** Whom a node has ever linked with. */
  knownTo({ name }: Server): string[] {
    const journal = this.banks.find((bank) => bank.name === name)?.file ?? join(this.directory, name);
    const entries = describeJournal(journal).rows.flatMap((row) => row.entries);
    return [...new Set(entries.flatMap((entry) => (entry.kind === "peer" ? [entry.node] : [])))].toSorted();
  }

  open(): Promise<OpenBranch[]> {
    return this.caller.branches();
  }

  /** No branch is open anywhere: nothing in doubt, no lock held. */
  async settled(): Promise<void> {
    let open: OpenBranch[] | null = null;
    await eventually(
      () => `no branch is open, and these are: ${JSON.stringify(open)}`,
      async () => {
        open = await this.caller.branchesOrNull();
        return open?.length === 0;
      },
    );
  }

  /** What the servers wrote to stderr, for a failure's message. */
  said(): string {
    return this.servers.map(({ name, stderr }) => `${name}: ${stderr.slice(-4_000)}`).join("\n");
  }

  async close(): Promise<void> {
    this.opened?.close();
    this.caller.close();
    for (const server of this.servers) server.signal("SIGCONT");
    await Promise.all(this.servers.map((server) => server.kill()));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Asks again and again until it holds; each round waits for an answer. Throws past the failure bound. */
export async function eventually(
  what: string | (() => string),
  holds: () => Promise<boolean>,
  boundMs = RECOVERY_MS,
): Promise<void> {
  const endMs = performance.now() + boundMs;
  while (!(await holds())) {
    if (performance.now() > endMs)
      throw new Error(`not within ${boundMs} ms: ${typeof what === "string" ? what : what()}`);
    // What is looked at may come by an event, such as a line that a server writes.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
