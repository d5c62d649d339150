/** A branch in doubt that a person ends, over real processes: told what it breaks, never without a reason, reported, kept until it is looked after. */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { nemcon, type Finished } from "../cli/nemcon.ts";
import { Cluster, eventually } from "./processes.ts";
import { Stubs } from "./stubs.ts";

let cluster: Cluster;
let stubs: Stubs;

beforeEach(async () => {
  cluster = await Cluster.open();
  stubs = new Stubs(cluster.coordinator.address);
  await cluster.start();
}, 30_000);
afterEach(async () => {
  stubs.close();
  await cluster.close();
});

const CUSTOMER = 2;
const add = (participant: string, by: number) => ({
  participant,
  operations: [{ sql: `UPDATE checking SET balance = balance + ${by} WHERE customer = ${CUSTOMER}` }],
});

function operator(at: string, ...args: string[]): Promise<Finished> {
  return nemcon(["operator", ...args], { environment: { NEMCON_AT: at } });
}

interface Listed {
  readonly node: string;
  readonly role: string;
  readonly transactions: readonly {
    readonly transaction: string;
    readonly state: string;
    readonly coordinatorConnected: boolean;
    readonly forMs: number;
    readonly locks: readonly string[];
    readonly detail: string;
  }[];
}

async function inDoubt(at: string): Promise<Listed> {
  return JSON.parse((await operator(at, "in-doubt", "--json")).stdout) as Listed;
}

/** Its coordinator dies at its first forced write, the decision: before it nobody knows, after it the journal does. */
async function stuck(when: "before" | "after"): Promise<{ readonly id: string; readonly at: string }> {
  await cluster.coordinator.kill();
  await cluster.coordinator.start([`--fault-kill-${when}-write`, "1"]);
  await cluster.linked();
  void cluster.client.submit({ branches: [add("bank-a", -5), add("bank-b", 5)] }).catch(() => undefined);
  await cluster.coordinator.ended;
  const at = cluster.participants[0]?.address ?? "";
  const { transactions } = await inDoubt(at);
  return { id: transactions[0]?.transaction ?? "", at };
}

async function balance(bank: string): Promise<unknown> {
  const sql = `SELECT balance FROM checking WHERE customer = ${CUSTOMER}`;
  return (await cluster.client.query(bank, sql)).rows[0];
}

test("listed with its locks, for how long, and that its coordinator is gone; the act asks for a reason and a word", async () => {
  const { id, at } = await stuck("before");
  const { node, role, transactions } = await inDoubt(at);
  expect({ node, role, count: transactions.length }).toEqual({ node: "bank-a", role: "participant", count: 1 });
  const [found] = transactions;
  expect(found).toMatchObject({ transaction: id, state: "in-doubt", coordinatorConnected: false });
  expect(found?.locks.length).toBeGreaterThan(0);
  expect(found?.forMs).toBeGreaterThanOrEqual(0);
  expect((await operator(at, "in-doubt")).stdout).toMatch(/c \(no link\)/);
  const decision = ["--decision", "abort"];
  const refused = [
    [[id, ...decision, "--yes"], /--reason/],
    [[id, ...decision, "--reason", " ", "--yes"], /reason is empty/],
    [[id, ...decision, "--reason", "test"], /--yes/],
    [[id, "--reason", "test", "--yes"], /--decision/],
  ] as const;
  for (const [{ code, stderr }, why] of await Promise.all(
    refused.map(async ([args, each]) => [await operator(at, "resolve", ...args), each] as const),
  ))
    expect([code, stderr]).toEqual([64, expect.stringMatching(why)]);
  // Nothing of this has done anything.
  expect((await inDoubt(at)).transactions).toMatchObject([{ transaction: id, state: "in-doubt" }]);
  const nothing = await operator(at, "forget", id, "--reason", "test", "--yes", "--json");
  expect(JSON.parse(nothing.stdout)).toMatchObject({ error: { reason: "NOT_HEURISTIC" } });
  const other = await operator(at, "resolve", "c.0001.000000zz", ...decision, "--reason", "test", "--yes", "--json");
  expect(JSON.parse(other.stdout)).toMatchObject({ error: { reason: "NOT_IN_DOUBT" } });
  await cluster.start();
  await cluster.settled();
}, 60_000);

describe("ended by hand while the coordinator is gone", () => {
  test("against the decision that comes later: heuristic at both, with the reason, until it is forgotten; no lock is left", async () => {
    const [a, b] = [await balance("bank-a"), await balance("bank-b")];
    const { id, at } = await stuck("after");
    const ended = await operator(
      at,
      "resolve",
      id,
      "--decision",
      "abort",
      "--reason",
      "disk of c lost",
      "--yes",
      "--json",
    );
    expect(JSON.parse(ended.stdout)).toMatchObject({
      transaction: id,
      node: "bank-a",
      did: "abort",
      state: "heuristic",
    });
    expect((await inDoubt(at)).transactions).toMatchObject([{ transaction: id, state: "heuristic", locks: [] }]);
    // It survives a crash of the branch's own node.
    await cluster.participants[0]?.kill();
    await cluster.start();
    await eventually("the coordinator knows", async () => (await stubs.get(id)).state === "heuristic");
    const status = await stubs.get(id);
    expect(status.detail).toMatch(/HEURISTIC_MIXED.*commit was decided.*bank-a rolled back: disk of c lost/);
    const [found] = (await inDoubt(cluster.coordinator.address)).transactions;
    expect(found).toMatchObject({ transaction: id, state: "heuristic", detail: status.detail });
    expect(await balance("bank-a")).toEqual(a);
    expect(await balance("bank-b")).not.toEqual(b);
    // Kept until somebody has seen to it, also over a restart.
    await cluster.coordinator.kill();
    await cluster.start();
    expect((await inDoubt(cluster.coordinator.address)).transactions).toHaveLength(1);
    const forgotten = await operator(cluster.coordinator.address, "forget", id, "--reason", "booked by hand", "--yes");
    expect([forgotten.code, forgotten.stdout]).toEqual([0, expect.stringContaining("forgotten")]);
    await cluster.settled();
    for (const address of [at, cluster.coordinator.address]) expect((await inDoubt(address)).transactions).toEqual([]);
    expect((await stubs.get(id)).state).toBe("heuristic");
    expect(cluster.participants[0]?.stderr).toContain("disk of c lost");
  }, 60_000);

  test("as was decided: it does no harm, and is over like any other", async () => {
    const { id, at } = await stuck("after");
    const ended = await operator(at, "resolve", id, "--decision", "commit", "--reason", "it was decided", "--yes");
    expect(ended.code).toBe(0);
    await cluster.start();
    await cluster.settled();
    await eventually("it is committed", async () => (await stubs.get(id)).state === "committed");
    expect((await inDoubt(at)).transactions).toEqual([]);
  }, 60_000);
});

test("a coordinator lists what is blocked and what is missing, and a status says it too", async () => {
  const { id } = await stuck("after");
  await cluster.participants[0]?.kill();
  await cluster.coordinator.start();
  await eventually("it waits for nobody else", async () => (await stubs.get(id)).detail === "no link to bank-a");
  expect((await inDoubt(cluster.coordinator.address)).transactions).toMatchObject([
    { transaction: id, state: "committing", detail: "no link to bank-a" },
  ]);
  await cluster.start();
  await cluster.settled();
  expect((await inDoubt(cluster.coordinator.address)).transactions).toEqual([]);
}, 60_000);
