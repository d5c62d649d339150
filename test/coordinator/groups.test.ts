/** Which acceptors a transaction has, and for how long a group is remembered. */

import { describe, expect, test } from "vitest";
import { Groups, type AcceptorAddress, type GroupStore } from "../../coordinator/groups.ts";
import { transactionId } from "../../protocols/index.ts";
import type { GroupEntry } from "../../runtime/engine/index.ts";

const id = (sequence: number): string => transactionId("C", 1, sequence);
const acceptors = (...numbers: number[]): AcceptorAddress[] =>
  numbers.map((number) => ({ node: `A${number}`, address: `127.0.0.1:${7430 + number}` }));

const NOW_MS = 1_790_000_000_000;

/** All below are closed. */
const closed = (below: string) => (_from: string, before: string) => before <= below;

class Store implements GroupStore {
  readonly noted: GroupEntry[] = [];

  allGroups(): readonly GroupEntry[] {
    const last = new Map(this.noted.map((entry) => [entry.version, entry]));
    return [...last.values()].filter((entry) => entry.acceptors.length > 0);
  }

  noteGroup(entry: GroupEntry): void {
    this.noted.push(entry);
  }
}

test("a transaction keeps the group that was there when its id was given out", () => {
  const groups = new Groups(new Store(), () => NOW_MS);
  expect(groups.use(acceptors(1, 2, 3), id(1))).toBe(true);
  expect(groups.use(acceptors(1, 2, 4), id(10))).toBe(true);
  expect(groups.of(id(9))).toEqual({ version: 1, acceptors: ["A1", "A2", "A3"] });
  expect(groups.of(id(10))).toEqual({ version: 2, acceptors: ["A1", "A2", "A4"] });
  expect(groups.all().map(({ version }) => version)).toEqual([2, 1]);
  expect(groups.members().map(({ node }) => node)).toEqual(["A1", "A2", "A4", "A3"]);
});

test("an id from before there were acceptors has none", () => {
  const groups = new Groups(new Store(), () => NOW_MS);
  expect(groups.of(id(5))).toBeNull();
  groups.use(acceptors(1), id(10));
  expect(groups.of(id(5))).toBeNull();
});

test("the same acceptors are the same group, in any order and after a restart", () => {
  const store = new Store();
  new Groups(store, () => NOW_MS).use(acceptors(1, 2, 3), id(1));
  expect(new Groups(store, () => NOW_MS).use(acceptors(3, 1, 2), id(10))).toBe(false);
  expect(store.noted).toHaveLength(1);
});

test("another address is written down and is no other group", () => {
  const store = new Store();
  const groups = new Groups(store, () => NOW_MS);
  groups.use(acceptors(1), id(1));
  expect(groups.use([{ node: "A1", address: "127.0.0.1:9" }], id(10))).toBe(true);
  expect(groups.all()).toEqual([{ version: 1, acceptors: ["A1"] }]);
  expect(groups.members()).toEqual([{ node: "A1", address: "127.0.0.1:9" }]);
  expect(groups.of(id(2))).not.toBeNull();
});

test("a group is retired when every transaction that had it is closed, and not before", () => {
  const groups = new Groups(new Store(), () => NOW_MS);
  groups.use(acceptors(1, 2, 3), id(1));
  groups.use(acceptors(1, 2, 4), id(10));
  expect(groups.retire(closed(id(9)))).toBe(false);
  expect(groups.all()).toHaveLength(2);
  expect(groups.retire(closed(id(10)))).toBe(true);
  expect(groups.all().map(({ version }) => version)).toEqual([2]);
  expect(groups.retire(closed(id(1_000)))).toBe(false);
  expect(groups.all()).toHaveLength(1);
});

test("several are retired at once, and none before the one that follows it is needed by all that is open", () => {
  const groups = new Groups(new Store(), () => NOW_MS);
  groups.use(acceptors(1, 2, 3), id(1));
  groups.use(acceptors(1, 2, 4), id(10));
  groups.use(acceptors(1, 2, 5), id(20));
  groups.use(acceptors(1, 2, 6), id(30));
  groups.retire(closed(id(25)));
  expect(groups.all().map(({ version }) => version)).toEqual([4, 3]);
  expect(groups.of(id(29))).toMatchObject({ version: 3 });
});

