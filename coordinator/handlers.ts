/** A deadline becomes `pending`, never a verdict. */

import type { ServerUnaryCall } from "@grpc/grpc-js";
import type { Answer, TransactionId } from "../protocols/index.ts";
import type { OutcomeMessage } from "../runtime/link/index.ts";
import { outcomeMessage, pendingMessage } from "./outcome.ts";

/** Answered a little before the caller stops listening, where it said when that is. */
const DEADLINE_MARGIN_MS = 20;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** How long the caller still waits, in milliseconds. */
export function leftMs(call: Pick<ServerUnaryCall<unknown, unknown>, "getDeadline">): number {
  return Number(call.getDeadline()) - Date.now();
}

/** The outcome, or `pending` when the caller's deadline comes first. */
export function outcomeWithin(
  call: Pick<ServerUnaryCall<unknown, unknown>, "getDeadline">,
  begin: (tell: (answer: Answer) => void) => TransactionId,
): Promise<OutcomeMessage> {
  return new Promise((resolve) => {
    let id: TransactionId | null = null;
    let told: Answer | null = null;
    let timer: NodeJS.Timeout | null = null;
    const finish = (): void => {
      if (id === null || told === null) return;
      if (timer !== null) clearTimeout(timer);
      resolve(outcomeMessage(id, told));
    };
    id = begin((answer) => {
      told = answer;
      finish();
    });
    const begun = id;
    const waitMs = leftMs(call) - DEADLINE_MARGIN_MS;
    if (told === null && waitMs < LONGEST_TIMER_MS)
      timer = setTimeout(() => resolve(pendingMessage(begun)), Math.max(0, waitMs));
  });
}
