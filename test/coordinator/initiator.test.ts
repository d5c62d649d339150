/** A participant that begins the commit: its last work makes it prepare unasked, the others are asked when its word has come. */

import { describe, expect, test } from "vitest";
import {
  protocols,
  type Answer,
  type MessageKind,
  type ProtocolName,
  type TransactionId,
} from "../../protocols/index.ts";
import type { NemconError } from "../../runtime/errors/index.ts";
import { withMachines } from "../../lab/bugs/machines.ts";
import { C, defaultTimes } from "../../lab/simulate/setting.ts";
import { bytes, text } from "../../lab/simulate/work.ts";
import { World } from "../../lab/simulate/world.ts";

const names = (Object.keys(protocols) as ProtocolName[]).filter((name) => protocols[name].unsolicitedVotes);

interface Sent {
  readonly kind: MessageKind;
  readonly from: string;
  readonly to: string;
}

async function started(protocol: ProtocolName): Promise<{ world: World; sent: Sent[] }> {
  const sent: Sent[] = [];
  const acceptors = protocols[protocol].acceptor === null ? 0 : 3;
  const world = new World({ protocol, participants: 3, acceptors }, [
    { sent: (from, to, { body }) => void sent.push({ kind: body.kind, from, to }) },
  ]);
  world.startAll();
  await world.run(50);
  return { world, sent };
}

/** In virtual time, which waits for what is promised. */
async function within<T>(world: World, promised: Promise<T>, forMs = 200): Promise<T> {
  world.timeline.promises += 1;
  await world.run(forMs);
  world.timeline.promises -= 1;
  return promised;
}

/** Begun at P1, with work at P2 and P3 done. */
async function begun(world: World): Promise<TransactionId> {
  const { coordinator } = world.coordinator;
  const { id } = coordinator.begin("", 0, "P1");
  for (const [node, work] of [
    ["P1", "add a 1"],
    ["P2", "add b 2"],
    ["P3", "add c 3"],
  ] as const)
    expect(await within(world, coordinator.execute(id, node, bytes(work), 0))).toMatchObject({ kind: "done" });
  return id;
}

const isRequest = ({ kind }: Sent): boolean => kind === "prepare" || kind === "paxos-prepare";

