/** Work in slices: in order, each once, and room for others in between. */

import { expect, test } from "vitest";
import { inSlices } from "../../../runtime/link/slices.ts";

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test("all is done once, in order, and the event loop comes round in between", () => {
  const later: (() => void)[] = [];
  const done: number[] = [];
  const soon = inSlices((run) => later.push(run));
  for (const number of numbers(40)) soon(() => done.push(number));
  expect(done).toEqual([]);
  const lengths: number[] = [];
  for (let run = later.shift(); run !== undefined; run = later.shift()) {
    run();
    lengths.push(done.length);
    expect(later.length).toBeLessThanOrEqual(1);
  }
  expect(done).toEqual(numbers(40));
  expect(lengths).toEqual([16, 32, 40]);
});

test("what is added while a slice is done is done too, after what waited", () => {
  const later: (() => void)[] = [];
  const done: number[] = [];
  const soon = inSlices((run) => later.push(run));
  soon(() => {
    done.push(0);
    soon(() => done.push(2));
  });
  soon(() => done.push(1));
  for (let run = later.shift(); run !== undefined; run = later.shift()) run();
  expect(done).toEqual([0, 1, 2]);
  soon(() => done.push(3));
  later.shift()?.();
  expect(done).toEqual([0, 1, 2, 3]);
});
