/** A coordinator with acceptors: what it says of its own ids after a restart, and what it knows of others' transactions. */

import { describe, expect, test } from "vitest";
import { parseTransactionId, transactionId, type TransactionId } from "../../protocols/index.ts";
import { IdRanges, Outcomes } from "../../runtime/engine/index.ts";
import { rangeOf } from "../../runtime/engine/ranges.ts";
import { unknownAfter } from "../../coordinator/watermark.ts";
import type { NemconError } from "../../runtime/errors/index.ts";
import { defaultTimes, type WorldOptions } from "../../lab/simulate/setting.ts";
import { World } from "../../lab/simulate/world.ts";

interface Word {
  readonly below: string;
  readonly except: readonly string[];
}

/** A world and the last word that C gave. */
async function started(options: Partial<WorldOptions>): Promise<{ world: World; last: () => Word }> {
  const words: Word[] = [];
  const world = new World(options);
  const real = world.network.sendWatermark.bind(world.network);
  world.network.sendWatermark = (from, to, word) => {
    if (from === "C") words.push(word);
    real(from, to, word);
  };
  world.startAll();
  await world.run(50);
  return { world, last: () => words.at(-1) ?? { below: "", except: [] } };
}

async function pay(world: World): Promise<TransactionId> {
  const id = world.submit({ P1: ["add a 1"], P2: ["add b 1"] });
  if (id === null) throw new Error("refused");
  await world.run(100);
  return id;
}

const isOpen = ({ below, except }: Word, id: string): boolean =>
  id >= below || IdRanges.of(except.map(rangeOf)).has(id);

describe("its own word on what is closed", () => {
  test("what one hears whose link comes up is still news to the others", async () => {
    const { world } = await started({});
    await world.run(3_100 - world.timeline.nowMs);
    const id = await pay(world);
    // Until its end is in the journal.
    await world.run(200);
    world.cut("C", "P2", true);
    world.cut("C", "P2", false);
    await world.run(10);
    const isClosedAt = (node: string): boolean => world.host(node).engine.outcomes.isClosed("C", id);
    expect(["P1", "P2"].map(isClosedAt)).toEqual([false, true]);
    // The next one of a second each.
    await world.run(1_000);
    expect(["P1", "P2"].map(isClosedAt)).toEqual([true, true]);
  });

  test("after a crash all ids that came after its last durable word stay open, and those before it closed", async () => {
    const { world, last } = await started({ protocol: "paxos-commit", acceptors: 1 });
    const early = await pay(world);
    await world.run(3_000);
    const late = await pay(world);
    world.coordinator.crash("kept");
    world.coordinator.start();
    const fresh = await pay(world);
    await world.run(3_000);
    expect([early, late, fresh].map((id) => isOpen(last(), id))).toEqual([false, true, false]);
    expect(isOpen(last(), transactionId("C", 1, 1_000_000))).toBe(true);
    // Once more: what was not known stays so.
    world.coordinator.crash("lost");
    world.coordinator.start();
    await world.run(3_000);
    expect([early, late, fresh].map((id) => isOpen(last(), id))).toEqual([false, true, false]);
  });

  test("after a crash what no acceptor decides is closed by the log, the same as ever", async () => {
    const { world, last } = await started({ protocol: "2pc-presumed-commit", acceptors: 1 });
    await world.run(1_000);
    const over = await pay(world);
    // It has asked for votes when it dies, and ends it in its next life.
    world.coordinator.planned = { when: "after", tail: "kept", skip: 0 };
    const open = world.submit({ P1: ["add a 1"], P2: ["add b 1"] });
    await world.run(100);
    expect(world.coordinator.isAlive).toBe(false);
    world.coordinator.start();
    await world.run(3_000);
    expect([over, open ?? ""].map((id) => isOpen(last(), id))).toEqual([false, false]);
    // Of all others of that life nothing is known.
    expect(isOpen(last(), transactionId("C", 1, 1_000_000))).toBe(true);
    expect(world.participant("P1").engine.outcomes.get(open ?? "")).toBeUndefined();
  });

  test("stopped in order, it knows afterwards that all are closed, also ids that nobody used", async () => {
    const { world, last } = await started({ acceptors: 1 });
    world.coordinator.coordinator.openBlock(16);
    const id = await pay(world);
    await world.run(50);
    world.coordinator.coordinator.close();
    world.coordinator.crash("kept");
    world.coordinator.start();
    await world.run(2_000);
    expect([isOpen(last(), id), isOpen(last(), transactionId("C", 1, 5))]).toEqual([false, false]);
  });

  test("what it had under way and had asked no vote for ends at the branches when it is back", async () => {
    const { world } = await started({ acceptors: 1 });
    await pay(world);
    const open = world.participant("P1");
    const before = world.coordinator.coordinator.begin("");
    const work = world.coordinator.coordinator.execute(before.id, "P1", Buffer.from("add a 1"), 0);
    await world.run(20);
    expect((await work).kind).toBe("done");
    expect(open.engine.live(before.id)?.view.state).toBe("active");
    world.coordinator.crash("kept");
    world.coordinator.start();
    await world.run(100);
    expect(open.engine.live(before.id)).toBeUndefined();
    expect(open.engine.outcomes.get(before.id)?.closed).toMatchObject({ outcome: "aborted", reason: "CANCELLED" });
  });

  test("without acceptors its log says it all, and no word is written", async () => {
    const { world, last } = await started({ acceptors: 0 });
    const id = await pay(world);
    world.coordinator.crash("kept");
    world.coordinator.start();
    await world.run(3_000);
    expect(isOpen(last(), id)).toBe(false);
    expect(last().except).toEqual([]);
    expect(world.coordinator.engine.outcomes.watermark("C")).toBeUndefined();
  });

  test("a lost word is no word: nothing of all earlier lives is known to be closed", () => {
    const [range] = unknownAfter("C", 3, undefined);
    for (const id of [transactionId("C", 1, 1), transactionId("C", 2, 36 ** 8 - 1)])
      expect(IdRanges.of([range ?? { first: "", last: "" }]).has(id)).toBe(true);
    expect(IdRanges.of([range ?? { first: "", last: "" }]).has(transactionId("C", 3, 0))).toBe(false);
    const known = { below: transactionId("C", 3, 0), except: IdRanges.of([]), sequence: 1 };
    expect(unknownAfter("C", 3, known)).toEqual([]);
  });
});

