/** Golden traces of three-phase commit (protocols §I): the real engine and wiring in virtual time. `npx vitest run <this file> -u` writes them anew. */
import { expect, test } from "vitest";
import type { ProtocolName } from "../../../protocols/index.ts";
import { C } from "../../../lab/simulate/setting.ts";
import { Trace } from "../../../lab/simulate/trace.ts";
import { World } from "../../../lab/simulate/world.ts";
import { act } from "../two-phase/stories.ts";

type Story = (world: World) => Promise<unknown>;

const LONG_MS = 20_000;
const transfer = { P1: ["add x -5"], P2: ["add y 5"] } as const;
/** When the commit request starts: two items of work go first, one after the other. */
const ASKED_MS = 20;

/** Loses messages of a kind to a node until the function that it gives is called. */
function lose(world: World, to: string, kind: string): () => void {
  const { rule } = world.network;
  world.network.rule = (sending) => (sending.to === to && sending.envelope?.body.kind === kind ? [] : rule(sending));
  return () => {
    world.network.rule = rule;
  };
}

async function crashThenBack(world: World, name: string, afterMs: number, awayMs = 10_000): Promise<void> {
  world.interact(transfer);
  await world.run(ASKED_MS + afterMs);
  world.host(name).crash("lost");
  await world.run(awayMs);
  world.host(name).start();
  await world.run(LONG_MS);
}

/** The coordinator and P2 are away with every YES given: P1 alone is no quorum, and a person ends its branch. */
async function endedByHand(world: World, did: "force-commit" | "force-abort"): Promise<void> {
  const id = world.interact(transfer);
  await world.run(ASKED_MS + 9);
  for (const name of [C, "P2"]) world.host(name).crash("lost");
  await world.run(2_000);
  if (id !== null) act(world, world.host("P1"), id, did, "the others burned");
  await world.run(1_000);
  for (const name of [C, "P2"]) world.host(name).start();
  await world.run(LONG_MS);
  if (did === "force-abort") return;
  if (id !== null) act(world, world.coordinator, id, "acknowledge", "booked by hand");
  await world.run(LONG_MS);
}

const stories: readonly (readonly [file: string, story: Story])[] = [
  ["commit", async (world) => (world.interact(transfer), world.run(LONG_MS))],
  // §I: P1 prepares on its last work unasked.
  [
    "commit-by-an-initiator",
    async (world) => (world.interact({ P1: ["add x -2", "add x -3"], P2: ["add y 5"] }, 0, "P1"), world.run(LONG_MS)),
  ],
  ["commit-of-one", async (world) => (world.interact({ P1: ["add x 1"] }), world.run(LONG_MS))],
  ["abort-by-no", async (world) => (world.interact({ P1: ["add x 1"], P2: ["add y 1", "no"] }), world.run(LONG_MS))],
  [
    "abort-by-timeout",
    async (world) => {
      const heal = lose(world, C, "vote");
      world.interact(transfer, 300);
      await world.run(600);
      heal();
      await world.run(LONG_MS);
    },
  ],
  ["a-person-ends-a-branch", (world) => endedByHand(world, "force-commit")],
  ["a-person-ends-a-branch-as-is-decided", (world) => endedByHand(world, "force-abort")],
  // The coordinator dies with every YES on its way, and with its precommit durable and nothing sent.
  ["coordinator-dies-in-w", (world) => crashThenBack(world, C, 9)],
  [
    "coordinator-dies-in-p",
    async (world) => {
      world.host(C).planned = { when: "after", tail: "lost", skip: 0 };
      world.interact(transfer);
      await world.run(10_000);
      world.host(C).start();
      await world.run(LONG_MS);
    },
  ],
  // One participant has heard PRECOMMIT: the other one must follow it.
  [
    "termination-from-one-p",
    async (world) => {
      const heal = lose(world, "P2", "precommit");
      world.interact(transfer);
      await world.run(ASKED_MS + 16);
      world.coordinator.crash("lost");
      heal();
      await world.run(10_000);
      world.coordinator.start();
      await world.run(LONG_MS);
    },
  ],
  ["participant-dies-in-w", (world) => crashThenBack(world, "P1", 6)],
  [
    "total-failure",
    async (world) => {
      world.interact(transfer);
      await world.run(ASKED_MS + 16);
      for (const { name } of world.all()) world.host(name).crash("lost");
      await world.run(1_000);
      for (const { name } of world.all()) world.host(name).start();
      await world.run(LONG_MS);
    },
  ],
];

const runs = (["3pc", "3pc-plain"] as const).flatMap((protocol) =>
  stories.map(([file, story]): [ProtocolName, string, Story] => [protocol, file, story]),
);

test.each(runs)("%s %s", async (protocol, file, story) => {
  const trace = new Trace();
  const world = new World({ protocol }, [trace]);
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
