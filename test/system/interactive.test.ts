/** Interactive transactions on real processes: isolation, idle time, and what a restart in the middle does. */

import { afterEach, beforeEach, expect, test } from "vitest";
import { NemconError, TransactionAborted, type Transaction } from "../../client/index.ts";
import { Cluster } from "./processes.ts";

let cluster: Cluster;
beforeEach(async () => {
  cluster = await Cluster.open({ coordinatorArgs: ["--times-idle-ms", "5000"] });
  await cluster.start();
});
afterEach(() => cluster.close());

const add = (transaction: Transaction, bank: string, by: number, customer = 1) =>
  transaction
    .on(bank)
    .sql("UPDATE checking SET balance = balance + ? WHERE customer = ?", [by, customer], { expect: { rows: 1 } });
const balance = async (bank: string, customer = 1): Promise<unknown> =>
  (await cluster.client.query(bank, "SELECT balance FROM checking WHERE customer = ?", [customer])).rows[0]?.[0];

test("a transaction sees its own writes, others see them after the commit", async () => {
  const transaction = await cluster.client.begin();
  await add(transaction, "bank-a", -5);
  await add(transaction, "bank-b", 5);
  const own = await transaction.on("bank-a").sql("SELECT balance FROM checking WHERE customer = 1");
  expect([own.rows, await balance("bank-a")]).toEqual([[[99_995]], 100_000]);
  expect((await transaction.commit()).kind).toBe("committed");
  await cluster.settled();
  expect([await balance("bank-a"), await balance("bank-b")]).toEqual([99_995, 100_005]);
});

test("a statement that fails leaves the branch as it was, and the transaction goes on", async () => {
  const transaction = await cluster.client.begin();
  await add(transaction, "bank-a", -5);
  await expect(transaction.on("bank-a").sql("UPDATE checking SETT balance = 0")).rejects.toMatchObject({
    reason: "OPERATION_FAILED",
    details: { abortReason: "STATEMENT_FAILED", participant: "bank-a" },
  });
  await add(transaction, "bank-b", 5);
  expect((await transaction.commit()).kind).toBe("committed");
  await cluster.settled();
  expect([await balance("bank-a"), await balance("bank-b")]).toEqual([99_995, 100_005]);
});

test("no write skew: two that read both accounts and write one each do not both commit", async () => {
  const [one, two] = [await cluster.client.begin(), await cluster.client.begin()];
  const withdraw = async (transaction: Transaction, customer: number): Promise<string> => {
    try {
      await transaction.on("bank-a").sql("SELECT sum(balance) FROM checking WHERE customer IN (1, 2)");
      await add(transaction, "bank-a", -100_000, customer);
      return (await transaction.commit()).kind;
    } catch (thrown) {
      if (thrown instanceof TransactionAborted) return thrown.outcome.kind;
      throw thrown;
    }
  };
  const kinds = await Promise.all([withdraw(one, 1), withdraw(two, 2)]);
  expect(kinds.filter((kind) => kind === "committed").length).toBeLessThan(2);
  await cluster.settled();
});

test("without work for its idle time it aborts, and its locks are free", async () => {
  const transaction = await cluster.client.begin();
  await add(transaction, "bank-a", -5);
  await cluster.settled();
  const outcome = await transaction.commit();
  expect(outcome).toMatchObject({ kind: "aborted", reason: "IDLE_TIMEOUT" });
  expect(await balance("bank-a")).toBe(100_000);
});

test("a participant killed between two works: what it had done can't be prepared as if it were whole", async () => {
  const transaction = await cluster.client.begin();
  await add(transaction, "bank-a", -5);
  await add(transaction, "bank-b", 5);
  await cluster.participants[0]?.kill();
  await cluster.start();
  const outcome = await transaction.commit();
  expect(outcome).toMatchObject({ kind: "aborted", reason: "BRANCH_LOST" });
  await cluster.settled();
  expect([await balance("bank-a"), await balance("bank-b")]).toEqual([100_000, 100_000]);
});

test("a coordinator killed with open transactions: their branches are freed when it is back", async () => {
  const transaction = await cluster.client.begin();
  await add(transaction, "bank-a", -5);
  await cluster.coordinator.kill();
  expect((await cluster.open()).length).toBe(1);
  await cluster.start();
  await cluster.settled();
  expect(await transaction.commit()).toMatchObject({ kind: "aborted", reason: "COORDINATOR_RESTARTED" });
  expect(await balance("bank-a")).toBe(100_000);
});

test("transact aborts and throws on what its function throws, and runs it again after a conflict", async () => {
  const mine = new Error("mine");
  await expect(
    cluster.client.transact(async (transaction) => {
      await add(transaction, "bank-a", -5);
      throw mine;
    }),
  ).rejects.toBe(mine);
  await cluster.settled();
  expect(await balance("bank-a")).toBe(100_000);
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, () =>
      cluster.client.transact(
        async (transaction) => {
          const { rows } = await transaction.on("bank-a").sql("SELECT balance FROM checking WHERE customer = 3");
          await transaction
            .on("bank-a")
            .sql("UPDATE checking SET balance = ? WHERE customer = 3", [Number(rows[0]?.[0]) + 1]);
        },
        { attempts: 50 },
      ),
    ),
  );
  await cluster.settled();
  const committed = outcomes.filter(({ kind }) => kind === "committed").length;
  expect(committed).toBeGreaterThan(0);
  // Nobody's increment is lost.
  expect(await balance("bank-a", 3)).toBe(100_000 + committed);
});

test("work after the commit is refused", async () => {
  const transaction = await cluster.client.begin();
  await add(transaction, "bank-a", 0);
  await transaction.commit();
  const error: unknown = await add(transaction, "bank-a", 1).catch((thrown: unknown) => thrown);
  expect(error instanceof NemconError && error.reason).toBe("NOT_ACTIVE");
});
