/**
 * The retry budget of one client: a bucket of tokens. Each request puts a part of a token in, each retry takes
 * one out, so that a struggling cluster sees at most that part more requests. A small reserve comes back with
 * time, for a client that sends little.
 */

export interface BudgetOptions {
  /** Retries for each request; 0.1 is 10 %. */
  readonly ratio: number;
  /** Tokens that come back by themselves, one a second; also what there is at the start. */
  readonly reserve: number;
}

export const defaultBudget: BudgetOptions = { ratio: 0.1, reserve: 10 };

/** How many requests' worth of tokens are kept for later. */
const KEPT_REQUESTS = 1_000;

export class RetryBudget {
  private readonly options: BudgetOptions;
  private readonly nowMs: () => number;
  private tokens: number;
  private lastMs: number;

  /** @param nowMs a monotonic clock, in milliseconds */
  constructor(options: BudgetOptions = defaultBudget, nowMs: () => number = () => performance.now()) {
    this.options = options;
    this.nowMs = nowMs;
    this.tokens = options.reserve;
    this.lastMs = nowMs();
  }

  /** A request that is not a retry. */
  deposit(): void {
    const { ratio, reserve } = this.options;
    this.tokens = Math.min(this.tokens + ratio, Math.max(reserve, ratio * KEPT_REQUESTS));
  }

  /** False: no retry now. */
  withdraw(): boolean {
    const nowMs = this.nowMs();
    const { reserve } = this.options;
    if (this.tokens < reserve) this.tokens = Math.min(reserve, this.tokens + (nowMs - this.lastMs) / 1_000);
    this.lastMs = nowMs;
    // Sums of 0.1 fall a hair short of whole tokens.
    if (this.tokens < 1 - 1e-9) return false;
    this.tokens -= 1;
    return true;
  }
}
