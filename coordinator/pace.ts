/**
 * How much a coordinator that is short of time spends on refusing. A refusal costs a part of what a transaction
 * costs, so that many of them would take the time away from what was taken. Past its budget the streams that bring
 * them are not read for a moment: their requests wait where they come from, and there flow control says so.
 */

import { performance } from "node:perf_hooks";

/** Refusals that each taken transaction pays for. */
const FOR_EACH_TAKEN = 1;
/** Refusals that are always paid for, a millisecond; that many in reserve. */
const FREE_PER_MS = 2;
const RESERVE = 500;
const [SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS] = [5, 50];
/** Busy for more than this part of the last moment is short of time. */
const BUSY = 0.8;
const MOMENT_MS = 50;

export class RefusalPace {
  private readonly nowMs: () => number;
  private readonly isBusy: () => boolean;
  private budget = RESERVE;
  private lastMs: number;

  /**
   * @param nowMs monotonic milliseconds
   * @param isBusy whether this process is short of time
   */
  constructor(nowMs: () => number, isBusy: () => boolean) {
    this.nowMs = nowMs;
    this.isBusy = isBusy;
    this.lastMs = nowMs();
  }

  taken(): void {
    this.budget = Math.min(RESERVE, this.budget + FOR_EACH_TAKEN);
  }

  refused(): void {
    this.budget = Math.max(-LONGEST_PAUSE_MS * FREE_PER_MS, this.budget - 1);
  }

  /** How long whoever was refused should not be read, in milliseconds; 0: go on. */
  pauseMs(): number {
    const nowMs = this.nowMs();
    this.budget = Math.min(RESERVE, this.budget + (nowMs - this.lastMs) * FREE_PER_MS);
    this.lastMs = nowMs;
    if (this.budget >= 0 || !this.isBusy()) return 0;
    return Math.max(SHORTEST_PAUSE_MS, -this.budget / FREE_PER_MS);
  }
}

/** Whether the event loop had almost no time left in the last moment. */
export function busyLoop(): () => boolean {
  let last = performance.eventLoopUtilization();
  let lastMs = performance.now();
  let busy = false;
  return () => {
    const nowMs = performance.now();
    if (nowMs - lastMs >= MOMENT_MS) {
      const now = performance.eventLoopUtilization();
      busy = performance.eventLoopUtilization(now, last).utilization > BUSY;
      last = now;
      lastMs = nowMs;
    }
    return busy;
  };
}
