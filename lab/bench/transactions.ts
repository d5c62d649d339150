/** One-row updates at every participant, of keys that ascend or are drawn: what each round runs. */

import type { Operation } from "../../client/index.ts";
import { SeededRandom } from "../index.ts";

export type Keys = "ascending" | "random";

export interface Planned {
  readonly number: number;
  readonly key: number;
  readonly branches: readonly { readonly participant: string; readonly operations: readonly Operation[] }[];
}

const SQL = "UPDATE kv SET value = ? WHERE key = ?";

/** Numbers go up from `firstNumber`; the same seed gives the same keys. */
export function planner(
  participants: readonly string[],
  { keys, rows, seed, firstNumber }: { keys: Keys; rows: number; seed: number; firstNumber: number },
): () => Planned {
  const random = new SeededRandom(seed);
  let number = firstNumber - 1;
  return () => {
    number += 1;
    const key = keys === "ascending" ? (number % rows) + 1 : random.between(1, rows);
    const operations = [{ sql: SQL, parameters: [number, key], expect: { rows: 1 } }];
    return { number, key, branches: participants.map((participant) => ({ participant, operations })) };
  };
}
