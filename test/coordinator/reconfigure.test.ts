/** A coordinator gets other acceptors while it runs (protocols §E.4): which transaction has which, and for how long. */

import { beforeEach, describe, expect, test } from "vitest";
import type { Answer, TransactionId } from "../../protocols/index.ts";
import type { Coordinator } from "../../coordinator/wiring.ts";
import { bytes } from "../../lab/simulate/work.ts";
import { World } from "../../lab/simulate/world.ts";

const WORK = { P1: ["add a 1"], P2: ["add b 1"] };
const NEW = ["A2", "A3", "A4"].map((node) => ({ node, address: `${node}:1` }));

let world: World;
/** By transaction: the version of the group that acceptors wrote down with its votes. */
let versions: Map<TransactionId, number>;
let answers: Map<TransactionId, Answer>;
/** Whom a leader asked for a promise. */
let asked: TransactionId[];

beforeEach(async () => {
  [versions, answers, asked] = [new Map(), new Map(), []];
  world = new World({ protocol: "paxos-commit", coordinators: 2, acceptors: 4 }, [
    {
      wrote: (_node, { entries }) => {
        for (const entry of entries)
          if (entry.kind === "record" && entry.record.kind === "accept" && entry.record.membership !== null)
            versions.set(entry.transaction, entry.record.membership.group.version);
      },
      answered: (id, answer) => answers.set(id, answer),
      sent: (_from, _to, { transaction, body }) => {
        if (body.kind === "phase-1a") asked.push(transaction);
      },
    },
  ]);
  world.startAll();
  await world.run(50);
});

function coordinator(): Coordinator {
  return world.coordinator.coordinator;
}

function open(): TransactionId {
  const id = world.submit(WORK);
  if (id === null) throw new Error("refused");
  return id;
}

async function pay(): Promise<TransactionId> {
  const id = open();
  await world.run(100);
  return id;
}

async function restart(tail: "kept" | "lost"): Promise<void> {
  world.coordinator.crash(tail);
  world.coordinator.start();
  await world.run(50);
}

const kept = (): number[] =>
  coordinator()
    .groups.all()
    .map(({ version }) => version);

describe("what was begun before", () => {
  test("finishes with the group that it was begun with, though a member of it is gone; what comes after has the new one", async () => {
    const before = coordinator().begin("").id;
    void coordinator().execute(before, "P1", bytes("add a 1"), 0);
    await world.run(50);
    expect(coordinator().reconfigure(NEW, "A1 is lost")).toBe(true);
    world.host("A1").crash("lost");
    await world.run(20);
    coordinator().commit(before, 0, (answer) => answers.set(before, answer));
    const after = await pay();
    for (const id of [before, after]) expect(answers.get(id)).toMatchObject({ outcome: "committed" });
    expect([versions.get(before), versions.get(after)]).toEqual([1, 2]);
  });

  test("is an id that a client holds and uses later, too: its group is kept until the client lets go of it", async () => {
    const block = coordinator().openBlock(2);
    const held = `${block.prefix}${block.first.toString(36).padStart(8, "0")}`;
    coordinator().reconfigure(NEW, "A1 is lost");
    await world.run(3_000);
    expect(kept()).toEqual([2, 1]);
    world.submit(WORK, 0, held);
    await world.run(3_000);
    expect(versions.get(held)).toBe(1);
    expect(kept()).toEqual([2, 1]);
    coordinator().retire(block);
    await world.run(3_000);
    expect(kept()).toEqual([2]);
  });
});

test.each(["kept", "lost"] as const)(
  "it survives a crash, volatile tail %s, though the configuration says otherwise",
  async (tail) => {
    coordinator().reconfigure(NEW, "A1 is lost");
    await restart(tail);
    expect(coordinator().groups.entries()[0]).toMatchObject({ version: 2, acceptors: NEW, reason: "A1 is lost" });
    expect(versions.get(await pay())).toBe(2);
  },
);

test("a group goes when all that had it is closed, and a crash in between does not bring it back", async () => {
  await pay();
  coordinator().reconfigure(NEW, "A1 is lost");
  await world.run(2_000);
  expect(kept()).toEqual([2]);
  await restart("lost");
  expect(kept()).toEqual([2]);
});

test("after a crash before that, what it can't know to be closed keeps the group", async () => {
  await pay();
  coordinator().reconfigure(NEW, "A1 is lost");
  await restart("lost");
  await world.run(60_000);
  expect(kept()).toEqual([2, 1]);
});

test("an id that is closed is asked of no acceptor any more, whatever is known of how it ended: its group may be gone", async () => {
  const over = await pay();
  coordinator().reconfigure(NEW, "A1 is lost");
  await world.run(2_000);
  const { outcomes } = coordinator().engine;
  outcomes.drop(over);
  asked = [];
  world.ask(over);
  world
    .host("A2")
    .guard(() =>
      world.network.send("A2", "C", [
        { transaction: over, protocol: "paxos-commit", body: { kind: "outcome-request", membership: null } },
      ]),
    );
  await world.run(2_000);
  expect(answers.get(over)).toEqual({ outcome: "forgotten" });
  expect(asked).toEqual([]);
});

describe("recovery", () => {
  test("by another coordinator that was never told: the branches say which group it has", async () => {
    coordinator().reconfigure(NEW, "A1 is lost");
    world.host("A1").crash("lost");
    await world.run(20);
    const id = open();
    // The branches have voted, and no acceptor's word has come.
    await world.run(12);
    world.coordinator.crash("kept");
    // Two are a quorum of the new group, and none of the four that the other coordinator has.
    world.host("A2").crash("kept");
    await world.run(20_000);
    for (const { engine } of world.participants) expect(engine.outcomes.get(id)).toBeDefined();
    const outcomes = world.participants.map(({ engine }) => engine.outcomes.get(id)?.closed.outcome);
    expect(new Set(outcomes).size).toBe(1);
    expect(world.participants.every(({ engine }) => engine.liveCount === 0)).toBe(true);
  });

  test("of an own id of which nobody knows anything asks the group that it has, and no other", async () => {
    const block = coordinator().openBlock(1);
    const held = `${block.prefix}${block.first.toString(36).padStart(8, "0")}`;
    coordinator().reconfigure(NEW.slice(0, 1), "all others are lost");
    const later = coordinator().openBlock(1);
    const heldLater = `${later.prefix}${later.first.toString(36).padStart(8, "0")}`;
    await restart("kept");
    for (const name of ["A1", "A3", "A4"]) world.host(name).crash("lost");
    await world.run(50);
    world.ask(held);
    world.ask(heldLater);
    await world.run(5_000);
    // One has the new group, and its one acceptor is there; the other one waits for a quorum of the old group.
    expect(answers.get(heldLater)).toMatchObject({ outcome: "aborted" });
    expect(answers.get(held)).toMatchObject({ outcome: "pending" });
  });
});

describe("refused", () => {
  test("where there were no acceptors, and by one that stops", async () => {
    const without = new World({ protocol: "2pc", acceptors: 0 });
    without.startAll();
    await without.run(50);
    const { coordinator: alone } = without.coordinator;
    expect(() => alone.reconfigure(NEW, "why")).toThrow(
      expect.objectContaining({ reason: "PROTOCOL_NOT_AVAILABLE" }) as Error,
    );
    coordinator().drain();
    expect(() => coordinator().reconfigure(NEW, "why")).toThrow(
      expect.objectContaining({ reason: "SHUTTING_DOWN" }) as Error,
    );
    expect(kept()).toEqual([1]);
  });
});
