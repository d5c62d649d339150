/** An acceptor whose memory is gone stops when a peer that remembers it says so: whoever never met it would believe it. */

import { cpSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { acceptJournal } from "../../runtime/journal/index.ts";
import { Cluster, eventually, type Server } from "./processes.ts";

const add = (participant: string, by: number) => ({
  participant,
  operations: [{ sql: "UPDATE checking SET balance = balance + ? WHERE customer = 1", parameters: [by] }],
});

let cluster: Cluster;
let acceptor: Server;
let standby: Server;
let directory: string;
let kept: string;

beforeAll(async () => {
  cluster = await Cluster.open({ acceptors: 1, standbys: 1 });
  const [[only], [another]] = [cluster.acceptors, cluster.standbys];
  if (only === undefined || another === undefined) throw new Error("a server is missing");
  acceptor = only;
  standby = another;
  directory = join(cluster.directory, acceptor.name);
  kept = join(cluster.directory, "kept");
  await cluster.start();
  await cluster.meshed();
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

/** Its files as they are become `to`; those of `from` take their place. */
function swap(to: string, from: string): void {
  const path = (name: string): string => join(cluster.directory, name);
  rmSync(path(to), { recursive: true, force: true });
  renameSync(directory, path(to));
  cpSync(path(from), directory, { recursive: true });
}

test("an older copy, with its witness: exit 70; its latest files serve on", async () => {
  await acceptor.kill();
  cpSync(directory, kept, { recursive: true });
  await cluster.start();
  await commit();
  await acceptor.kill();
  swap("latest", "kept");
  expect(await endsBecauseOf("JOURNAL_RESTORED")).toBe(70);
  swap("copy", "latest");
  await cluster.start();
  await commit();
});

test("an older copy that somebody believed: exit 70 with the latest files, too, until a person accepts them", async () => {
  await Promise.all([acceptor.kill(), standby.kill()]);
  cpSync(directory, kept, { recursive: true });
  await acceptor.start();
  await commit();
  await Promise.all(cluster.servers.map((server) => server.kill()));
  swap("latest", "kept");
  // It was down when the others saw more of the acceptor.
  await Promise.all([standby.start(["--log-level", "info"]), acceptor.start()]);
  await eventually("the standby believes the copy", () =>
    Promise.resolve(standby.stderr.includes("Linked with acceptor")),
  );
  await acceptor.kill();
  swap("copy", "latest");
  expect(await endsBecauseOf("JOURNAL_RESTORED")).toBe(70);
  acceptJournal(directory);
  await cluster.start();
  await commit();
  expect(cluster.servers.map(({ name, isAlive }) => [name, isAlive])).not.toContainEqual([expect.anything(), false]);
});

test("an empty directory under its name: exit 78, again and again", async () => {
  await acceptor.kill();
  for (let times = 0; times < 2; times += 1) {
    rmSync(directory, { recursive: true });
    expect(await endsBecauseOf("IDENTITY_MISMATCH")).toBe(78);
  }
});
