/** A workload by the name that users give: `smallbank`, `kv`, `kv-a` and the like, or a file that ends in .sql. */

import { NemconError } from "../../runtime/errors/index.ts";
import { KeyValue } from "./key-value.ts";
import { coreWorkloads } from "./key-value-draws.ts";
import { SqlScript } from "./script/script.ts";
import { SmallBank } from "./smallbank.ts";
import type { Workload } from "./workload.ts";

export interface NamedOptions {
  readonly participants: readonly string[];
  readonly seed: number;
  /** Rows at each participant before the run: SmallBank's customers, kv's records. */
  readonly rows: number;
}

/** What may be asked for beside a file. */
export const workloadNames: readonly string[] = [
  "smallbank",
  "kv",
  ...Object.keys(coreWorkloads).map((letter) => `kv-${letter}`),
];

/** @throws NemconError USAGE; for a file with its line */
export function workloadNamed(name: string, { participants, seed, rows }: NamedOptions): Workload {
  if (name.endsWith(".sql")) return new SqlScript({ file: name, participants, seed });
  if (name === "smallbank") return new SmallBank({ banks: participants, customers: rows, seed });
  if (name === "kv") return new KeyValue({ participants, seed, records: rows });
  const core = Object.entries(coreWorkloads).find(([letter]) => name === `kv-${letter}`);
  if (core !== undefined) return new KeyValue({ participants, seed, records: rows, ...core[1] }, name);
  throw new NemconError(
    "USAGE",
    `No workload is called "${name}"; there is ${workloadNames.join(", ")}, or a file that ends in .sql.`,
  );
}
