/**
 * SmallBank (Alomari, Cahill, Fekete, Röhm 2008, "The cost of serializability on platforms that use snapshot
 * isolation"), its six transaction types in OLTP-Bench's mix, over several banks: a customer's savings and
 * checking accounts are at one bank, and payments and amalgamations go from one bank to another. Each
 * transaction that moves money leaves its number and what it brought in a ledger of each bank that it
 * touched, in the same transaction, so that every answer can be compared with what the databases hold.
 */

import type { Client, Operation, Outcome, SubmitRequest, Transaction } from "../../client/index.ts";
import { SeededRandom, Zipfian } from "../random.ts";
import type { Answered, Job, Workload } from "./workload.ts";

export interface SmallBankOptions {
  readonly banks: readonly string[];
  /** At each bank. */
  readonly customers: number;
  readonly seed: number;
  /** The first transaction's number. */
  readonly firstNumber: number;
  /** Skew of the customers, in (0, 1). Default 0.9. */
  readonly theta?: number;
}

interface Customer {
  readonly bank: string;
  readonly id: number;
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
  private readonly random: SeededRandom;
  private readonly ranks: Zipfian;
  private number: number;

  constructor({ banks, customers, seed, firstNumber, theta = HOT }: SmallBankOptions) {
    this.seed = seed;
    this.banks = banks;
    this.random = new SeededRandom(seed);
    this.ranks = new Zipfian(customers, theta);
    this.number = firstNumber;
  }

  next(): Job {
    const type = this.type();
    const { number } = this;
    this.number += 1;
    const first = this.customer(null);
    const second = this.customer(first.bank);
    const amount = this.random.between(1, LARGEST_AMOUNT);
    const sign = this.random.next() < 0.5 ? -1 : 1;
    const run = runs[type];
    return {
      type,
      number,
      run: (client, timeoutMs) => run({ client, timeoutMs, type, number, first, second, amount, sign }),
    };
  }

  private type(): Type {
    let left = this.random.next() * 100;
    for (const [type, percent] of Object.entries(mix) as [Type, number][]) {
      left -= percent;
      if (left < 0) return type;
    }
    return "SendPayment";
  }

  /** At another bank than `not`, where there is another. */
  private customer(not: string | null): Customer {
    const others = this.banks.length > 1 ? this.banks.filter((bank) => bank !== not) : this.banks;
    const bank = others[this.random.between(0, others.length - 1)] ?? "";
    return { bank, id: this.ranks.next(this.random) };
  }
}

interface Run {
  readonly client: Client;
  readonly timeoutMs: number;
  readonly type: Type;
  readonly number: number;
  readonly first: Customer;
  readonly second: Customer;
  readonly amount: number;
  readonly sign: 1 | -1;
}

const one = { rows: 1 } as const;

function ledger(number: number, delta: number): Operation {
  return { sql: "INSERT INTO ledger(number, delta) VALUES (?, ?)", parameters: [number, delta] };
}

async function submit(
  { client, timeoutMs, type, number }: Run,
  branches: SubmitRequest["branches"],
  deltas: [string, number][],
): Promise<Answered> {
  return { type, number, deltas: new Map(deltas), outcome: await client.submit({ branches, timeoutMs }) };
}

/** The balances of one customer, in a transaction. */
async function balances(
  transaction: Transaction,
  { bank, id }: Customer,
): Promise<{ savings: number; checking: number }> {
  const savings = await transaction
    .on(bank)
    .sql("SELECT balance FROM savings WHERE customer = ?", [id], { expect: one });
  const checking = await transaction
    .on(bank)
    .sql("SELECT balance FROM checking WHERE customer = ?", [id], { expect: one });
  return { savings: Number(savings.rows[0]?.[0]), checking: Number(checking.rows[0]?.[0]) };
}

