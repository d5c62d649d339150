/** One running cluster serves every protocol of the registry at once, over the same participants. */

import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { judgeTrace } from "../../lab/index.ts";
import { protocols } from "../../protocols/index.ts";
import { readBooks } from "./books.ts";
import { tracesOf } from "./checks.ts";
import { Cluster } from "./processes.ts";

const names = Object.keys(protocols);

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.open({
    banks: 3,
    acceptors: 3,
    trace: true,
    coordinatorArgs: ["--protocol-unsafe", "allowed"],
  });
  await cluster.start();
});
afterAll(() => cluster.close());

const add = (participant: string, by: number, customer: number, more = "") => ({
  participant,
  operations: [
    {
      sql: `UPDATE checking SET balance = balance + ? WHERE customer = ? ${more} RETURNING balance`,
      parameters: [by, customer],
      expect: { rows: 1 },
    },
  ],
});

function checking(bank: string, customer: number): number {
  const file = cluster.banks.find(({ name }) => name === bank)?.file ?? "";
  const database = new Database(file, { readonly: true });
  try {
    const balance = database.prepare<[number], number>("SELECT balance FROM checking WHERE customer = ?").pluck();
    return balance.get(customer) ?? Number.NaN;
  } finally {
    database.close();
  }
}

test.each(names.map((name, index) => [name, index + 1] as const))(
  "%s commits a submit, with the rows of all branches",
  async (protocol, customer) => {
    const before = ["bank-a", "bank-b", "bank-c"].map((bank) => checking(bank, customer));
    const branches = [add("bank-a", -3, customer), add("bank-b", 1, customer), add("bank-c", 2, customer)];
    const outcome = await cluster.client.submit({ protocol, branches });
    if (outcome.kind !== "committed") throw new Error(JSON.stringify(outcome));
    const after = before.map((balance, index) => balance + ([-3, 1, 2][index] ?? 0));
    expect(["bank-a", "bank-b", "bank-c"].map((bank) => outcome.results[bank]?.[0]?.rows[0])).toEqual(
      after.map((balance) => [balance]),
    );
    await cluster.settled();
    expect(["bank-a", "bank-b", "bank-c"].map((bank) => checking(bank, customer))).toEqual(after);
    const status = await cluster.client.transaction(outcome.transaction);
    expect([status.protocol, status.state]).toEqual([protocol, "committed"]);
  },
);

test.each(names.map((name, index) => [name, index + 1] as const))(
  "%s aborts where one branch can't keep its promise, and leaves nothing",
  async (protocol, customer) => {
    const before = readBooks(cluster.banks);
    const branches = [add("bank-a", -3, customer), add("bank-b", 3, customer, "AND balance < -1000000")];
    const outcome = await cluster.client.submit({ protocol, branches });
    expect(outcome).toMatchObject({ kind: "aborted", reason: "EXPECTATION_FAILED" });
    await cluster.settled();
    expect(readBooks(cluster.banks)).toEqual(before);
  },
);

test.each(names)("%s commits an interactive transaction", async (protocol) => {
  const outcome = await cluster.client.transact(
    async (tx) => {
      await tx.on("bank-a").sql("UPDATE checking SET balance = balance - 1 WHERE customer = 50");
      await tx.on("bank-b").sql("UPDATE checking SET balance = balance + 1 WHERE customer = 50");
    },
    { protocol },
  );
  expect(outcome.kind).toBe("committed");
  await cluster.settled();
});

test("all at once, and the traces of every server keep the rules", async () => {
  const outcomes = await Promise.all(
    names.flatMap((protocol) =>
      Array.from({ length: 10 }, (_, round) =>
        cluster.client.submit({
          protocol,
          branches: [add("bank-a", -1, 60 + round), add("bank-c", 1, 60 + round)],
          retryConflicts: true,
        }),
      ),
    ),
  );
  expect(outcomes.filter(({ kind }) => kind === "committed").length).toBeGreaterThan(names.length);
  expect(outcomes.map(({ kind }) => kind)).not.toContain("unknown");
  await cluster.settled();
  const { violations, inDoubt } = judgeTrace(tracesOf(cluster));
  expect({ violations, inDoubt }).toEqual({ violations: [], inDoubt: [] });
});
