/** A function in a transaction, run again from its start where that makes sense. */

import { TransactionAborted, type AbortReason, type Committed, type Outcome } from "./outcome.ts";
import type { Transaction } from "./transaction.ts";

/** The outcome of `transact`; where it is committed, with what the function returned. */
export type Transacted<T> = (Committed & { readonly value: T }) | Exclude<Outcome, Committed>;

/** Nothing of such a transaction was done, and it may well succeed the next time. */
const passing: ReadonlySet<AbortReason> = new Set<AbortReason>([
  "CONFLICT",
  "COORDINATOR_RESTARTED",
  "BRANCH_LOST",
  "IDLE_TIMEOUT",
  "PARTICIPANT_UNREACHABLE",
]);

/** How long an abort is waited for after the function threw, in milliseconds. */
const ABORT_MS = 1_000;

/** Runs `work` once and commits. @throws what `work` throws, after the abort */
export async function runOnce<T>(
  transaction: Transaction,
  work: (transaction: Transaction) => Promise<T>,
): Promise<Transacted<T>> {
  let value: T;
  try {
    value = await work(transaction);
  } catch (thrown) {
    if (thrown instanceof TransactionAborted && thrown.outcome.transaction === transaction.id) return thrown.outcome;
    // The function's error comes first; where the abort can't be told now, the idle timeout does it.
    await transaction.abort({ timeoutMs: ABORT_MS }).catch(() => undefined);
    throw thrown;
  }
  const outcome = await transaction.commit();
  return outcome.kind === "committed" ? { ...outcome, value } : outcome;
}

/** Whether the same function, run again from its start, may well commit. */
export function mayPass(outcome: Outcome, { wasLost }: Transaction, retryConflicts: boolean): boolean {
  if (outcome.kind !== "aborted") return false;
  if (outcome.reason === "CONFLICT") return retryConflicts;
  return wasLost || passing.has(outcome.reason);
}