describe("transactions of another coordinator", () => {
  /** C finished, or is finishing, one of C2's. */
  async function takenOver(): Promise<{ world: World; last: () => Word; foreign: TransactionId }> {
    const { world, last } = await started({ coordinators: 2, acceptors: 1 });
    const foreign = transactionId("C2", 9, 7);
    const descriptor = {
      transaction: foreign,
      protocol: world.options.protocol,
      coordinator: "C",
      branches: [],
      group: null,
      initiator: null,
      timeoutMs: defaultTimes.voteMs,
    };
    world.coordinator.engine.start(descriptor, true, "CANCELLED", null);
    await world.run(50);
    return { world, last, foreign };
  }

  test("are shown and listed, and one that is not known belongs to its own coordinator", async () => {
    const { world, foreign } = await takenOver();
    const { coordinator } = world.coordinator;
    const status = coordinator.status(foreign);
    await world.run(10);
    expect(await status).toMatchObject({ transaction: foreign, state: "aborted" });
    expect(coordinator.list("", 10, "").transactions.map(({ transaction }) => transaction)).toEqual([foreign]);
    const told: string[] = [];
    coordinator.commit(foreign, 0, ({ outcome }) => told.push(outcome));
    coordinator.abort(foreign, ({ outcome }) => told.push(outcome));
    await world.run(10);
    expect(told).toEqual(["aborted", "aborted"]);
    for (const ask of [
      () => coordinator.status(transactionId("C2", 9, 8)),
      () => coordinator.commit(transactionId("C2", 9, 8), 0, () => undefined),
    ])
      expect(ask).toThrow(expect.objectContaining({ reason: "NOT_MINE" }) as NemconError);
  });

  test("are pages too, and are named in no word of its own", async () => {
    const { world, last, foreign } = await takenOver();
    const own = await pay(world);
    const { coordinator } = world.coordinator;
    const first = coordinator.list("", 1, "");
    const second = coordinator.list("", 1, first.next);
    expect([...first.transactions, ...second.transactions].map(({ transaction }) => transaction)).toEqual([
      own,
      foreign,
    ]);
    await world.run(2_000);
    expect(last().except.every((each) => parseTransactionId(rangeOf(each).first)?.coordinator === "C")).toBe(true);
  });

  test("forgetting one of them forgets none of its own, through a restart too", async () => {
    const { world, foreign } = await takenOver();
    const own = await pay(world);
    world.coordinator.engine.outcomes.forget(foreign);
    expect(world.coordinator.engine.outcomes.forgottenThrough("C")).toBe("");
    expect(world.coordinator.engine.outcomes.forgottenThrough("C2")).toBe(foreign);
    const outcomes = new Outcomes();
    outcomes.noteForgotten(foreign);
    outcomes.noteForgotten(transactionId("C2", 1, 1));
    outcomes.noteForgotten(own);
    expect([...outcomes.allForgotten()]).toEqual([foreign, own]);
  });
});

test("a branch in doubt is answered while acceptors are asked of its transaction, which they never heard of", async () => {
  const { world } = await started({ protocol: "2pc", acceptors: 3 });
  const answers: string[] = [];
  world.probes.push({ answered: (_id, { outcome }, to) => answers.push(`${to} ${outcome}`) });
  // P1 has prepared when the coordinator dies.
  world.coordinator.planned = { when: "before", tail: "lost", skip: 0 };
  const work = { P1: ["add a 1"], P2: ["add b 1"] };
  const id = world.submit(work);
  if (id === null) throw new Error("refused");
  await world.run(50);
  expect(world.coordinator.isAlive).toBe(false);
  for (const { name } of world.acceptors) world.host(name).crash("kept");
  world.cut("C", "P1", true);
  world.coordinator.start();
  world.retry(id, work);
  await world.run(100);
  expect(world.coordinator.engine.live(id)?.protocol).toBe("paxos-commit");
  expect(world.participant("P1").resource.lockCount).toBe(1);
  world.cut("C", "P1", false);
  await world.run(2_000);
  // No acceptor is back, and the branch has its answer.
  expect(world.participant("P1").resource.lockCount).toBe(0);
  expect(answers).toEqual([]);
  for (const { name } of world.acceptors) world.host(name).start();
  await world.run(5_000);
  expect(answers).toEqual(["retry aborted"]);
});
