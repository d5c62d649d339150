/** Packed bytes: whatever was written is read back, and an id is the same text whichever way it is read. */

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { transactionId } from "../../protocols/index.ts";
import { Reader, Writer } from "../../runtime/packing/index.ts";

/** Ids under few prefixes and sequences that share slots, texts that nearly are ids, and any text. */
const texts = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("c1", "c2", "é"),
      fc.nat({ max: 2 }),
      fc.constantFrom(5, 5 + 16_384, 5 + 2 * 16_384, 36 ** 8 - 1),
    )
    .map(([node, incarnation, sequence]) => transactionId(node, incarnation, sequence)),
  fc.stringMatching(/^[a-z0-9.]{0,20}$/),
  fc.string({ unit: "binary", maxLength: 24 }).map((text) => text.toWellFormed()),
);

test("an id that was read before and one that was not are the texts that were written, in any order", () => {
  fc.assert(
    fc.property(fc.array(texts, { maxLength: 30 }), (written) => {
      const out = new Writer();
      for (const text of written) out.text(text);
      const bytes = out.take();
      const [plain, known] = [new Reader(bytes), new Reader(bytes)];
      for (const text of written) expect([plain.text(), known.idText()]).toEqual([text, text]);
      expect(known.done).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test("an id that ends in the middle can't be read, whichever way", () => {
  const out = new Writer();
  out.text(transactionId("c1", 1, 7));
  const bytes = out.take();
  for (let size = 0; size < bytes.length; size += 1) {
    expect(() => new Reader(bytes.subarray(0, size)).idText()).toThrow("wanted");
    expect(() => new Reader(bytes.subarray(0, size)).text()).toThrow("wanted");
  }
});
