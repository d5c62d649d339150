/** How much memory a process has. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Resident, in MiB. */
export function memoryMib(pid: number): number {
  const kib =
    process.platform === "linux"
      ? /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
      : execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" });
  return Math.round(Number(kib) / 102.4) / 10;
}
