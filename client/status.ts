/** A transaction as a coordinator shows it to people. */

import type { TransactionMessageRead } from "../runtime/link/index.ts";

export interface TransactionStatus {
  readonly transaction: string;
  readonly protocol: string;
  /** active, preparing, committing, aborting, committed, aborted, in-doubt, heuristic or forgotten. */
  readonly state: string;
  /** Why it aborted (docs/errors.md); empty otherwise. */
  readonly reason: string;
  readonly detail: string;
  readonly participants: readonly string[];
  /** null where it is not known. */
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
}

export function statusOf(message: TransactionMessageRead): TransactionStatus {
  const { startedAtMs, endedAtMs, ...rest } = message;
  return { ...rest, startedAt: dateOf(startedAtMs), endedAt: dateOf(endedAtMs) };
}

function dateOf(ms: string): Date | null {
  return ms === "0" ? null : new Date(Number(ms));
}
