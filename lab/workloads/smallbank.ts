/**
 * SmallBank (Alomari, Cahill, Fekete, Röhm 2008, "The cost of serializability on platforms that use snapshot
 * isolation"), its six transaction types in OLTP-Bench's mix, over several banks: a customer's checking account
 * is at one bank, the savings account at the next one, and payments go from one bank to another, so that most
 * transactions are distributed. Each one, also one that only reads, leaves its number and what it brought in a
 * ledger of each bank that it touched, in the same transaction, so that every answer can be compared with what
 * the databases hold.
 */

import type { Client, Operation, Outcome, Result, Transaction } from "../../client/index.ts";
import { SeededRandom, Zipfian } from "../random.ts";
import { judge, openBooks, readBooks } from "./books.ts";
import { oneShot } from "./one-shot.ts";
import type { Answered, Bank, Job, Judge, Workload } from "./workload.ts";

export interface SmallBankOptions {
  readonly banks: readonly string[];
  /** At each bank; where the databases have customers already, those count. */
  readonly customers: number;
  readonly seed: number;
  /** Skew of the customers, in (0, 1). Default 0.9. */
  readonly theta?: number;
}

interface Customer {
  readonly id: number;
  /** Where the checking account is. */
  readonly checkingAt: string;
  /** Where the savings account is: the next bank. */
  readonly savingsAt: string;
}

/** Percent of all transactions. */
export const mix = {
  Balance: 15,
  DepositChecking: 15,
  TransactSavings: 15,
  Amalgamate: 15,
  WriteCheck: 15,
  SendPayment: 25,
} as const;
type Type = keyof typeof mix;

const HOT = 0.9;
/** In cents, like all money here. */
const LARGEST_AMOUNT = 10_000;
const OVERDRAFT_PENALTY = 100;

export class SmallBank implements Workload {
  readonly name = "smallbank";
  readonly seed: number;
  private readonly banks: readonly string[];
  private readonly theta: number;
  private readonly random: SeededRandom;
  private customers: number;
  private ranks: Zipfian;
  private number = 1;

  constructor({ banks, customers, seed, theta = HOT }: SmallBankOptions) {
    this.seed = seed;
    this.banks = banks;
    this.customers = customers;
    this.theta = theta;
    this.random = new SeededRandom(seed);
    this.ranks = new Zipfian(customers, theta);
  }

  prepare(banks: readonly Bank[]): void {
    for (const bank of banks) openBooks(bank, this.customers);
  }

  begin(banks: readonly Bank[]): Judge {
    const before = readBooks(banks);
    this.number = Math.max(this.number, before.highestNumber + 1);
    if (before.customers !== this.customers) {
      this.customers = before.customers;
      this.ranks = new Zipfian(before.customers, this.theta);
    }
    const answers = new Map<number, Answered>();
    return {
      hear: (answered) => void answers.set(answered.number, answered),
      verdict: () => judge(before, readBooks(banks), [...answers.values()]),
    };
  }

  next(): Job {
    const type = this.type();
    const { number } = this;
    this.number += 1;
    const first = this.customer(null);
    const second = this.customer(first);
    const amount = this.random.between(1, LARGEST_AMOUNT);
    const sign = this.random.next() < 0.5 ? -1 : 1;
    return jobs[type]({ type, number, first, second, amount, sign });
  }

  private type(): Type {
    let left = this.random.next() * 100;
    for (const [type, percent] of Object.entries(mix) as [Type, number][]) {
      left -= percent;
      if (left < 0) return type;
    }
    return "SendPayment";
  }

  /** Whose checking account is at another bank than `other`'s, where there is another; never the same customer. */
  private customer(other: Customer | null): Customer {
    const { banks, ranks, random } = this;
    const indexes = [...banks.keys()];
    const choice = banks.length === 1 ? indexes : indexes.filter((index) => banks[index] !== other?.checkingAt);
    const index = choice[random.between(0, choice.length - 1)] ?? 0;
    const [checkingAt = "", savingsAt = ""] = [banks[index], banks[(index + 1) % banks.length]];
    const id = ranks.next(random);
    const same = other !== null && other.id === id && other.checkingAt === checkingAt;
    return { id: same ? (id % this.customers) + 1 : id, checkingAt, savingsAt };
  }
}

/** What was drawn for one transaction. */
interface Draw {
  readonly type: Type;
  readonly number: number;
  readonly first: Customer;
  readonly second: Customer;
  readonly amount: number;
  readonly sign: 1 | -1;
}