async function transact(
  { client, timeoutMs, type, number }: Run,
  work: (transaction: Transaction) => Promise<[string, number][]>,
): Promise<Answered> {
  let deltas: [string, number][] = [];
  const outcome: Outcome = await client.transact(
    async (transaction) => {
      deltas = await work(transaction);
      for (const [bank, delta] of deltas) {
        const { sql, parameters } = ledger(number, delta);
        await transaction.on(bank).sql(sql, parameters);
      }
    },
    { timeoutMs },
  );
  return { type, number, deltas: new Map(deltas), outcome };
}

const runs: Readonly<Record<Type, (run: Run) => Promise<Answered>>> = {
  Balance: (run) =>
    submit(
      run,
      [
        {
          participant: run.first.bank,
          operations: [
            { sql: "SELECT balance FROM savings WHERE customer = ?", parameters: [run.first.id], expect: one },
            { sql: "SELECT balance FROM checking WHERE customer = ?", parameters: [run.first.id], expect: one },
          ],
        },
      ],
      [],
    ),

  DepositChecking: (run) =>
    submit(
      run,
      [
        {
          participant: run.first.bank,
          operations: [
            {
              sql: "UPDATE checking SET balance = balance + ? WHERE customer = ?",
              parameters: [run.amount, run.first.id],
              expect: one,
            },
            ledger(run.number, run.amount),
          ],
        },
      ],
      [[run.first.bank, run.amount]],
    ),

  TransactSavings: (run) => {
    const delta = run.sign * run.amount;
    return submit(
      run,
      [
        {
          participant: run.first.bank,
          operations: [
            {
              sql: "UPDATE savings SET balance = balance + ? WHERE customer = ? AND balance + ? >= 0",
              parameters: [delta, run.first.id, delta],
              expect: one,
            },
            ledger(run.number, delta),
          ],
        },
      ],
      [[run.first.bank, delta]],
    );
  },

  /** All of one customer's money to another's checking account: how much, only a read can tell. */
  Amalgamate: (run) =>
    transact(run, async (transaction) => {
      const { first, second } = run;
      const { savings, checking } = await balances(transaction, first);
      await transaction
        .on(first.bank)
        .sql("UPDATE savings SET balance = 0 WHERE customer = ?", [first.id], { expect: one });
      await transaction
        .on(first.bank)
        .sql("UPDATE checking SET balance = 0 WHERE customer = ?", [first.id], { expect: one });
      await transaction
        .on(second.bank)
        .sql("UPDATE checking SET balance = balance + ? WHERE customer = ?", [savings + checking, second.id], {
          expect: one,
        });
      if (first.bank === second.bank) return [[first.bank, 0]];
      return [
        [first.bank, -savings - checking],
        [second.bank, savings + checking],
      ];
    }),

  /** A check that both accounts together do not cover costs a penalty. */
  WriteCheck: (run) =>
    transact(run, async (transaction) => {
      const { first, amount } = run;
      const { savings, checking } = await balances(transaction, first);
      const taken = savings + checking < amount ? amount + OVERDRAFT_PENALTY : amount;
      await transaction
        .on(first.bank)
        .sql("UPDATE checking SET balance = balance - ? WHERE customer = ?", [taken, first.id], { expect: one });
      return [[first.bank, -taken]];
    }),

  SendPayment: (run) => {
    const { first, second, amount, number } = run;
    const take: Operation = {
      sql: "UPDATE checking SET balance = balance - ? WHERE customer = ? AND balance >= ?",
      parameters: [amount, first.id, amount],
      expect: one,
    };
    const give: Operation = {
      sql: "UPDATE checking SET balance = balance + ? WHERE customer = ?",
      parameters: [amount, second.id],
      expect: one,
    };
    if (first.bank === second.bank)
      return submit(run, [{ participant: first.bank, operations: [take, give, ledger(number, 0)] }], [[first.bank, 0]]);
    return submit(
      run,
      [
        { participant: first.bank, operations: [take, ledger(number, -amount)] },
        { participant: second.bank, operations: [give, ledger(number, amount)] },
      ],
      [
        [first.bank, -amount],
        [second.bank, amount],
      ],
    );
  },
};
