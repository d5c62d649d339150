/** Virtual time: a queue of events in the order of their time, and of their making where times are equal. */

interface Event {
  readonly atMs: number;
  readonly order: number;
  fire: (() => void) | null;
}

/** No chain of promises in the code under test is longer. */
const TICKS = 8;

export class Timeline {
  nowMs = 0;
  /** How many promises somebody waits for. */
  promises = 0;
  /** How they go on before time does. */
  settle: () => Promise<void> = async () => {
    for (let tick = 0; tick < TICKS; tick += 1) await Promise.resolve();
  };
  private readonly heap: Event[] = [];
  private order = 0;

  after(delayMs: number, fire: () => void): { cancel(): void } {
    const event: Event = { atMs: this.nowMs + delayMs, order: this.order, fire };
    this.order += 1;
    push(this.heap, event);
    return {
      cancel: () => {
        event.fire = null;
      },
    };
  }

  /** Runs every event up to `untilMs`, or until `done`; gives whether it was done. */
  async run(untilMs: number, done: () => boolean = () => false): Promise<boolean> {
    for (let next = this.heap[0]; next !== undefined && next.atMs <= untilMs; next = this.heap[0]) {
      pop(this.heap);
      if (next.fire === null) continue;
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.fire();
      // What waits on promises (interactive clients do) goes on before time does.
      if (this.promises > 0) await this.settle();
      if (done()) return true;
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
    return done();
  }
}

function before(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function push(heap: Event[], event: Event): void {
  let at = heap.push(event) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || before(above, event)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = event;
}

function pop(heap: Event[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const left = heap[at * 2 + 1];
    const right = heap[at * 2 + 2];
    if (left === undefined) break;
    const takeRight = right !== undefined && before(right, left);
    const child = takeRight ? right : left;
    if (before(last, child)) break;
    heap[at] = child;
    at = at * 2 + (takeRight ? 2 : 1);
  }
  heap[at] = last;
}
