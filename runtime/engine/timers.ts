/** One timer wheel for all timers of an engine: buckets of a tick each, and one alarm for the next bucket that is due. */

import type { Clock, Scheduler } from "./ports.ts";

const TICK_MS = 8;

export interface Armed {
  readonly fire: () => void;
  tick: number;
}

export class TimerWheel {
  private readonly buckets = new Map<number, Set<Armed>>();
  /** A binary heap of the ticks that have a bucket. */
  private readonly ticks: number[] = [];
  private alarm: { cancel(): void } | null = null;
  private alarmTick = Number.POSITIVE_INFINITY;
  private readonly clock: Clock;
  private readonly scheduler: Scheduler;

  constructor(clock: Clock, scheduler: Scheduler) {
    this.clock = clock;
    this.scheduler = scheduler;
  }

  /** Fires once, not before `delayMs` and at most a tick later (and never late by more than the turn that runs). */
  set(delayMs: number, fire: () => void): Armed {
    const tick = Math.ceil((this.clock.nowMs() + delayMs) / TICK_MS);
    const armed: Armed = { fire, tick };
    const bucket = this.buckets.get(tick);
    if (bucket !== undefined) bucket.add(armed);
    else {
      this.buckets.set(tick, new Set([armed]));
      push(this.ticks, tick);
      if (tick < this.alarmTick) this.rearm();
    }
    return armed;
  }

  cancel(armed: Armed): void {
    this.buckets.get(armed.tick)?.delete(armed);
  }

  close(): void {
    this.alarm?.cancel();
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
    const now = this.clock.nowMs();
    for (let tick = this.ticks[0]; tick !== undefined && tick * TICK_MS <= now; tick = this.ticks[0]) {
      pop(this.ticks);
      // Still in the map while it fires: one that fires may cancel another of the same tick.
      for (const armed of this.buckets.get(tick) ?? []) armed.fire();
      this.buckets.delete(tick);
    }
    this.rearm();
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
