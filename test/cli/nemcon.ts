/** The command as a child process, as users run it. */

import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const main = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly finished: Promise<Finished>;
  /** The next line of stdout; throws where the child ends instead. */
  line(): Promise<string>;
}

/** What the tests' own environment says must not reach the child. */
function cleanEnvironment(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(NEMCON_|NO_COLOR|FORCE_COLOR|NODE_OPTIONS)/.test(name),
  );
  return { ...Object.fromEntries(kept), ...extra };
}

export function start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    env: cleanEnvironment(environment),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => void (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => void (stderr += chunk.toString()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const finished = once(child, "close").then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    stdout,
    stderr,
  }));
  const line = async (): Promise<string> => {
    const next = await lines.next();
    if (next.done === true) throw new Error(`nemcon ${args.join(" ")} ended: ${(await finished).stderr}`);
    return next.value;
  };
  return { child, finished, line };
}

/** Runs it to its end. */
export async function nemcon(
  args: readonly string[],
  options: { readonly input?: string; readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<Finished> {
  const { child, finished } = start(args, options.environment);
  child.stdin.end(options.input ?? "");
  return finished;
}

/** What is done when the test is over; a file's hooks bring their own. */
type CleanUp = (done: () => void | Promise<void>) => void;

/** A fresh directory, gone when the test is over. */
export function freshDirectory(cleanUp: CleanUp = (done) => onTestFinished(done)): string {
  const directory = mkdtempSync(join(tmpdir(), "nemcon-cli-"));
  cleanUp(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export interface Served extends Running {
  readonly address: string;
  readonly ready: Readonly<Record<string, unknown>>;
}

/** A server that is ready, on any free port; killed when the test is over. */
export async function serving(
  args: readonly string[],
  cleanUp: CleanUp = (done) => onTestFinished(done),
): Promise<Served> {
  const running = start([...args, "--listen", "127.0.0.1:0", "--json"]);
  cleanUp(async () => {
    running.child.kill("SIGKILL");
    await running.finished;
  });
  const ready = JSON.parse(await running.line()) as Record<string, unknown>;
  return { ...running, ready, address: String(ready["address"]) };
}

/** Resolves when the server's log has said `text` this often since the call. */
export function logged({ child }: Running, text: string, times: number): Promise<void> {
  return new Promise((resolve) => {
    let log = "";
    child.stderr.on("data", (chunk: Buffer) => {
      log += chunk.toString();
      if (log.split(text).length > times) resolve();
    });
  });
}
