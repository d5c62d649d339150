/** Closed is for ever (protocols §0.3): a watermark that arrives late opens nothing again. */
import { expect, test } from "vitest";
import type { Closed } from "../../protocols/index.ts";
import { Outcomes } from "../../runtime/engine/index.ts";

const [first, second, third] = ["C.0001.00000001", "C.0001.00000002", "C.0001.00000003"];
const committed: Closed = {
  outcome: "committed",
  reason: null,
  detail: "",
  result: null,
  participants: [],
  until: "closed",
};

function outcomes(): Outcomes {
  const kept = new Outcomes();
  kept.add(first, { protocol: "2pc", closed: committed, atMs: 0, sequence: 1 });
  kept.add("C2.0001.00000001", { protocol: "2pc", closed: committed, atMs: 0, sequence: 1 });
  return kept;
}

test("a watermark drops the rows of the ids below it, and of no other coordinator", () => {
  const kept = outcomes();
  kept.close("C", second, [], 2);
  expect(kept.get(first)).toBeUndefined();
  expect(kept.get("C2.0001.00000001")).toBeDefined();
  expect(kept.isClosed("C", first)).toBe(true);
  expect(kept.isClosed("C", second)).toBe(false);
});

test("ids named as open stay open, with their rows", () => {
  const kept = outcomes();
  kept.close("C", third, [first], 2);
  expect(kept.isClosed("C", first)).toBe(false);
  expect(kept.isClosed("C", second)).toBe(true);
  expect(kept.get(first)).toBeDefined();
});

test("a watermark that an equal one with fewer open ids has overtaken opens nothing again", () => {
  const kept = outcomes();
  kept.close("C", third, [], 2);
  const taken = kept.close("C", third, [first], 3);
  expect(kept.isClosed("C", first)).toBe(true);
  // What the journal keeps is the same, so that a replay that starts here agrees.
  expect(taken?.except.ranges).toEqual([]);
});

test("an older watermark is not taken", () => {
  const kept = outcomes();
  kept.close("C", third, [second], 2);
  expect(kept.close("C", second, [], 3)).toBeNull();
  expect(kept.isClosed("C", second)).toBe(false);
});

test("a range that an equal watermark with a smaller one has overtaken opens nothing again", () => {
  const kept = outcomes();
  const id = (number: number): string => `C.0001.0000000${number}`;
  kept.close("C", id(9), [`${id(3)}..${id(6)}`], 2);
  kept.close("C", id(9), [`${id(1)}..${id(4)}`, id(6), id(7)], 3);
  const open = [1, 2, 3, 4, 5, 6, 7, 8, 9].filter((number) => !kept.isClosed("C", id(number)));
  expect(open).toEqual([3, 4, 6, 9]);
});
