/** Percentiles and spreads, by hand-made examples. */

import { expect, test } from "vitest";
import { latencyOf, percentile, Samples, spreadOf } from "../../../lab/bench/statistics.ts";

test.each([
  { part: 0, values: [1, 2, 3, 4], is: 1 },
  { part: 0.5, values: [1, 2, 3, 4], is: 2 },
  { part: 0.51, values: [1, 2, 3, 4], is: 3 },
  { part: 0.99, values: [1, 2, 3, 4], is: 4 },
  { part: 1, values: [7], is: 7 },
  { part: 0.5, values: [], is: Number.NaN },
])("the $part percentile of $values is a value of them: $is", ({ part, values, is }) => {
  expect(percentile(values, part)).toBe(is);
});

test("samples keep every value and are sorted by number, past their first capacity", () => {
  const samples = new Samples();
  const count = 40_000;
  for (let value = count; value >= 1; value -= 1) samples.add(value);
  expect(samples.count).toBe(count);
  expect(latencyOf(samples)).toEqual({ p50: count / 2, p90: count * 0.9, p99: count * 0.99, max: count });
});

test.each([
  { values: [5, 1, 3], is: { median: 3, min: 1, max: 5 } },
  { values: [10, 9, 1, 2], is: { median: 5.5, min: 1, max: 10 } },
  { values: [2], is: { median: 2, min: 2, max: 2 } },
  { values: [], is: null },
])("the spread of $values is $is", ({ values, is }) => {
  expect(spreadOf(values)).toEqual(is);
});
