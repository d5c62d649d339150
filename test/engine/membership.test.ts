/** Whom a node takes up: a journal that was put back to an older copy is known by its starts, however long it has grown since. */
import { describe, expect, test } from "vitest";
import { admitPeer, type Returning, type Start } from "../../runtime/engine/index.ts";
import { World } from "../../lab/simulate/world.ts";
import type { Peer } from "../../runtime/engine/instance.ts";

/** Of one history: an incarnation began after each of these rows. */
const starts = (...sequences: readonly number[]): Start[] =>
  sequences.map((sequence, at) => ({ incarnation: at + 1, boot: 100 + at, sequence }));

/** Of a copy that began its last incarnation by itself. */
const copied = (...sequences: readonly number[]): Start[] =>
  starts(...sequences).map((start, at) => (at === sequences.length - 1 ? { ...start, boot: 900 } : start));

function admit(known: Omit<Peer, "row"> | null, hello: Partial<Returning>, most = 10) {
  const noted: { seen: Omit<Peer, "row">; force: boolean }[] = [];
  const register = {
    peerCount: known === null ? 1 : 2,
    peer: () => (known === null ? undefined : { ...known, row: 1 }),
    notePeer: (_node: string, seen: Omit<Peer, "row">, force: boolean) => noted.push({ seen, force }),
  };
  const whole = { node: "p1", role: "participant", log: "log", sequence: 7, starts: starts(0, 5), ...hello } as const;
  const verdict = admitPeer(register, whole, most);
  return { verdict: verdict.ok ? "taken up" : verdict.reason, noted };
}

const known = { role: "participant", log: "log", incarnation: 1, boot: 100, sequence: 5 } as const;

test.each<[name: string, self: Start[], sequence: number, seen: [incarnation: number, sequence: number], is: boolean]>([
  ["it went on where it was seen", starts(0, 5), 7, [1, 5], false],
  ["it had written more than was seen", starts(0, 9), 9, [1, 5], false],
  ["it is still the same process", starts(0, 5), 9, [2, 9], false],
  ["it ends before what was seen in this life", starts(0), 4, [1, 5], true],
  ["a peer saw a later life", starts(0, 5), 7, [3, 2], true],
  ["a peer saw a later life, and it has grown past that", starts(0, 5), 99, [3, 9], true],
  ["it began before what was seen", starts(0, 4), 4, [1, 5], true],
  ["it began before that, and has caught up", starts(0, 4), 9, [1, 5], true],
  ["it began before that, caught up, and was restarted", starts(0, 4, 9), 12, [1, 5], true],
  ["its copy was taken up while it ran on, and it links again", starts(0, 5), 30, [3, 20], true],
  [
    "a person accepted it, and it has more than was seen of a copy",
    [{ incarnation: 1_003, boot: 7, sequence: 9 }],
    9,
    [2, 7],
    false,
  ],
  ["a person accepted it, and it has less", [{ incarnation: 1_003, boot: 7, sequence: 6 }], 99, [2, 7], true],
  ["it was seen after a restart", starts(0, 4, 9), 12, [2, 8], false],
  ["the begin that would tell is no longer kept", starts(0, 4, 9).slice(2), 12, [1, 5], false],
  ["the copy began the incarnation that was seen once more", copied(0, 5), 5, [2, 5], true],
  ["it began that once more, and has caught up", copied(0, 5), 20, [2, 9], true],
  [
    "it began that once more, caught up, and was restarted",
    [...copied(0, 5), ...starts(0, 5, 20).slice(2)],
    21,
    [2, 9],
    true,
  ],
])("%s", (_name, own, sequence, [incarnation, at], isOlder) => {
  const before = { ...known, incarnation, boot: 99 + incarnation, sequence: at };
  const { verdict, noted } = admit(before, { starts: own, sequence });
  expect(verdict).toBe(isOlder ? "JOURNAL_RESTORED" : "taken up");
  expect(noted).toHaveLength(isOlder ? 0 : 1);
  expect(admit(before, { starts: own, sequence, log: "another log" }).verdict).toBe("IDENTITY_MISMATCH");
});

describe("a node", () => {
  test("that is new, or begins again, is written down before it links", () => {
    const seen = { role: "participant", log: "log", incarnation: 2, boot: 101, sequence: 7 };
    expect(admit(null, {})).toEqual({ verdict: "taken up", noted: [{ seen, force: true }] });
    expect(admit(known, {})).toEqual({ verdict: "taken up", noted: [{ seen, force: true }] });
  });

  test("that links once more in the same life is written down with what is written next", () => {
    const { noted } = admit({ ...known, incarnation: 2, boot: 101 }, {});
    expect(noted.map(({ force }) => force)).toEqual([false]);
  });

  test("that comes back in another role is refused", () => {
    expect(admit(known, { role: "acceptor" }).verdict).toBe("IDENTITY_MISMATCH");
  });

  test("that is one too many is refused, and one that is known is not", () => {
    expect(admit(null, {}, 1).verdict).toBe("TOO_MANY_PEERS");
    expect(admit(known, {}, 1).verdict).toBe("taken up");
  });

  test("whose older link ends after its next one was taken up is remembered by the newer", async () => {
    const world = new World({});
    world.startAll();
    await world.run(10);
    const { engine } = world.participant("P1");
    const seen = (incarnation: number, sequence: number) => ({ log: "of C", incarnation, boot: incarnation, sequence });
    expect(engine.peer("C")).toMatchObject({ role: "coordinator", incarnation: 1 });
    for (const [incarnation, sequence] of [
      [2, 90],
      [1, 99],
      [2, 80],
    ] as const)
      engine.sawPeer("C", seen(incarnation, sequence));
    expect(engine.peer("C")).toMatchObject(seen(2, 90));
    engine.sawPeer("C", seen(2, 91));
    expect(engine.peer("C")).toMatchObject({ role: "coordinator", ...seen(2, 91) });
    engine.sawPeer("stranger", seen(1, 1));
    expect(engine.peer("stranger")).toBeUndefined();
  });
});