type Table = "savings" | "checking";
/** What is done at one bank, and how much money it brings there. */
type Part = readonly [bank: string, operation: Operation, delta: number];

const one = { rows: 1 } as const;

function at(customer: Customer, table: Table): string {
  return table === "savings" ? customer.savingsAt : customer.checkingAt;
}

function read(customer: Customer, table: Table): Part {
  const sql = `SELECT balance FROM ${table} WHERE customer = ?`;
  return [at(customer, table), { sql, parameters: [customer.id], expect: one }, 0];
}

function add(customer: Customer, table: Table, delta: number): Part {
  const sql = `UPDATE ${table} SET balance = balance + ? WHERE customer = ?`;
  return [at(customer, table), { sql, parameters: [delta, customer.id], expect: one }, delta];
}

/** The same, where the balance does not fall below nothing. */
function addCovered(customer: Customer, table: Table, delta: number): Part {
  const sql = `UPDATE ${table} SET balance = balance + ? WHERE customer = ? AND balance + ? >= 0`;
  return [at(customer, table), { sql, parameters: [delta, customer.id, delta], expect: one }, delta];
}

function ledger(number: number, delta: number): Operation {
  return { sql: "INSERT INTO ledger(number, delta) VALUES (?, ?)", parameters: [number, delta] };
}

function deltasOf(parts: readonly Part[]): Map<string, number> {
  const deltas = new Map<string, number>();
  for (const [bank, , delta] of parts) deltas.set(bank, (deltas.get(bank) ?? 0) + delta);
  return deltas;
}

function submit({ type, number }: Draw, ...parts: Part[]): Job {
  const deltas = deltasOf(parts);
  const branches = [...deltas].map(([participant, delta]) => ({
    participant,
    operations: [
      ...parts.filter(([bank]) => bank === participant).map(([, operation]) => operation),
      ledger(number, delta),
    ],
  }));
  return oneShot(type, number, branches, deltas);
}

async function perform(transaction: Transaction, bank: string, operation: Operation): Promise<Result> {
  const { sql, parameters, expect } = operation;
  return transaction.on(bank).sql(sql, parameters, expect === undefined ? {} : { expect });
}

type Work = (savings: number, checking: number) => readonly Part[];

/** Reads the first customer's balances; `work` says what follows from them. */
function transact(draw: Draw, work: Work): Job {
  const { type, number } = draw;
  return { type, number, branches: null, run: (client, timeoutMs) => transacted(draw, work, client, timeoutMs) };
}

async function transacted(
  { type, number, first }: Draw,
  work: Work,
  client: Client,
  timeoutMs: number,
): Promise<Answered> {
  let deltas = new Map<string, number>();
  const outcome: Outcome = await client.transact(
    async (transaction) => {
      const reads = [read(first, "savings"), read(first, "checking")];
      const balances: number[] = [];
      for (const [bank, operation] of reads)
        balances.push(Number((await perform(transaction, bank, operation)).rows[0]?.[0]));
      const [savings = 0, checking = 0] = balances;
      const writes = work(savings, checking);
      deltas = deltasOf([...reads, ...writes]);
      for (const [bank, operation] of writes) await perform(transaction, bank, operation);
      for (const [bank, delta] of deltas) await perform(transaction, bank, ledger(number, delta));
    },
    { timeoutMs },
  );
  return { type, number, deltas, outcome };
}

const jobs: Readonly<Record<Type, (draw: Draw) => Job>> = {
  Balance: (draw) => submit(draw, read(draw.first, "savings"), read(draw.first, "checking")),

  DepositChecking: (draw) => submit(draw, add(draw.first, "checking", draw.amount)),

  TransactSavings: (draw) => submit(draw, addCovered(draw.first, "savings", draw.sign * draw.amount)),

  /** All of one customer's money to another's checking account: how much, only a read can tell. */
  Amalgamate: (draw) =>
    transact(draw, (savings, checking) => [
      add(draw.first, "savings", -savings),
      add(draw.first, "checking", -checking),
      add(draw.second, "checking", savings + checking),
    ]),

  /** A check that both accounts together do not cover costs a penalty. */
  WriteCheck: (draw) =>
    transact(draw, (savings, checking) => {
      const taken = savings + checking < draw.amount ? draw.amount + OVERDRAFT_PENALTY : draw.amount;
      return [add(draw.first, "checking", -taken)];
    }),

  SendPayment: (draw) =>
    submit(draw, addCovered(draw.first, "checking", -draw.amount), add(draw.second, "checking", draw.amount)),
};
