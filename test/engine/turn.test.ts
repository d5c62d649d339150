/** The turn: nothing leaves before what it rests on is durable (protocols W1), and what is unforced may vanish (W2). */
import { describe, expect, test } from "vitest";
import type { Entry } from "../../runtime/engine/index.ts";
import type { Probe } from "../support/probe.ts";
import { C } from "../support/setting.ts";
import { World } from "../support/world.ts";

const transfer = { P1: ["add x -5"], P2: ["add y 5"] } as const;
const NOTHING = new Uint8Array(0);

/** A world whose one transaction waits for the vote of P2, which the test has in its hand. */
async function waitingForVote(): Promise<{ world: World; id: string; events: string[]; vote: () => void }> {
  const events: string[] = [];
  const probe: Probe = {
    wrote: (node, { entries }) => events.push(...entries.flatMap((entry) => written(node, entry))),
    sent: (from, to, { body }) => {
      if (body.kind === "decision") events.push(`${from} ${body.decision} to ${to}`);
    },
    answered: (_id, { outcome }, to) => events.push(`${to}: ${outcome}`),
    crashed: (node) => events.push(`${node} crashed`),
  };
  const world = new World({}, [probe]);
  world.startAll();
  await world.run(20);
  const { rule } = world.network;
  world.network.rule = (sending) =>
    sending.from === "P2" && sending.envelope?.body.kind === "vote" ? [] : rule(sending);
  const id = world.submit(transfer);
  if (id === null) throw new Error("refused");
  await world.run(50);
  events.length = 0;
  const vote = () =>
    world.coordinator.receive("P2", [
      { transaction: id, protocol: world.options.protocol, body: { kind: "vote", vote: "yes", result: NOTHING } },
    ]);
  return { world, id, events, vote };
}

function written(node: string, entry: Entry): string[] {
  return entry.kind === "record" ? [`${node} wrote ${entry.record.kind}`] : [];
}

describe("an ask in the turn of a commit", () => {
  test("is answered after the write, like everything else of that turn", async () => {
    const { world, id, events, vote } = await waitingForVote();
    vote();
    world.ask(id);
    await world.run(1);
    expect(events).toEqual([
      "C wrote commit",
      "C commit to P1",
      "C commit to P2",
      "begin: committed",
      "status: committed",
    ]);
  });

  test.each(["before", "torn"] as const)("is not answered where the process dies %s the write", async (when) => {
    const { world, id, events, vote } = await waitingForVote();
    world.coordinator.planned = { when, tail: "lost", skip: 0 };
    vote();
    world.ask(id);
    await world.run(1_000);
    expect(events).toEqual(["C crashed"]);
  });

  test("is not answered where the process dies right after the write; the log decides", async () => {
    const { world, id, events, vote } = await waitingForVote();
    world.coordinator.planned = { when: "after", tail: "lost", skip: 0 };
    vote();
    world.ask(id);
    await world.run(1);
    expect(events).toEqual(["C wrote commit", "C crashed"]);
    world.coordinator.start();
    world.ask(id);
    await world.run(1);
    expect(events.at(-1)).toBe("status: committed");
  });
});

test("one turn makes one write, however many transactions it commits", async () => {
  let writes = 0;
  const world = new World({}, [
    {
      wrote: (node, { entries }) => {
        if (node === C && entries.some((entry) => entry.kind === "record")) writes += 1;
      },
    },
  ]);
  world.startAll();
  await world.run(20);
  for (let index = 0; index < 20; index += 1) world.submit({ P1: [`add x${index} 1`], P2: [`add y${index} 1`] });
  await world.run(1_000);
  expect(world.participant("P1").disk.image.applied.size).toBe(20);
  expect(writes).toBe(1);
});

describe("an unforced entry", () => {
  const isEnd = (entry: Entry) => entry.kind === "closed";

  /** The end record of the coordinator, unforced, is made 20 ms after the submit. */
  async function ended(): Promise<World> {
    const world = new World({});
    world.startAll();
    await world.run(20);
    world.submit(transfer);
    await world.run(25);
    expect(world.coordinator.engine.liveCount).toBe(0);
    return world;
  }

  test("is written by a flush when no forced write takes it along", async () => {
    const world = await ended();
    expect([...world.coordinator.disk.durable()].some(isEnd)).toBe(false);
    await world.run(200);
    expect([...world.coordinator.disk.durable()].some(isEnd)).toBe(true);
  });

  test("rides in front of the next forced write", async () => {
    const world = await ended();
    world.submit({ P1: ["add x 1"] });
    await world.run(1);
    const kinds = world.coordinator.disk.rows.at(-1)?.entries.map((entry) => entry.kind);
    expect(kinds).toEqual(["closed", "record"]);
  });

  test("is written by a shutdown", async () => {
    const world = await ended();
    world.coordinator.coordinator.close();
    expect([...world.coordinator.disk.durable()].some(isEnd)).toBe(true);
  });

  test("is for others not there before it is written: a watermark still names the id as open", async () => {
    const world = await ended();
    expect(world.coordinator.engine.openIds()).toHaveLength(1);
    await world.run(200);
    expect(world.coordinator.engine.openIds()).toEqual([]);
  });

  test("that is lost costs one more round of the decision", async () => {
    const world = await ended();
    world.coordinator.crash("lost");
    world.coordinator.start();
    expect(world.coordinator.engine.liveCount).toBe(1);
    await world.run(100);
    expect(world.coordinator.engine.liveCount).toBe(0);
  });
});
