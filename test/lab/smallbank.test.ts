/** SmallBank: its mix, its seed, and that its judge sees what is wrong. */

import { describe, expect, test } from "vitest";
import { judge, mix, SeededRandom, SmallBank, Zipfian, type Answered, type Books } from "../../lab/index.ts";

const banks = ["a", "b", "c"];
const jobs = (seed: number, count: number) => {
  const workload = new SmallBank({ banks, customers: 1_000, seed });
  return Array.from({ length: count }, () => workload.next());
};

test("types come in the published proportions", () => {
  const counts = new Map<string, number>();
  for (const { type } of jobs(1, 20_000)) counts.set(type, (counts.get(type) ?? 0) + 1);
  for (const [type, percent] of Object.entries(mix))
    expect(((counts.get(type) ?? 0) / 20_000) * 100, type).toBeCloseTo(percent, -0.5);
});

test("a seed repeats, another one differs, numbers are unique", () => {
  const types = (seed: number) => jobs(seed, 200).map(({ type }) => type);
  expect(types(7)).toEqual(types(7));
  expect(types(7)).not.toEqual(types(8));
  expect(new Set(jobs(1, 500).map(({ number }) => number)).size).toBe(500);
});

test("zipfian ranks: the first is the hottest, all are within bounds", () => {
  const random = new SeededRandom(3);
  const zipfian = new Zipfian(1_000, 0.9);
  const counts = new Map<number, number>();
  for (let index = 0; index < 50_000; index += 1) {
    const rank = zipfian.next(random);
    expect(rank >= 1 && rank <= 1_000).toBe(true);
    counts.set(rank, (counts.get(rank) ?? 0) + 1);
  }
  expect(counts.get(1) ?? 0).toBeGreaterThan(counts.get(2) ?? 0);
  expect(counts.get(2) ?? 0).toBeGreaterThan(counts.get(100) ?? 0);
});

describe("the judge", () => {
  const books = (money: number, ledgers: Record<string, [number, number][]>): Books => ({
    money,
    customers: 3,
    highestNumber: 0,
    ledgers: new Map(Object.entries(ledgers).map(([bank, entries]) => [bank, new Map(entries)])),
  });
  const before = books(100, { a: [], b: [] });
  const answer = (kind: "committed" | "aborted" | "unknown"): Answered => ({
    type: "SendPayment",
    number: 1,
    deltas: new Map([
      ["a", -5],
      ["b", 5],
    ]),
    outcome:
      kind === "committed"
        ? { kind, transaction: "t", results: {}, heuristic: false }
        : kind === "aborted"
          ? { kind, transaction: "t", reason: "CONFLICT", detail: "", participant: null }
          : { kind, transaction: "t", detail: "", howToAsk: "" },
  });
  const both = books(100, { a: [[1, -5]], b: [[1, 5]] });
  const half = books(95, { a: [[1, -5]], b: [] });
  const neither = books(100, { a: [], b: [] });

  test.each([
    ["committed and there", answer("committed"), both, true],
    ["committed and only at one bank", answer("committed"), half, false],
    ["committed and nowhere", answer("committed"), neither, false],
    ["committed with another amount", answer("committed"), books(100, { a: [[1, -4]], b: [[1, 4]] }), false],
    ["aborted and nowhere", answer("aborted"), neither, true],
    ["aborted and there", answer("aborted"), both, false],
    ["unknown and everywhere", answer("unknown"), both, true],
    ["unknown and nowhere", answer("unknown"), neither, true],
    ["unknown and only at one bank", answer("unknown"), half, false],
    ["money that came from nowhere", answer("committed"), books(101, { a: [[1, -5]], b: [[1, 5]] }), false],
  ] as const)("%s", (_what, answered, after, valid) => {
    expect(judge(before, after, [answered]).valid).toBe(valid);
  });

  test("an entry that nobody submitted", () => {
    expect(judge(before, both, []).valid).toBe(false);
  });
});
