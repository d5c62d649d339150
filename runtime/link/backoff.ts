/** How long a dialer waits before it tries again. */

export interface Backoff {
  /** The longest first wait, in milliseconds. */
  readonly firstMs: number;
  /** The longest wait ever, in milliseconds. */
  readonly capMs: number;
}

export const defaultBackoff: Backoff = { firstMs: 50, capMs: 1_000 };

/**
 * Capped exponential back-off with full jitter, in milliseconds: anything from nothing to the bound, so that
 * the peers of a node that comes back do not all arrive at once.
 *
 * @param failures in a row, at least 1
 * @param random in [0, 1)
 */
export function backoffMs({ firstMs, capMs }: Backoff, failures: number, random: number): number {
  return Math.round(random * Math.min(capMs, firstMs * 2 ** (failures - 1)));
}
