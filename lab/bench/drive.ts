/** A closed loop: so many transactions under way at any time, each answer starting the next. */

import { Samples, latencyOf, type Latency } from "./statistics.ts";
import type { Planned } from "./transactions.ts";
import type { Told, Way } from "./ways/way.ts";

export interface Loop {
  readonly concurrency: number;
  /** Thrown away, in milliseconds; longer where by then not everyone had an answer. */
  readonly warmUpMs: number;
  /** Longer where by then not everyone had an answer. */
  readonly measureMs: number;
}

/** One transaction and its answer; times by `performance.now`. */
export interface Answered {
  readonly planned: Planned;
  readonly told: Told;
  readonly why: string;
  readonly startedMs: number;
  readonly endedMs: number;
}

export interface Driven {
  /** Between the two edges of the window, in milliseconds. */
  readonly windowMs: number;
  /** Answers within the window. */
  readonly committed: number;
  readonly aborted: number;
  readonly unknown: number;
  readonly latencyMs: Latency;
  /** All of the run, warm-up and end included. */
  readonly answers: readonly Answered[];
}

const BOUND_MS = 60_000;

/**
 * @param atEdge called at the beginning and at the end of the window
 * @throws Error where answers stay out
 */
export function drive(way: Way, next: () => Planned, loop: Loop, atEdge: () => void): Promise<Driven> {
  const { concurrency, warmUpMs, measureMs } = loop;
  const answers: Answered[] = [];
  const samples = new Samples();
  const counts: Record<Told, number> = { committed: 0, aborted: 0, unknown: 0 };
  let open = 0;
  let state: "warming" | "measuring" | "draining" = "warming";
  let dueMs = performance.now() + warmUpMs;
  let beganMs = 0;
  let beganCount = 0;

  return new Promise((resolve, reject) => {
    let windowMs = 0;
    const bound = setTimeout(
      () => reject(new Error(`${open} of ${concurrency} transactions were not answered within ${BOUND_MS} ms more`)),
      warmUpMs + measureMs + BOUND_MS,
    );
    // At an answer, not in between: answers come in bursts, and a window must hold whole ones.
    const edge = (): void => {
      const nowMs = performance.now();
      if (state === "draining" || nowMs < dueMs || answers.length < beganCount + concurrency) return;
      if (state === "measuring") {
        windowMs = nowMs - beganMs;
        state = "draining";
      } else {
        state = "measuring";
        beganMs = nowMs;
        dueMs = nowMs + measureMs;
      }
      beganCount = answers.length;
      atEdge();
    };
    const startOne = (): void => {
      const planned = next();
      const startedMs = performance.now();
      open += 1;
      way.submit(planned, (told, why) => {
        const endedMs = performance.now();
        open -= 1;
        answers.push({ planned, told, why, startedMs, endedMs });
        if (state === "measuring") {
          counts[told] += 1;
          if (told === "committed") samples.add(endedMs - startedMs);
        }
        edge();
        if (state !== "draining") startOne();
        else if (open === 0) {
          clearTimeout(bound);
          resolve({ windowMs, ...counts, latencyMs: latencyOf(samples), answers });
        }
      });
    };
    for (let index = 0; index < concurrency; index += 1) startOne();
  });
}
