/** Unary handlers from functions that return or throw: errors become statuses with their reason. */

import type { sendUnaryData, ServerUnaryCall } from "@grpc/grpc-js";
import { NemconError } from "../errors/index.ts";
import { inSlices } from "./slices.ts";
import { toServiceError, type StatusToSend } from "./status.ts";

type Run<Request, Response> = (
  request: Request,
  call: ServerUnaryCall<Request, Response>,
) => Response | Promise<Response>;

/** What was thrown, as a handler gives it to gRPC. */
export function statusOf(thrown: unknown): StatusToSend {
  return toServiceError(NemconError.from(thrown));
}

export function unary<Request, Response>(run: Run<Request, Response>) {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
    void answer(run, call, callback);
  };
}

/** In slices: one turn may answer a hundred calls, and each costs more than its decision. */
const soon = inSlices();

async function answer<Request, Response>(
  run: Run<Request, Response>,
  call: ServerUnaryCall<Request, Response>,
  callback: sendUnaryData<Response>,
): Promise<void> {
  try {
    const response = await run(call.request, call);
    soon(() => callback(null, response));
  } catch (thrown) {
    callback(statusOf(thrown));
  }
}
