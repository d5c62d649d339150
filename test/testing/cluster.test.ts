/** The simulated cluster as users' tests have it (docs/testing.md): real databases, virtual time, faults when the test says so. */
import { afterEach, describe, expect, test } from "vitest";
import { TransactionAborted } from "../../client/index.ts";
import { simulatedCluster, type SimulatedCluster, type SimulatedClusterOptions } from "../../testing/index.ts";

const bank = (balance: number): string =>
  `CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL CHECK (balance >= 0));
   INSERT INTO account VALUES (1, ${balance});`;
const banks = { "bank-a": bank(100), "bank-b": bank(0) };
const move = "UPDATE account SET balance = balance + ? WHERE id = 1";

let cluster: SimulatedCluster;
afterEach(() => cluster.close());

async function open(options: Partial<SimulatedClusterOptions> = {}): Promise<SimulatedCluster> {
  cluster = await simulatedCluster({ participants: banks, ...options });
  return cluster;
}

const transfer = (amount: number) => ({
  branches: [
    { participant: "bank-a", operations: [{ sql: move, parameters: [-amount], expect: { rows: 1 } }] },
    { participant: "bank-b", operations: [{ sql: move, parameters: [amount], expect: { rows: 1 } }] },
  ],
});

const balances = (): unknown[] =>
  ["bank-a", "bank-b"].map((name) => cluster.query(name, "SELECT balance FROM account").rows[0]?.[0]);

test("a transfer commits at both, and time is virtual", async () => {
  await open();
  const outcome = await cluster.until(cluster.client.submit(transfer(30)));
  expect(outcome).toMatchObject({ kind: "committed", transaction: expect.stringMatching(/^coordinator-1\./) });
  // The client is told as soon as the decision is durable: the banks hear it a moment later.
  expect(await cluster.settled()).toBe(true);
  expect(balances()).toEqual([70, 30]);
  expect(cluster.nowMs).toBeLessThan(2_000);
  expect(cluster.violations).toEqual([]);
  expect(cluster.diagram(outcome.kind === "committed" ? outcome.transaction : "")).toContain("■ prepare");
});

test("a CHECK of the user's schema makes it abort everywhere", async () => {
  await open();
  const outcome = await cluster.until(cluster.client.submit(transfer(130)));
  expect(outcome).toMatchObject({ kind: "aborted", reason: "CONSTRAINT", participant: "bank-a" });
  expect(balances()).toEqual([100, 0]);
});

test("transact: results decide what comes next", async () => {
  await open();
  const outcome = await cluster.until(
    cluster.client.transact(async (tx) => {
      const { rows } = await tx.on("bank-a").sql("SELECT balance FROM account WHERE id = 1");
      const half = Number(rows[0]?.[0]) / 2;
      await tx.on("bank-a").sql(move, [-half]);
      await tx.on("bank-b").sql(move, [half]);
      return half;
    }),
  );
  expect(outcome).toMatchObject({ kind: "committed", value: 50 });
  await cluster.settled();
  expect(balances()).toEqual([50, 50]);
});

test("transact: what the function throws comes out, and nothing was done", async () => {
  await open();
  const work = cluster.client.transact(async (tx) => {
    await tx.on("bank-a").sql(move, [-10]);
    throw new Error("second thoughts");
  });
  await expect(cluster.until(work)).rejects.toThrow("second thoughts");
  expect(await cluster.settled()).toBe(true);
  expect(balances()).toEqual([100, 0]);
});

describe("the coordinator dies", () => {
  test("after it wrote its decision: the client learns it when it is back, and both banks have it", async () => {
    await open();
    cluster.kill("coordinator-1", "after write");
    const outcome = cluster.client.submit(transfer(30));
    await cluster.run(2_000);
    expect(cluster.isUp("coordinator-1")).toBe(false);
    expect(balances()).toEqual([100, 0]);
    cluster.start("coordinator-1");
    expect(await cluster.until(outcome)).toMatchObject({ kind: "committed" });
    expect(await cluster.settled()).toBe(true);
    expect(balances()).toEqual([70, 30]);
    expect(cluster.violations).toEqual([]);
  });

  test("before it wrote its decision: nothing was done", async () => {
    await open();
    cluster.kill("coordinator-1", "before write");
    const outcome = cluster.client.submit(transfer(30));
    await cluster.run(2_000);
    cluster.start("coordinator-1");
    expect(await cluster.until(outcome)).toMatchObject({ kind: "aborted" });
    expect(await cluster.settled()).toBe(true);
    expect(balances()).toEqual([100, 0]);
  });

  test("for good: the client does not know, and under Paxos Commit another coordinator decides", async () => {
    await open({ coordinators: 2, acceptors: 3 });
    // No coordinator is heard any more once a branch has voted.
    const voted = new Promise<string>((resolve) => {
      cluster.messages(({ kind, from, to }) => {
        if (kind === "phase-2b") resolve(to);
        return kind === "phase-2b" && from !== to ? "is lost" : "arrives";
      });
    });
    const outcome = cluster.client.submit({ ...transfer(30), timeoutMs: 3_000 });
    const busy = await cluster.until(voted);
    cluster.kill(busy);
    cluster.heal();
    expect(await cluster.until(outcome)).toMatchObject({ kind: "unknown" });
    await cluster.run(30_000);
    expect(cluster.isUp(busy)).toBe(false);
    expect(balances()).toEqual([70, 30]);
    expect(cluster.violations).toEqual([]);
  });
});

