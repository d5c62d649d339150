/**
 * Golden traces of each presumption: commit, abort, read-only votes, recovery, cooperative termination and
 * heuristic decisions. `npx vitest run <this file> -u` writes them anew.
 */

import { expect, test } from "vitest";
import type { ProtocolName, TransactionId } from "../../../protocols/index.ts";
import { C } from "../../../lab/simulate/setting.ts";
import { Trace } from "../../../lab/simulate/trace.ts";
import { World } from "../../../lab/simulate/world.ts";
import { act, lose, LONG_MS, type Story, transfer } from "./stories.ts";

const PrN = "2pc-presumed-nothing";
const PrC = "2pc-presumed-commit";
const names = [PrN, "2pc", PrC] as const;
const others = [PrN, PrC] as const;

function begin(world: World, work: Record<string, readonly string[]> = transfer): TransactionId {
  const id = world.interact(work);
  if (id === null) throw new Error("refused at the door");
  return id;
}

/** The coordinator dies at one of its forced writes and is away for so long. */
async function dieAt(world: World, when: "before" | "after", skip: number, awayMs = 1_000): Promise<void> {
  world.coordinator.planned = { when, tail: "lost", skip };
  begin(world);
  await world.run(awayMs);
  world.coordinator.start();
  await world.run(LONG_MS);
}

/** Only P2 hears the decision, and then the coordinator dies. */
async function onlyOneHears(world: World): Promise<TransactionId> {
  const heal = lose(world, C, "decision", "P1");
  const id = begin(world);
  await world.run(36);
  world.coordinator.crash("lost");
  heal();
  return id;
}

async function back(world: World): Promise<void> {
  world.coordinator.start();
  await world.run(LONG_MS);
}

const stories: readonly (readonly [of: readonly ProtocolName[], file: string, story: Story])[] = [
  [others, "commit", async (world) => (begin(world), world.run(LONG_MS))],
  [others, "abort-by-no", async (world) => (begin(world, { P1: ["add x 1"], P2: ["no"] }), world.run(LONG_MS))],
  [
    others,
    "read-only-one-of-two",
    async (world) => (begin(world, { P1: ["read x"], P2: ["add y 1"] }), world.run(LONG_MS)),
  ],
  [others, "read-only-all", async (world) => (begin(world, { P1: ["read x"], P2: ["read y"] }), world.run(LONG_MS))],
  [others, "one-phase-commit", async (world) => (begin(world, { P1: ["add x 1"] }), world.run(LONG_MS))],
  // Recovery, §A.5, by what is durable at the coordinator.
  [[PrC], "recovery-from-nothing", (world) => dieAt(world, "before", 0)],
  [[PrC], "recovery-from-collecting", (world) => dieAt(world, "before", 1)],
  [[PrC], "recovery-from-commit", (world) => dieAt(world, "after", 1)],
  [[PrN], "recovery-from-nothing", (world) => dieAt(world, "before", 0)],
  [[PrN], "recovery-from-commit", (world) => dieAt(world, "after", 0)],
  [
    [PrN],
    "recovery-from-abort",
    async (world) => {
      world.coordinator.planned = { when: "after", tail: "lost", skip: 0 };
      begin(world, { P1: ["add x 1"], P2: ["no"] });
      await world.run(1_000);
      await back(world);
    },
  ],
  [
    [PrC],
    "p4-unforced-commit-lost",
    async (world) => {
      world.participant("P1").planned = { when: "before", tail: "lost", skip: 1 };
      begin(world);
      await world.run(1_000);
      world.participant("P1").start();
      await world.run(LONG_MS);
    },
  ],
  // §A.8: the coordinator is away for long.
  [
    names,
    "cooperative-commit",
    async (world) => {
      await onlyOneHears(world);
      await world.run(6_000);
      await back(world);
    },
  ],
  [
    names,
    "cooperative-abort",
    async (world) => {
      const heal = lose(world, C, "prepare", "P2");
      begin(world);
      await world.run(30);
      world.coordinator.crash("lost");
      heal();
      await world.run(3_000);
      await back(world);
    },
  ],
  [
    names,
    "cooperative-blocked",
    async (world) => {
      const heal = lose(world, C, "decision");
      begin(world);
      await world.run(36);
      world.coordinator.crash("lost");
      heal();
      await world.run(3_000);
      await back(world);
    },
  ],
  // §A.10: a person loses patience.
  [
    names,
    "heuristic-mixed",
    async (world) => {
      const id = await onlyOneHears(world);
      for (const peer of ["P2", "P3"]) world.cut("P1", peer, true);
      await world.run(1_000);
      act(world, world.participant("P1"), id, "force-abort", "the coordinator's disk is gone");
      await world.run(1_000);
      world.coordinator.start();
      await world.run(5_000);
      act(world, world.coordinator, id, "acknowledge", "the books were put right");
      await world.run(LONG_MS);
    },
  ],
  [
    names,
    "heuristic-harmless",
    async (world) => {
      const id = await onlyOneHears(world);
      for (const peer of ["P2", "P3"]) world.cut("P1", peer, true);
      await world.run(1_000);
      act(world, world.participant("P1"), id, "force-commit", "the others have it");
      await world.run(1_000);
      await back(world);
    },
  ],
  [
    ["2pc"],
    "heuristic-commit-of-a-presumed-abort",
    async (world) => {
      world.coordinator.planned = { when: "before", tail: "lost", skip: 0 };
      const id = begin(world);
      await world.run(500);
      act(world, world.participant("P1"), id, "force-commit", "the customer is waiting");
      await world.run(1_000);
      world.coordinator.start();
      await world.run(5_000);
      act(world, world.coordinator, id, "acknowledge");
      await world.run(LONG_MS);
    },
  ],
];

const cases = stories.flatMap(([of, file, story]) => of.map((protocol) => [protocol, file, story] as const));

test.each(cases)("%s: %s", async (protocol, file, story) => {
  const trace = new Trace();
  const world = new World({ participants: 3, protocol }, [trace]);
  trace.nowMs = () => world.timeline.nowMs;
  world.startAll();
  await world.run(20);
  await story(world);
  // Whatever happened, it is over everywhere.
  expect(world.isQuiet).toBe(true);
  await expect(trace.text).toMatchFileSnapshot(
    new URL(`../../golden/traces/${protocol}/${file}.txt`, import.meta.url).pathname,
  );
});
