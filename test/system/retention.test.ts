/** Outcomes are kept up to a size and then forgotten, never guessed and never executed again; older copies of a journal are refused. */

import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Outcome } from "../../client/index.ts";
import { CoordinatorStub, channelCredentials } from "../../runtime/link/index.ts";
import { Cluster, eventually, type Server } from "./processes.ts";

let cluster: Cluster;
// The smallest bound that the configuration takes.
beforeEach(async () => {
  cluster = await Cluster.open({ coordinatorArgs: ["--outcomes-max-bytes", String(1024 * 1024)] });
  await cluster.start();
});
afterEach(() => cluster.close());

const pay = (by: number, text = "") => ({
  branches: [
    {
      participant: "bank-a",
      operations: [
        { sql: "UPDATE checking SET balance = balance - ? WHERE customer = 1", parameters: [by], expect: { rows: 1 } },
      ],
    },
    {
      participant: "bank-b",
      operations: [
        {
          sql: `UPDATE checking SET balance = balance + ? WHERE customer = 1 ${text}`,
          parameters: [by],
          expect: { rows: 1 },
        },
      ],
    },
  ],
});

async function again(transaction: string): Promise<string | undefined> {
  const stub = new CoordinatorStub(cluster.coordinator.address, channelCredentials(null));
  try {
    return await new Promise((resolve, reject) => {
      const branches = [
        { participant: "bank-a", operations: [{ sql: { statement: "UPDATE checking SET balance = 0" } }] },
      ];
      stub.Submit({ transaction, branches }, { deadline: Date.now() + 5_000 }, (error, answer) =>
        error === null ? resolve(answer?.outcome?.kind) : reject(error),
      );
    });
  } finally {
    stub.close();
  }
}

function idOf(outcome: Outcome): string {
  expect(["committed", "aborted"]).toContain(outcome.kind);
  return outcome.kind === "committed" || outcome.kind === "aborted" ? outcome.transaction : "";
}

async function money(): Promise<unknown> {
  const sums = await Promise.all(
    cluster.banks.map(
      async ({ name }) => (await cluster.client.query(name, "SELECT sum(balance) FROM checking")).rows[0]?.[0],
    ),
  );
  return sums;
}

test("a retry gives the same outcome, also after both sides restarted; later it is forgotten, and never done again", async () => {
  const done = idOf(await cluster.client.submit(pay(5)));
  const refused = idOf(await cluster.client.submit(pay(5, "AND balance < 0")));
  expect([await again(done), await again(refused)]).toEqual(["OUTCOME_KIND_COMMITTED", "OUTCOME_KIND_ABORTED"]);
  await cluster.settled();
  await Promise.all(cluster.servers.map((server) => server.kill()));
  await cluster.start();
  expect([await again(done), await again(refused)]).toEqual(["OUTCOME_KIND_COMMITTED", "OUTCOME_KIND_ABORTED"]);
  const before = await money();

  // Aborts fill the journal with outcomes and leave the money alone: details make them long.
  const long = "x".repeat(2_000);
  await eventually("the outcome is forgotten", async () => {
    await Promise.all(
      Array.from({ length: 64 }, () =>
        cluster.client.submit({
          branches: [
            { participant: "bank-a", operations: [{ sql: `SELECT ${long} FROM checking` }] },
            { participant: "bank-b", operations: [{ sql: "SELECT 1" }] },
          ],
        }),
      ),
    );
    return (await again(done)) === "OUTCOME_KIND_FORGOTTEN";
  });
  await cluster.settled();
  await Promise.all(cluster.servers.map((server) => server.kill()));
  await cluster.start();
  expect([await again(done), await again(refused)]).toEqual(["OUTCOME_KIND_FORGOTTEN", "OUTCOME_KIND_FORGOTTEN"]);
  expect(await cluster.client.transaction(done)).toMatchObject({ state: "forgotten" });
  expect(await money()).toEqual(before);
});

/** Puts a node's files back to what they were some transactions ago, and starts it. */
async function putBack(victim: Server | undefined, files: readonly string[]): Promise<void> {
  const copies = files.map((file, index) => [file, join(cluster.directory, `copy-${index}`)] as const);
  idOf(await cluster.client.submit(pay(1)));
  await cluster.settled();
  await victim?.kill("SIGTERM");
  for (const [file, copy] of copies) cpSync(file, copy);
  await cluster.start();
  for (let count = 0; count < 5; count += 1) idOf(await cluster.client.submit(pay(1)));
  await cluster.settled();
  await victim?.kill("SIGTERM");
  for (const [file, copy] of copies) {
    for (const end of ["-wal", "-shm"]) rmSync(`${file}${end}`, { force: true });
    cpSync(copy, file);
  }
  // It starts, since its own files agree with each other; its peers know better.
  await victim?.start();
}

test.each(["coordinator", "participant"] as const)(
  "a %s whose files were put back to an older copy is refused and ends",
  async (role) => {
    const victim = role === "coordinator" ? cluster.coordinator : cluster.participants[0];
    const journal =
      role === "coordinator" ? join(cluster.directory, "c", "journal.db") : (cluster.banks[0]?.file ?? "");
    await putBack(victim, [journal, `${journal}-witness`]);
    const { code } = (await victim?.ended) ?? { code: 0 };
    expect(code).toBe(70);
    expect(`${victim?.stderr}${victim?.stdout}`).toContain("JOURNAL_RESTORED");
    expect(cluster.servers.filter(({ isAlive }) => isAlive)).toHaveLength(2);
  },
);
