/** What is kept is in the order in which it finished, from either end, held against a plain list. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Closed } from "../../protocols/index.ts";
import { Outcomes } from "../../runtime/engine/index.ts";

const closed: Closed = {
  outcome: "committed",
  reason: null,
  detail: "",
  result: null,
  participants: ["a"],
  until: "retention",
};

test("whatever is dropped, or finishes again, in between", () => {
  const acts = fc.array(fc.record({ id: fc.nat(150), drop: fc.boolean(), row: fc.boolean() }), { maxLength: 500 });
  fc.assert(
    fc.property(acts, (all) => {
      const outcomes = new Outcomes();
      let list: string[] = [];
      let sequence = 1;
      for (const { id: number, drop, row } of all) {
        const id = `C.0001.${String(number).padStart(8, "0")}`;
        list = list.filter((each) => each !== id);
        if (row) sequence += 1;
        if (drop) outcomes.drop(id);
        else {
          list.push(id);
          outcomes.add(id, { protocol: "2pc", closed, atMs: sequence, sequence });
        }
      }
      expect([...outcomes.entries()].map(([id]) => id)).toEqual(list);
      expect([...outcomes.newest(null)]).toEqual(list.toReversed());
      for (const [place, id] of list.entries())
        expect([...outcomes.newest(id)]).toEqual(list.slice(0, place).toReversed());
      expect([...outcomes.newest("C.0001.gone")]).toEqual([]);
    }),
  );
});

test("the coordinator's word that an id is closed takes what answers late copies, and not what waits for a person", () => {
  const kept = new Outcomes();
  for (const [at, until] of (["retention", "closed", "acknowledged"] as const).entries())
    kept.add(`C.0001.0000000${at}`, { protocol: "2pc", closed: { ...closed, until }, atMs: 0, sequence: 1 });
  kept.close("C", "C.0001.00000009", [], 2);
  expect([...kept.entries()].map(([, each]) => each.closed.until)).toEqual(["retention", "acknowledged"]);
});

test("the oldest is found at once behind a hundred thousand that were dropped", () => {
  const outcomes = new Outcomes();
  const id = (number: number): string => `C.0001.${String(number).padStart(8, "0")}`;
  const COUNT = 100_000;
  for (let number = 0; number < COUNT; number += 1)
    outcomes.add(id(number), { protocol: "2pc", closed, atMs: 0, sequence: number });
  for (let number = 0; number < COUNT; number += 1) {
    expect(outcomes.entries().next().value?.[0]).toBe(id(number));
    outcomes.forget(id(number));
  }
  expect(outcomes.size).toBe(0);
});
