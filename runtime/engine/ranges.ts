/**
 * Ids that a watermark leaves open, as ranges in the order of ids: a single one, or `first..last`, both
 * included, for ids that were given out in blocks and may still be used.
 */

import type { TransactionId } from "../../protocols/index.ts";

export interface IdRange {
  readonly first: TransactionId;
  readonly last: TransactionId;
}

const DOTS = "..";

/** As it travels and is journaled: the id alone, or `first..last`. */
export function rangeText({ first, last }: IdRange): string {
  return first === last ? first : `${first}${DOTS}${last}`;
}

export function rangeOf(text: string): IdRange {
  const at = text.indexOf(DOTS);
  return at < 0 ? { first: text, last: text } : { first: text.slice(0, at), last: text.slice(at + DOTS.length) };
}

/** In order and apart from each other. */
export class IdRanges {
  readonly ranges: readonly IdRange[];

  private constructor(ranges: readonly IdRange[]) {
    this.ranges = ranges;
  }

  /** In any order; they may overlap. */
  static of(ranges: readonly IdRange[]): IdRanges {
    const merged: IdRange[] = [];
    for (const range of ranges.toSorted((a, b) => (a.first < b.first ? -1 : 1))) {
      const before = merged.at(-1);
      if (before === undefined || range.first > before.last) merged.push(range);
      else if (range.last > before.last) merged[merged.length - 1] = { first: before.first, last: range.last };
    }
    return new IdRanges(merged);
  }

  has(id: TransactionId): boolean {
    let [low, high] = [0, this.ranges.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.ranges[middle]?.last ?? "") < id) low = middle + 1;
      else high = middle;
    }
    const range = this.ranges[low];
    return range !== undefined && range.first <= id;
  }

  /** What is in both. */
  and(other: IdRanges): IdRanges {
    const both: IdRange[] = [];
    let [here, there] = [0, 0];
    for (;;) {
      const [a, b] = [this.ranges[here], other.ranges[there]];
      if (a === undefined || b === undefined) return new IdRanges(both);
      const first = a.first > b.first ? a.first : b.first;
      const last = a.last < b.last ? a.last : b.last;
      if (first <= last) both.push({ first, last });
      // The one that ends first meets no other.
      if (a.last < b.last) here += 1;
      else there += 1;
    }
  }
}
