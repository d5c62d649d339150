/** The real clock, event loop and random, behind the engine's ports. */

import type { Clock, Random, Scheduler } from "./engine/index.ts";

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
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

export const systemRandom: Random = { next: Math.random };
