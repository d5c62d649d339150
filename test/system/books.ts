/** The banks' databases before the first and after the last start: accounts, and a ledger of what was committed. */

import Database from "better-sqlite3";
import { openBooks as openAccounts } from "../../lab/index.ts";
import type { Transfer } from "./transfers.ts";

export interface Bank {
  readonly name: string;
  readonly file: string;
}

/** Makes tables and customers; all accounts begin the same. */
export function openBooks(bank: Bank, customers: number): void {
  openAccounts(bank, customers);
}

interface Book {
  readonly money: number;
  readonly ledger: ReadonlyMap<number, number>;
}

export type Books = ReadonlyMap<string, Book>;

export function readBooks(banks: readonly Bank[]): Books {
  return new Map(banks.map((bank) => [bank.name, readBook(bank)]));
}

function readBook({ file }: Bank): Book {
  const database = new Database(file, { readonly: true });
  try {
    return database.transaction(() => ({
      money: database.prepare<[], number>("SELECT sum(balance) FROM checking").pluck().get() ?? 0,
      ledger: new Map(database.prepare<[], [number, number]>("SELECT number, delta FROM ledger").raw().all()),
    }))();
  } finally {
    database.close();
  }
}

/** What the databases hold that they must not hold, in words; empty where all is well. */
export function contradictions(before: Books, after: Books, transfers: readonly Transfer[]): string[] {
  const wrong: string[] = [];
  for (const { number, what, transaction, told, changes } of transfers) {
    const found = [...after].filter(([, { ledger }]) => ledger.has(number)).map(([bank]) => bank);
    const say = (text: string): number => wrong.push(`${what} ${number} (${transaction}, told ${told}): ${text}`);
    const all = [...changes].every(([bank, by]) => after.get(bank)?.ledger.get(number) === by);
    if (found.length > 0 && !(all && found.length === changes.size)) say(`only ${found.join(", ")} has all of it`);
    if (told === "OUTCOME_KIND_COMMITTED" && !all) say("it is not in all its banks");
    if (told !== "OUTCOME_KIND_COMMITTED" && found.length > 0) say(`${found.join(", ")} has it`);
    if (transaction !== "" && told !== "OUTCOME_KIND_COMMITTED" && told !== "OUTCOME_KIND_ABORTED") say("no outcome");
  }
  const known = new Set(transfers.map(({ number }) => number));
  for (const [bank, { money, ledger }] of after) {
    const old = before.get(bank);
    let brought = 0;
    for (const [number, by] of ledger) {
      if (old?.ledger.has(number) === true) continue;
      brought += by;
      if (!known.has(number)) wrong.push(`${bank} has ${number}, which nobody submitted`);
    }
    const should = (old?.money ?? 0) + brought;
    if (money !== should) wrong.push(`${bank} holds ${money}, and by its ledger it should hold ${should}`);
  }
  const [was, is] = [total(before), total(after)];
  if (was !== is) wrong.push(`all banks together held ${was} and hold ${is}`);
  return wrong;
}

function total(books: Books): number {
  return [...books.values()].reduce((sum, { money }) => sum + money, 0);
}
