/** The processes of a run: servers of the product, and the bench's own. None outlives it. */

import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { NemconError } from "../../runtime/errors/index.ts";
import { Caller, type WorkerRole } from "./calls.ts";
import { profiling } from "./profile.ts";

export interface StartedServer {
  readonly name: string;
  readonly pid: number;
  readonly address: string;
}

export interface StartedWorker {
  readonly name: string;
  readonly pid: number;
  call<R>(method: string, argument: unknown): Promise<R>;
}

const LAST_WORDS = 5;
/** How long a process may take to stop cleanly. */
const STOP_MS = 5_000;
/** Beside this file in the sources and in the package alike. */
const worker = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url));

/** What the caller's environment says of nemcon is not the default. */
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("NEMCON_")));

/** Words of command lines. */
interface Commands {
  readonly nemcon: readonly string[];
  /** Node as servers run under it. */
  readonly serverNode: readonly string[];
}

export class Processes {
  private readonly directory: string;
  private readonly commands: Commands;
  private readonly profiles: string | null;
  private readonly children = new Set<ChildProcess>();
  private stopping = false;
  /** Rejects when a process ends that was not told to. */
  readonly lost: Promise<never>;
  private lose: (error: NemconError) => void = () => undefined;

  /** @param profiles where each process writes V8's profile of itself when it ends; null: none does */
  constructor(directory: string, commands: Commands, profiles: string | null = null) {
    this.directory = directory;
    this.commands = commands;
    this.profiles = profiles;
    this.lost = new Promise((_resolve, reject) => (this.lose = reject));
    // Whoever waits for it hears it; nobody has to.
    this.lost.catch(() => undefined);
  }

  /** A server of the product, with default settings; resolves when it serves. @throws NemconError where it ends before that */
  async server(directory: string, name: string, args: readonly string[]): Promise<StartedServer> {
    const [program = "", ...words] = this.commands.nemcon;
    const child = this.start(
      logFile(directory, name),
      program,
      [...this.profiling(name), ...words, ...args, "--node", name, "--json", "--stop-with-stdin"],
      "pipe",
    );
    const address = await new Promise<string>((resolve, reject) => {
      if (child.stdout !== null)
        createInterface({ input: child.stdout }).on("line", (line) => {
          if (line.startsWith('{"ready":true')) resolve((JSON.parse(line) as { address: string }).address);
        });
      child.once("error", reject);
      void this.lost.catch(reject);
    });
    return { name, pid: child.pid ?? 0, address };
  }

  /** One of the bench's own processes: a server like the product's, or a client like any other program. */
  worker(name: string, role: WorkerRole): StartedWorker {
    const [program = "", ...flags] = role === "fan-out" ? this.commands.serverNode : [process.execPath];
    const child = this.start(
      logFile(this.directory, name),
      program,
      [...this.profiling(name), ...flags, worker, role],
      "ipc",
    );
    const caller = new Caller(name, child);
    return { name, pid: child.pid ?? 0, call: (method, argument) => caller.call(method, argument) };
  }

  private profiling(name: string): string[] {
    return this.profiles === null ? [] : profiling(this.profiles, name);
  }

  /** Ends them all. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(
      [...this.children].map(async (child) => {
        const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
        if (!this.children.has(child)) return;
        if (child.connected) child.disconnect();
        child.stdin?.end();
        const bound = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
        await gone;
        clearTimeout(bound);
      }),
    );
  }

  private start(log: string, program: string, args: readonly string[], kind: "pipe" | "ipc"): ChildProcess {
    if (this.stopping) throw new NemconError("SHUTTING_DOWN", "The bench stops.");
    const descriptor = openSync(log, "a");
    const child = spawn(program, args, {
      stdio: kind === "ipc" ? ["ignore", "ignore", descriptor, "ipc"] : ["pipe", "pipe", descriptor],
      serialization: "advanced",
      env: environment,
      // A group of its own: Ctrl-C on the terminal reaches the bench alone, which then ends them in order.
      detached: true,
    });
    closeSync(descriptor);
    this.children.add(child);
    child.once("exit", (code, signal) => {
      this.children.delete(child);
      if (!this.stopping) this.lose(ended(log, signal ?? `exit ${code}`));
    });
    return child;
  }
}

function ended(log: string, how: string): NemconError {
  const words = readFileSync(log, "utf8").trim().split("\n").slice(-LAST_WORDS).join(" ");
  return new NemconError("INTERNAL", `${basename(log, ".log")} ended in the middle (${how}): ${words}`);
}

function logFile(directory: string, name: string): string {
  return join(directory, `${name}.log`);
}
