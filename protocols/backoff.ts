/** How long to wait before the same message goes out again. */

/** Doubles with each attempt up to the cap; the engine draws from the range, so that peers do not fall into step. Milliseconds. */
export function backoff(baseMs: number, capMs: number, attempt: number): { minMs: number; maxMs: number } {
  const waitMs = Math.min(capMs, baseMs * 2 ** Math.min(Math.max(attempt, 0), 30));
  return { minMs: waitMs / 2, maxMs: waitMs * 1.5 };
}
