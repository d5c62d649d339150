/** Ids are used once, whoever holds them, and a block that is used up is let go. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Ids, type Block } from "../../coordinator/ids.ts";
import { transactionId } from "../../protocols/index.ts";
import { IdRanges } from "../../runtime/engine/index.ts";

const id = (sequence: number): string => transactionId("C", 1, sequence);

test("a million ids of one stream leave nothing behind", () => {
  const ids = new Ids("C", 1);
  let used = 0;
  for (let count = 0; count < 1_000; count += 1) {
    const { first } = ids.openBlock(1_000);
    for (let sequence = first; sequence < first + 1_000; sequence += 1) if (ids.use(id(sequence))) used += 1;
  }
  expect(used).toBe(1_000_000);
  expect(ids.unused()).toEqual([]);
  expect(ids.end).toBe(id(1_000_001));
});

test("an id of a block that is used up, retired, another incarnation's or nobody's is no unused one", () => {
  const ids = new Ids("C", 2);
  const full = ids.openBlock(1);
  const retired = ids.openBlock(4);
  const mine = (sequence: number): string => transactionId("C", 2, sequence);
  expect(ids.use(mine(full.first))).toBe(true);
  ids.retire(retired);
  ids.retire(full);
  for (const each of [mine(1), mine(2), mine(9), id(1), transactionId("D", 2, 1), "nonsense"]) {
    expect([each, ids.isUnused(each), ids.use(each)]).toEqual([each, false, false]);
  }
  expect([ids.wasGiven(mine(5)), ids.wasGiven(mine(6))]).toEqual([true, false]);
});

type Act =
  | { readonly do: "open"; readonly count: number }
  | { readonly do: "next" }
  | { readonly do: "use"; readonly sequence: number }
  | { readonly do: "retire"; readonly which: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ do: fc.constant("open" as const), count: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ do: fc.constant("next" as const) }),
  fc.record({ do: fc.constant("use" as const), sequence: fc.integer({ min: 0, max: 40 }) }),
  fc.record({ do: fc.constant("retire" as const), which: fc.nat(10) }),
);

test("against a plain set of the ids that may be used", () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      const ids = new Ids("C", 1);
      const blocks: Block[] = [];
      const unused = new Set<number>();
      for (const each of acts) {
        if (each.do === "open") {
          const block = ids.openBlock(each.count);
          blocks.push(block);
          for (let offset = 0; offset < each.count; offset += 1) unused.add(block.first + offset);
        } else if (each.do === "next") expect(ids.isUnused(ids.next())).toBe(false);
        else if (each.do === "use") expect(ids.use(id(each.sequence))).toBe(unused.delete(each.sequence));
        else {
          const block = blocks[each.which];
          if (block === undefined) continue;
          ids.retire(block);
          for (let offset = 0; offset < block.count; offset += 1) unused.delete(block.first + offset);
        }
        const named = IdRanges.of(ids.unused());
        for (let sequence = 0; sequence <= 41; sequence += 1) {
          expect(ids.isUnused(id(sequence))).toBe(unused.has(sequence));
          if (unused.has(sequence)) expect(named.has(id(sequence)) && id(sequence) < ids.end).toBe(true);
        }
      }
    }),
  );
});