test("what is open in one group keeps no other one", () => {
  const groups = new Groups(new Store(), () => NOW_MS);
  groups.use(acceptors(1, 2, 3), id(1));
  groups.use(acceptors(1, 2, 4), id(10));
  groups.use(acceptors(1, 2, 5), id(20));
  expect(groups.retire((from, before) => from > id(5) || before <= id(5))).toBe(true);
  expect(groups.all().map(({ version }) => version)).toEqual([3, 1]);
  expect(groups.of(id(5))).toMatchObject({ version: 1 });
});

test("of two groups without an id between them the later one has the ids, and the earlier one goes", () => {
  const groups = new Groups(new Store(), () => NOW_MS);
  groups.use(acceptors(1), id(1));
  groups.use(acceptors(2), id(10));
  groups.use(acceptors(3), id(10));
  expect(groups.of(id(10))).toMatchObject({ version: 3 });
  groups.retire(closed(id(10)));
  expect(groups.all().map(({ version }) => version)).toEqual([3]);
});

test("a successor at the address of a lost acceptor takes its place, and one that moved is where it was said to be last", () => {
  const groups = new Groups(new Store(), () => NOW_MS);
  groups.use(acceptors(1, 2, 3), id(1));
  const [a1, a2, a3] = acceptors(1, 2, 3);
  if (a1 === undefined || a2 === undefined || a3 === undefined) throw new Error("no acceptors");
  const [moved, successor] = [
    { ...a2, address: "127.0.0.1:9" },
    { ...a3, node: "A4" },
  ];
  groups.use([a1, moved, successor], id(10), "the disk of A3 is lost");
  expect(groups.members()).toEqual([a1, moved, successor]);
  expect(groups.all()).toHaveLength(2);
});

describe("what an operator says", () => {
  const CONFIGURED = acceptors(1, 2, 3);
  const NAMED = acceptors(1, 2, 4);

  function named(): { store: Store; groups: Groups } {
    const store = new Store();
    const groups = new Groups(store, () => NOW_MS);
    groups.use(CONFIGURED, id(1));
    expect(groups.use(NAMED, id(10), "the disk of A3 is lost")).toBe(true);
    return { store, groups };
  }

  test("is written down with the words and the time", () => {
    expect(named().groups.entries()[0]).toMatchObject({ version: 2, reason: "the disk of A3 is lost", atMs: NOW_MS });
  });

  test("stays in force over restarts with the old configuration, or with none", () => {
    const { store } = named();
    for (const configured of [CONFIGURED, acceptors(1, 2, 5), []]) {
      const groups = new Groups(store, () => NOW_MS);
      expect(groups.configure(configured, id(20))).toMatchObject({ version: 2, acceptors: NAMED });
      expect(groups.of(id(20))).toMatchObject({ version: 2 });
    }
    expect(store.noted).toHaveLength(2);
  });

  test("is the configuration's from when that says the same; then it rules again", () => {
    const { store, groups } = named();
    expect(groups.configure(NAMED.toReversed(), id(20))).toBeNull();
    expect(groups.entries()[0]).toMatchObject({ version: 2, from: id(10), reason: "" });
    expect(groups.configure(NAMED, id(30))).toBeNull();
    expect(store.noted).toHaveLength(3);
    expect(groups.configure(CONFIGURED, id(40))).toBeNull();
    expect(groups.of(id(40))).toEqual({ version: 3, acceptors: ["A1", "A2", "A3"] });
  });

  test("may be other addresses of the same acceptors: no new group, and they stay as well", () => {
    const { store, groups } = named();
    const moved = NAMED.map(({ node }, at) => ({ node, address: `127.0.0.1:${9_000 + at}` }));
    expect(groups.use(moved, id(20), "moved")).toBe(true);
    expect(groups.entries()).toMatchObject([{ version: 2, from: id(10), reason: "moved" }, { version: 1 }]);
    expect(new Groups(store, () => NOW_MS).configure(NAMED, id(30))).toMatchObject({ acceptors: moved });
  });

  test("and is so already, changes nothing", () => {
    const { store, groups } = named();
    expect(groups.use(NAMED, id(20), "once more")).toBe(false);
    expect(store.noted).toHaveLength(2);
  });
});

test("the configuration's other acceptors are a new group from its start on", () => {
  const groups = new Groups(new Store(), () => NOW_MS);
  expect(groups.configure(acceptors(1, 2, 3), id(1))).toBeNull();
  expect(groups.configure(acceptors(1, 2, 4), id(10))).toBeNull();
  expect(groups.entries()).toMatchObject([{ version: 2, from: id(10), reason: "" }, { version: 1 }]);
});
