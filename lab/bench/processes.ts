/** The processes of a run: servers of the product, and the bench's own. None outlives it. */

import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { NemconError } from "../../runtime/errors/index.ts";
import { Caller } from "./calls.ts";
import type { WorkerRole } from "./worker.ts";

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

/** How long a process may take to stop cleanly. */
const STOP_MS = 5_000;
/** Beside this file in the sources and in the package alike. */
const worker = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url));

export class Processes {
  private readonly directory: string;
  /** `nemcon` as words of a command line. */
  private readonly nemcon: readonly string[];
  private readonly children = new Set<ChildProcess>();
  private stopping = false;

  constructor(directory: string, nemcon: readonly string[]) {
    this.directory = directory;
    this.nemcon = nemcon;
  }

  /** A server of the product, with default settings; resolves when it serves. @throws NemconError where it ends before that */
  async server(name: string, args: readonly string[]): Promise<StartedServer> {
    const [program = "", ...words] = this.nemcon;
    const child = this.start(name, program, [...words, ...args, "--node", name, "--json", "--stop-with-stdin"], "pipe");
    const address = await new Promise<string>((resolve, reject) => {
      if (child.stdout !== null)
        createInterface({ input: child.stdout }).on("line", (line) => {
          if (line.startsWith('{"ready":true')) resolve((JSON.parse(line) as { address: string }).address);
        });
      child.once("error", reject);
      child.once("exit", (code, signal) => reject(this.ended(name, signal ?? `exit ${code}`)));
    });
    return { name, pid: child.pid ?? 0, address };
  }

  /** One of the bench's own processes. */
  worker(name: string, role: WorkerRole): StartedWorker {
    const child = this.start(name, process.execPath, [worker, role], "ipc");
    const caller = new Caller(name, child);
    return { name, pid: child.pid ?? 0, call: (method, argument) => caller.call(method, argument) };
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

  private start(name: string, program: string, args: readonly string[], kind: "pipe" | "ipc"): ChildProcess {
    if (this.stopping) throw new NemconError("SHUTTING_DOWN", "The bench stops.");
    const log = openSync(this.logFile(name), "a");
    const child = spawn(program, args, {
      stdio: kind === "ipc" ? ["ignore", "ignore", log, "ipc"] : ["pipe", "pipe", log],
      serialization: "advanced",
      // A group of its own: Ctrl-C on the terminal reaches the bench alone, which then ends them in order.
      detached: true,
    });
    closeSync(log);
    this.children.add(child);
    child.once("exit", () => this.children.delete(child));
    return child;
  }

  private ended(name: string, how: string): NemconError {
    const words = readFileSync(this.logFile(name), "utf8").trim().split("\n").slice(-5).join(" ");
    return new NemconError("INTERNAL", `${name} ended (${how}): ${words}`);
  }

  private logFile(name: string): string {
    return join(this.directory, `${name}.log`);
  }
}
