/** Outcomes and states as the public API's messages. */

import type { Answer, TransactionId } from "../protocols/index.ts";
import type { OutcomeMessage, TransactionMessage } from "../runtime/link/index.ts";
import { branchesOf, packedBranches } from "./results.ts";
import type { TransactionStatus } from "./status.ts";

const PENDING_DETAIL = "not decided yet: a deadline is no verdict; ask with GetTransaction";

/** An answer as the outcome that a caller gets. `packed`: results as they came from the participants. */
export function outcomeMessage(transaction: TransactionId, answer: Answer, packed = false): OutcomeMessage {
  switch (answer.outcome) {
    case "committed":
      return {
        transaction,
        kind: "OUTCOME_KIND_COMMITTED",
        heuristic: answer.heuristic,
        ...(packed ? { branches: packedBranches(answer.results) } : branchesOf(answer.results)),
      };
    case "aborted":
      return {
        transaction,
        kind: "OUTCOME_KIND_ABORTED",
        reason: answer.reason,
        detail: answer.detail,
        participant: answer.participant ?? "",
      };
    case "forgotten":
      return {
        transaction,
        kind: "OUTCOME_KIND_FORGOTTEN",
        detail: "finished so long ago that the outcome is no longer kept",
      };
    case "pending":
    case "unknown":
    case "not-mine":
      return pendingMessage(transaction);
    default:
      return answer satisfies never;
  }
}

export function pendingMessage(transaction: TransactionId): OutcomeMessage {
  return { transaction, kind: "OUTCOME_KIND_PENDING", detail: PENDING_DETAIL };
}

export function transactionMessage(status: TransactionStatus): TransactionMessage {
  return { ...status, participants: [...status.participants] };
}
