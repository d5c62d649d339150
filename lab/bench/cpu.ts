/** CPU time of processes and of the whole machine, as Linux accounts it; nothing elsewhere. */

import { readFileSync } from "node:fs";

/** What the kernel counts in, on every Linux that Node runs on. */
const MS_PER_TICK = 10;

/** User and system time of a process with all its threads, in milliseconds; NaN where it can't be told. */
export function processCpuMs(pid: number): number {
  const text = read(`/proc/${pid}/stat`);
  // The command's name, in parentheses, may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

/** What all processors together were busy with, stolen time included, in milliseconds; NaN where it can't be told. */
export function machineCpuMs(): number {
  const [, user, nice, system, , , irq, softirq, steal] = read("/proc/stat").split("\n", 1)[0]?.split(/\s+/) ?? [];
  const busy = [user, nice, system, irq, softirq, steal].map(Number);
  return busy.reduce((sum, ticks) => sum + ticks, 0) * MS_PER_TICK;
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
