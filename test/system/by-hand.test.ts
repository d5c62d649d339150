/**
 * What no rule of a protocol can end any more, ended by a person, over real processes and under each protocol that can be
 * stuck: listed with what it holds and waits for, ended with a reason, kept over SIGKILL, classified when the decision
 * comes after all, and forgotten only when somebody has seen to it.
 */

import { afterEach, describe, expect, test } from "vitest";
import type { ProtocolName } from "../../protocols/index.ts";
import type { InDoubtMessageRead } from "../../runtime/link/index.ts";
import { nemcon } from "../cli/nemcon.ts";
import { Cluster, eventually, type Server } from "./processes.ts";
import { settingFor } from "./settings.ts";
import { Stubs } from "./stubs.ts";
import { transfer, type Transfer } from "./transfers.ts";

/** All in CI; otherwise the protocol that no other test ends by hand, and the acceptors', against the decision. */
const isCI = process.env["CI"] === "true";
const sites = isCI ? (["2pc", "2pc-presumed-nothing", "2pc-presumed-commit", "3pc"] as const) : (["3pc"] as const);
const accepted = isCI ? (["paxos-commit", "paxos-commit-fast"] as const) : (["paxos-commit"] as const);

let cluster: Cluster;
afterEach(() => cluster.close());

async function listed({ address }: Server): Promise<readonly InDoubtMessageRead[]> {
  const stubs = new Stubs(address);
  try {
    return await stubs.inDoubt();
  } finally {
    stubs.close();
  }
}

async function operator({ address }: Server, ...args: string[]): Promise<Readonly<Record<string, unknown>>> {
  const { stdout } = await nemcon(["operator", ...args, "--yes", "--json"], { environment: { NEMCON_AT: address } });
  return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
}

const resolve = (at: Server, id: string, decision: "commit" | "abort", reason: string) =>
  operator(at, "resolve", id, "--decision", decision, "--reason", reason);
const forget = (at: Server, id: string) => operator(at, "forget", id, "--reason", "booked by hand");

const both: Transfer = transfer(1, {
  what: "two banks",
  changes: [
    ["bank-a", -1],
    ["bank-b", 1],
  ],
  customers: [1, 2],
});

function bank(at: 0 | 1): Server {
  const found = cluster.participants[at];
  if (found === undefined) throw new Error("no such bank");
  return found;
}

/** The one transaction that is in doubt at a bank. */
async function stuckAt(at: Server): Promise<string> {
  let id = "";
  await eventually(`a branch is in doubt at ${at.name}`, async () => {
    const found = (await listed(at)).find(({ state }) => state === "in-doubt");
    id = found?.transaction ?? "";
    return id !== "";
  });
  return id;
}

async function open(protocol: ProtocolName): Promise<void> {
  cluster = await Cluster.open(settingFor(protocol));
  await cluster.start();
  await cluster.meshed();
}

/** bank-b dies with its vote durable and untold, and the coordinator before it decides: bank-a can ask nobody. */
async function alone(protocol: ProtocolName): Promise<string> {
  await open(protocol);
  await bank(1).kill();
  await bank(1).start(["--fault-kill-after-write", "1"]);
  await cluster.linked();
  void cluster.caller.run(both).catch(() => undefined);
  await bank(1).ended;
  const id = await stuckAt(bank(0));
  await cluster.coordinator.kill();
  return id;
}

/** Whoever keeps the row of the damage. */
async function keeperOf(id: string): Promise<readonly [Server, InDoubtMessageRead]> {
  let found: readonly [Server, InDoubtMessageRead] | null = null;
  await eventually("a coordinator knows of the damage", async () => {
    for (const each of [cluster.coordinator, ...cluster.standbys]) {
      const row = (await listed(each)).find(({ transaction, state }) => transaction === id && state === "heuristic");
      if (row !== undefined) found = [each, row];
    }
    return found !== null;
  });
  if (found === null) throw new Error("nobody keeps it");
  return found;
}

async function nothingIsLeft(): Promise<void> {
  await cluster.settled();
  for (const each of [...cluster.participants, cluster.coordinator, ...cluster.standbys])
    expect(await listed(each)).toEqual([]);
}

