/** Waiting until nodes are linked ends as soon as enough of them are, and never later than it may. */

import { expect, test } from "vitest";
import { Linked } from "../../coordinator/linked.ts";

/** A time that passes when it is told to. */
function clocked(): { linked: Linked; expire: () => void; armed: () => number } {
  const timers = new Set<() => void>();
  const linked = new Linked({
    after: (_delayMs, fire) => {
      timers.add(fire);
      return { cancel: () => timers.delete(fire) };
    },
  });
  return { linked, armed: () => timers.size, expire: () => [...timers].forEach((fire) => fire()) };
}

test("nothing is waited for where enough are there", async () => {
  const { linked, armed } = clocked();
  linked.changed("a", true);
  linked.changed("b", true);
  expect(await linked.missingAfter(["a", "b", "c"], 2, 5_000)).toEqual(["c"]);
  expect(await linked.missingAfter([], 0, 5_000)).toEqual([]);
  expect(armed()).toBe(0);
});

test("ends with the link that makes them enough, and leaves no timer", async () => {
  const { linked, armed } = clocked();
  let missing: readonly string[] | null = null;
  const waits = linked.missingAfter(["a", "b", "c"], 2, 5_000).then((found) => (missing = found));
  linked.changed("a", true);
  linked.changed("z", true);
  await Promise.resolve();
  expect(missing).toBeNull();
  linked.changed("c", true);
  await waits;
  expect([missing, armed()]).toEqual([["b"], 0]);
});

test("a link that came and went does not count; when the time is over it says who is missing", async () => {
  const { linked, expire } = clocked();
  const waits = linked.missingAfter(["a", "b"], 2, 5_000);
  linked.changed("a", true);
  linked.changed("a", false);
  linked.changed("b", true);
  expire();
  expect(await waits).toEqual(["a"]);
  expect([linked.has("a"), linked.has("b")]).toEqual([false, true]);
});
