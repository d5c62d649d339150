/** What refusing may cost: past the budget those who bring too much are not read for a moment. */

import { expect, test } from "vitest";
import { RefusalPace } from "../../coordinator/pace.ts";

/** How many of `offered` requests a millisecond are read in a second, where one of `takenOf` is taken. */
function readInASecond(offered: number, takenOf: number, busy = true): { read: number; taken: number } {
  let ms = 0;
  const pace = new RefusalPace(
    () => ms,
    () => busy,
  );
  let [read, taken, pausedUntilMs] = [0, 0, 0];
  for (; ms < 1_000; ms += 1)
    for (let each = 0; each < offered && ms >= pausedUntilMs; each += 1) {
      read += 1;
      if (read % takenOf === 0) {
        taken += 1;
        pace.taken();
        continue;
      }
      pace.refused();
      const pauseMs = pace.pauseMs();
      if (pauseMs > 0) pausedUntilMs = ms + pauseMs;
    }
  return { read, taken };
}

test("few refusals cost no pause", () => {
  expect(readInASecond(1, 3).read).toBe(1_000);
  expect(readInASecond(10, 2).read).toBe(10_000);
});

test("while there is time, none is read late", () => {
  expect(readInASecond(1_000, 1_000_000, false).read).toBe(1_000_000);
});

test("with very many of them, about as many are read as are taken and paid for", () => {
  const { read, taken } = readInASecond(1_000, 1_000_000);
  expect(taken).toBe(0);
  expect(read).toBeGreaterThan(1_000);
  expect(read).toBeLessThan(4_000);
});
