/**
 * Whether some order of transactions leaves the last values that there are: for each key all other writers come
 * before its last one. A circle among these demands is what no serial execution does.
 */

export interface LastWriters {
  /** Transaction i wrote `slots` from `from[i]` up to `from[i + 1]`. */
  readonly from: Int32Array;
  readonly slots: Int32Array;
  /** Whether a transaction counts. */
  readonly includes: (index: number) => boolean;
  /** Who wrote a slot last; anything outside the transactions: nobody of these. */
  readonly lastOf: (slot: number) => number;
}

/** Some of those that would each have to come before another of them; empty where there is an order. */
export function lastWritersOrder({ from, slots, includes, lastOf }: LastWriters): number[] {
  const count = from.length - 1;
  const before = new Int32Array(count);
  const successors = function* (index: number): Generator<number> {
    for (let at = from[index] ?? 0; at < (from[index + 1] ?? 0); at += 1) {
      const last = lastOf(slots[at] ?? 0);
      if (last !== index && last >= 0 && last < count && includes(last)) yield last;
    }
  };
  for (let index = 0; index < count; index += 1)
    if (includes(index)) for (const next of successors(index)) before[next] = (before[next] ?? 0) + 1;
  const free: number[] = [];
  for (let index = 0; index < count; index += 1) if (includes(index) && before[index] === 0) free.push(index);
  for (let index = free.pop(); index !== undefined; index = free.pop())
    for (const next of successors(index)) {
      before[next] = (before[next] ?? 0) - 1;
      if (before[next] === 0) free.push(next);
    }
  const stuck: number[] = [];
  for (let index = 0; index < count && stuck.length < STUCK_SHOWN; index += 1)
    if (includes(index) && (before[index] ?? 0) > 0) stuck.push(index);
  return stuck;
}

const STUCK_SHOWN = 8;
