/**
 * Golden traces in the manner of protocols §I: runs of the real engine and wiring in virtual time, as text.
 * `*` marks a forced write, [k] the k-th message between nodes. `npx vitest run <this file> -u` writes them anew.
 */

import { expect, test } from "vitest";
import { lose, LONG_MS, type Story, transfer } from "./stories.ts";
import { Trace } from "../../../lab/simulate/trace.ts";
import { C } from "../../../lab/simulate/setting.ts";
import { World } from "../../../lab/simulate/world.ts";

/** Kills a node at its next forced write and brings it back a second later. */
async function dieAt(world: World, name: string, when: "before" | "after", skip = 0): Promise<void> {
  world.host(name).planned = { when, tail: "lost", skip };
  world.submit(transfer);
  await world.run(1_000);
  world.host(name).start();
  await world.run(LONG_MS);
}

async function crashThenBack(world: World, name: string, afterMs: number): Promise<void> {
  world.submit(transfer);
  await world.run(afterMs);
  world.host(name).crash("lost");
  await world.run(1_000);
  world.host(name).start();
  await world.run(LONG_MS);
}

const stories: readonly (readonly [file: string, story: Story])[] = [
  ["commit", async (world) => (world.submit(transfer), world.run(LONG_MS))],
  [
    "commit-three",
    async (world) => (world.submit({ P1: ["add x 1"], P2: ["add x 1"], P3: ["add x 1"] }), world.run(LONG_MS)),
  ],
  ["abort-by-no", async (world) => (world.submit({ P1: ["add x 1"], P2: ["add y 1", "no"] }), world.run(LONG_MS))],
  [
    "abort-by-timeout",
    async (world) => {
      const heal = lose(world, "P2", "vote");
      world.submit(transfer, 300);
      await world.run(400);
      heal();
      await world.run(LONG_MS);
    },
  ],
  ["read-only-one-of-two", async (world) => (world.interact({ P1: ["read x"], P2: ["add y 1"] }), world.run(LONG_MS))],
  ["read-only-all", async (world) => (world.interact({ P1: ["read x"], P2: ["read y"] }), world.run(LONG_MS))],
  ["read-only-at-once", async (world) => (world.submit({ P1: ["read x"], P2: ["add y 1"] }), world.run(LONG_MS))],
  ["one-phase-commit", async (world) => (world.submit({ P1: ["add x 1"] }), world.run(LONG_MS))],
  ["one-phase-abort", async (world) => (world.submit({ P1: ["add x 1", "no"] }), world.run(LONG_MS))],
  [
    "interactive-commit",
    async (world) => (world.interact({ P1: ["add x 1", "add z 1"], P2: ["add y 1"] }), world.run(LONG_MS)),
  ],
  // §A.6, the crashes of the coordinator.
  ["c1-before-any-vote", (world) => crashThenBack(world, C, 2)],
  ["c2-votes-in-no-decision", (world) => crashThenBack(world, C, 9)],
  ["c3-decision-not-durable", (world) => dieAt(world, C, "before")],
  ["c4-decision-durable-nothing-sent", (world) => dieAt(world, C, "after")],
  [
    "c5-one-commit-delivered",
    async (world) => {
      const { rule } = world.network;
      world.network.rule = (sending) =>
        sending.to === "P2" && sending.envelope?.body.kind === "decision" ? [] : rule(sending);
      world.submit(transfer);
      await world.run(16);
      world.coordinator.crash("lost");
      world.network.rule = rule;
      await world.run(1_000);
      world.coordinator.start();
      await world.run(LONG_MS);
    },
  ],
  ["c6-end-record-lost", (world) => crashThenBack(world, C, 21)],
  [
    "c7-one-phase-result-lost",
    async (world) => {
      const heal = lose(world, "P1", "one-phase-result");
      world.submit({ P1: ["add x 1"] });
      await world.run(8);
      world.coordinator.crash("lost");
      heal();
      await world.run(1_000);
      world.coordinator.start();
      await world.run(LONG_MS);
    },
  ],
  [
    "c7-one-phase-never-arrived",
    async (world) => {
      const heal = lose(world, C, "commit-one-phase");
      world.submit({ P1: ["add x 1"] });
      await world.run(8);
      world.coordinator.crash("lost");
      heal();
      await world.run(1_000);
      world.coordinator.start();
      await world.run(LONG_MS);
    },
  ],
  // The crashes of a participant. p4, p6 and p7 belong to presumed commit and to external resources.
  ["p1-prepare-not-durable", (world) => dieAt(world, "P1", "before")],
  ["p2-prepared-vote-lost", (world) => dieAt(world, "P1", "after")],
  [
    "p3-in-doubt",
    async (world) => {
      const heal = lose(world, C, "decision");
      world.submit(transfer);
      await world.run(20);
      world.host("P1").crash("lost");
      heal();
      await world.run(1_000);
      world.host("P1").start();
      await world.run(LONG_MS);
    },
  ],
  ["p5-commit-not-durable", (world) => dieAt(world, "P1", "before", 1)],
  [
    "p8-between-two-items",
    async (world) => {
      world.interact({ P1: ["add x 1", "add z 1"], P2: ["add y 1"] });
      await world.run(11);
      world.host("P1").crash("lost");
      await world.run(100);
      world.host("P1").start();
      await world.run(LONG_MS);
    },
  ],
  [
    "late-prepare-meets-tombstone",
    async (world) => {
      const { rule } = world.network;
      // A second copy of each prepare comes when all is over.
      world.network.rule = (sending) => (sending.envelope?.body.kind === "prepare" ? [5, 100] : rule(sending));
      world.submit({ P1: ["add x 1"], P2: ["add y 1", "no"] });
      await world.run(LONG_MS);
    },
  ],
  [
    "retry-after-commit-abort-and-restart",
    async (world) => {
      const done = world.submit(transfer);
      const refused = world.submit({ P1: ["add x 1", "no"], P2: ["add y 1"] });
      await world.run(100);
      for (const id of [done, refused]) if (id !== null) world.retry(id, transfer);
      await world.run(100);
      world.coordinator.crash("lost");
      world.coordinator.start();
      await world.run(100);
      for (const id of [done, refused]) if (id !== null) world.retry(id, transfer);
      await world.run(LONG_MS);
    },
  ],
];

test.each(stories)("%s", async (file, story) => {
  const trace = new Trace();
  const world = new World({ participants: 3 }, [trace]);
  trace.nowMs = () => world.timeline.nowMs;
  world.startAll();
  await world.run(20);
  await story(world);
  // Whatever happened, it is over everywhere.
  expect(world.isQuiet).toBe(true);
  await expect(trace.text).toMatchFileSnapshot(new URL(`../../golden/traces/${file}.txt`, import.meta.url).pathname);
});