describe.each(sites)("%s, one branch left of two, and no coordinator", (protocol) => {
  test("ended against what is decided later: damage with the person's words, until it is forgotten", async () => {
    const id = await alone(protocol);
    const [waits] = await listed(bank(0));
    expect(waits).toMatchObject({ transaction: id, protocol, state: "in-doubt", coordinatorConnected: false });
    expect(waits?.locks.length).toBeGreaterThan(0);
    expect(await resolve(bank(0), id, "commit", "c and bank-b burned")).toMatchObject({
      did: "commit",
      state: "heuristic",
    });
    expect(await listed(bank(0))).toMatchObject([{ transaction: id, state: "heuristic", locks: [] }]);
    await bank(0).kill();
    await bank(0).start();
    expect(await listed(bank(0))).toMatchObject([{ transaction: id, state: "heuristic", locks: [] }]);
    await cluster.start();
    const [keeper, row] = await keeperOf(id);
    expect(row.detail).toMatch(/^HEURISTIC_\w+: abort was decided.*bank-a committed: c and bank-b burned/);
    expect(await listed(bank(0))).toMatchObject([{ transaction: id, state: "heuristic" }]);
    await keeper.kill();
    await cluster.start();
    expect(await forget(keeper, id)).toMatchObject({ transaction: id, forgotten: true });
    await nothingIsLeft();
    expect(bank(0).stderr).toContain("c and bank-b burned");
  }, 60_000);

  test("ended as is decided later: no damage, and over like any other", async () => {
    const id = await alone(protocol);
    expect(await resolve(bank(0), id, "abort", "c and bank-b burned")).toMatchObject({ state: "heuristic" });
    await cluster.start();
    await nothingIsLeft();
  }, 60_000);
});

describe("3pc, a coordinator in p, and every participant lost", () => {
  async function left(): Promise<string> {
    await open("3pc");
    await cluster.coordinator.kill();
    await cluster.coordinator.start(["--fault-kill-after-write", "1"]);
    await cluster.linked();
    void cluster.caller.run(both).catch(() => undefined);
    await cluster.coordinator.ended;
    await Promise.all(cluster.participants.map((each) => each.kill()));
    await cluster.coordinator.start();
    return stuckAt(cluster.coordinator);
  }

  test("a person makes it answer; the sites decide otherwise when they are back: damage, until it is forgotten", async () => {
    const id = await left();
    const [waits] = await listed(cluster.coordinator);
    expect(waits).toMatchObject({ transaction: id, protocol: "3pc", state: "in-doubt" });
    expect(waits?.detail).toMatch(/no link to bank-a, bank-b/);
    expect(await resolve(cluster.coordinator, id, "commit", "both banks burned")).toMatchObject({ state: "heuristic" });
    const stubs = new Stubs(cluster.coordinator.address);
    try {
      expect(await stubs.get(id)).toMatchObject({ state: "heuristic" });
      await cluster.coordinator.kill();
      await cluster.start();
      await eventually("the sites' decision is known", async () =>
        /^HEURISTIC_MIXED: abort was decided.*c committed: as it told its client/.test((await stubs.get(id)).detail),
      );
      await cluster.settled();
      expect(await forget(cluster.coordinator, id)).toMatchObject({ forgotten: true });
      await nothingIsLeft();
    } finally {
      stubs.close();
    }
  }, 60_000);

  test.runIf(isCI)(
    "a person says what the sites decide later: an outcome like any other",
    async () => {
      const id = await left();
      expect(await resolve(cluster.coordinator, id, "abort", "both banks burned")).toMatchObject({
        state: "heuristic",
      });
      await cluster.start();
      await nothingIsLeft();
    },
    60_000,
  );
});

describe.each(accepted)("%s, fewer acceptors left than a majority", (protocol) => {
  test("branches ended each way by hand: one is damage whatever is decided, until it is forgotten", async () => {
    await open(protocol);
    await Promise.all(cluster.acceptors.slice(1).map((each) => each.kill()));
    void cluster.caller.run(both).catch(() => undefined);
    const id = await stuckAt(bank(0));
    expect(await stuckAt(bank(1))).toBe(id);
    expect(await resolve(bank(0), id, "commit", "two acceptors burned")).toMatchObject({ state: "heuristic" });
    expect(await resolve(bank(1), id, "abort", "two acceptors burned, too")).toMatchObject({ state: "heuristic" });
    await bank(0).kill();
    await bank(0).start();
    expect(await listed(bank(0))).toMatchObject([{ transaction: id, state: "heuristic", locks: [] }]);
    await cluster.start();
    const [keeper, row] = await keeperOf(id);
    expect(row.detail).toMatch(
      /^HEURISTIC_MIXED: (commit was decided.*bank-b rolled back|abort was decided.*bank-a committed): two acceptors burned/,
    );
    expect(await forget(keeper, id)).toMatchObject({ forgotten: true });
    await nothingIsLeft();
  }, 60_000);
});
