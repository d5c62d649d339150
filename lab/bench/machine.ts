/** What a run was made on: figures without it mean nothing. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";
import { resolve } from "node:path";
import Database from "better-sqlite3";

export interface Machine {
  readonly cpu: string;
  /** Processors that a process may use. */
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  /** Where the data lay; null where the system does not tell. */
  readonly fileSystem: string | null;
  readonly node: string;
  readonly sqlite: string;
  readonly grpc: string;
}

export function thisMachine(directory: string): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    fileSystem: fileSystemOf(resolve(directory)),
    node: process.versions.node,
    sqlite: sqliteVersion(),
    grpc: (createRequire(import.meta.url)("@grpc/grpc-js/package.json") as { version: string }).version,
  };
}

/** Whether a forced write costs nothing there. */
export function isInMemory({ fileSystem }: Machine): boolean {
  return fileSystem === "tmpfs" || fileSystem === "ramfs";
}

/** The type of the mount that holds a path. */
function fileSystemOf(path: string): string | null {
  try {
    const mounts = readFileSync("/proc/mounts", "utf8")
      .split("\n")
      .map((line) => line.split(" "))
      .filter(([, point = ""]) => point === "/" || path === point || path.startsWith(`${point}/`));
    const nearest = mounts.reduce((best, mount) => ((mount[1] ?? "").length >= (best[1] ?? "").length ? mount : best));
    return nearest[2] ?? null;
  } catch {
    return null;
  }
}

function sqliteVersion(): string {
  const database = new Database(":memory:");
  try {
    return database.prepare<[], string>("SELECT sqlite_version()").pluck().get() ?? "unknown";
  } finally {
    database.close();
  }
}
