/** SmallBank on databases without a coordinator in between: what its transactions claim is what they do. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import type { Client, Operation } from "../../client/index.ts";
import { answerTo, judge, openBooks, readBooks, SmallBank, type Answered, type Bank } from "../../lab/index.ts";

const CUSTOMERS = 40;
const JOBS = 400;
let banks: Bank[] = [];

beforeEach(() => {
  const directory = mkdtempSync(join(tmpdir(), "nemcon-accounting-"));
  banks = ["bank-a", "bank-b", "bank-c"].map((name) => ({ name, file: join(directory, `${name}.db`) }));
  for (const bank of banks) openBooks(bank, CUSTOMERS);
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
});

/** Runs one transaction after the other, right on the files. */
function directClient(databases: ReadonlyMap<string, Database.Database>): Client {
  const run = (bank: string, { sql, parameters, expect: wanted }: Operation): unknown[][] => {
    const statement = databases.get(bank)!.prepare<unknown[], unknown[]>(sql);
    const values = parameters as unknown[];
    const rows = statement.reader ? statement.raw().all(...values) : [];
    const count = statement.reader ? rows.length : statement.run(...values).changes;
    if (wanted !== undefined && count !== wanted.rows) throw new Error("EXPECTATION_FAILED");
    return rows;
  };
  const everywhere = (sql: string): void => databases.forEach((database) => void database.exec(sql));
  const transact = async (work: (on: typeof run) => Promise<void> | void): Promise<object> => {
    everywhere("BEGIN");
    try {
      await work(run);
      everywhere("COMMIT");
      return { kind: "committed", transaction: "t", results: {}, heuristic: false };
    } catch {
      everywhere("ROLLBACK");
      return { kind: "aborted", transaction: "t", reason: "EXPECTATION_FAILED", detail: "", participant: null };
    }
  };
  return {
    submit: ({ branches }: { branches: { participant: string; operations: Operation[] }[] }) =>
      transact((on) => {
        for (const { participant, operations } of branches) for (const each of operations) on(participant, each);
      }),
    transact: (work: (transaction: object) => Promise<void>) =>
      transact((on) =>
        work({
          on: (bank: string) => ({
            sql: async (sql: string, parameters: unknown[], options: object) => ({
              rows: on(bank, { sql, parameters, ...options } as Operation),
            }),
          }),
        }),
      ),
  } as unknown as Client;
}

async function runJobs(): Promise<Answered[]> {
  const databases = new Map(banks.map(({ name, file }) => [name, new Database(file)]));
  const client = directClient(databases);
  const workload = new SmallBank({
    banks: banks.map(({ name }) => name),
    customers: CUSTOMERS,
    seed: 5,
  });
  const answers: Answered[] = [];
  for (let index = 0; index < JOBS; index += 1) answers.push(await answerTo(workload.next(), client, 1_000));
  for (const database of databases.values()) database.close();
  return answers;
}

test("every transaction leaves its number at each bank that it touches, and the money adds up", async () => {
  const before = readBooks(banks);
  const answers = await runJobs();
  const verdict = judge(before, readBooks(banks), answers);
  expect(verdict.violations).toEqual([]);
  const { moneyBefore = 0, moneyMoved = 0, moneyAfter } = verdict.figures;
  expect(moneyAfter).toBe(moneyBefore + moneyMoved);
  expect(new Set(answers.map(({ outcome }) => outcome.kind))).toEqual(new Set(["committed", "aborted"]));
});

test("most transactions are distributed", async () => {
  const committed = (await runJobs()).filter(({ outcome }) => outcome.kind === "committed");
  const touched = (type: string) =>
    new Set(committed.filter((answer) => answer.type === type).map(({ deltas }) => deltas.size));
  for (const type of ["Balance", "WriteCheck", "SendPayment"]) expect(touched(type), type).toEqual(new Set([2]));
  for (const type of ["DepositChecking", "TransactSavings"]) expect(touched(type), type).toEqual(new Set([1]));
  // The receiver's bank may be the one that has the giver's savings.
  expect(touched("Amalgamate")).toEqual(new Set([2, 3]));
});

test("moving money among customers brings none", async () => {
  const moving = (await runJobs()).filter(({ type }) => ["SendPayment", "Amalgamate", "Balance"].includes(type));
  const brought = moving.map(({ deltas }) => [...deltas.values()].reduce((sum, delta) => sum + delta, 0));
  expect(new Set(brought)).toEqual(new Set([0]));
});

test.each([
  ["a balance that changed without an entry", "UPDATE checking SET balance = balance + 1 WHERE customer = 1"],
  ["an entry that is lost", "DELETE FROM ledger WHERE number = (SELECT max(number) FROM ledger)"],
  [
    "an entry with another amount",
    "UPDATE ledger SET delta = delta + 1 WHERE number = (SELECT max(number) FROM ledger)",
  ],
])("the judge sees %s", async (_what, sql) => {
  const before = readBooks(banks);
  const answers = await runJobs();
  const database = new Database(banks[0]!.file);
  expect(database.prepare(sql).run().changes).toBe(1);
  database.close();
  expect(judge(before, readBooks(banks), answers).valid).toBe(false);
});
