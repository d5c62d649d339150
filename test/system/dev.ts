/** `nemcon dev` as a process of its own, told and asked over its standard streams. */

import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { eventually } from "./processes.ts";

const main = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

/** Its first line of stdout. */
export interface Ready {
  readonly ready: true;
  readonly directory: string;
  readonly gateway: null;
  readonly coordinators: readonly string[];
  readonly participants: readonly { readonly name: string; readonly address: string; readonly database: string }[];
  readonly acceptors: readonly string[];
  readonly pids: Readonly<Record<string, number>>;
}

export interface Dev {
  readonly child: ChildProcessWithoutNullStreams;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
  readonly stderr: () => string;
  /** The next line of stdout. */
  readonly line: <T>() => Promise<T>;
  /** Waits until stderr has the words. */
  readonly says: (words: string) => Promise<void>;
}

/** Starts it, with a small and short demonstration. */
export function dev(args: readonly string[]): Dev {
  const child = spawn(process.execPath, [main, "dev", "--json", "--customers", "200", "--seconds", "1", ...args], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return {
    child,
    ended: new Promise((resolve) => child.once("close", resolve)),
    stderr: () => stderr,
    line: async <T>(): Promise<T> => JSON.parse(String((await lines.next()).value)) as T,
    says: (words) =>
      eventually(
        () => `it says ${words}, not ${stderr}`,
        () => Promise.resolve(stderr.includes(words)),
      ),
  };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
