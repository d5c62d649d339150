/** The product as it is installed: a coordinator and its participants, a process each, with default settings. */

import { join } from "node:path";
import type { Bank } from "../index.ts";
import type { Processes } from "./processes.ts";
import { fillRows } from "./rows.ts";

export interface BenchCluster {
  readonly address: string;
  readonly banks: readonly Bank[];
  readonly pids: Readonly<Record<string, number>>;
}

const BANKS = ["bank-a", "bank-b", "bank-c"];

/** @param more flags that every server gets, beside the defaults */
export async function startCluster(
  processes: Processes,
  directory: string,
  rows: number,
  more: readonly string[] = [],
): Promise<BenchCluster> {
  const banks = BANKS.map((name) => ({ name, file: join(directory, `${name}.db`) }));
  for (const bank of banks) fillRows(bank, rows);
  const coordinator = await processes.server("coordinator", [
    "coordinator",
    "--listen",
    "127.0.0.1:0",
    "--directory",
    join(directory, "coordinator"),
    ...more,
  ]);
  const participants = await Promise.all(
    banks.map(({ name, file }) =>
      processes.server(name, [
        "participant",
        "--listen",
        "127.0.0.1:0",
        "--database",
        file,
        "--coordinators",
        coordinator.address,
        ...more,
      ]),
    ),
  );
  const pids = Object.fromEntries([coordinator, ...participants].map(({ name, pid }) => [name, pid]));
  return { address: coordinator.address, banks, pids };
}
