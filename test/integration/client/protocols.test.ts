/** One cluster serves all protocols at once over the same participants, each transaction with its own; what it can't run is refused. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Client, Outcome } from "../../../client/index.ts";
import { protocols, type ProtocolName } from "../../../protocols/index.ts";
import { Cluster } from "./cluster.ts";

const names = Object.keys(protocols) as ProtocolName[];
const withoutAcceptors = names.filter((name) => protocols[name].acceptor === null);
const runnable = withoutAcceptors.filter((name) => protocols[name].unsafe === null);

let cluster: Cluster;
let client: Client;
beforeAll(async () => {
  cluster = await Cluster.start();
  client = cluster.client();
});
afterAll(() => cluster.close());

const balances = (): unknown[] =>
  (["bank-a", "bank-b"] as const).flatMap((name) => cluster.read(name, "SELECT balance FROM account WHERE id = 1")[0]);

let before: unknown[];
beforeEach(async () => {
  await cluster.settled();
  before = balances();
});
const moved = (by: number): unknown[] => [Number(before[0]) - by, Number(before[1]) + by];

const take = (amount: number) => ({
  sql: "UPDATE account SET balance = balance - ? WHERE id = 1 RETURNING balance",
  parameters: [amount],
});
const give = (amount: number) => ({ ...take(-amount) });

function submitted(protocol: ProtocolName, amount: number): Promise<Outcome> {
  const branches = [
    { participant: "bank-a", operations: [take(amount)] },
    { participant: "bank-b", operations: [give(amount)] },
  ];
  return client.submit({ protocol, branches });
}

describe.each(runnable)("%s", (protocol) => {
  test("a submit commits and brings the rows of all branches; its status names the protocol", async () => {
    const outcome = await submitted(protocol, 3);
    if (outcome.kind !== "committed") throw new Error(JSON.stringify(outcome));
    expect(Object.keys(outcome.results).toSorted()).toEqual(["bank-a", "bank-b"]);
    expect(outcome.results["bank-a"]?.[0]?.rows).toEqual([[moved(3)[0]]]);
    expect(await client.transaction(outcome.transaction)).toMatchObject({ protocol });
    await cluster.settled();
    expect(balances()).toEqual(moved(3));
  });

  test("a submit that one branch can't do aborts, with that branch's reason and name, and nothing is left", async () => {
    const outcome = await submitted(protocol, 1_000);
    expect(outcome).toMatchObject({ kind: "aborted", reason: "CONSTRAINT", participant: "bank-a" });
    await cluster.settled();
    expect(balances()).toEqual(before);
  });

  test("step by step", async () => {
    const outcome = await client.transact(
      async (transaction) => {
        await transaction.on("bank-a").sql(take(2).sql, take(2).parameters);
        await transaction.on("bank-b").sql(give(2).sql, give(2).parameters);
      },
      { protocol },
    );
    expect(outcome.kind).toBe("committed");
    await cluster.settled();
    expect(balances()).toEqual(moved(2));
  });

  test("begun by a participant with its last statement, or refused by name", async () => {
    const options = { protocol, initiator: "bank-a" };
    if (!protocols[protocol].unsolicitedVotes) {
      await expect(client.begin(options)).rejects.toThrow(`Under ${protocol} no branch prepares before it is asked`);
      return;
    }
    const transaction = await client.begin(options);
    await transaction.on("bank-b").sql(give(1).sql, give(1).parameters);
    const { rows } = await transaction.on("bank-a").sql(take(1).sql, take(1).parameters, { last: true });
    expect(rows).toEqual([[moved(1)[0]]]);
    expect((await transaction.commit()).kind).toBe("committed");
    await cluster.settled();
    expect(balances()).toEqual(moved(1));
  });
});

test("all of them at once", async () => {
  const outcomes = await Promise.all(
    Array.from({ length: 10 }, () => runnable.map((name) => submitted(name, 0))).flat(),
  );
  expect(new Set(outcomes.map((each) => (each.kind === "aborted" ? each.reason : each.kind)))).toContain("committed");
  for (const each of outcomes) if (each.kind !== "committed") expect(each).toMatchObject({ reason: "CONFLICT" });
  await cluster.settled();
});

describe("refused before anything is begun", () => {
  test.each(names.filter((name) => protocols[name].acceptor !== null))(
    "%s, where there are no acceptors",
    async (name) => {
      await expect(submitted(name, 1)).rejects.toMatchObject({ reason: "PROTOCOL_NOT_AVAILABLE" });
      await expect(client.begin({ protocol: name })).rejects.toMatchObject({ reason: "PROTOCOL_NOT_AVAILABLE" });
    },
  );

  // A protocol that is unsafe is the registry's word: coordinator/choice.test.ts has it also where none is.
  test.each(withoutAcceptors.filter((name) => protocols[name].unsafe !== null))("%s, which is unsafe", async (name) => {
    await expect(submitted(name, 1)).rejects.toMatchObject({ reason: "PROTOCOL_UNSAFE" });
  });

  test("a name that is none, with those that there are", async () => {
    await expect(client.begin({ protocol: "4pc" })).rejects.toThrow(/there is 2pc, /);
  });
});
