/** The messages of the public API as far as the command reads them, and what it makes of a failed call. */

import type { ServiceError } from "@grpc/grpc-js";
import { code, NemconError } from "../../runtime/errors/index.ts";
import { errorOfServer, fromServiceError, type resultFromProto } from "../../runtime/link/index.ts";

type WireResult = Parameters<typeof resultFromProto>[0];

export interface WireOutcome {
  readonly transaction: string;
  readonly kind: string;
  readonly reason: string;
  readonly detail: string;
  readonly participant: string;
  readonly branches: readonly { readonly participant: string; readonly results: readonly WireResult[] }[];
  readonly heuristic: boolean;
}

export interface WireTransaction {
  readonly transaction: string;
  readonly protocol: string;
  readonly state: string;
  readonly reason: string;
  readonly detail: string;
  readonly participants: readonly string[];
  readonly startedAtMs: string;
  readonly endedAtMs: string;
}

/** What a call's failure is: the server's own error where it gave one, else what the connection's trouble means. */
export function errorOf(
  error: ServiceError,
  address: string,
  what = "coordinator",
  option = "--coordinator",
): NemconError {
  const told = fromServiceError(error);
  const own = errorOfServer(told);
  if (own !== null) return own;
  const { message } = told;
  const options = { cause: error };
  switch (error.code as number) {
    case code.unavailable:
      return new NemconError(
        "COORDINATOR_UNREACHABLE",
        `No connection to a ${what} at ${address} (${message}). See that it runs, or name another with ${option}.`,
        options,
      );
    case code.deadlineExceeded:
      return new NemconError("DEADLINE_EXCEEDED", `The ${what} at ${address} did not answer in time.`, options);
    case code.cancelled:
      return new NemconError("DEADLINE_EXCEEDED", "Interrupted before the answer came.", options);
    case code.unimplemented:
      return new NemconError("NOT_AVAILABLE", `The server at ${address} does not offer this: ${message}.`, options);
    default:
      return new NemconError("INTERNAL", `The ${what} at ${address} failed: ${message}.`, options);
  }
}
