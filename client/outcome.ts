/** What became of a transaction: values that a `switch` on `kind` exhausts. */

import type { OutcomeMessageRead } from "../runtime/link/index.ts";
import { UnreadableBytes } from "../runtime/packing/index.ts";
import { unpackResults } from "../runtime/values/index.ts";
import { resultFrom, resultOf, type Result } from "./values.ts";

/** Why a transaction aborted: docs/errors.md says what each means and what to do. */
export type AbortReason =
  | "VOTED_NO"
  | "CONFLICT"
  | "EXPECTATION_FAILED"
  | "CONSTRAINT"
  | "STATEMENT_FAILED"
  | "STATEMENT_REFUSED"
  | "LIMIT_EXCEEDED"
  | "TIMEOUT"
  | "IDLE_TIMEOUT"
  | "CANCELLED"
  | "PARTICIPANT_UNREACHABLE"
  | "BRANCH_LOST"
  | "COORDINATOR_RESTARTED"
  | "PRESUMED"
  | "RESOURCE_FAILED";

/** Everything was done, at every participant. */
export interface Committed {
  readonly kind: "committed";
  readonly transaction: string;
  /**
   * What a submit's operations gave back, by participant, in the order of the operations. Empty where the
   * outcome had to be asked for again after a lost connection: the coordinator keeps outcomes, not results.
   */
  readonly results: Readonly<Record<string, readonly Result[]>>;
  /** A branch could not follow the decision: see docs/operations.md. */
  readonly heuristic: boolean;
}

/** Nothing was done, at any participant. */
export interface Aborted {
  readonly kind: "aborted";
  readonly transaction: string;
  readonly reason: AbortReason;
  /** For people: what the participant or the coordinator said. */
  readonly detail: string;
  /** Who voted no, where somebody did. */
  readonly participant: string | null;
}

/** The time was over, or the connection lost, before the outcome was known. It is no verdict: ask again. */
export interface Unknown {
  readonly kind: "unknown";
  /** null: nothing was sent, so nothing was done and nothing will be. */
  readonly transaction: string | null;
  readonly detail: string;
  /** What to do to learn the outcome. */
  readonly howToAsk: string;
}

/** It finished so long ago that the coordinator no longer keeps the outcome. */
export interface Forgotten {
  readonly kind: "forgotten";
  readonly transaction: string;
}

export type Outcome = Committed | Aborted | Unknown | Forgotten;

/** Thrown by calls in a transaction that has aborted. `transact` catches it and returns the outcome. */
export class TransactionAborted extends Error {
  override readonly name = "TransactionAborted";
  readonly outcome: Aborted;

  constructor(outcome: Aborted) {
    const { transaction, reason, detail } = outcome;
    super(`${transaction} aborted: ${reason}${detail === "" ? "" : ` (${detail})`}`);
    this.outcome = outcome;
  }
}

export function unknown(transaction: string | null, detail: string): Unknown {
  const howToAsk =
    transaction === null
      ? "Nothing was sent, so there is nothing to ask for: the transaction may be submitted again."
      : `client.transaction("${transaction}"), or: nemcon tx show ${transaction}`;
  return { kind: "unknown", transaction, detail, howToAsk };
}

export function aborted(transaction: string, reason: AbortReason, detail: string): Aborted {
  return { kind: "aborted", transaction, reason, detail, participant: null };
}

type BranchResultRead = OutcomeMessageRead["branches"][number];

/** Committed is committed: results that can't be read are left out. */
function resultsOf({ results, packedResults }: BranchResultRead, bigints: boolean): readonly Result[] {
  if (packedResults.length === 0) return results.map((result) => resultOf(result, bigints));
  try {
    return unpackResults(packedResults).map((result) => resultFrom(result, bigints));
  } catch (thrown) {
    if (thrown instanceof UnreadableBytes) return [];
    throw thrown;
  }
}

/** @param bigints every INTEGER of a result as a bigint */
export function outcomeOf(message: OutcomeMessageRead, bigints: boolean): Outcome {
  const { transaction, detail, heuristic } = message;
  switch (message.kind) {
    case "OUTCOME_KIND_COMMITTED": {
      const results: Record<string, readonly Result[]> = {};
      for (const branch of message.branches) results[branch.participant] = resultsOf(branch, bigints);
      return { kind: "committed", transaction, results, heuristic };
    }
    case "OUTCOME_KIND_ABORTED":
      return {
        kind: "aborted",
        transaction,
        // A coordinator of a later version may have reasons that this one does not list.
        reason: message.reason as AbortReason,
        detail,
        participant: message.participant === "" ? null : message.participant,
      };
    case "OUTCOME_KIND_FORGOTTEN":
      return { kind: "forgotten", transaction };
    case "OUTCOME_KIND_PENDING":
    case "OUTCOME_KIND_UNSPECIFIED":
      return unknown(transaction, detail);
    default:
      return message.kind satisfies never;
  }
}
