/** Unary handlers from functions that return or throw: errors become statuses with their reason. */

import type { sendUnaryData, ServerUnaryCall } from "@grpc/grpc-js";
import { NemconError } from "../errors/index.ts";
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

async function answer<Request, Response>(
  run: Run<Request, Response>,
  call: ServerUnaryCall<Request, Response>,
  callback: sendUnaryData<Response>,
): Promise<void> {
  try {
    callback(null, await run(call.request, call));
  } catch (thrown) {
    callback(statusOf(thrown));
  }
}
