/** Requests that wait for a lock: they are woken when it is free, give up in time, and end with their transaction. */
import { describe, expect, test } from "vitest";
import { World } from "../../lab/simulate/world.ts";

const LOCK_WAIT_MS = 300;

interface Held {
  readonly world: World;
  readonly answers: Map<string, string>;
  /** Lets the holder's decision through. */
  readonly release: () => void;
}

/** The oldest transaction is prepared at P1 and P2, holds x there, and does not hear of its decision. */
async function held(lockWaitMs = LOCK_WAIT_MS): Promise<Held> {
  const answers = new Map<string, string>();
  const world = new World({ lockWaitMs }, [
    {
      answered: (id, answer) =>
        answers.set(id, answer.outcome === "aborted" ? `aborted ${answer.reason}` : answer.outcome),
    },
  ]);
  world.startAll();
  await world.run(20);
  const { rule } = world.network;
  world.network.rule = (sending) => (sending.envelope?.body.kind === "decision" ? [] : rule(sending));
  world.submit({ P1: ["add x 1"], P2: ["add x 1"] });
  await world.run(20);
  return {
    world,
    answers,
    release: () => {
      world.network.rule = rule;
    },
  };
}

const x = (world: World): number | undefined => world.participant("P1").disk.image.values.get("x");

describe("a younger transaction that wants the lock", () => {
  test("waits, and goes on when the holder has committed, on what it wrote", async () => {
    const { world, answers, release } = await held(5_000);
    const id = world.submit({ P1: ["add x 10", "read x"], P2: ["add y 1"] });
    await world.run(100);
    expect(answers.has(id ?? "")).toBe(false);
    release();
    await world.run(3_000);
    expect(answers.get(id ?? "")).toBe("committed");
    expect(x(world)).toBe(11);
  });

  test("goes on when the holder has aborted, too", async () => {
    const world = new World({ lockWaitMs: 5_000 });
    world.startAll();
    await world.run(20);
    world.interact({ P1: ["add x 100", "no"], P2: ["add z 1"] });
    await world.run(1);
    const id = world.submit({ P1: ["add x 1"], P2: ["add y 1"] });
    await world.run(2_000);
    expect(id).not.toBeNull();
    expect(x(world)).toBe(1);
    expect(world.isQuiet).toBe(true);
  });

  test("gives up when it has waited long enough", async () => {
    const { world, answers } = await held();
    const id = world.submit({ P1: ["add x 10"], P2: ["add y 1"] });
    await world.run(LOCK_WAIT_MS - 20);
    expect(answers.has(id ?? "")).toBe(false);
    await world.run(60);
    expect(answers.get(id ?? "")).toBe("aborted CONFLICT");
  });

  test("gives up then also where other locks come free all the time", async () => {
    const { world, answers } = await held();
    const id = world.submit({ P1: ["add x 10"], P2: ["add y 1"] });
    for (let passedMs = 0; passedMs < LOCK_WAIT_MS + 60; passedMs += 20) {
      // Its no is a lock that comes free, and everything that waits is tried again.
      world.submit({ P1: ["add z 1", "no"] });
      await world.run(20);
    }
    expect(answers.get(id ?? "")).toBe("aborted CONFLICT");
  });

  test("does not wait where very many wait already", async () => {
    const { world, answers } = await held(5_000);
    const ids = Array.from({ length: 300 }, () => world.submit({ P1: ["add x 10"], P2: ["add y 1"] }));
    await world.run(200);
    const refused = ids.filter((id) => answers.get(id ?? "") === "aborted CONFLICT");
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(100);
    // The holder's own answer.
    expect([...answers.values()].filter((answer) => answer !== "aborted CONFLICT")).toEqual(["committed"]);
  });

  test("does not wait at all where waiting is off", async () => {
    const { world, answers } = await held(0);
    const id = world.submit({ P1: ["add x 10"], P2: ["add y 1"] });
    await world.run(20);
    expect(answers.get(id ?? "")).toBe("aborted CONFLICT");
  });

  test("that is cancelled while it waits leaves nothing behind and never does its work", async () => {
    const { world, release } = await held(5_000);
    const id = world.submit({ P1: ["add x 10"], P2: ["add y 1"] });
    await world.run(20);
    release();
    if (id !== null) world.abort(id);
    await world.run(5_000);
    expect(x(world)).toBe(1);
    expect(world.isQuiet).toBe(true);
    expect(world.participants.map(({ resource }) => resource.lockCount)).toEqual([0, 0]);
  });
});

test("an older transaction never waits for a younger one: no circle can arise", async () => {
  const answers = new Map<string, string>();
  const world = new World({ lockWaitMs: 5_000 }, [{ answered: (id, { outcome }) => answers.set(id, outcome) }]);
  world.startAll();
  await world.run(20);
  // Each holds what the other wants next.
  const first = world.interact({ P1: ["add x 1"], P2: ["add y 1"] });
  const second = world.interact({ P2: ["add y 1"], P1: ["add x 1"] });
  await world.run(1_000);
  expect(new Set([answers.get(first ?? ""), answers.get(second ?? "")])).toEqual(new Set(["aborted", "committed"]));
  expect(world.isQuiet).toBe(true);
});

test("waiting requests of many are served the oldest first", async () => {
  const told: string[] = [];
  const world = new World({ lockWaitMs: 5_000 }, [
    {
      answered: (id, { outcome }) => {
        if (outcome === "committed") told.push(id);
      },
    },
  ]);
  world.startAll();
  await world.run(20);
  const ids = Array.from({ length: 5 }, () => world.submit({ P1: ["add x 1"], P2: ["add y 1"] }));
  await world.run(3_000);
  expect(told).toEqual(ids);
  expect(x(world)).toBe(5);
});
