/** The books of the banks: made before a run, and compared with every answer after it. */

import Database from "better-sqlite3";
import { compareLedgers, type Ledgers } from "./compare.ts";
import { readLedger, VIOLATIONS_SHOWN } from "./ledger.ts";
import type { Answered, Bank, Verdict } from "./workload.ts";

/** In cents. */
const OPENING_BALANCE = 100_000;

const schema = `
CREATE TABLE IF NOT EXISTS account(customer INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS savings(customer INTEGER PRIMARY KEY REFERENCES account, balance INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS checking(customer INTEGER PRIMARY KEY REFERENCES account, balance INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS ledger(number INTEGER PRIMARY KEY, delta INTEGER NOT NULL);
`;

/** Makes the tables and customers of a bank, where they are missing; before its participant starts. */
export function openBooks({ name, file }: Bank, customers: number): void {
  const database = new Database(file);
  try {
    database.pragma("journal_mode = WAL");
    database.transaction(() => {
      database.exec(schema);
      if (database.prepare("SELECT 1 FROM account LIMIT 1").get() !== undefined) return;
      const account = database.prepare("INSERT INTO account VALUES (?, ?)");
      const savings = database.prepare("INSERT INTO savings VALUES (?, ?)");
      const checking = database.prepare("INSERT INTO checking VALUES (?, ?)");
      for (let customer = 1; customer <= customers; customer += 1) {
        account.run(customer, `${name}-${customer}`);
        savings.run(customer, OPENING_BALANCE);
        checking.run(customer, OPENING_BALANCE);
      }
    })();
  } finally {
    database.close();
  }
}

export interface Books {
  /** All money in all accounts, in cents. */
  readonly money: number;
  readonly ledgers: Ledgers;
  /** At the bank that has the fewest. */
  readonly customers: number;
  readonly highestNumber: number;
}

/** Reads what is committed; any time, also beside a running participant. */
export function readBooks(banks: readonly Bank[]): Books {
  let money = 0;
  let customers = Infinity;
  let highestNumber = 0;
  const ledgers = new Map<string, ReadonlyMap<number, number>>();
  for (const { name, file } of banks) {
    const database = new Database(file, { readonly: true });
    try {
      // One read transaction a bank, so that accounts and ledger are of one moment.
      database.transaction(() => {
        const sum = database
          .prepare<[], number>("SELECT (SELECT sum(balance) FROM savings) + (SELECT sum(balance) FROM checking)")
          .pluck();
        money += sum.get() ?? 0;
        customers = Math.min(
          customers,
          database.prepare<[], number>("SELECT count(*) FROM account").pluck().get() ?? 0,
        );
        const ledger = readLedger(database, "ledger");
        for (const number of ledger.keys()) highestNumber = Math.max(highestNumber, number);
        ledgers.set(name, ledger);
      })();
    } finally {
      database.close();
    }
  }
  return { money, ledgers, customers, highestNumber };
}

/**
 * Compares every answer with what the databases hold: committed, then its entry is in every bank that it
 * touched; aborted, then in none; unknown, then in all or none. And no money came or went but by those entries.
 */
export function judge(before: Books, after: Books, answers: readonly Answered[]): Verdict {
  const { violations, brought } = compareLedgers(before.ledgers, after.ledgers, answers);
  if (after.money !== before.money + brought)
    violations.push(`the accounts hold ${after.money}, and by the ledgers they should hold ${before.money + brought}`);
  return {
    valid: violations.length === 0,
    compared: answers.length,
    basis:
      "each answer with the ledgers of all banks, and the accounts with the ledgers; a read leaves its number, and what it saw is not compared",
    figures: { moneyBefore: before.money, moneyAfter: after.money, moneyMoved: brought },
    violations: violations.slice(0, VIOLATIONS_SHOWN),
  };
}