describe.each(names)("%s", (protocol) => {
  test("its last work commits the whole: it is never asked, and the others are only after its word", async () => {
    const { world, sent } = await started(protocol);
    const id = await begun(world);
    const from = sent.length;
    const last = world.coordinator.coordinator.execute(id, "P1", bytes("add a 4; read a"), 0, true);
    const executed = await within(world, last, 500);
    if (executed.kind !== "ended" || executed.answer.outcome !== "committed") throw new Error(JSON.stringify(executed));
    expect(text(executed.result)).toBe("a=5");
    const asked = sent.slice(from).filter(isRequest);
    expect(asked.map(({ to }) => to).toSorted()).toEqual(["P2", "P3"]);
    const word = sent.findIndex(
      ({ kind, from: node }, at) => at >= from && node === "P1" && (kind === "vote" || kind === "phase-2a"),
    );
    expect(word).toBeGreaterThan(from);
    expect(sent.findIndex((each, at) => at >= from && isRequest(each))).toBeGreaterThan(word);
    await world.run(5_000);
    for (const { name, disk } of world.participants) expect([name, disk.image.applied.has(id)]).toEqual([name, true]);
    expect(world.isQuiet).toBe(true);
    const told: Answer[] = [];
    world.coordinator.coordinator.commit(id, 0, (answer) => told.push(answer));
    await world.run(10);
    expect(told.map(({ outcome }) => outcome)).toEqual(["committed"]);
  });

  test("its first work may be the last one", async () => {
    const { world } = await started(protocol);
    const { coordinator } = world.coordinator;
    const { id } = coordinator.begin("", 0, "P1");
    await within(world, coordinator.execute(id, "P2", bytes("add b 1"), 0));
    const executed = await within(world, coordinator.execute(id, "P1", bytes("add a 1; read a"), 0, true), 500);
    if (executed.kind !== "ended") throw new Error(executed.kind);
    expect([executed.answer.outcome, text(executed.result)]).toEqual(["committed", "a=1"]);
  });

  test("a no of the initiator, or of another, aborts the whole", async () => {
    for (const node of ["P1", "P2"]) {
      const { world } = await started(protocol);
      const { coordinator } = world.coordinator;
      const { id } = coordinator.begin("", 0, "P1");
      await within(world, coordinator.execute(id, "P1", bytes(node === "P1" ? "no" : "add a 1"), 0));
      await within(world, coordinator.execute(id, "P2", bytes(node === "P2" ? "no" : "add b 1"), 0));
      const executed = await within(world, coordinator.execute(id, "P1", bytes("add a 1"), 0, true), 8_000);
      expect(executed).toMatchObject({ kind: "ended", answer: { outcome: "aborted", reason: "VOTED_NO" } });
      expect(world.isQuiet).toBe(true);
      for (const { resource } of world.participants) expect(resource.lockCount).toBe(0);
    }
  });

  test("the coordinator that dies in the middle, or the initiator, leaves nothing open", async () => {
    for (const victim of [C, "P1"]) {
      for (let step = 1; step < 60; step += 6) {
        const { world } = await started(protocol);
        const id = await begun(world);
        world.coordinator.coordinator.execute(id, "P1", bytes("add a 4"), 0, true).catch(() => undefined);
        await world.run(step);
        world.host(victim).crash("lost");
        await world.run(1_000);
        world.host(victim).start();
        await world.run(60_000);
        const open = world.all().flatMap(({ name, engine }) => [...engine.liveIds()].map((each) => `${name} ${each}`));
        expect(open).toEqual([]);
        const applied = world.participants.map(({ disk }) => disk.image.applied.has(id));
        expect(new Set(applied).size, `${victim} at ${step}: ${applied.join(", ")}`).toBe(1);
      }
    }
  });

  test("whose last work is lost on the way, it ends by its time", async () => {
    const { world } = await started(protocol);
    const id = await begun(world);
    world.network.rule = ({ to, envelope }) =>
      to === "P1" && (envelope?.body.kind === "last-work" || envelope?.body.kind === "paxos-last-work") ? [] : [5];
    const last = world.coordinator.coordinator.execute(id, "P1", bytes("add a 4"), 0, true);
    const executed = await within(world, last, defaultTimes.voteMs + 5_000);
    expect(executed).toMatchObject({ kind: "ended", answer: { outcome: "aborted", reason: "TIMEOUT" } });
    await world.run(10_000);
    expect(world.isQuiet).toBe(true);
  });

  test("cancelled after its last work: it commits everywhere or nowhere", async () => {
    for (let step = 1; step < 60; step += 4) {
      const { world } = await started(protocol);
      const id = await begun(world);
      world.coordinator.coordinator.execute(id, "P1", bytes("add a 4"), 0, true).catch(() => undefined);
      await world.run(step);
      const told: Answer[] = [];
      world.coordinator.coordinator.abort(id, (answer) => told.push(answer));
      await world.run(20_000);
      const applied = world.participants.map(({ disk }) => disk.image.applied.has(id));
      expect(new Set(applied).size).toBe(1);
      expect(told.map(({ outcome }) => outcome)).toEqual([applied[0] === true ? "committed" : "aborted"]);
      expect(world.isQuiet).toBe(true);
    }
  });

  test("last work elsewhere, or without an initiator, or while other work is under way, is refused", async () => {
    const { world } = await started(protocol);
    const { coordinator } = world.coordinator;
    const id = await begun(world);
    const refusals = [() => coordinator.execute(id, "P2", bytes("add b 1"), 0, true)];
    const plain = coordinator.begin("").id;
    refusals.push(() => coordinator.execute(plain, "P1", bytes("add z 1"), 0, true));
    for (const refused of refusals)
      await expect(refused()).rejects.toThrow(expect.objectContaining({ reason: "INVALID_REQUEST" }) as NemconError);
    const busy = coordinator.execute(id, "P2", bytes("add b 1"), 0);
    await expect(coordinator.execute(id, "P1", bytes("add a 1"), 0, true)).rejects.toThrow(/under way/);
    await within(world, busy);
    // It may still be committed as any other.
    const told: Answer[] = [];
    coordinator.commit(id, 0, (answer) => told.push(answer));
    await world.run(500);
    expect(told.map(({ outcome }) => outcome)).toEqual(["committed"]);
  });
});

test("a protocol whose branches prepare only when asked has no initiator, and the refusal says so", () =>
  withMachines("2pc", { as: { unsolicitedVotes: false } }, async () => {
    const { world } = await started("2pc");
    expect(() => world.coordinator.coordinator.begin("2pc", 0, "P1")).toThrow(
      /Under 2pc no branch prepares before it is asked/,
    );
  }));
