/** Ids that a client stamps its submits with. */
import { expect, test } from "vitest";
import { Ids } from "../../coordinator/ids.ts";
import { coordinatorOf, IdSupply } from "../../client/ids.ts";

test("the ids of a block are the ones that its coordinator will know, each once", () => {
  const ids = new Ids("coordinator-1", 7);
  const supply = new IdSupply();
  supply.add(ids.openBlock(3));
  supply.add(ids.openBlock(2));
  const taken = Array.from({ length: 5 }, () => supply.take());
  expect(taken.map((id) => ids.use(id ?? ""))).toEqual([true, true, true, true, true]);
  expect(supply.take()).toBe(null);
});

test("an id that was not begun with is the next one, so that none is left unused", () => {
  const supply = new IdSupply();
  supply.add({ prefix: "c.0001.", first: 35, count: 2 });
  const first = supply.take() ?? "";
  expect(first).toBe("c.0001.0000000z");
  supply.giveBack(first);
  expect([supply.take(), supply.take(), supply.take()]).toEqual([first, "c.0001.00000010", null]);
});

test("an id names its coordinator", () => {
  expect(["c-1.0001.00000001", "nonsense", ""].map(coordinatorOf)).toEqual(["c-1", "", ""]);
});
