/**
 * Requests to the resource that wait for locks which older transactions hold. All of them are tried again when a
 * lock may be free; each gives up when its time is over, and whatever its end, it ends with its transaction.
 */

import type { ResourceRequest } from "../../protocols/index.ts";
import type { Armed, TimerWheel } from "../timers/index.ts";
import type { Instance } from "./instance.ts";
import type { Clock, ResourceCall } from "./ports.ts";

/** A request that the resource has not answered. */
export interface Pending extends ResourceCall {
  readonly instance: Instance;
  /** When it has waited for long enough, in monotonic milliseconds; null: it has not waited yet. */
  readonly untilMs: number | null;
}

interface Parked {
  readonly pending: Pending;
  readonly untilMs: number;
  readonly expiry: Armed;
  expired: boolean;
}

/** All are tried again when a lock is free, so that more of them would take the turn's time for nothing. */
const MOST = 256;

export interface LockWaitOptions {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  /** How long a request may wait in all, in milliseconds; 0: not at all. */
  readonly waitMs: number;
  /** A wait is over: there should be a turn. */
  readonly due: () => void;
}

export class LockWaits {
  private readonly options: LockWaitOptions;
  private parked: Parked[] = [];
  /** A lock may be free, or a wait is over: the next turn tries all again. */
  isDue = false;

  constructor(options: LockWaitOptions) {
    this.options = options;
  }

  request(instance: Instance, request: ResourceRequest): Pending {
    return pendingOf(instance, request, this.options.waitMs > 0, null);
  }

  /** @returns what is to be asked at once instead, where no more may wait; null: it waits */
  park(pending: Pending): Pending | null {
    if (this.parked.length >= MOST) return { ...pending, mayWait: false };
    const { clock, wheel, waitMs, due } = this.options;
    const nowMs = clock.nowMs();
    const untilMs = pending.untilMs ?? nowMs + waitMs;
    const parked: Parked = {
      pending,
      untilMs,
      expired: false,
      expiry: wheel.set(Math.max(0, untilMs - nowMs), () => {
        parked.expired = true;
        this.isDue = true;
        due();
      }),
    };
    this.parked.push(parked);
    return null;
  }

  /** Locks were released. */
  freed(): void {
    if (this.parked.length > 0) this.isDue = true;
  }

  /** Its transaction is over. */
  leave(instance: Instance): void {
    if (this.parked.length > 0) this.parked = this.parked.filter(({ pending }) => pending.instance !== instance);
  }

  /** All of them, if it is time to try again; the oldest first: it would not wait for a younger one that came before it. */
  retry(): Pending[] {
    if (!this.isDue) return [];
    this.isDue = false;
    const waiting = this.parked.toSorted((a, b) => (a.pending.transaction < b.pending.transaction ? -1 : 1));
    this.parked = [];
    return waiting.map(({ pending: { instance, request }, untilMs, expired, expiry }) => {
      this.options.wheel.cancel(expiry);
      return pendingOf(instance, request, !expired, untilMs);
    });
  }
}

function pendingOf(instance: Instance, request: ResourceRequest, mayWait: boolean, untilMs: number | null): Pending {
  return { instance, transaction: instance.id, request, mayWait, untilMs };
}
