/** Foreign keys hold for what a branch does, and are in nobody's way when its rows are written. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { Cluster } from "./processes.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.open();
  await cluster.start();
});
afterAll(() => cluster.close());

const onBoth = (sql: string) => ({
  branches: cluster.banks.map(({ name }) => ({ participant: name, operations: [{ sql }] })),
});

test("a row that others refer to changes, and its participant goes on serving, also after a restart", async () => {
  const renamed = await cluster.client.submit(onBoth("UPDATE account SET name = 'new' WHERE customer = 3"));
  expect(renamed.kind).toBe("committed");
  await cluster.settled();
  await Promise.all(cluster.participants.map((server) => server.kill()));
  await cluster.start();
  for (const { name } of cluster.banks) {
    const { rows } = await cluster.client.query(
      name,
      "SELECT name FROM account JOIN checking USING (customer) WHERE customer = 3",
    );
    expect(rows).toEqual([["new"]]);
  }
});

test("a row that others refer to can't go", async () => {
  const gone = await cluster.client.submit(onBoth("DELETE FROM account WHERE customer = 3"));
  expect(gone).toMatchObject({ kind: "aborted", reason: "CONSTRAINT" });
});
