/** The ledgers of the banks against what very many clients were told. */

import Database from "better-sqlite3";
import type { Bank } from "./books.ts";
import type { Told } from "./load.ts";

/** What contradicts what was told, in words: each number is in two ledgers, with opposite changes, or in none. */
export function contradictionsIn(banks: readonly Bank[], { committed, notDone }: Told): string[] {
  const found = new Map<number, { count: number; sum: number }>();
  for (const { file } of banks) {
    const database = new Database(file, { readonly: true });
    for (const [number, delta] of database
      .prepare<[], [number, number]>("SELECT number, delta FROM ledger")
      .raw()
      .iterate()) {
      const { count, sum } = found.get(number) ?? { count: 0, sum: 0 };
      found.set(number, { count: count + 1, sum: sum + delta });
    }
    database.close();
  }
  const halves = [...found]
    .filter(([, { count, sum }]) => count !== 2 || sum !== 0)
    .map(([number, { count, sum }]) => `${number} is in ${count} ledgers, with ${sum} in all`);
  const lost = committed
    .filter((number) => !found.has(number))
    .map((number) => `${number} was told committed, and is not there`);
  const done = notDone
    .filter((number) => found.has(number))
    .map((number) => `${number} was refused or aborted, and is there`);
  return [...halves, ...lost, ...done];
}
