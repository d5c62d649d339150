/** Figures are computed within a round, and one that rests on something unsound says so instead of boasting. */

import { expect, test } from "vitest";
import { figuresOf, type Figure, type FigureName } from "../../../lab/bench/figures.ts";
import { measured } from "./measured.ts";

function figure(name: FigureName, of: ReturnType<typeof measured>): Figure {
  return figuresOf(of).find((each) => each.name === name)!;
}

test("each figure is what its name says", () => {
  const values = figuresOf(measured()).map(({ name, spread, reached }) => [name, spread?.median, reached]);
  expect(values).toEqual([
    ["atomicity", 0.8, true],
    ["storage", 0.625, true],
    ["paxos", 0.8, true],
    ["latency", expect.closeTo(1.1), true],
    ["cpu-ascending", 25, true],
    ["cpu-random", 50, true],
    ["unary", 7.5, true],
  ]);
});

test("ratios are taken within a round, then the median of the rounds", () => {
  const slow = { streamed: { perSecond: 20_000 } };
  expect(figure("storage", measured([{}, slow, {}]))).toMatchObject({
    rounds: [0.625, 0.25, 0.625],
    spread: { median: 0.625, min: 0.25, max: 0.625 },
    reached: true,
  });
  expect(figure("storage", measured([slow, slow, {}])).reached).toBe(false);
});

test.each([
  {
    name: "unary",
    why: "a plain client that is slower than half an empty call",
    changes: { unary: { perSecond: 2_000 } },
    says: /too slow to compare with: 2000 .* reaches 5000/,
  },
  {
    name: "atomicity",
    why: "a fan-out that costs more than what it is a part of",
    changes: { "fan-out": { cpuMicros: { total: 30, processes: {} } } },
    says: /fan-out costs more CPU/,
  },
  {
    name: "storage",
    why: "writes alone that take longer than with messages",
    changes: { streamed: { perSecond: 90_000 } },
    says: /took longer/,
  },
  {
    name: "cpu-ascending",
    why: "a system that does not tell CPU time",
    changes: { streamed: { cpuMicros: null } },
    says: /not all .* was measured/,
  },
  {
    name: "paxos",
    why: "a side of it that was not measured",
    changes: { paxos: { cpuMicros: null } },
    says: /not all .* was measured/,
  },
] as const)("$name is invalid for $why, and reaches nothing", ({ name, changes, says }) => {
  const { invalid, reached } = figure(name, measured([changes]));
  expect({ invalid, reached }).toEqual({ invalid: expect.stringMatching(says), reached: null });
});

test("forced writes into memory are none to compare with", () => {
  const figures = figuresOf({ ...measured(), inMemory: true });
  const invalid = figures.flatMap(({ name, invalid }) => (invalid?.includes("memory") === true ? [name] : []));
  expect(invalid).toEqual(["storage", "latency"]);
});

test("one answer that contradicts the databases makes every figure invalid", () => {
  const figures = figuresOf(measured([{}, { random: { violations: ["key 1 has nothing of 7"] } }]));
  for (const { name, reached, invalid } of figures)
    expect({ name, reached, invalid }).toEqual({ name, reached: null, invalid: expect.stringContaining("“random”") });
});
