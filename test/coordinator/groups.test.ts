/** Which acceptors a transaction has, and for how long a group is remembered. */

import { expect, test } from "vitest";
import { Groups, type AcceptorAddress, type GroupStore } from "../../coordinator/groups.ts";
import { transactionId } from "../../protocols/index.ts";
import type { GroupEntry } from "../../runtime/engine/index.ts";

const id = (sequence: number): string => transactionId("C", 1, sequence);
const acceptors = (...numbers: number[]): AcceptorAddress[] =>
  numbers.map((number) => ({ node: `A${number}`, address: `127.0.0.1:${7430 + number}` }));

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
  const groups = new Groups(new Store());
  expect(groups.use(acceptors(1, 2, 3), id(1))).toBe(true);
  expect(groups.use(acceptors(1, 2, 4), id(10))).toBe(true);
  expect(groups.of(id(9))).toEqual({ version: 1, acceptors: ["A1", "A2", "A3"] });
  expect(groups.of(id(10))).toEqual({ version: 2, acceptors: ["A1", "A2", "A4"] });
  expect(groups.all().map(({ version }) => version)).toEqual([2, 1]);
  expect(groups.members().map(({ node }) => node)).toEqual(["A1", "A2", "A4", "A3"]);
});

test("an id from before there were acceptors has none", () => {
  const groups = new Groups(new Store());
  expect(groups.of(id(5))).toBeNull();
  groups.use(acceptors(1), id(10));
  expect(groups.of(id(5))).toBeNull();
});

test("the same acceptors are the same group, in any order and after a restart", () => {
  const store = new Store();
  new Groups(store).use(acceptors(1, 2, 3), id(1));
  expect(new Groups(store).use(acceptors(3, 1, 2), id(10))).toBe(false);
  expect(store.noted).toHaveLength(1);
});

test("another address is written down and is no other group", () => {
  const store = new Store();
  const groups = new Groups(store);
  groups.use(acceptors(1), id(1));
  expect(groups.use([{ node: "A1", address: "127.0.0.1:9" }], id(10))).toBe(false);
  expect(groups.all()).toEqual([{ version: 1, acceptors: ["A1"] }]);
  expect(groups.members()).toEqual([{ node: "A1", address: "127.0.0.1:9" }]);
  expect(groups.of(id(2))).not.toBeNull();
});

test("a group is retired when every transaction that had it is closed, and not before", () => {
  const groups = new Groups(new Store());
  groups.use(acceptors(1, 2, 3), id(1));
  groups.use(acceptors(1, 2, 4), id(10));
  groups.retire(id(9));
  expect(groups.all()).toHaveLength(2);
  groups.retire(id(10));
  expect(groups.all().map(({ version }) => version)).toEqual([2]);
  groups.retire(id(1_000));
  expect(groups.all()).toHaveLength(1);
});
