/**
 * Golden traces of Paxos Commit in the manner of protocols §I: runs of the real engine and wiring in virtual time.
 * `npx vitest run <this file> -u` writes them anew.
 */

import { expect, test } from "vitest";
import type { ProtocolName } from "../../../protocols/index.ts";
import type { Sending } from "../../../lab/simulate/network.ts";
import { C } from "../../../lab/simulate/setting.ts";
import { Trace } from "../../../lab/simulate/trace.ts";
import { bytes } from "../../../lab/simulate/work.ts";
import { World } from "../../../lab/simulate/world.ts";
import { act, LONG_MS, type Story, transfer } from "../two-phase/stories.ts";

/** Messages that are lost until the function that it gives is called. */
function loseWhere(world: World, isLost: (sending: Sending) => boolean): () => void {
  const { rule } = world.network;
  world.network.rule = (sending) => (isLost(sending) ? [] : rule(sending));
  return () => {
    world.network.rule = rule;
  };
}

const votesOf =
  (node: string, to: string | null = null) =>
  ({ from, to: at, envelope }: Sending) =>
    from === node && envelope?.body.kind === "phase-2a" && (to === null || at === to);

async function commit(world: World): Promise<void> {
  world.submit(transfer);
  await world.run(LONG_MS);
}

/** P1 begins: its last work is in the same words, and P2's is done before. */
async function initiated(world: World): Promise<void> {
  const { coordinator } = world.coordinator;
  const { id } = coordinator.begin("", 0, "P1");
  world.timeline.promises += 1;
  const done = coordinator.execute(id, "P2", bytes("add y 5"), 0);
  await world.run(50);
  await done;
  const last = coordinator.execute(id, "P1", bytes("add x -5"), 0, true);
  await world.run(LONG_MS);
  await last;
  world.timeline.promises -= 1;
}

/** C dies when it has asked and is away for long; C2 is asked by those in doubt. */
async function taken(world: World): Promise<void> {
  world.submit(transfer);
  await world.run(8);
  world.coordinator.crash("lost");
  await world.run(LONG_MS);
  world.coordinator.start();
  await world.run(30_000);
}

const stories: readonly (readonly [file: string, story: Story, acceptors?: number])[] = [
  ["commit", commit],
  ["commit-by-an-initiator", initiated],
  ["commit-with-one-acceptor", commit, 1],
  ["commit-with-five-acceptors", commit, 5],
  ["abort-by-no", async (world) => (world.submit({ P1: ["add x 1"], P2: ["add y 1", "no"] }), world.run(LONG_MS))],
  [
    "recovery-finds-nothing-of-P2",
    async (world) => {
      const heal = loseWhere(world, votesOf("P2"));
      world.submit(transfer, 300);
      await world.run(400);
      heal();
      await world.run(LONG_MS);
    },
  ],
  [
    "recovery-finds-prepared",
    async (world) => {
      // A1 has heard of P2, and is one of the first two to answer.
      const heal = loseWhere(world, votesOf("P2", "A2"));
      world.submit(transfer, 300);
      await world.run(400);
      heal();
      await world.run(LONG_MS);
    },
  ],
  [
    "recovery-does-not-hear-of-prepared",
    async (world) => {
      // Only A1 has heard of P2, and its promise is lost.
      const heal = loseWhere(
        world,
        (sending) =>
          votesOf("P2", "A2")(sending) || (sending.from === "A1" && sending.envelope?.body.kind === "phase-1b"),
      );
      world.submit(transfer, 300);
      await world.run(400);
      heal();
      await world.run(LONG_MS);
    },
  ],
  ["taken-over", taken],
  [
    "two-leaders",
    async (world) => {
      // C leads a ballot and its proposals are slow; nobody hears C, so that C2 is asked and outbids it.
      const heal = loseWhere(
        world,
        ({ from, to, envelope }) =>
          votesOf("P2")({ from, to, envelope }) ||
          (envelope !== null && from.startsWith("P") && to === C) ||
          (from === C && to.startsWith("P") && envelope?.body.kind !== "paxos-prepare"),
      );
      const { rule } = world.network;
      world.network.rule = (sending) =>
        sending.from === C && sending.envelope?.body.kind === "phase-2a" ? [1_500] : rule(sending);
      world.submit(transfer, 1_000);
      await world.run(5_000);
      world.network.rule = rule;
      heal();
      await world.run(30_000);
    },
  ],
  [
    "fewer-than-a-quorum-left",
    async (world) => {
      for (const name of ["A2", "A3"]) world.host(name).crash("lost");
      const id = world.submit(transfer, 300);
      await world.run(2_000);
      if (id !== null) world.ask(id);
      await world.run(100);
      for (const name of ["A2", "A3"]) world.host(name).start();
      await world.run(LONG_MS);
    },
  ],
  [
    "a-person-ends-a-branch",
    async (world) => {
      for (const name of ["A2", "A3"]) world.host(name).crash("lost");
      const id = world.submit(transfer, 300);
      await world.run(1_000);
      if (id !== null) act(world, world.host("P1"), id, "force-commit", "two acceptors burned");
      await world.run(100);
      for (const name of ["A2", "A3"]) world.host(name).start();
      await world.run(LONG_MS);
      if (id !== null) {
        act(world, world.host("P1"), id, "acknowledge");
        act(world, world.coordinator, id, "acknowledge");
      }
      await world.run(LONG_MS);
    },
  ],
];

const both: readonly ProtocolName[] = ["paxos-commit", "paxos-commit-fast"];

const runs = both.flatMap((protocol) =>
  stories.map(([file, story, acceptors = 3]) => ({ protocol, file, story, acceptors })),
);

test.each(runs)("$protocol: $file", async ({ protocol, file, story, acceptors }) => {
  const trace = new Trace();
  const world = new World({ protocol, acceptors, coordinators: 2 }, [trace]);
  trace.nowMs = () => world.timeline.nowMs;
  world.startAll();
  await world.run(20);
  await story(world);
  // Whatever happened, it is over everywhere.
  expect(world.isQuiet).toBe(true);
  const path = new URL(`../../golden/traces/${protocol}/${file}.txt`, import.meta.url).pathname;
  await expect(trace.text).toMatchFileSnapshot(path);
});
