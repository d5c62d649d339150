/** What all handlers of the API share: errors become statuses, and a deadline becomes `pending`, never a verdict. */

import type { sendUnaryData, ServerUnaryCall } from "@grpc/grpc-js";
import type { Answer, TransactionId } from "../protocols/index.ts";
import { NemconError } from "../runtime/errors/index.ts";
import { toServiceError, type OutcomeMessage, type StatusToSend } from "../runtime/link/index.ts";
import { outcomeMessage, pendingMessage } from "./outcome.ts";

export function statusOf(thrown: unknown): StatusToSend {
  const error = NemconError.from(thrown);
  return toServiceError(error.reason, error.code, error.message, error.retryAfterMs ?? 0);
}

/** A unary handler from a function that returns the answer or throws. */
export function unary<Request, Response>(
  run: (request: Request, call: ServerUnaryCall<Request, Response>) => Response | Promise<Response>,
) {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
    void answer(run, call, callback);
  };
}

async function answer<Request, Response>(
  run: (request: Request, call: ServerUnaryCall<Request, Response>) => Response | Promise<Response>,
  call: ServerUnaryCall<Request, Response>,
  callback: sendUnaryData<Response>,
): Promise<void> {
  try {
    callback(null, await run(call.request, call));
  } catch (thrown) {
    callback(statusOf(thrown));
  }
}

/** Answered a little before the caller stops listening, where it said when that is. */
const DEADLINE_MARGIN_MS = 20;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

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
    const deadline = call.getDeadline();
    const leftMs = Number(deadline) - Date.now() - DEADLINE_MARGIN_MS;
    if (told === null && leftMs < LONGEST_TIMER_MS)
      timer = setTimeout(() => resolve(pendingMessage(begun)), Math.max(0, leftMs));
  });
}
