/** Traces of real processes: what a commit costs, read off the files that the servers write. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { countsOf, type TraceEvent } from "../../trace/index.ts";
import { tracesOf } from "./checks.ts";
import { Cluster } from "./processes.ts";
import { shareOf } from "../support/counted.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.open({ banks: 3, trace: true });
  await cluster.start();
});
afterAll(async () => {
  await cluster.close();
});

const add = (participant: string, by: number) => ({
  participant,
  operations: [{ sql: "UPDATE checking SET balance = balance + ? WHERE customer = 1", parameters: [by] }],
});

const events = (): TraceEvent[] => tracesOf(cluster);

test("every server that is told to writes one, and together they give the counts of two-phase commit", async () => {
  const branches = [add("bank-a", -2), add("bank-b", 1), add("bank-c", 1)];
  const outcome = await cluster.client.submit({ branches });
  if (outcome.kind !== "committed") throw new Error(outcome.kind);
  await cluster.settled();
  const all = events();
  expect(new Set(all.map(({ node }) => node))).toEqual(new Set(["c", "bank-a", "bank-b", "bank-c"]));
  // N = 3, begun at the coordinator (protocols §C.8): 3N messages and 3 delays; N + 1 forced writes; N acknowledgements more.
  expect(countsOf(all, shareOf).get(outcome.transaction)).toMatchObject({
    protocol: "2pc",
    paperMessages: 9,
    wireMessages: 12,
    messageDelays: 3,
    forcedWrites: 4,
  });
});

test("a server that is killed goes on in its file, with later stamps", async () => {
  const [bank] = cluster.participants;
  await bank?.kill();
  await cluster.start();
  const starts = events().filter(({ kind, node }) => kind === "start" && node === bank?.name);
  expect(starts.map(({ incarnation }) => incarnation)).toEqual([1, 2]);
  const outcome = await cluster.client.submit({ branches: [add("bank-a", -1), add("bank-b", 1)] });
  expect(outcome.kind).toBe("committed");
  await cluster.settled();
  const stamps = events()
    .filter(({ node }) => node === bank?.name)
    .map(({ lamport }) => lamport);
  expect(stamps).toEqual([...new Set(stamps)].sort((a, b) => a - b));
});
