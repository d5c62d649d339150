/** The real clock, event loop and random, behind the engine's ports. */

import type { Clock, Random, Scheduler } from "./engine/index.ts";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  calendarMs: () => Date.now(),
};

export const systemScheduler: Scheduler = {
  // After the poll phase: everything that has arrived by then is in the same turn.
  soon: (turn) => {
    setImmediate(turn);
  },
  after: (delayMs, fire) => {
    // A longer one would fire at once; the engine looks again when this one does.
    const timer = setTimeout(fire, Math.min(delayMs, LONGEST_TIMER_MS));
    return { cancel: () => clearTimeout(timer) };
  },
};

export const systemRandom: Random = { next: Math.random };
