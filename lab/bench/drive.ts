/** A closed loop: so many transactions under way at any time, each answer starting the next. */

import type { OneShot } from "../index.ts";
import { Samples, latencyOf, type Latency } from "./statistics.ts";
import type { Told, Way } from "./ways/way.ts";

export interface Loop {
  readonly concurrency: number;
  /** Thrown away, in milliseconds; longer where by then not everyone had an answer. */
  readonly warmUpMs: number;
  /** Longer where by then not everyone had an answer. */
  readonly measureMs: number;
}

export interface LoopEvents {
  next(): OneShot;
  /** An answer, in order; of the warm-up and the end too. */
  hear(job: OneShot, told: Told, why: string): void;
  /** The window begins, or ends. */
  edge(): void;
}

export interface Driven {
  /** Between the two edges of the window, in milliseconds. */
  readonly windowMs: number;
  /** Answers within the window. */
  readonly committed: number;
  readonly aborted: number;
  readonly unknown: number;
  /** Of those that committed. */
  readonly latencyMs: Latency;
}

const BOUND_MS = 60_000;

/** @throws Error where answers stay out */
export function drive(way: Way, { concurrency, warmUpMs, measureMs }: Loop, events: LoopEvents): Promise<Driven> {
  const samples = new Samples();
  const counts: Record<Told, number> = { committed: 0, aborted: 0, unknown: 0 };
  let state: "warming" | "measuring" | "draining" = "warming";
  let open = 0;
  let answers = 0;
  /** The state lasts until then, and until there were so many answers. */
  let due = { atMs: performance.now() + warmUpMs, answers: concurrency };
  let beganMs = 0;
  let windowMs = 0;

  return new Promise((resolve, reject) => {
    const bound = setTimeout(
      () => reject(new Error(`${open} of ${concurrency} transactions were not answered within ${BOUND_MS} ms more`)),
      warmUpMs + measureMs + BOUND_MS,
    );
    // At an answer, not in between: answers come in bursts, and a window must hold whole ones.
    const edge = (nowMs: number): void => {
      if (state === "measuring") {
        state = "draining";
        windowMs = nowMs - beganMs;
        due = { atMs: Infinity, answers: Infinity };
      } else {
        state = "measuring";
        beganMs = nowMs;
        due = { atMs: nowMs + measureMs, answers: answers + concurrency };
      }
      events.edge();
    };
    const startOne = (): void => {
      const job = events.next();
      const startedMs = performance.now();
      open += 1;
      way.submit(job, (told, why) => {
        const endedMs = performance.now();
        open -= 1;
        answers += 1;
        events.hear(job, told, why);
        if (state === "measuring") {
          counts[told] += 1;
          if (told === "committed") samples.add(endedMs - startedMs);
        }
        if (endedMs >= due.atMs && answers >= due.answers) edge(endedMs);
        if (state !== "draining") startOne();
        else if (open === 0) {
          clearTimeout(bound);
          resolve({ windowMs, ...counts, latencyMs: latencyOf(samples) });
        }
      });
    };
    for (let index = 0; index < concurrency; index += 1) startOne();
  });
}
