/** Where the time of a process goes: V8's profile of it, summed up by the parts of the house that the code belongs to. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Profile {
  readonly process: string;
  /** Of the main thread, from the process's start to its end; waiting for the disk counts, idle time does not. */
  readonly busySeconds: number;
  /** Shares of `busySeconds`, the largest first. */
  readonly parts: readonly { readonly part: string; readonly share: number }[];
  readonly functions: readonly { readonly name: string; readonly share: number }[];
}

interface Frame {
  readonly functionName: string;
  readonly url: string;
  /** From 0. */
  readonly lineNumber: number;
}

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame }[];
  /** Of a node each. */
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

const SAMPLE_US = 500;
const IDLE = "(idle)";
const FUNCTIONS_SHOWN = 8;
const root = fileURLToPath(new URL("../../", import.meta.url));

/** Words of Node's command line that make it write its profile when it ends. */
export function profiling(directory: string, process: string): string[] {
  return [
    "--cpu-prof",
    `--cpu-prof-dir=${directory}`,
    `--cpu-prof-name=${fileOf(process)}`,
    `--cpu-prof-interval=${SAMPLE_US}`,
  ];
}

/** @throws where the process did not end by itself, so that there is none */
export function readProfile(directory: string, process: string): Profile {
  return summedUp(process, JSON.parse(readFileSync(join(directory, fileOf(process)), "utf8")) as CpuProfile);
}

export function summedUp(process: string, { nodes, samples, timeDeltas }: CpuProfile): Profile {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const parts = new Map<string, number>();
  const functions = new Map<string, number>();
  let busyUs = 0;
  for (const [at, id] of samples.entries()) {
    const frame = frames.get(id);
    const us = timeDeltas[at] ?? 0;
    if (frame === undefined || frame.functionName === IDLE) continue;
    busyUs += us;
    add(parts, partOf(frame), us);
    add(functions, nameOf(frame), us);
  }
  const shares = (sums: ReadonlyMap<string, number>): [string, number][] =>
    [...sums].map(([name, us]): [string, number] => [name, us / busyUs]).toSorted(([, a], [, b]) => b - a);
  return {
    process,
    busySeconds: busyUs / 1_000_000,
    parts: shares(parts).map(([part, share]) => ({ part, share })),
    functions: shares(functions)
      .slice(0, FUNCTIONS_SHOWN)
      .map(([name, share]) => ({ name, share })),
  };
}

/** A room of the house, a package, or what is Node's and V8's own. */
function partOf({ functionName, url }: Frame): string {
  if (functionName === "(garbage collector)") return "garbage collection";
  const file = fileIn(url);
  if (file === null) return "Node and V8";
  const inPackage = file.split("node_modules/").at(-1) ?? "";
  if (file.includes("node_modules/")) return inPackage.split("/", inPackage.startsWith("@") ? 2 : 1).join("/");
  return file.slice(0, file.lastIndexOf("/"));
}

function nameOf({ functionName, url, lineNumber }: Frame): string {
  const file = fileIn(url);
  const name = functionName === "" ? "(nameless)" : functionName;
  return file === null ? name : `${name} ${file.split("node_modules/").at(-1) ?? file}:${lineNumber + 1}`;
}

/** Its path from the root; null: it is not of a file. */
function fileIn(url: string): string | null {
  if (!url.startsWith("file:") && !url.startsWith("/")) return null;
  const path = url.startsWith("file:") ? fileURLToPath(url) : url;
  if (path.startsWith(root)) return path.slice(root.length).replaceAll("\\", "/");
  return path.includes("node_modules/") ? path : null;
}

function add(sums: Map<string, number>, name: string, us: number): void {
  sums.set(name, (sums.get(name) ?? 0) + us);
}

function fileOf(process: string): string {
  return `${process}.cpuprofile`;
}
