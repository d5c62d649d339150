/** How long a call may still take, and the ways in which it ends early. */

import { NemconError } from "../runtime/errors/index.ts";
import { Armed, TimerWheel } from "../runtime/timers/index.ts";

/** The longest wait that a timer knows, in milliseconds: 24 days. */
export const LONGEST_MS = 2 ** 31 - 1;

/** For all calls of the process: an open one keeps it alive until its deadline, and no longer than it is open. */
const wheel = new TimerWheel(
  { nowMs: () => performance.now() },
  {
    after: (delayMs, fire) => {
      const timer = setTimeout(fire, delayMs);
      return { cancel: () => clearTimeout(timer) };
    },
  },
);

export interface Endings {
  /** The time is over. */
  passed(): void;
  /** The caller's signal aborted. */
  cancelled(reason: unknown): void;
}

class Passing extends Armed {
  private readonly endings: Endings;

  constructor(endings: Endings) {
    super();
    this.endings = endings;
  }

  fire(): void {
    this.endings.passed();
  }
}

export class Deadline {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | null;
  private readonly atMs: number;

  /** @throws NemconError INVALID_REQUEST for a time that is none; the signal's reason where it has aborted */
  constructor(timeoutMs: number, signal: AbortSignal | null = null) {
    if (!(timeoutMs > 0) || timeoutMs > LONGEST_MS) {
      throw new NemconError("INVALID_REQUEST", `A timeout is 1 to ${LONGEST_MS} milliseconds, not ${timeoutMs}.`);
    }
    signal?.throwIfAborted();
    this.timeoutMs = timeoutMs;
    this.signal = signal;
    this.atMs = performance.now() + timeoutMs;
  }

  /** Milliseconds; 0 when it has passed. */
  get leftMs(): number {
    return Math.max(0, this.atMs - performance.now());
  }

  /** The shorter of this one and a call's own time. */
  within(timeoutMs: number | undefined, signal: AbortSignal | null): Deadline {
    const leftMs = Math.max(1, this.leftMs);
    const both =
      this.signal === null || signal === null ? (this.signal ?? signal) : AbortSignal.any([this.signal, signal]);
    return new Deadline(timeoutMs === undefined ? leftMs : Math.min(timeoutMs, leftMs), both);
  }

  /** The same time, whatever the signal does. */
  withoutSignal(): Deadline {
    return this.signal === null ? this : new Deadline(Math.max(1, this.leftMs));
  }

  /** Calls at most one of each, once; returns how to stop. */
  watch(endings: Endings): () => void {
    return this.arm(new Passing(endings), (reason) => endings.cancelled(reason));
  }

  /** The same for a timer of the caller's own, which fires when the time is over; returns how to stop both. */
  arm(timer: Armed, cancelled: (reason: unknown) => void): () => void {
    wheel.arm(timer, this.leftMs);
    const { signal } = this;
    if (signal === null) return () => wheel.cancel(timer);
    let stopped = false;
    const onAbort = (): void => {
      if (!stopped) cancelled(signal.reason);
    };
    // A signal that has aborted tells no listener any more. Later all the same: the caller has no `stop` yet.
    if (signal.aborted) queueMicrotask(onAbort);
    else signal.addEventListener("abort", onAbort, { once: true });
    return () => {
      stopped = true;
      wheel.cancel(timer);
      signal.removeEventListener("abort", onAbort);
    };
  }

  /** @throws NemconError DEADLINE_EXCEEDED; the signal's reason; what the promise throws */
  race<T>(promise: Promise<T>, waitedFor: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = this.watch({
        passed: () => reject(this.exceeded(waitedFor)),
        cancelled: (reason) => reject(reason),
      });
      void promise.then(resolve, reject).finally(stop);
    });
  }

  /** Waits. False at once where the deadline would come first. @throws the signal's reason */
  async sleep(ms: number): Promise<boolean> {
    this.signal?.throwIfAborted();
    if (ms >= this.leftMs) return false;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.signal?.removeEventListener("abort", onAbort);
        resolve();
      }, ms);
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(this.signal?.reason as Error);
      };
      this.signal?.addEventListener("abort", onAbort, { once: true });
    });
    return true;
  }

  exceeded(waitedFor: string): NemconError {
    return new NemconError("DEADLINE_EXCEEDED", `${waitedFor} did not answer within ${Math.round(this.timeoutMs)} ms.`);
  }
}

/**
 * What a coordinator is told of the time that is left, in milliseconds: a little less, so that a verdict
 * which it reaches in the last moment still comes back before the caller stops listening.
 */
export function timeForServer(leftMs: number): number {
  return Math.max(1, Math.floor(leftMs - Math.min(100, leftMs / 10)));
}
