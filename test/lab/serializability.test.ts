/** The checker of histories: it accepts what some order explains, and names the cycle where none does. */
import { expect, test } from "vitest";
import { cycleIn, type History } from "../../lab/check/serializability.ts";
import { Seeded } from "../../lab/simulate/random.ts";

const write = (transaction: string, key: string) => ({ transaction, key });
const read = (transaction: string, key: string, from: string | null = null) => ({ transaction, key, from });

test.each<[name: string, history: History, cycle: string | null]>([
  ["nothing", { reads: [], writes: [] }, null],
  ["one after the other", { reads: [read("T2", "x", "T1")], writes: [write("T1", "x"), write("T2", "x")] }, null],
  ["its own write", { reads: [read("T1", "x", "T1")], writes: [write("T1", "x")] }, null],
  [
    "a lost update: both read what was there first",
    { reads: [read("T1", "x"), read("T2", "x")], writes: [write("T1", "x"), write("T2", "x")] },
    "T1: x was overwritten by T2; T2: what it read of x was overwritten by T1",
  ],
  [
    "write skew: each overwrites what the other read",
    { reads: [read("T1", "x"), read("T2", "y")], writes: [write("T1", "y"), write("T2", "x")] },
    "T1: what it read of x was overwritten by T2; T2: what it read of y was overwritten by T1",
  ],
  [
    "two participants apply two transactions in opposite orders",
    { reads: [], writes: [write("T1", "a x"), write("T2", "a x"), write("T2", "b x"), write("T1", "b x")] },
    "T1: a x was overwritten by T2; T2: b x was overwritten by T1",
  ],
  [
    "a reader sees half of a transaction",
    { reads: [read("R", "x", "T1"), read("R", "y")], writes: [write("T1", "x"), write("T1", "y")] },
    "T1: x was read by R; R: what it read of y was overwritten by T1",
  ],
])("%s", (_name, history, cycle) => {
  expect(cycleIn(history)).toBe(cycle);
});

test("a history that was run in order has no cycle, however long; one read of an old version gives it one", () => {
  const random = new Seeded(1);
  const last = new Map<string, string>();
  const reads: ReturnType<typeof read>[] = [];
  const writes: ReturnType<typeof write>[] = [];
  for (let number = 1; number <= 20_000; number += 1) {
    const key = `k${random.between(1, 50)}`;
    reads.push(read(`T${number}`, key, last.get(key) ?? null));
    writes.push(write(`T${number}`, key));
    last.set(key, `T${number}`);
  }
  expect(cycleIn({ reads, writes })).toBeNull();
  const { transaction, key } = reads.at(-1) ?? read("", "");
  expect(cycleIn({ reads: [...reads.slice(0, -1), read(transaction, key)], writes })).toMatch(/was overwritten by/);
});
