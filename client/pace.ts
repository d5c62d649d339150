/** How long to wait between two tries. */

import { backoffMs, type Backoff } from "../runtime/link/index.ts";

export const betweenTries: Backoff = { firstMs: 50, capMs: 2_000 };

/**
 * Milliseconds before the next try: full jitter, after what the server asked for.
 *
 * @param failures in a row, at least 1
 * @param retryAfterMs what the server asked for; null: nothing
 */
export function pauseMs(failures: number, retryAfterMs: number | null = null, random: number = Math.random()): number {
  return (retryAfterMs ?? 0) + backoffMs(betweenTries, failures, random);
}
