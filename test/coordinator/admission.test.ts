/** The door of a coordinator before simulated participants: what it takes is answered in time, whatever is offered. */

import { describe, expect, test } from "vitest";
import { Admission } from "../../coordinator/admission.ts";
import { SeededRandom } from "../../lab/index.ts";
import { NemconError } from "../../runtime/errors/index.ts";

interface Setting {
  /** What a participant can answer, a second. */
  readonly rate: number;
  readonly offered: number;
  readonly timeoutMs: number;
  readonly seconds: number;
  /** Answers in this time are not counted. */
  readonly warmUpMs?: number;
  /** It answers nothing between these times. */
  readonly stopped?: readonly [fromMs: number, toMs: number];
}

interface Offered {
  readonly id: string;
  readonly atMs: number;
}

interface Result {
  inTime: number;
  late: number;
  readonly hintsMs: number[];
  mostUnderway: number;
}

const LIMIT = 100_000;
const STEP_MS = 5;

/**
 * A queue that answers in order and in batches. The capacity is spent on late ones too, which is what makes an
 * open door collapse. Arrivals are random (Poisson).
 */
function simulate(setting: Setting, admission: Admission | null, clock: { ms: number }, seed = 1): Result {
  const { rate, offered, timeoutMs, seconds, warmUpMs = 5_000, stopped = [0, 0] } = setting;
  const random = new SeededRandom(seed);
  const result: Result = { inTime: 0, late: 0, hintsMs: [], mostUnderway: 0 };
  const queue: Offered[] = [];
  let next = 0;
  let number = 0;
  let capacity = 0;
  for (clock.ms = 0; clock.ms < warmUpMs + seconds * 1_000; clock.ms += STEP_MS) {
    for (; next <= clock.ms; next += (-Math.log(1 - random.next()) * 1_000) / offered) {
      const id = String((number += 1));
      try {
        admission?.check(0, ["p"], timeoutMs);
        admission?.begin(id, ["p"], 100, timeoutMs);
        queue.push({ id, atMs: clock.ms });
      } catch (thrown) {
        if (!NemconError.is(thrown, "OVERLOADED")) throw thrown;
        result.hintsMs.push(thrown.retryAfterMs ?? 0);
      }
    }
    result.mostUnderway = Math.max(result.mostUnderway, queue.length);
    if (clock.ms >= stopped[0] && clock.ms < stopped[1]) continue;
    // What is not used is not saved up.
    capacity = Math.min(queue.length, capacity + (rate * STEP_MS) / 1_000);
    for (; capacity >= 1; capacity -= 1) {
      const done = queue.shift();
      if (done === undefined) break;
      admission?.answered(done.id, "p");
      admission?.end(done.id);
      if (clock.ms < warmUpMs) continue;
      if (clock.ms - done.atMs <= timeoutMs) result.inTime += 1;
      else result.late += 1;
    }
  }
  return result;
}

function withDoor(setting: Setting, seed = 1): Result {
  const clock = { ms: 0 };
  return simulate(setting, new Admission({ nowMs: () => clock.ms, limit: LIMIT }), clock, seed);
}

const part = ({ rate, seconds }: Setting, { inTime }: Result): number => inTime / (rate * seconds);

describe("five times the load that saturates a participant", () => {
  const settings: readonly (readonly [what: string, setting: Setting])[] = [
    ["fast, a second each", { rate: 2_000, offered: 10_000, timeoutMs: 1_000, seconds: 2, warmUpMs: 1_000 }],
    ["slow, a second each", { rate: 200, offered: 1_000, timeoutMs: 1_000, seconds: 20 }],
    ["very slow, a second each", { rate: 40, offered: 200, timeoutMs: 1_000, seconds: 60 }],
    ["fast, little time", { rate: 2_000, offered: 10_000, timeoutMs: 100, seconds: 2, warmUpMs: 1_000 }],
    ["slow, much time", { rate: 200, offered: 1_000, timeoutMs: 30_000, seconds: 20 }],
  ];
  test.each(settings)("%s: almost all that it can do is done in time", (_what, setting) => {
    for (const seed of [1, 2, 3]) expect(part(setting, withDoor(setting, seed))).toBeGreaterThan(0.9);
  });

  test("without a door it would be in vain", () => {
    const setting = { rate: 200, offered: 1_000, timeoutMs: 1_000, seconds: 20 };
    expect(part(setting, simulate(setting, null, { ms: 0 }))).toBeLessThan(0.01);
  });
});

test("load that a participant can bear is not refused, also in bursts after silence", () => {
  const setting = { rate: 2_000, offered: 1_000, timeoutMs: 1_000, seconds: 10 };
  expect(withDoor(setting).hintsMs).toEqual([]);
});

test("the hint grows with the load and is never nothing", () => {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const hints = [1.2, 2, 5].map((times) => {
    const { hintsMs } = withDoor({ rate: 1_000, offered: times * 1_000, timeoutMs: 1_000, seconds: 10 });
    expect(Math.min(...hintsMs)).toBeGreaterThan(0);
    return mean(hintsMs);
  });
  expect(hints).toEqual(hints.toSorted((a, b) => a - b));
  expect(hints[2]).toBeGreaterThan(2 * (hints[0] ?? 0));
});

