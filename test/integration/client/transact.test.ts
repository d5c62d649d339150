/** Interactive transactions and reads against real servers in this process. */
import { afterEach, describe, expect, test } from "vitest";
import {
  TransactionAborted,
  type Client,
  type Outcome,
  type Transaction,
  type TransactionStatus,
} from "../../../client/index.ts";
import { Cluster, type ClusterOptions } from "./cluster.ts";
let cluster: Cluster;
let client: Client;

async function start(options: ClusterOptions = {}): Promise<void> {
  cluster = await Cluster.start(options);
  client = cluster.client();
}
afterEach(() => cluster.close());

const add = (transaction: Transaction, bank: "bank-a" | "bank-b", amount: number) =>
  transaction.on(bank).sql("UPDATE account SET balance = balance + ? WHERE id = 1", [amount], { expect: { rows: 1 } });
const balances = (): unknown[] =>
  (["bank-a", "bank-b"] as const).map((name) => cluster.read(name, "SELECT balance FROM account WHERE id = 1")[0]);
const numbers = (): unknown[] => cluster.read("bank-a", "SELECT number FROM entry ORDER BY key").flat();

/** Waits for locks for so long that nothing else ends first. */
const patient = { participant: { "times.lockWaitMs": "60000" } };
const impatient = { participant: { "times.lockWaitMs": "20" } };

async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (thrown) {
    return thrown;
  }
  throw new Error("it did not throw");
}

describe("transact", () => {
  test("commits what its function did, and gives what it returned", async () => {
    await start();
    const outcome = await client.transact(async (transaction) => {
      await add(transaction, "bank-a", -10);
      await add(transaction, "bank-b", 10);
      return (await transaction.on("bank-a").sql("SELECT balance FROM account WHERE id = 1")).rows[0]?.[0];
    });
    expect(outcome).toMatchObject({ kind: "committed", value: 90 });
    await cluster.settled();
    expect(balances()).toEqual([[90], [110]]);
  });

  test("aborts where its function throws, and throws the same", async () => {
    await start();
    const mine = new Error("mine");
    const work = client.transact(async (transaction) => {
      await add(transaction, "bank-a", -10);
      throw mine;
    });
    expect(await thrownBy(work)).toBe(mine);
    await cluster.settled();
    expect(balances()).toEqual([[100], [100]]);
  });

  test("aborts, too, where its time is over in the middle", async () => {
    await start(patient);
    const holder = await client.begin();
    await add(holder, "bank-b", 1);
    const late = client.transact(
      async (transaction) => {
        await add(transaction, "bank-a", -10);
        await add(transaction, "bank-b", 1);
      },
      { timeoutMs: 700, attempts: 1 },
    );
    // Either side may be the first to notice that the time is over.
    const end = await late.catch((thrown: unknown) => thrown);
    expect(end).toMatchObject(
      end instanceof Error ? { reason: "DEADLINE_EXCEEDED" } : { kind: "aborted", reason: "TIMEOUT" },
    );
    await holder.abort();
    await cluster.settled();
    expect(balances()).toEqual([[100], [100]]);
  });

  test("aborts, too, where its signal aborts in the middle", async () => {
    await start(patient);
    const holder = await client.begin();
    await add(holder, "bank-b", 1);
    const stop = new AbortController();
    const reason = new Error("enough");
    const stopped = client.transact(
      async (transaction) => {
        await add(transaction, "bank-a", -10);
        const work = add(transaction, "bank-b", 1);
        stop.abort(reason);
        await work;
      },
      { signal: stop.signal },
    );
    expect(await thrownBy(stopped)).toBe(reason);
    await holder.abort();
    await cluster.settled();
    expect(balances()).toEqual([[100], [100]]);
  });

  test("runs its function again after a conflict, from the start and as a new transaction", async () => {
    await start(impatient);
    const holder = await client.begin();
    await add(holder, "bank-b", 5);
    const ids: string[] = [];
    const outcome = await client.transact(async (transaction) => {
      ids.push(transaction.id);
      if (ids.length === 2) await holder.commit();
      await add(transaction, "bank-a", -10);
      await add(transaction, "bank-b", 10);
    });
    expect(outcome).toMatchObject({ kind: "committed", transaction: ids[1] });
    expect(ids.length).toBe(2);
    await cluster.settled();
    expect(balances()).toEqual([[90], [115]]);
  });

  test.each([
    ["attempts", { attempts: 3 }, 3],
    ["retryConflicts: false", { retryConflicts: false }, 1],
  ])("gives the abort up as the outcome where %s says so", async (_name, options, runs) => {
    await start(impatient);
    const holder = await client.begin();
    await add(holder, "bank-b", 5);
    let run = 0;
    const outcome = await client.transact(async (transaction) => {
      run += 1;
      await add(transaction, "bank-b", 10);
    }, options);
    expect(outcome).toMatchObject({ kind: "aborted", reason: "CONFLICT" });
    expect(run).toBe(runs);
    await holder.abort();
  });

  test("has a budget for its runs", async () => {
    await start(impatient);
    const holder = await client.begin();
    await add(holder, "bank-b", 5);
    let run = 0;
    const poor = cluster.client({ retryBudget: { ratio: 0, reserve: 2 } });
    const outcome = await poor.transact(
      async (transaction) => {
        run += 1;
        await add(transaction, "bank-b", 10);
      },
      { attempts: 100, timeoutMs: 2_000 },
    );
    expect(outcome).toMatchObject({ kind: "aborted", reason: "CONFLICT" });
    // The reserve, and what comes back of it in two seconds.
    expect(run).toBeLessThanOrEqual(1 + 2 + 2);
    await holder.abort();
  });

  test("runs its function again when the connection is lost in the middle of work", async () => {
    await start(patient);
    const proxy = await cluster.proxy();
    const cuttable = cluster.client({}, proxy.address);
    const holder = await client.begin();
    await add(holder, "bank-b", 5);
    const errors: unknown[] = [];
    let run = 0;
    const outcome = await cuttable.transact(async (transaction) => {
      run += 1;
      await add(transaction, "bank-a", -10);
      const work = add(transaction, "bank-b", 10);
      if (run === 1) {
        const given = thrownBy(work);
        // It waits for the lock at the participant by now, or will: the connection carries it or loses it.
        await client.query("bank-b", "SELECT 1");
        proxy.cut();
        errors.push(await given);
        await holder.commit();
      }
      await work;
    });
    expect(outcome).toMatchObject({ kind: "committed" });
    expect([run, errors[0]]).toEqual([2, expect.any(TransactionAborted)]);
    await cluster.settled();
    expect(balances()).toEqual([[90], [115]]);
  });

  test("ends as unknown where the commit's answer does not come, and the id tells", async () => {
    await start();
    const proxy = await cluster.proxy();
    const deaf = cluster.client({}, proxy.address);
    const outcome: Outcome = await deaf.transact(
      async (transaction) => {
        await add(transaction, "bank-a", -10);
        await add(transaction, "bank-b", 10);
        proxy.silence();
      },
      { timeoutMs: 1_500 },
    );
    expect(outcome).toMatchObject({ kind: "unknown", transaction: expect.any(String) });
    expect(await client.transaction(outcome.transaction ?? "")).toMatchObject({
      state: expect.stringMatching(/^commit/),
    });
  });
});

