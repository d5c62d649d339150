/**
 * Paxos Commit doesn't block (protocols §D.4): with F = 1 the coordinator and an acceptor may go for good. With two
 * acceptors gone nothing is decided, and the status says what is missing. Two-phase commit beside it waits.
 */

import { afterEach, describe, expect, test } from "vitest";
import type { ProtocolName } from "../../protocols/index.ts";
import { judgeTrace } from "../../lab/index.ts";
import { contradictions, readBooks } from "./books.ts";
import { tracesOf } from "./checks.ts";
import { Cluster, eventually, type ClusterOptions } from "./processes.ts";
import { settingFor } from "./settings.ts";
import { Stubs } from "./stubs.ts";
import { transfer, type Transfer } from "./transfers.ts";

let cluster: Cluster;
afterEach(() => cluster.close());

const DECIDED_MS = 10_000;
const UNDERWAY = 32;

async function open(protocol: ProtocolName, more: ClusterOptions = {}): Promise<void> {
  cluster = await Cluster.open({ banks: 3, trace: true, ...settingFor(protocol), ...more });
  await cluster.start();
  await cluster.meshed();
}

/** Transfers of different customers, none of which waits for another. */
function transfers(): Transfer[] {
  return Array.from({ length: UNDERWAY }, (_, index) =>
    transfer(index + 1, {
      what: "two banks",
      changes: [
        ["bank-a", -1],
        ["bank-b", 1],
      ],
      customers: [index + 1, index + 1 + UNDERWAY],
    }),
  );
}

/** The branches that voted and don't know. */
async function inDoubt(): Promise<string[]> {
  const open = (await cluster.caller.branchesOrNull()) ?? [];
  return open.filter(({ state }) => state === "in-doubt").map(({ transaction }) => transaction);
}

const both: ProtocolName[] = ["paxos-commit", "paxos-commit-fast"];

describe.each(both)("%s, coordinator and one of three acceptors gone for good", (protocol) => {
  test(
    "everything in doubt is decided within 10 s by another coordinator, the same everywhere",
    { timeout: 60_000 },
    async () => {
      await open(protocol);
      const before = readBooks(cluster.banks);
      const run = transfers();
      await cluster.acceptors[0]?.kill();
      // One acceptor of three is no quorum: all branches get as far as their votes, and wait.
      cluster.acceptors[1]?.signal("SIGSTOP");
      for (const each of run) void cluster.caller.run(each).catch(() => undefined);
      await eventually("every branch has voted", async () => (await inDoubt()).length === 2 * UNDERWAY);
      await cluster.coordinator.kill();
      cluster.acceptors[1]?.signal("SIGCONT");
      const goneMs = performance.now();
      await cluster.settled();
      expect(performance.now() - goneMs).toBeLessThan(DECIDED_MS);
      // No answer was needed: what happened is all or nothing, whatever clients heard.
      const after = readBooks(cluster.banks);
      const heard = run.map((each) => ({ ...each, told: null, transaction: "" }));
      const halves = contradictions(before, after, heard).filter((text) => !text.includes("has it"));
      expect(halves, halves.join("\n")).toEqual([]);
      const judged = judgeTrace(tracesOf(cluster));
      expect([judged.violations, judged.inDoubt]).toEqual([[], []]);
    },
  );
});

test("two-phase commit waits for its coordinator, and ends when it is back", { timeout: 60_000 }, async () => {
  await open("2pc", { standbys: 1 });
  await cluster.coordinator.kill();
  await cluster.coordinator.start(["--fault-kill-before-write", "1"]);
  await cluster.linked();
  for (const each of transfers()) void cluster.caller.run(each).catch(() => undefined);
  await cluster.coordinator.ended;
  expect((await inDoubt()).length).toBeGreaterThan(0);
  await expect(cluster.settled()).rejects.toThrow(/not within/);
  await cluster.start();
  await cluster.settled();
});

test(
  "with two of three acceptors gone nothing is decided; the status says what is missing",
  { timeout: 60_000 },
  async () => {
    await open("paxos-commit");
    await Promise.all(cluster.acceptors.slice(1).map((acceptor) => acceptor.kill()));
    const [only] = transfers();
    if (only === undefined) throw new Error("no transfer");
    const before = readBooks(cluster.banks);
    void cluster.caller.run(only).catch(() => undefined);
    const stubs = new Stubs(cluster.coordinator.address);
    try {
      await eventually(
        "the status says what is missing",
        async () => {
          const detail = only.transaction === "" ? "" : (await stubs.get(only.transaction)).detail;
          return detail === "1 of 3 acceptors are linked, and 2 are needed: no link to acceptor-2, acceptor-3";
        },
        20_000,
      );
      expect(readBooks(cluster.banks)).toEqual(before);
      const states = (await cluster.caller.branches()).map(({ state }) => state);
      expect(states).toEqual(["in-doubt", "in-doubt"]);
      await cluster.start();
      await cluster.settled();
    } finally {
      stubs.close();
    }
  },
);
