/** The turn: nothing leaves before what it rests on is durable (protocols W1), and what is unforced may vanish (W2). */
import { describe, expect, test } from "vitest";
import { protocols, transactionId } from "../../protocols/index.ts";
import { closedIdentity, Engine, type Entry } from "../../runtime/engine/index.ts";
import type { Probe } from "../../lab/simulate/probe.ts";
import { C, envOf } from "../../lab/simulate/setting.ts";
import { Timeline } from "../../lab/simulate/timeline.ts";
import { World } from "../../lab/simulate/world.ts";

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

describe("more work than a turn should take", () => {
  /** A participant whose prepares take a millisecond each, and the votes that left it, by when. */
  function slow(): {
    engine: Engine;
    timeline: Timeline;
    prepared: () => number;
    votes: { atMs: number; vote: string }[];
  } {
    const timeline = new Timeline();
    const votes: { atMs: number; vote: string }[] = [];
    let [sequence, prepared] = [0, 0];
    const size = { firstSequence: 1, bytes: 0, nextSequence: 1 };
    const engine = new Engine({
      env: envOf("P1"),
      machines: (protocol) => protocols[protocol].participant,
      identity: closedIdentity,
      clock: { nowMs: () => timeline.nowMs, calendarMs: () => timeline.nowMs },
      scheduler: {
        soon: (turn) => void timeline.after(0, turn),
        after: (delayMs, fire) => timeline.after(delayMs, fire),
      },
      random: { next: () => 0.5 },
      journal: {
        transact: (inside) => {
          inside();
          return (sequence += 1);
        },
        append: () => sequence + 1,
        flush: () => undefined,
        size,
        sequenceForBytes: () => 1,
      },
      network: {
        send: (_to, envelopes) => {
          for (const { body } of envelopes)
            if (body.kind === "vote") votes.push({ atMs: timeline.nowMs, vote: body.vote });
        },
      },
      resource: {
        sharesLog: true,
        execute: (calls) =>
          calls.map(() => {
            timeline.nowMs += 1;
            prepared += 1;
            return { kind: "prepared", vote: "yes", redo: NOTHING, result: NOTHING };
          }),
        apply: (calls) => calls.map(() => null),
        applied: () => undefined,
        restored: () => undefined,
      },
      observer: { alarm: (_id, alarm, detail) => expect.fail(`${alarm}: ${detail}`) },
      retention: { keepMs: 1e9, maxBytes: 1e9, sweepMs: 1e6 },
      lockWaitMs: 0,
      flushMs: 100,
    });
    engine.restore([]);
    return { engine, timeline, prepared: () => prepared, votes };
  }

  const TIMEOUT_MS = 300;
  const body = { kind: "prepare", participants: ["P1"], token: null, workCount: 0, work: NOTHING } as const;
  const prepares = Array.from({ length: 1_000 }, (_, index) => ({
    transaction: transactionId(C, 1, index + 1),
    protocol: "2pc" as const,
    timeoutMs: TIMEOUT_MS,
    body,
  }));

  test("is answered bit by bit, and whoever has no time left costs no work", async () => {
    const { engine, timeline, prepared, votes } = slow();
    engine.deliver(C, prepares);
    await timeline.run(10_000);
    expect(votes).toHaveLength(prepares.length);
    expect(votes[0]?.atMs).toBeLessThan(TIMEOUT_MS / 2);
    const yes = votes.filter(({ vote }) => vote === "yes");
    expect(yes).toHaveLength(prepared());
    // A slice that was begun in time is finished.
    expect(prepared()).toBeGreaterThanOrEqual(TIMEOUT_MS);
    expect(prepared()).toBeLessThan(TIMEOUT_MS * 1.5);
  });

  test("keeps its order: what came first is stepped first, also behind what a turn left over", async () => {
    const { engine, timeline, votes } = slow();
    engine.deliver(C, prepares.slice(0, 200));
    await timeline.run(0);
    const before = votes.length;
    expect(before).toBeLessThan(200);
    const id = prepares[150]?.transaction ?? "";
    // Its prepare is still waiting: an abort that overtook it would leave the branch prepared for ever.
    engine.deliver(C, [{ transaction: id, protocol: "2pc", body: { kind: "decision", decision: "abort" } }]);
    await timeline.run(10_000);
    expect(votes).toHaveLength(200);
    expect(engine.live(id)).toBeUndefined();
  });
});
