/** A watermark never closes what is open, and one idle client or one old transaction does not hold it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { closesAll, watermarkOf, without } from "../../coordinator/watermark.ts";
import { transactionId } from "../../protocols/index.ts";
import { IdRanges, Outcomes } from "../../runtime/engine/index.ts";

const id = (sequence: number, incarnation = 1): string => transactionId("C", incarnation, sequence);

test("an idle client's block is named as one range, and all other ids are closed", () => {
  const { below, except } = watermarkOf(id(1_000_000), [id(999_999)], [{ first: id(1), last: id(1_024) }]);
  expect(below).toBe(id(1_000_000));
  expect(except).toEqual([`${id(1)}..${id(1_024)}`, id(999_999)]);
});

test("what it closes between two ids: nothing from its end on, and no range with an exception", () => {
  const word = { below: id(100, 2), except: [`${id(50)}..${id(99)}`, id(3, 2)] };
  const cases = [
    [id(1), id(50), true],
    [id(1), id(51), false],
    [id(99), id(1, 2), false],
    [id(100), id(3, 2), true],
    [id(3, 2), id(4, 2), false],
    [id(4, 2), id(100, 2), true],
    [id(4, 2), id(101, 2), false],
    // Nothing is between an id and itself.
    [id(60), id(60), true],
  ] as const;
  for (const [from, before, closed] of cases)
    expect([from, before, closesAll(word, from, before)]).toEqual([from, before, closed]);
});

test("too many to name: those that lie close together become one range", () => {
  const old = Array.from({ length: 5_000 }, (_, index) => id(1_000 + index * 2));
  const { below, except } = watermarkOf(id(1_000_000), [id(7), ...old, id(900_000)], []);
  const outcomes = new Outcomes();
  outcomes.close("C", below, except, 1);
  expect(except.length).toBeLessThanOrEqual(256);
  for (const open of [id(7), ...old, id(900_000)]) expect(outcomes.isClosed("C", open)).toBe(false);
  for (const closed of [id(8), id(999), id(11_000), id(899_999), id(900_001)])
    expect(outcomes.isClosed("C", closed)).toBe(true);
});

test("what is left of ranges without some ids: those, and no others, are gone", () => {
  const ranges = [
    { first: id(3), last: id(9) },
    { first: id(20), last: id(0, 2) },
  ];
  const left = IdRanges.of(without(ranges, [id(3), id(7), id(9), id(15), id(0, 2), id(20)]));
  const open = (each: string): boolean => left.has(each);
  expect([4, 5, 6, 8, 21].map((sequence) => open(id(sequence)))).toEqual([true, true, true, true, true]);
  expect([2, 3, 7, 9, 10, 15, 20].some((sequence) => open(id(sequence)))).toBe(false);
  expect([open(id(36 ** 8 - 1)), open(id(0, 2)), open(id(1, 2))]).toEqual([true, false, false]);
  expect(without([{ first: id(5), last: id(5) }], [id(5)])).toEqual([]);
});

test("whatever is open stays open, for any number of open ones", () => {
  const some = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 2 })), {
    maxLength: 600,
    selector: String,
  });
  fc.assert(
    fc.property(some, (open) => {
      const ids = open.map(([sequence, incarnation]) => id(sequence, incarnation));
      const { below, except } = watermarkOf(id(4_000, 2), ids, [{ first: id(3_500, 2), last: id(3_600, 2) }]);
      expect(except.length).toBeLessThanOrEqual(256);
      const outcomes = new Outcomes();
      outcomes.close("C", below, except, 1);
      for (const each of [...ids, id(3_550, 2)]) expect(outcomes.isClosed("C", each)).toBe(false);
    }),
    { numRuns: 30 },
  );
});
