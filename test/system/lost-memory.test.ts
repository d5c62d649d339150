/** An acceptor whose memory is gone stops when a peer that remembers it says so: whoever never met it would believe it. */

import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cluster, eventually, type Server } from "./processes.ts";

const add = (participant: string, by: number) => ({
  participant,
  operations: [{ sql: "UPDATE checking SET balance = balance + ? WHERE customer = 1", parameters: [by] }],
});

let cluster: Cluster;
let acceptor: Server;
let directory: string;
let kept: string;

beforeAll(async () => {
  cluster = await Cluster.open({ acceptors: 1 });
  const [only] = cluster.acceptors;
  if (only === undefined) throw new Error("no acceptor");
  acceptor = only;
  directory = join(cluster.directory, acceptor.name);
  kept = join(cluster.directory, "kept");
  await cluster.start();
  await commit();
});
afterAll(() => cluster.close());

/** What the only acceptor has to hear of: until all have found it again, votes are lost and transactions abort. */
async function commit(): Promise<void> {
  let answer: unknown;
  await eventually(
    () => `a transaction commits, and this is what became of the last one: ${JSON.stringify(answer)}`,
    async () => {
      const outcome = await cluster.client.submit({
        protocol: "paxos-commit",
        branches: [add("bank-a", -1), add("bank-b", 1)],
        timeoutMs: 2_000,
      });
      answer = outcome;
      return outcome.kind === "committed";
    },
  );
}

/** It may serve for a moment; then it has ended by itself. */
async function endsBecauseOf(reason: string): Promise<number | null> {
  const before = acceptor.stderr.length;
  await acceptor.start();
  const { code } = await acceptor.ended;
  expect(acceptor.stderr.slice(before)).toContain(`"reason":"${reason}"`);
  return code;
}

test("an older copy, with its witness: exit 70; its latest files serve on", async () => {
  await acceptor.kill();
  cpSync(directory, kept, { recursive: true });
  await cluster.start();
  await commit();
  await acceptor.kill();
  const latest = join(cluster.directory, "latest");
  cpSync(directory, latest, { recursive: true });
  rmSync(directory, { recursive: true });
  cpSync(kept, directory, { recursive: true });
  expect(await endsBecauseOf("JOURNAL_RESTORED")).toBe(70);
  rmSync(directory, { recursive: true });
  cpSync(latest, directory, { recursive: true });
  await cluster.start();
  await commit();
});

test("an empty directory under its name: exit 78, again and again", async () => {
  await acceptor.kill();
  for (let times = 0; times < 2; times += 1) {
    rmSync(directory, { recursive: true });
    expect(await endsBecauseOf("IDENTITY_MISMATCH")).toBe(78);
  }
});
