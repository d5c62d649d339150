/** Runs servers as processes of their own, and brings them back with back-off when they die, unless one is held down. */

import { spawn, type ChildProcessByStdio } from "node:child_process";
import { createWriteStream, type WriteStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { NemconError } from "../../runtime/errors/index.ts";
import { serverNode } from "../node.ts";

export interface ServerSpec {
  readonly name: string;
  readonly args: readonly string[];
  /** Where its log goes. */
  readonly logFile: string;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

interface Supervised {
  readonly spec: ServerSpec;
  readonly log: WriteStream;
  child: Child | null;
  ready: Promise<number>;
  held: boolean;
  deaths: number;
  retry: NodeJS.Timeout | null;
}

export interface SupervisorEvents {
  /** A server ended that was not held or stopped. */
  died(name: string, how: string): void;
  /** It serves again. */
  back(name: string, pid: number): void;
}

const FIRST_RETRY_MS = 100;
const RETRY_CAP_MS = 5_000;
/** How long a server may take to stop cleanly. */
const STOP_BOUND_MS = 10_000;
/** A server that lived this long starts over with short pauses. */
const LIVED_MS = 5_000;
const LAST_WORDS = 20;
/** Beside this file in the sources and in the package alike. */
const [node, ...flags] = serverNode;
const main = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "../main.ts" : "../main.js", import.meta.url));

export class Supervisor {
  private readonly servers = new Map<string, Supervised>();
  private readonly events: SupervisorEvents;
  private stopping = false;

  constructor(events: SupervisorEvents) {
    this.events = events;
  }

  /** Starts a server; resolves with its pid when it serves. @throws NemconError where it ends before that */
  start(spec: ServerSpec): Promise<number> {
    const log = createWriteStream(spec.logFile, { flags: "a" });
    const server: Supervised = {
      spec,
      log,
      child: null,
      ready: Promise.resolve(0),
      held: false,
      deaths: 0,
      retry: null,
    };
    this.servers.set(spec.name, server);
    server.ready = this.launch(server);
    return server.ready;
  }

  pid(name: string): number | null {
    return this.server(name).child?.pid ?? null;
  }

  pids(): Record<string, number | null> {
    return Object.fromEntries([...this.servers.keys()].map((name) => [name, this.pid(name)]));
  }

  /** Ends a server at once and keeps it down; resolves when it is gone. */
  async hold(name: string): Promise<void> {
    const server = this.server(name);
    server.held = true;
    if (server.retry !== null) clearTimeout(server.retry);
    server.retry = null;
    const { child } = server;
    if (child === null) return;
    const gone = ended(child);
    child.kill("SIGKILL");
    await gone;
  }

  /** Lets it come back; resolves with its pid when it serves. Nothing happens to one that is not held, or when all stop. */
  release(name: string): Promise<number> {
    const server = this.server(name);
    if (!server.held || this.stopping) return server.ready;
    server.held = false;
    server.deaths = 0;
    server.ready = this.launch(server);
    return server.ready;
  }

  /** Stops all of them cleanly. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(
      [...this.servers.values()].map(async (server) => {
        if (server.retry !== null) clearTimeout(server.retry);
        const { child } = server;
        if (child !== null) {
          const gone = ended(child);
          child.kill("SIGTERM");
          const bound = setTimeout(() => child.kill("SIGKILL"), STOP_BOUND_MS);
          await gone;
          clearTimeout(bound);
        }
        server.log.end();
      }),
    );
  }

  private launch(server: Supervised): Promise<number> {
    const { spec } = server;
    const child: Child = spawn(node, [...flags, main, ...spec.args, "--json", "--stop-with-stdin"], {
      stdio: ["pipe", "pipe", "pipe"],
      // A group of its own: Ctrl-C on the terminal reaches the supervisor alone, which then stops all in order.
      detached: true,
    });
    server.child = child;
    const startedMs = performance.now();
    const lastWords: string[] = [];
    createInterface({ input: child.stderr }).on("line", (line) => {
      server.log.write(`${line}\n`);
      lastWords.push(line);
      if (lastWords.length > LAST_WORDS) lastWords.shift();
    });
    return new Promise((resolve, reject) => {
      let serves = false;
      createInterface({ input: child.stdout }).on("line", (line) => {
        server.log.write(`${line}\n`);
        if (serves || !line.startsWith('{"ready":true')) {
          lastWords.push(line);
          return;
        }
        serves = true;
        resolve(child.pid ?? 0);
      });
      child.once("error", reject);
      child.once("close", (code, signal) => {
        if (server.child === child) server.child = null;
        if (!serves)
          reject(
            new NemconError(
              "INTERNAL",
              `${spec.name} ended before it served (${how(code, signal)}): ${lastWords.join(" ")}. Its log: ${spec.logFile}`,
            ),
          );
        if (this.stopping || server.held) return;
        this.events.died(spec.name, how(code, signal));
        server.deaths = performance.now() - startedMs > LIVED_MS ? 1 : server.deaths + 1;
        server.retry = setTimeout(
          () => this.relaunch(server),
          Math.min(RETRY_CAP_MS, FIRST_RETRY_MS * 2 ** (server.deaths - 1)),
        );
      });
    });
  }

  private relaunch(server: Supervised): void {
    server.retry = null;
    server.ready = this.launch(server);
    server.ready.then(
      (pid) => this.events.back(server.spec.name, pid),
      // It died again: the next try is under way.
      () => undefined,
    );
  }

  private server(name: string): Supervised {
    const server = this.servers.get(name);
    if (server === undefined)
      throw new NemconError("USAGE", `No server is called ${name}; there is ${[...this.servers.keys()].join(", ")}.`);
    return server;
  }
}

function ended(child: Child): Promise<void> {
  return new Promise((resolve) => {
    child.once("close", () => resolve());
  });
}

function how(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `exit ${code}` : signal;
}
