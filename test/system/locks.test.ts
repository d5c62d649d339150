/** What concurrent transactions see of each other across banks, and how long they wait. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { TransactionAborted } from "../../client/index.ts";
import { SeededRandom } from "../../lab/index.ts";
import { Cluster, eventually } from "./processes.ts";

const WAIT_MS = 400;

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.open({ customers: 8, participantArgs: ["--times-lock-wait-ms", String(WAIT_MS)] });
  await cluster.start();
});
afterAll(() => cluster.close());

const update = "UPDATE checking SET balance = balance + ? WHERE customer = ?";

test("work waits for a lock no longer than its bound, then it is a conflict; who holds the lock goes on", async () => {
  const [holder, waiter] = [await cluster.client.begin(), await cluster.client.begin()];
  await holder.on("bank-a").sql(update, [1, 1]);
  const startMs = performance.now();
  const refused: unknown = await waiter
    .on("bank-a")
    .sql(update, [2, 1])
    .catch((thrown: unknown) => thrown);
  const waitedMs = performance.now() - startMs;
  expect(refused).toBeInstanceOf(TransactionAborted);
  expect((refused as TransactionAborted).outcome).toMatchObject({ kind: "aborted", reason: "CONFLICT" });
  expect(waitedMs).toBeGreaterThan(WAIT_MS / 2);
  expect(waitedMs).toBeLessThan(WAIT_MS + 2_000);
  await holder.on("bank-b").sql(update, [-1, 1]);
  expect((await holder.commit()).kind).toBe("committed");
  await cluster.settled();
});

test("work that waits goes on when the lock is free", async () => {
  const [holder, waiter] = [await cluster.client.begin(), await cluster.client.begin()];
  await holder.on("bank-a").sql(update, [1, 2]);
  const waiting = waiter.on("bank-a").sql(update, [2, 2]);
  expect((await holder.abort()).kind).toBe("aborted");
  await waiting;
  await waiter.on("bank-b").sql(update, [-2, 2]);
  expect((await waiter.commit()).kind).toBe("committed");
  await cluster.settled();
});

test("what is submitted whole keeps what it has read until it has all its locks: no write skew across banks", async () => {
  const look = "SELECT balance FROM checking WHERE customer = 7";
  const older = await cluster.client.begin();
  await older.on("bank-b").sql(look);
  // It reads at bank-a at once, and waits at bank-b for what the older one has read.
  const younger = cluster.client.submit({
    branches: [
      { participant: "bank-a", operations: [{ sql: look }] },
      { participant: "bank-b", operations: [{ sql: update, parameters: [1, 7] }] },
    ],
  });
  await eventually(
    () => "the younger one holds what it has read at bank-a",
    async () => (await cluster.open()).some(({ participant }) => participant === "bank-a"),
  );
  // The older one may not write there any more: were the lock gone, both would commit, and neither saw the other.
  const first = await older
    .on("bank-a")
    .sql(update, [1, 7])
    .then(
      () => older.commit(),
      (thrown: unknown) => (thrown as TransactionAborted).outcome,
    );
  const kinds = [first.kind, (await younger).kind];
  expect(kinds.filter((kind) => kind === "committed").length).toBeLessThan(2);
  await cluster.settled();
});

test("two that want each other's locks: not both wait for ever, and not both die", async () => {
  const [older, younger] = [await cluster.client.begin(), await cluster.client.begin()];
  await older.on("bank-a").sql(update, [1, 3]);
  await younger.on("bank-b").sql(update, [1, 3]);
  const [first, second] = await Promise.allSettled([
    older.on("bank-b").sql(update, [-1, 3]),
    younger.on("bank-a").sql(update, [-1, 3]),
  ]);
  const outcomes = await Promise.all([older.commit(), younger.commit()]);
  const kinds = outcomes.map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === "committed").length, `${first.status} ${second.status}`).toBe(1);
  await cluster.settled();
});

test("whoever reads all banks in one transaction sees all of every transfer, or nothing of it", async () => {
  const random = new SeededRandom(Number(process.env["SEED"] ?? 1));
  const sum = "SELECT sum(balance) FROM checking";
  const total = async (): Promise<number | null> => {
    const outcome = await cluster.client.submit({
      branches: cluster.banks.map(({ name }) => ({ participant: name, operations: [{ sql: sum }] })),
    });
    if (outcome.kind !== "committed") return null;
    return cluster.banks.reduce((all, { name }) => all + Number(outcome.results[name]?.[0]?.rows[0]?.[0]), 0);
  };
  const expected = await total();
  const [seen, moved] = [new Array<number | null>(), new Array<string>()];
  const write = async (): Promise<void> => {
    for (let count = 0; count < 60; count += 1) {
      const by = random.between(1, 50);
      const { kind } = await cluster.client.submit({
        branches: [
          { participant: "bank-a", operations: [{ sql: update, parameters: [by, random.between(1, 8)] }] },
          { participant: "bank-b", operations: [{ sql: update, parameters: [-by, random.between(1, 8)] }] },
        ],
      });
      moved.push(kind);
    }
  };
  const read = async (): Promise<void> => {
    while (moved.length < 240 || seen.every((each) => each === null)) seen.push(await total());
  };
  await Promise.all([write(), write(), write(), write(), read(), read()]);
  const sums = seen.filter((each) => each !== null);
  expect(new Set(sums)).toEqual(new Set([expected]));
  expect(sums.length).toBeGreaterThan(0);
  expect(moved.filter((kind) => kind === "committed").length).toBeGreaterThan(0);
  process.stdout.write(
    `${sums.length} of ${seen.length} reads beside ${moved.filter((kind) => kind === "committed").length} of ${moved.length} transfers\n`,
  );
  await cluster.settled();
});
