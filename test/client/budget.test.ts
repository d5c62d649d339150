/** The retry budget and the waits between tries. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RetryBudget } from "../../client/budget.ts";
import { betweenTries, pauseMs } from "../../client/pace.ts";

const frozen = (): number => 0;

function retriesOf(budget: RetryBudget): number {
  let retries = 0;
  while (budget.withdraw()) retries += 1;
  return retries;
}

describe("the retry budget", () => {
  test("starts with its reserve, and then has nothing", () => {
    expect(retriesOf(new RetryBudget({ ratio: 0.1, reserve: 3 }, frozen))).toBe(3);
  });

  test.each([
    [10, 1],
    [95, 9],
    [100, 10],
    [1_000, 100],
  ])("%i requests bring %i retries", (requests, retries) => {
    const budget = new RetryBudget({ ratio: 0.1, reserve: 0 }, frozen);
    for (let each = 0; each < requests; each += 1) budget.deposit();
    expect(retriesOf(budget)).toBe(retries);
  });

  test("keeps no more than a thousand requests bring", () => {
    const budget = new RetryBudget({ ratio: 0.1, reserve: 10 }, frozen);
    for (let each = 0; each < 100_000; each += 1) budget.deposit();
    expect(retriesOf(budget)).toBe(100);
  });

  test("its reserve comes back, one a second, and never more than that", () => {
    let nowMs = 0;
    const budget = new RetryBudget({ ratio: 0.1, reserve: 3 }, () => nowMs);
    expect(retriesOf(budget)).toBe(3);
    nowMs = 2_000;
    expect(retriesOf(budget)).toBe(2);
    nowMs = 1_000_000;
    expect(retriesOf(budget)).toBe(3);
  });

  test("whatever is done, there are at most 10 % retries and the reserve", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 3_000 }), (isRetry) => {
        const budget = new RetryBudget({ ratio: 0.1, reserve: 5 }, frozen);
        let requests = 0;
        let retries = 0;
        for (const each of isRetry) {
          if (each) retries += budget.withdraw() ? 1 : 0;
          else {
            budget.deposit();
            requests += 1;
          }
        }
        expect(retries).toBeLessThanOrEqual(requests * 0.1 + 5 + 1e-6);
      }),
    );
  });
});

describe("the wait between two tries", () => {
  test("has full jitter: from nothing to a bound that doubles up to its cap", () => {
    expect([1, 2, 3, 10].map((failures) => pauseMs(failures, null, 0))).toEqual([0, 0, 0, 0]);
    const bounds = [1, 2, 3, 10].map((failures) => pauseMs(failures, null, 0.999999));
    expect(bounds).toEqual([50, 100, 200, betweenTries.capMs]);
  });

  test("comes after what the server asked for", () => {
    expect(pauseMs(1, 700, 0)).toBe(700);
    expect(pauseMs(1, 700, 0.5)).toBe(725);
  });
});
