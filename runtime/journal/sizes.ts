/** How large the kept rows are, by sequence: what the engine's low-water mark is computed from. */

/** Sequences without holes, from a first one on. */
export class RowSizes {
  private first: number;
  /** `ends[i]`: bytes of all rows ever added, up to and with the i-th that is held here. */
  private ends: number[] = [];
  /** Rows at the front that were dropped and not yet cut off. */
  private dropped = 0;
  /** Bytes of all rows before the first kept one. */
  private base = 0;

  constructor(firstSequence: number) {
    this.first = firstSequence;
  }

  get firstSequence(): number {
    return this.first;
  }

  get nextSequence(): number {
    return this.first + this.ends.length - this.dropped;
  }

  get bytes(): number {
    return (this.ends.at(-1) ?? this.base) - this.base;
  }

  push(bytes: number): void {
    this.ends.push((this.ends.at(-1) ?? this.base) + bytes);
  }

  dropBelow(sequence: number): void {
    const count = Math.min(sequence, this.nextSequence) - this.first;
    if (count <= 0) return;
    this.base = this.ends[this.dropped + count - 1] ?? this.base;
    this.first += count;
    this.dropped += count;
    // Cutting off half at a time keeps the cost of each row constant.
    if (this.dropped * 2 > this.ends.length) {
      this.ends = this.ends.slice(this.dropped);
      this.dropped = 0;
    }
  }

  /** The largest sequence such that it and all after it are more than `bytes`; the first where all are not. */
  sequenceForBytes(bytes: number): number {
    const total = this.base + this.bytes;
    let low = this.first;
    let high = this.nextSequence - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (total - this.before(middle) > bytes) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private before(sequence: number): number {
    const index = this.dropped + sequence - this.first - 1;
    return index < this.dropped ? this.base : (this.ends[index] ?? this.base);
  }
}