describe("a transaction", () => {
  test("goes on after a statement that failed alone", async () => {
    await start();
    const transaction = await client.begin();
    await add(transaction, "bank-a", -10);
    await expect(add(transaction, "bank-a", -1_000)).rejects.toMatchObject({
      reason: "OPERATION_FAILED",
      details: { abortReason: "CONSTRAINT", participant: "bank-a" },
    });
    await add(transaction, "bank-b", 10);
    expect(await transaction.commit()).toMatchObject({ kind: "committed", transaction: transaction.id });
    await cluster.settled();
    expect(balances()).toEqual([[90], [110]]);
  });

  test("that has aborted says so at each call, and commit gives the outcome", async () => {
    await start(impatient);
    const [older, younger] = [await client.begin(), await client.begin()];
    await add(older, "bank-a", 1);
    const thrown = await thrownBy(add(younger, "bank-a", 1));
    expect(thrown).toBeInstanceOf(TransactionAborted);
    expect(thrown).toMatchObject({ outcome: { kind: "aborted", transaction: younger.id, reason: "CONFLICT" } });
    expect(await thrownBy(add(younger, "bank-b", 1))).toBeInstanceOf(TransactionAborted);
    expect(await younger.commit()).toMatchObject({ kind: "aborted", reason: "CONFLICT" });
    expect(await older.commit()).toMatchObject({ kind: "committed" });
  });

  test("takes no more work after its commit, and commits once", async () => {
    await start();
    const transaction = await client.begin();
    await add(transaction, "bank-a", -10);
    const [first, second] = await Promise.all([transaction.commit(), transaction.commit()]);
    expect([first.kind, second]).toEqual(["committed", first]);
    await expect(add(transaction, "bank-a", 1)).rejects.toMatchObject({ reason: "NOT_ACTIVE" });
    expect(await transaction.abort()).toEqual(first);
  });

  test("runs the statements at one participant in the order of the calls", async () => {
    await start();
    const transaction = await client.begin();
    const insert = (number: number) => transaction.on("bank-a").sql("INSERT INTO entry (number) VALUES (?)", [number]);
    const all = Array.from({ length: 40 }, (_, number) => number);
    await Promise.all(all.map(insert));
    expect(await transaction.commit()).toMatchObject({ kind: "committed" });
    await cluster.settled();
    expect(numbers()).toEqual(all);
  });

  test("commits statements that nobody waited for, or none at all", async () => {
    await start();
    const whole = await client.begin();
    void add(whole, "bank-a", -10);
    void add(whole, "bank-b", 10);
    expect(await whole.commit()).toMatchObject({ kind: "committed" });
    const broken = await client.begin();
    void add(broken, "bank-b", 10);
    const failed = thrownBy(add(broken, "bank-a", -1_000));
    await expect(broken.commit()).rejects.toMatchObject({ reason: "OPERATION_FAILED" });
    expect(await failed).toMatchObject({ reason: "OPERATION_FAILED" });
    await cluster.settled();
    expect(balances()).toEqual([[90], [110]]);
  });

  test("whose commit is cancelled by its signal gives what became of it", async () => {
    await start();
    const transaction = await client.begin();
    await add(transaction, "bank-a", -10);
    const stop = new AbortController();
    const commit = transaction.commit({ signal: stop.signal });
    stop.abort();
    const outcome = await commit;
    await cluster.settled();
    expect(balances()).toEqual([outcome.kind === "committed" ? [90] : [100], [100]]);
    expect(["committed", "aborted"]).toContain(outcome.kind);
  });
});