describe("one participant of two", () => {
  const setup = () => {
    const clock = { ms: 0 };
    const admission = new Admission({ nowMs: () => clock.ms, limit: 2_000 });
    let number = 0;
    const take = (participants: readonly string[], timeoutMs = 1_000): string | null => {
      try {
        admission.check(0, participants, timeoutMs);
      } catch (thrown) {
        if (!NemconError.is(thrown, "OVERLOADED")) throw thrown;
        return null;
      }
      const id = String((number += 1));
      admission.begin(id, participants, 100, timeoutMs);
      return id;
    };
    return { clock, admission, take };
  };

  test("that answers nothing: few wait for it, and the other is not refused", () => {
    const { clock, admission, take } = setup();
    const stuck: { readonly id: string; readonly atMs: number }[] = [];
    let mostStuck = 0;
    for (; clock.ms < 10_000; clock.ms += 1) {
      const id = take(["stopped", "well"]);
      if (id !== null) {
        admission.answered(id, "well");
        stuck.push({ id, atMs: clock.ms });
      }
      const other = take(["well"]);
      expect(other).not.toBeNull();
      admission.answered(other ?? "", "well");
      admission.end(other ?? "");
      // Their votes never come: they abort by their time.
      while ((stuck[0]?.atMs ?? clock.ms) <= clock.ms - 1_000) admission.end(stuck.shift()?.id ?? "");
      if (clock.ms > 5_000) mostStuck = Math.max(mostStuck, stuck.length);
    }
    expect(mostStuck).toBeGreaterThan(0);
    expect(mostStuck).toBeLessThan(20);
  });

  test("is taken up again when it is back", () => {
    const { clock, admission, take } = setup();
    for (; clock.ms < 3_000; clock.ms += 1) {
      const id = take(["p"]);
      if (id !== null && clock.ms % 100 === 0) admission.end(id);
    }
    clock.ms += 1_000;
    for (let id = 1; id < 3_000; id += 1) admission.end(String(id));
    // From now on it answers at once what is taken in one step.
    let taken = 0;
    for (let step = 0; step < 200; step += 1) {
      const ids = Array.from({ length: 500 }, () => take(["p"])).filter((id) => id !== null);
      clock.ms += 10;
      for (const id of ids) {
        admission.answered(id, "p");
        admission.end(id);
      }
      taken = ids.length;
    }
    expect(taken).toBe(500);
  });

  test("some that wait long, for a lock, do not close the door to the rest", () => {
    const { clock, admission, take } = setup();
    let refused = 0;
    const waiting: string[] = [];
    for (; clock.ms < 20_000; clock.ms += 1) {
      const id = take(["p"], 1_000);
      if (id === null) refused += 1;
      else if (clock.ms % 20 === 0) waiting.push(id);
      else {
        admission.answered(id, "p");
        admission.end(id);
      }
      // They hold on for 800 ms, of a second.
      if (waiting.length > 40) {
        const oldest = waiting.shift() ?? "";
        admission.answered(oldest, "p");
        admission.end(oldest);
      }
    }
    expect(refused).toBe(0);
  });
});

test("a request with less time than an answer takes is refused; one with more is taken", () => {
  const clock = { ms: 0 };
  const admission = new Admission({ nowMs: () => clock.ms, limit: LIMIT });
  const queue: string[] = [];
  for (let id = 1; id <= 400; id += 1) {
    admission.begin(String(id), ["p"], 1, 10_000);
    queue.push(String(id));
    clock.ms += 2;
    // Always a hundred under way: an answer takes 200 ms.
    if (queue.length <= 100) continue;
    const done = queue.shift() ?? "";
    admission.answered(done, "p");
    admission.end(done);
  }
  expect(() => admission.check(0, ["p"], 100)).toThrow(/needs about \d+ ms now, and the request has 100 ms/);
  expect(() => admission.check(0, ["p"], 10_000)).not.toThrow();
});

test("work is bounded by its bytes too, and one request of any size is always taken", () => {
  const admission = new Admission({ nowMs: () => 0, limit: LIMIT });
  const half = 40 * 1024 * 1024;
  admission.checkSize(2 * half);
  admission.begin("1", ["p"], half, 1_000);
  expect(() => admission.checkSize(half)).toThrow(/bytes/);
  admission.end("1");
  admission.checkSize(half);
});

test("interactive transactions: a part of all may be open, and none begins while most participants take no more", () => {
  const clock = { ms: 0 };
  const admission = new Admission({ nowMs: () => clock.ms, limit: 10 });
  admission.checkBegin(4, 4);
  expect(() => admission.checkBegin(5, 5)).toThrow(/5 transactions are open/);
  expect(() => admission.checkBegin(10, 0)).toThrow(/under way/);
  for (let id = 0; id < 8; id += 1) admission.begin(String(id), ["p"], 1, 1_000);
  expect(() => admission.checkBegin(0, 0)).toThrow(/1 of 1 participants/);
  expect(admission.report()).toEqual({ refused: 3, waiting: { p: 8 } });
  expect(admission.report()).toBeNull();
  admission.begin("other", ["q"], 1, 1_000);
  admission.checkBegin(0, 0);
});
