/** The one error class: what can go wrong in operation. An abort is a value, a defect is an assertion. */

import type { Code, ExitCode } from "./codes.ts";
import { isReason, reasons, type Reason } from "./reasons.ts";

export interface ErrorOptions {
  /** When it makes sense to try again, in milliseconds; only for retryable reasons. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
  /** What a program may want to know beside the message: an address, a path, an id. */
  readonly details?: Readonly<Record<string, string>>;
}

/** The domain of `google.rpc.ErrorInfo` for all reasons. */
export const errorDomain = "nemcon";

export class NemconError extends Error {
  override readonly name = "NemconError";
  readonly reason: Reason;
  readonly retryAfterMs: number | null;
  readonly details: Readonly<Record<string, string>>;

  /** @param message says what happened, why, and what to do. */
  constructor(reason: Reason, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.details = options.details ?? {};
  }

  /** The gRPC status code. */
  get code(): Code {
    return reasons[this.reason].code;
  }

  get exitCode(): ExitCode {
    return reasons[this.reason].exit;
  }

  /** true: the same request may succeed later, and nothing was promised or begun. */
  get retryable(): boolean {
    return reasons[this.reason].retryable;
  }

  static is(thrown: unknown, reason?: Reason): thrown is NemconError {
    return thrown instanceof NemconError && (reason === undefined || thrown.reason === reason);
  }

  /** What was thrown, as one of these: anything unforeseen is INTERNAL and keeps its stack as the cause. */
  static from(thrown: unknown): NemconError {
    if (thrown instanceof NemconError) return thrown;
    const what = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
    return new NemconError("INTERNAL", `${what}. This is a defect of nemcon; please report it.`, { cause: thrown });
  }

  /** An error that came over the wire; a reason that this version does not know becomes INTERNAL and is named. */
  static fromWire(reason: string, message: string, options: ErrorOptions = {}): NemconError {
    if (isReason(reason)) return new NemconError(reason, message, options);
    return new NemconError("INTERNAL", `${message} (${reason}, a reason that this version does not know)`, options);
  }
}