describe("what the coordinators know", () => {
  test("is told page by page, of every one of them", async () => {
    await start({ coordinators: 2 });
    const both = cluster.client(
      {},
      cluster.coordinators.map(({ address }) => address),
    );
    const branches = [{ participant: "bank-a", operations: [{ sql: "SELECT 1" }] }];
    const outcomes = await Promise.all(
      Array.from({ length: 1_040 }, () => both.submit({ branches, timeoutMs: 25_000 })),
    );
    await cluster.settled();
    const told: TransactionStatus[] = [];
    for await (const status of both.transactions({ state: "committed" })) told.push(status);
    expect(told.length).toBe(1_040);
    expect(new Set(told.map(({ transaction }) => transaction))).toEqual(
      new Set(outcomes.map(({ transaction }) => transaction)),
    );
    expect(told[0]).toMatchObject({ state: "committed", endedAt: expect.any(Date) });
  });

  test("can be watched", async () => {
    await start();
    const before = await client.begin();
    const seen: TransactionStatus[] = [];
    for await (const status of client.watch()) {
      seen.push(status);
      if (seen.length === 1)
        expect(
          (await client.submit({ branches: [{ participant: "bank-a", operations: [{ sql: "DELETE FROM account" }] }] }))
            .kind,
        ).toBe("committed");
      if (status.state === "committed") break;
    }
    expect(seen[0]).toMatchObject({ transaction: before.id, state: "active" });
    expect(seen.at(-1)?.transaction).not.toBe(before.id);
  });

  test("a watch ends with its signal, and with a lost coordinator", async () => {
    await start();
    const proxy = await cluster.proxy();
    const watcher = cluster.client({}, proxy.address);
    const stop = new AbortController();
    const reason = new Error("enough");
    const first = watcher.watch({ signal: stop.signal });
    const second = watcher.watch();
    await client.begin();
    expect((await first.next()).done).toBe(false);
    expect((await second.next()).done).toBe(false);
    const [one, two] = [thrownBy(first.next()), thrownBy(second.next())];
    stop.abort(reason);
    expect(await one).toBe(reason);
    proxy.cut();
    expect(await two).toMatchObject({ reason: "COORDINATOR_UNREACHABLE" });
  });

  test("an id that was never begun is an error, not an outcome", async () => {
    await start();
    await expect(client.transaction("coordinator-1.0001.0000zzzz")).rejects.toMatchObject({
      reason: "UNKNOWN_TRANSACTION",
    });
    await expect(client.transaction("coordinator-9.0001.00000001")).rejects.toMatchObject({ reason: "NOT_MINE" });
    await expect(client.transaction("nonsense")).rejects.toMatchObject({ reason: "INVALID_TRANSACTION_ID" });
  });
});

describe("a query", () => {
  test("reads committed data, and only reads", async () => {
    await start();
    const open = await client.begin();
    await add(open, "bank-a", -10);
    const read = await client.query("bank-a", "SELECT balance FROM account WHERE id = :id", { id: 1 });
    expect(read.objects()).toEqual([{ balance: 100 }]);
    await expect(client.query("bank-a", "DELETE FROM account")).rejects.toMatchObject({ reason: "QUERY_REFUSED" });
    await expect(client.query("bank-a", "SELECT nothing")).rejects.toMatchObject({ reason: "QUERY_FAILED" });
    await expect(client.query("bank-z", "SELECT 1")).rejects.toMatchObject({ reason: "UNKNOWN_PARTICIPANT" });
    await open.abort();
  });

  test("is tried again when its connection is lost", async () => {
    await start();
    const proxy = await cluster.proxy();
    const cuttable = cluster.client({}, proxy.address);
    await cuttable.query("bank-a", "SELECT 1");
    proxy.silence();
    const query = cuttable.query("bank-a", "SELECT 2");
    await client.query("bank-a", "SELECT 1");
    proxy.cut();
    proxy.speak();
    expect((await query).rows).toEqual([[2]]);
  });
});
