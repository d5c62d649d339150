/** The client's promises while real coordinators are killed, and stopped, under it. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { connect, type Client, type Outcome } from "../../client/index.ts";
import { Cluster, eventually } from "./processes.ts";
let cluster: Cluster;
let client: Client;

beforeEach(async () => {
  cluster = await Cluster.open({ customers: 10 });
  await cluster.start();
  // With the budget that everybody has.
  client = connect(cluster.coordinator.address, { defaultTimeoutMs: 60_000 });
});
afterEach(async () => {
  client.close();
  await cluster.close();
});

/** One row of the ledger at each bank; the same number twice would show. */
const submit = (number: number, timeoutMs = 60_000): Promise<Outcome> =>
  client.submit({
    branches: cluster.banks.map(({ name }) => ({
      participant: name,
      operations: [{ sql: "INSERT INTO ledger VALUES (?, 1)", parameters: [number] }],
    })),
    timeoutMs,
  });

async function ledger(bank: string): Promise<unknown[]> {
  const { rows } = await client.query(bank, "SELECT number FROM ledger ORDER BY 1");
  return rows.map(([number]) => number);
}

test("a coordinator killed again and again under many submits: each ends with what the databases hold, none is done twice", async () => {
  const submits: Promise<Outcome>[] = [];
  for (let life = 0; life < 3; life += 1) {
    const first = submits.length;
    for (let each = 0; each < 300; each += 1) submits.push(submit(submits.length));
    // The stream is there and some are answered.
    await Promise.race(submits.slice(first));
    await cluster.coordinator.kill();
    await cluster.start();
  }
  const outcomes = await Promise.all(submits);
  expect(outcomes.filter(({ kind }) => kind !== "committed" && kind !== "aborted")).toEqual([]);
  await cluster.settled();
  const committed = outcomes.flatMap(({ kind }, number) => (kind === "committed" ? [number] : []));
  for (const { name } of cluster.banks) expect(await ledger(name), name).toEqual(committed);
});

test("a coordinator stopped in the middle: a deadline is no verdict, and the id tells when it goes on", async () => {
  expect(await submit(1)).toMatchObject({ kind: "committed" });
  cluster.coordinator.signal("SIGSTOP");
  const outcomes = await Promise.all([2, 3, 4].map((number) => submit(number, 500)));
  expect(outcomes).toEqual(
    outcomes.map(() => expect.objectContaining({ kind: "unknown", transaction: expect.any(String) })),
  );
  cluster.coordinator.signal("SIGCONT");
  const statesNow = () => Promise.all(outcomes.map(({ transaction }) => client.transaction(transaction ?? "")));
  await eventually("every outcome is known", async () =>
    (await statesNow()).every(({ state }) => state === "committed" || state === "aborted"),
  );
  const committed = (await statesNow()).flatMap(({ state }, index) => (state === "committed" ? [index + 2] : []));
  expect(await ledger("bank-a")).toEqual([1, ...committed]);
});
