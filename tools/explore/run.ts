/** Runs `nemcon explore` on one entry, and sees to it that it does not take too much memory. */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Entry, type Found, optionsOf } from "./manifest.ts";

const cli = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
/** More than fit into the memory: that is what ends a search. */
const STATES = 1_000_000_000;
const LOOK_EVERY_MS = 1_000;
const MIB = 1024;

export interface Limits {
  readonly seconds: number;
  readonly memoryMiB: number;
}

interface Printed {
  readonly distinct: number;
  readonly depth: number;
  readonly complete: boolean;
  readonly violations: readonly { readonly rule: string }[];
}

/** Throws where it printed no result. */
export async function runOne(entry: Entry, { seconds, memoryMiB }: Limits): Promise<Found> {
  const limits = ["--seconds", String(seconds), "--states", String(STATES), "--json"];
  // Tables are outside of that heap; what it holds are mostly states of nodes.
  const heap = `--max-old-space-size=${Math.floor(memoryMiB / 2)}`;
  const child = spawn(process.execPath, [heap, cli, "explore", ...optionsOf(entry), ...limits], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const started = performance.now();
  let output = "";
  let peakMiB: number | null = null;
  let isTooLarge = false;
  const look = (): void => {
    peakMiB = peakOf(child.pid) ?? peakMiB;
    if (peakMiB === null || peakMiB < memoryMiB || isTooLarge) return;
    isTooLarge = true;
    // It ends with what was seen.
    child.kill("SIGINT");
  };
  const looking = setInterval(look, LOOK_EVERY_MS);
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    if (output === "") look();
    output += chunk;
  });
  await new Promise<void>((resolve, reject) => {
    child.on("error", reject).on("close", () => resolve());
  }).finally(() => clearInterval(looking));
  if (output === "") throw new Error(`${entry.name}: nemcon explore printed nothing`);
  const { distinct, depth, complete, violations } = JSON.parse(output) as Printed;
  return {
    distinct,
    depth,
    stopped: complete ? null : isTooLarge ? "memory" : "seconds",
    broken: violations.map(({ rule }) => rule),
    minutes: Math.round((performance.now() - started) / 600) / 100,
    memoryMiB: peakMiB,
  };
}

/** The most that a process has held, as Linux tells it; else null. */
function peakOf(process: number | undefined): number | null {
  try {
    const status = readFileSync(`/proc/${process}/status`, "utf8");
    const kilobytes = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]);
    return Number.isNaN(kilobytes) ? null : Math.ceil(kilobytes / MIB);
  } catch {
    return null;
  }
}
