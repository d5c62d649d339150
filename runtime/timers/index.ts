/**
 * One timer wheel for all timers of an engine or of a client: buckets of a tick each, and one alarm for the
 * next bucket that is due.
 */

interface Clock {
  /** Monotonic, milliseconds. */
  nowMs(): number;
}

interface Scheduler {
  /** Runs `fire` after `delayMs`; a wheel holds one of these at a time. */
  after(delayMs: number, fire: () => void): { cancel(): void };
}

const TICK_MS = 8;

/** A timer of its owner's kind, so that arming it allocates nothing else. Armed in one wheel at a time. */
export abstract class Armed {
  /** The neighbours in its bucket; itself where it is in none. */
  next: Armed = this;
  previous: Armed = this;
  abstract fire(): void;
}

/** The two ends of a bucket's ring. */
class Bucket extends Armed {
  fire(): void {
    throw new Error("a bucket was fired");
  }
}

class Calling extends Armed {
  private readonly call: () => void;

  constructor(call: () => void) {
    super();
    this.call = call;
  }

  fire(): void {
    this.call();
  }
}

export class TimerWheel {
  private readonly buckets = new Map<number, Bucket>();
  /** A binary heap of the ticks that have a bucket. */
  private readonly ticks: number[] = [];
  private alarm: { cancel(): void } | null = null;
  private armedCount = 0;
  private alarmTick = Number.POSITIVE_INFINITY;
  private readonly clock: Clock;
  private readonly scheduler: Scheduler;

  constructor(clock: Clock, scheduler: Scheduler) {
    this.clock = clock;
    this.scheduler = scheduler;
  }

  /** Fires once, not before `delayMs` and at most a tick later (and never late by more than the turn that runs). */
  set(delayMs: number, fire: () => void): Armed {
    const armed = new Calling(fire);
    this.arm(armed, delayMs);
    return armed;
  }

  /** The same for a timer of the owner's own. */
  arm(armed: Armed, delayMs: number): void {
    const tick = Math.ceil((this.clock.nowMs() + delayMs) / TICK_MS);
    let bucket = this.buckets.get(tick);
    if (bucket === undefined) {
      bucket = new Bucket();
      this.buckets.set(tick, bucket);
      push(this.ticks, tick);
      if (tick < this.alarmTick) this.rearm();
    }
    this.armedCount += 1;
    armed.previous = bucket.previous;
    armed.next = bucket;
    bucket.previous.next = armed;
    bucket.previous = armed;
  }

  /** Nothing where it has fired, or was cancelled before. Without any timer left there is no alarm, either. */
  cancel(armed: Armed): void {
    if (armed.next === armed) return;
    this.unlink(armed);
    if (this.armedCount === 0) this.close();
  }

  private unlink(armed: Armed): void {
    this.armedCount -= 1;
    armed.previous.next = armed.next;
    armed.next.previous = armed.previous;
    armed.next = armed;
    armed.previous = armed;
  }

  /** None that is armed fires any more. */
  close(): void {
    this.alarm?.cancel();
    this.alarm = null;
    this.alarmTick = Number.POSITIVE_INFINITY;
    // No alarm will look at them again; what is cancelled later leaves its ring as ever.
    this.buckets.clear();
    this.ticks.length = 0;
  }

  private rearm(): void {
    this.alarm?.cancel();
    const next = this.ticks[0];
    if (next === undefined) {
      this.alarm = null;
      this.alarmTick = Number.POSITIVE_INFINITY;
      return;
    }
    this.alarmTick = next;
    this.alarm = this.scheduler.after(Math.max(0, next * TICK_MS - this.clock.nowMs()), () => this.expire());
  }

  private expire(): void {
    this.alarm = null;
    const now = this.clock.nowMs();
    for (let tick = this.ticks[0]; tick !== undefined && tick * TICK_MS <= now; tick = this.ticks[0]) {
      pop(this.ticks);
      const bucket = this.buckets.get(tick);
      this.buckets.delete(tick);
      // One after the other out of the ring: one that fires may cancel another of the same tick.
      let armed = bucket?.next;
      while (armed !== undefined && armed !== bucket) {
        this.unlink(armed);
        armed.fire();
        armed = bucket?.next;
      }
    }
    if (this.armedCount === 0) this.close();
    else this.rearm();
  }
}

function push(heap: number[], value: number): void {
  let at = heap.length;
  heap.push(value);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent] ?? 0;
    if (above <= value) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = value;
}

function pop(heap: number[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = at * 2 + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child += 1;
    const below = heap[child] ?? 0;
    if (below >= last) break;
    heap[at] = below;
    at = child;
  }
  heap[at] = last;
}
