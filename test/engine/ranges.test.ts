/** Ranges of ids, held against sets of numbers. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { IdRanges, rangeText, type IdRange } from "../../runtime/engine/index.ts";
import { rangeOf } from "../../runtime/engine/ranges.ts";

const SIZE = 40;
const id = (number: number): string => `C.0001.${String(number).padStart(8, "0")}`;
const numbers = (ranges: IdRanges): number[] =>
  Array.from({ length: SIZE }, (_, number) => number).filter((number) => ranges.has(id(number)));
const one = fc
  .tuple(fc.nat(SIZE - 1), fc.nat(6))
  .map(([first, more]): IdRange => ({ first: id(first), last: id(Math.min(SIZE - 1, first + more)) }));
const several = fc.array(one, { maxLength: 8 });
const within = (ranges: readonly IdRange[]): number[] =>
  Array.from({ length: SIZE }, (_, number) => number).filter((number) =>
    ranges.some(({ first, last }) => first <= id(number) && id(number) <= last),
  );

test("hold what is in one of them, in order and apart", () => {
  fc.assert(
    fc.property(several, (ranges) => {
      const all = IdRanges.of(ranges);
      expect(numbers(all)).toEqual(within(ranges));
      const ends = all.ranges.flatMap(({ first, last }) => (first === last ? [first] : [first, last]));
      expect(ends).toEqual([...new Set(ends)].toSorted());
    }),
  );
});

test("what is in both", () => {
  fc.assert(
    fc.property(several, several, (a, b) => {
      const both = new Set(within(b));
      expect(numbers(IdRanges.of(a).and(IdRanges.of(b)))).toEqual(within(a).filter((number) => both.has(number)));
    }),
  );
});

test("as text and back", () => {
  fc.assert(
    fc.property(one, (range) => {
      expect(rangeOf(rangeText(range))).toEqual(range);
    }),
  );
});