test("a participant dies when it is prepared: its branch comes back from its database, with its locks", async () => {
  await open();
  // Neither the coordinator's word nor the other bank's.
  cluster.messages(({ kind, to }) => (kind.startsWith("decision") && to === "bank-b" ? "is lost" : "arrives"));
  expect(await cluster.until(cluster.client.submit(transfer(30)))).toMatchObject({ kind: "committed" });
  expect(cluster.query("bank-b", "SELECT balance FROM account").rows).toEqual([[0]]);
  cluster.kill("bank-b");
  expect(() => cluster.query("bank-b", "SELECT 1")).toThrow(/down/);
  await cluster.run(500);
  cluster.start("bank-b");
  await cluster.run(500);
  const blocked = await cluster.until(cluster.client.submit({ ...transfer(5), timeoutMs: 1_000 }));
  expect(blocked.kind).not.toBe("committed");
  cluster.heal();
  expect(await cluster.settled()).toBe(true);
  expect(balances()).toEqual([70, 30]);
  expect(cluster.violations).toEqual([]);
});

test("a partition: a transaction that can't reach a participant aborts, and says which", async () => {
  await open();
  cluster.partition("bank-b");
  const outcome = await cluster.until(cluster.client.submit(transfer(30)));
  expect(outcome).toMatchObject({ kind: "aborted", reason: "PARTICIPANT_UNREACHABLE" });
  cluster.heal();
  expect(await cluster.until(cluster.client.submit(transfer(30)))).toMatchObject({ kind: "committed" });
});

test("the same seed gives the same run", async () => {
  const runs: string[] = [];
  for (let time = 0; time < 2; time += 1) {
    await open({ seed: 7, coordinators: 2, acceptors: 3 });
    cluster.messages(({ to }) => (to === "acceptor-1" ? { lateMs: 40 } : "arrives"));
    const outcomes = [cluster.client.submit(transfer(10)), cluster.client.submit(transfer(20))];
    const told = await cluster.until(Promise.all(outcomes));
    await cluster.settled();
    runs.push(JSON.stringify([told, cluster.nowMs, balances()]));
    cluster.close();
  }
  expect(runs[0]).toBe(runs[1]);
});

test("calls in a transaction whose coordinator died are told so", async () => {
  await open();
  const work = cluster.client.transact(async (tx) => {
    await tx.on("bank-a").sql(move, [-10]);
    cluster.kill("coordinator-1");
    await expect(tx.on("bank-b").sql(move, [10])).rejects.toBeInstanceOf(TransactionAborted);
    return null;
  });
  await cluster.run(1_000);
  cluster.start("coordinator-1");
  expect(await cluster.until(work)).toMatchObject({ kind: "aborted" });
  expect(await cluster.settled()).toBe(true);
  expect(balances()).toEqual([100, 0]);
});

test("what can't be is refused with a word", async () => {
  await expect(simulatedCluster({ participants: {} })).rejects.toThrow(/at least one participant/);
  await expect(simulatedCluster({ participants: banks, acceptors: 2 })).rejects.toThrow(/odd number of acceptors/);
  await expect(simulatedCluster({ participants: { a: "CREATE TABLE" } })).rejects.toThrow(/incomplete input/);
  await open();
  expect(() => cluster.kill("bank-a", "after write")).toThrow(/participant/);
  const refused = cluster.client.submit({ branches: [{ participant: "bank-z", operations: [{ sql: "SELECT 1" }] }] });
  await expect(cluster.until(refused)).rejects.toThrow(/bank-z/);
});
