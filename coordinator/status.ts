/** What is known of a transaction, as users see it. */

import type {
  AbortReason,
  Answer,
  Closed,
  NodeId,
  ProtocolName,
  PublicState,
  TransactionId,
} from "../protocols/index.ts";
import { NemconError } from "../runtime/errors/index.ts";
import type { Session } from "./sessions.ts";

/** A transaction as users see it. Times are calendar milliseconds, 0 where not known. */
export interface TransactionStatus {
  readonly transaction: TransactionId;
  readonly protocol: string;
  readonly state: PublicState | "forgotten";
  readonly reason: AbortReason | "";
  readonly detail: string;
  readonly participants: readonly NodeId[];
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

export function unknownTransaction(id: TransactionId): NemconError {
  return new NemconError("UNKNOWN_TRANSACTION", `No transaction ${id} was ever begun here.`);
}

export function statusOfSession({ id, protocol, sinceMs, branches }: Session): TransactionStatus {
  return {
    transaction: id,
    protocol,
    state: "active",
    reason: "",
    detail: "",
    participants: [...branches.keys()],
    startedAtMs: sinceMs,
    endedAtMs: 0,
  };
}

export function statusOfClosed(
  id: TransactionId,
  protocol: ProtocolName,
  closed: Closed,
  atMs: number,
): TransactionStatus {
  const state = closed.outcome === "read-only" ? "committed" : closed.outcome;
  return {
    transaction: id,
    protocol,
    state,
    reason: closed.reason ?? "",
    detail: closed.detail,
    participants: closed.participants,
    startedAtMs: 0,
    endedAtMs: atMs,
  };
}

export function statusOfAnswer(id: TransactionId, answer: Answer): TransactionStatus {
  const base = {
    transaction: id,
    protocol: "",
    reason: "",
    detail: "",
    participants: [],
    startedAtMs: 0,
    endedAtMs: 0,
  } as const;
  switch (answer.outcome) {
    case "committed":
      return { ...base, state: answer.heuristic ? "heuristic" : "committed" };
    case "aborted":
      return { ...base, state: "aborted", reason: answer.reason, detail: answer.detail };
    case "pending":
      return { ...base, state: answer.state, participants: answer.participants, detail: answer.waitingFor ?? "" };
    case "forgotten":
      return { ...base, state: "forgotten" };
    case "not-mine":
    case "unknown":
      throw unknownTransaction(id);
    default:
      throw new NemconError("INTERNAL", `no answer is called ${JSON.stringify(answer satisfies never)}`);
  }
}
