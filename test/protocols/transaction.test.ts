/** Transaction ids: what is one, and what its parts are. */

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isOlder, parseTransactionId, transactionId, type TransactionIdParts } from "../../protocols/index.ts";

const ID = /^([A-Za-z][A-Za-z0-9_-]{0,62})\.([0-9a-z]{4,8})\.([0-9a-z]{8,11})$/;

function byPattern(id: string): TransactionIdParts | null {
  const [, coordinator, incarnation, sequence] = ID.exec(id) ?? [];
  if (coordinator === undefined || incarnation === undefined || sequence === undefined) return null;
  return { coordinator, incarnation: Number.parseInt(incarnation, 36), sequence: Number.parseInt(sequence, 36) };
}

const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/);
const anyId = fc
  .tuple(name, fc.nat({ max: 36 ** 6 - 1 }), fc.nat({ max: 36 ** 9 - 1 }))
  .map(([coordinator, incarnation, sequence]) => transactionId(coordinator, incarnation, sequence));

test("an id comes apart as it was put together", () => {
  fc.assert(
    fc.property(name, fc.nat(), fc.nat(), (coordinator, incarnation, sequence) => {
      const parts = { coordinator, incarnation, sequence };
      expect(parseTransactionId(transactionId(coordinator, incarnation, sequence))).toEqual(parts);
    }),
  );
});

test("whatever the pattern of ids refuses is refused, and nothing else", () => {
  const odd = fc.string({
    unit: fc.constantFrom("a", "Z", "0", "9", "_", "-", ".", "{", " ", "é", "\n"),
    maxLength: 90,
  });
  const bent = fc.tuple(anyId, fc.nat(), fc.nat({ max: 3 }), odd).map(([id, at, cut, put]) => {
    const start = at % (id.length + 1);
    return id.slice(0, start) + put.slice(0, 2) + id.slice(start + cut);
  });
  fc.assert(
    fc.property(fc.oneof(anyId, bent, odd), (text) => {
      expect(parseTransactionId(text)).toEqual(byPattern(text));
    }),
    { numRuns: 5_000 },
  );
});

test.each(["", ".", "..", "c", "c.0001", "c..00000001", "c.0001.", "c.0001.00000001.", "c.0001.0000000100000"])(
  '"%s" is no id',
  (text) => expect(parseTransactionId(text)).toBeNull(),
);

test("the one with the smaller sequence is older", () => {
  expect(isOlder(transactionId("c", 1, 35), transactionId("c", 1, 36))).toBe(true);
  expect(isOlder(transactionId("c", 2, 1), transactionId("c", 1, 36))).toBe(false);
});
