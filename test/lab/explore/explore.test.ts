/** The explorer: it sees each state once, stops where it is told, and finds shortest ways. */

import { describe, expect, test } from "vitest";
import { explore } from "../../../lab/index.ts";
import { collisionProbability, Fingerprint } from "../../../lab/explore/fingerprint.ts";
import { Frontier } from "../../../lab/explore/frontier.ts";
import { Seen } from "../../../lab/explore/seen.ts";
import type { System } from "../../../lab/explore/system.ts";
import { SeededRandom } from "../../../lab/random.ts";

/** Walks on a square of the given side from one corner; its states are text, to show that any type will do. */
function walk(side: number, bad: (x: number, y: number) => boolean = () => false): System<string> {
  const at = (state: string): [number, number] => state.split(",").map(Number) as [number, number];
  return {
    initial: () => ["0,0"],
    successors(state, next) {
      const [x, y] = at(state);
      if (x + 1 < side) next("right", `${x + 1},${y}`);
      if (y + 1 < side) next("up", `${x},${y + 1}`);
    },
    pack: (state) => new TextEncoder().encode(state),
    unpack: (bytes) => new TextDecoder().decode(bytes),
    invariants: { "not bad": (state) => !bad(...at(state)) },
    stepInvariants: {},
    picture: (state) => ({ at: state }),
  };
}

describe("a search", () => {
  test("sees every state once and follows every transition", async () => {
    const side = 300;
    expect(await explore(walk(side))).toMatchObject({
      distinct: side * side,
      generated: 1 + 2 * side * (side - 1),
      depth: 2 * side - 1,
      complete: true,
      stopped: null,
      violations: [],
    });
  });

  test("gives the shortest way to each broken rule, and goes on", async () => {
    const { violations, complete } = await explore(walk(50, (x, y) => x * y === 12));
    expect(complete).toBe(true);
    expect(violations).toEqual([{ rule: "not bad", count: 6, trace: expect.any(Array), events: [] }]);
    const trace = violations[0]?.trace ?? [];
    expect(trace).toHaveLength(8);
    expect(trace[0]).toEqual({ label: "initial", state: { at: "0,0" } });
    expect(["3,4", "4,3"]).toContain(trace.at(-1)?.state["at"]);
  });

  test("finds that an initial state is bad", async () => {
    const { violations } = await explore(walk(2, (x, y) => x + y === 0));
    expect(violations[0]?.trace).toEqual([{ label: "initial", state: { at: "0,0" } }]);
  });

  test("stops at its budgets and says so", async () => {
    const few = await explore(walk(300), { states: 1000 });
    expect(few).toMatchObject({ complete: false, stopped: "states" });
    expect(few.distinct).toBeGreaterThanOrEqual(1000);
    expect(few.distinct).toBeLessThan(1002);
    expect(await explore(walk(300), { seconds: 0 })).toMatchObject({ complete: false, stopped: "seconds" });
    expect(await explore(walk(3), { states: 9 })).toMatchObject({ complete: false, stopped: "states", distinct: 9 });
  });

  test("tells how far it is, and stops when it is told to", async () => {
    const stop = new AbortController();
    const seen: number[] = [];
    const exploration = await explore(walk(2000), { signal: stop.signal }, ({ distinct }) => {
      seen.push(distinct);
      if (seen.length === 2) stop.abort();
    });
    expect(exploration).toMatchObject({ complete: false, stopped: "signal" });
    expect(seen).toHaveLength(2);
    expect(seen[1]).toBeGreaterThan(seen[0] ?? 0);
  });

  test("complains about a system that does not give the same successors again", async () => {
    const fickle = walk(5, (x, y) => x + y === 8);
    let asked = 0;
    const changing: typeof fickle = {
      ...fickle,
      successors(state, next) {
        asked += 1;
        if (asked <= 25) fickle.successors(state, next);
      },
    };
    await expect(explore(changing)).rejects.toThrow("other successors");
  });
});

describe("fingerprints", () => {
  const of = (bytes: Uint8Array): string => {
    const fingerprint = new Fingerprint();
    fingerprint.of(bytes);
    return [...fingerprint.words].map((word) => word.toString(16).padStart(8, "0")).join("");
  };

  test("of whole blocks are MurmurHash3's", () => {
    expect(of(new TextEncoder().encode("0123456789abcdef"))).toBe("fb7d440936aed30a48ad1d9b572b3bfd");
  });

  test("tell states apart that differ in one bit, in their length, or in zeros at their end", () => {
    const all = new Set<string>();
    let count = 0;
    const add = (bytes: Uint8Array): void => {
      all.add(of(bytes));
      count += 1;
    };
    for (let length = 1; length < 70; length += 1) {
      add(new Uint8Array(length));
      for (let bit = 0; bit < length * 8; bit += 1) {
        const bytes = new Uint8Array(length);
        bytes[bit >> 3] = 1 << (bit & 7);
        add(bytes);
      }
    }
    expect(all.size).toBe(count);
  });

  test("of a state don't depend on the one before it", () => {
    const fingerprint = new Fingerprint();
    fingerprint.of(new Uint8Array(1000).fill(7));
    fingerprint.of(Uint8Array.of(1, 2, 3));
    expect([...fingerprint.words].map((word) => word.toString(16).padStart(8, "0")).join("")).toBe(
      of(Uint8Array.of(1, 2, 3)),
    );
  });

  test("collide as birthdays do, one in 2^128", () => {
    expect(collisionProbability(2)).toBe(2 ** -128);
    expect(collisionProbability(1_321_761)).toBeLessThan(1e-26);
  });
});

test("the set of seen states numbers them in the order of discovery and knows the way to each", () => {
  const seen = new Seen();
  const wordsOf = (n: number): Uint32Array => Uint32Array.of(Math.imul(n, 0x9e3779b1), n % 3, 5, n >> 8);
  const count = 200_000;
  let added = 0;
  for (let n = 0; n < count; n += 1) if (seen.add(wordsOf(n), n === 0 ? null : n >> 1)) added += 1;
  for (let n = 0; n < count; n += 1) if (seen.add(wordsOf(n), null)) added += 1;
  expect(added).toBe(count);
  expect(seen.size).toBe(count);
  expect(seen.pathTo(37)).toEqual([0, 1, 2, 4, 9, 18, 37]);
  expect(seen.is(37, wordsOf(37))).toBe(true);
  expect(seen.is(37, wordsOf(38))).toBe(false);
});

test("the frontier is a queue, for states of all sizes", () => {
  const random = new SeededRandom(1);
  const frontier = new Frontier();
  const waiting: Uint8Array[] = [];
  for (let turn = 0; turn < 3000; turn += 1) {
    for (let more = random.between(0, 3); more > 0; more -= 1) {
      const size = turn === 700 ? 3_000_000 : random.between(0, 30_000);
      const state = new Uint8Array(size).fill(turn & 255);
      waiting.push(state);
      frontier.put(state);
    }
    const expected = waiting.shift() ?? null;
    const taken = frontier.take();
    expect(taken === null ? null : Buffer.compare(taken, expected ?? Buffer.of())).toBe(expected === null ? null : 0);
  }
  for (const state of waiting) expect(frontier.take()?.length).toBe(state.length);
  expect(frontier.take()).toBeNull();
});
