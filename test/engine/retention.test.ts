/** The journal is bounded: what must outlive its row is carried forward, and one open branch never holds the log. */
import { describe, expect, test } from "vitest";
import type { TransactionId } from "../../protocols/index.ts";
import type { Engine } from "../../runtime/engine/index.ts";
import type { Host } from "../../lab/simulate/host.ts";
import { Judges } from "../../lab/simulate/judges.ts";
import { C } from "../../lab/simulate/setting.ts";
import { World } from "../../lab/simulate/world.ts";

const HOUR_MS = 3_600_000;
const MAX_BYTES = 8_000;

function small(judges: Judges): World {
  const retention = { keepMs: HOUR_MS, maxBytes: MAX_BYTES, sweepMs: 1_000 };
  const world = new World({ retention }, [judges]);
  judges.watch(world);
  return world;
}

async function transact(world: World, count: number): Promise<(TransactionId | null)[]> {
  const ids: (TransactionId | null)[] = [];
  for (let index = 0; index < count; index += 1) {
    ids.push(world.submit({ P1: [`add k${index % 7} 1`], P2: [`add k${index % 7} 1`] }));
    await world.run(60);
  }
  await world.run(2_000);
  return ids;
}

/** All that an engine knows, but for where its journal holds it. */
function knowledge(engine: Engine): unknown {
  return {
    live: [...engine.liveIds()].toSorted(),
    outcomes: [...engine.outcomes.entries()].map(([id, { closed }]) => [id, closed]),
    forgotten: [...engine.outcomes.allForgotten()],
    watermarks: [...engine.outcomes.allWatermarks()].map(([node, { below, except }]) => [node, below, except.ranges]),
    peers: [...engine.allPeers()].map(([node, { incarnation }]) => [node, incarnation]),
  };
}

function restart(host: Host): { before: unknown; after: unknown } {
  const before = knowledge(host.engine);
  host.crash("kept");
  host.start();
  return { before, after: knowledge(host.engine) };
}

describe("a journal over its bound", () => {
  test("stays near the bound, however many transactions there were", async () => {
    const world = small(new Judges());
    world.startAll();
    await world.run(20);
    let most = 0;
    for (let round = 0; round < 20; round += 1) {
      await transact(world, 20);
      most = Math.max(most, world.coordinator.disk.bytes, world.participant("P1").disk.bytes);
    }
    expect(most).toBeLessThan(MAX_BYTES * 1.5);
    expect(world.coordinator.disk.rows[0]?.sequence).toBeGreaterThan(100);
  });

  test("replays to the same as before its tail moved", async () => {
    const world = small(new Judges());
    world.startAll();
    await world.run(20);
    await transact(world, 150);
    for (const node of [C, "P1", "P2"]) {
      const { before, after } = restart(world.host(node));
      expect(after).toEqual(before);
    }
  });

  test("forgets the oldest outcomes, and says so: forgotten, never unknown and never another outcome", async () => {
    const told = new Map<TransactionId, string>();
    const judges = new Judges();
    const world = small(judges);
    world.probes.push({ answered: (id, { outcome }, to) => void (to === "status" && told.set(id, outcome)) });
    world.startAll();
    await world.run(20);
    const ids = await transact(world, 150);
    for (const afterRestart of [false, true]) {
      if (afterRestart) restart(world.coordinator);
      for (const id of ids) if (id !== null) world.ask(id);
      await world.run(100);
      const answers = ids.map((id) => told.get(id ?? ""));
      const kept = answers.indexOf("committed");
      expect(kept).toBeGreaterThan(0);
      expect(new Set(answers.slice(0, kept))).toEqual(new Set(["forgotten"]));
      expect(new Set(answers.slice(kept))).toEqual(new Set(["committed"]));
    }
    expect(judges.violations).toEqual([]);
  });
});

test("outcomes older than their time are forgotten also where nothing else happens", async () => {
  const world = new World({ retention: { keepMs: 10_000, maxBytes: 1_000_000, sweepMs: 1_000 } });
  world.startAll();
  await world.run(20);
  await transact(world, 10);
  expect(world.coordinator.engine.outcomes.size).toBe(10);
  await world.run(20_000);
  expect(world.coordinator.engine.outcomes.size).toBe(0);
  expect(world.coordinator.engine.outcomes.forgottenThrough(C)).not.toBe("");
});

test("a client that holds ids and uses none keeps nothing at participants, and its ids can be used afterwards", async () => {
  const world = small(new Judges());
  world.startAll();
  await world.run(20);
  const { first, prefix } = world.coordinator.coordinator.openBlock(1_024);
  await transact(world, 100);
  for (const node of ["P1", "P2"]) expect(world.host(node).engine.outcomes.size).toBe(0);
  const id = `${prefix}${first.toString(36).padStart(8, "0")}`;
  const told: string[] = [];
  world.probes.push({ answered: (_id, { outcome }) => void told.push(outcome) });
  world.submit({ P1: ["add late 1"], P2: ["add late 1"] }, 0, id);
  await world.run(2_000);
  expect(told).toEqual(["committed"]);
});

describe("a branch in doubt", () => {
  /** P1 has voted, and hears nothing more; P2 goes on with others. */
  async function inDoubt(): Promise<{ world: World; id: TransactionId; judges: Judges; heal: () => void }> {
    const judges = new Judges();
    const world = small(judges);
    world.startAll();
    await world.run(20);
    const { rule } = world.network;
    const id = world.submit({ P1: ["add stuck 1"], P2: ["add stuck 1"] });
    if (id === null) throw new Error("refused");
    world.network.rule = (sending) => {
      const { envelope } = sending;
      const tells = envelope?.body.kind === "decision" || envelope?.body.kind === "decision-reply";
      return envelope?.transaction === id && tells && sending.to === "P1" ? [] : rule(sending);
    };
    await world.run(50);
    return {
      world,
      id,
      judges,
      heal: () => {
        world.network.rule = rule;
      },
    };
  }

  test("does not hold the log, at either end", async () => {
    const { world, id } = await inDoubt();
    await transact(world, 200);
    for (const node of [C, "P1"]) {
      const host = world.host(node);
      expect([...host.engine.liveIds()]).toEqual([id]);
      expect(host.disk.bytes).toBeLessThan(MAX_BYTES * 1.5);
      expect(host.disk.rows[0]?.sequence).toBeGreaterThan(50);
    }
  });

  test("is carried forward with its records and its locks, through restarts, to its end", async () => {
    const { world, id, judges, heal } = await inDoubt();
    for (let round = 0; round < 3; round += 1) {
      await transact(world, 60);
      for (const node of ["P1", C]) {
        const { before, after } = restart(world.host(node));
        expect(after).toEqual(before);
        await world.run(200);
      }
      expect(world.participant("P1").resource.lockCount).toBe(1);
    }
    heal();
    await world.run(10_000);
    expect(world.isQuiet).toBe(true);
    expect(world.participant("P1").disk.image.applied.get(id)).toEqual(["add stuck 1"]);
    judges.final(world);
    expect(judges.violations).toEqual([]);
  });
});
