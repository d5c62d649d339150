/** One call to a server as a promise: ended by its time, or by the signal. */

import type { CallOptions, ServiceError } from "@grpc/grpc-js";
import { NemconError } from "../runtime/errors/index.ts";

export type Callback<T> = (error: ServiceError | null, response?: T) => void;

export interface Called {
  readonly address: string;
  /** Cancels what is under way. */
  readonly signal: AbortSignal;
  /** What a failed call's failure is. */
  readonly errorOf: (error: ServiceError, address: string) => NemconError;
}

export function call<T>(
  { address, signal, errorOf }: Called,
  timeoutMs: number,
  start: (options: CallOptions, done: Callback<T>) => { cancel(): void },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = (): void => started.cancel();
    const started = start({ deadline: Date.now() + timeoutMs }, (error, response) => {
      signal.removeEventListener("abort", cancel);
      if (error !== null) reject(errorOf(error, address));
      else if (response === undefined) reject(new NemconError("INTERNAL", `${address} answered nothing.`));
      else resolve(response);
    });
    signal.addEventListener("abort", cancel);
    if (signal.aborted) cancel();
  });
}
