/**
 * The transaction ids that this incarnation gives out: one at a time, or in blocks to clients that start
 * transactions themselves and may have to ask again without having heard an answer. An id is used once;
 * the second use is a retry (protocols §A.3: votes are never collected twice).
 */

import { parseTransactionId, transactionId, type NodeId, type TransactionId } from "../protocols/index.ts";
import type { IdRange } from "../runtime/engine/index.ts";

export interface Block {
  readonly first: number;
  readonly count: number;
  /** Text that comes before the sequence's eight digits in base 36. */
  readonly prefix: string;
}

interface OpenBlock {
  readonly first: number;
  readonly count: number;
  readonly used: Uint8Array;
  /** Every offset below is used. */
  low: number;
  /** Ids that are not used. */
  left: number;
}

export class Ids {
  private nextSequence = 1;
  /** Those with an unused id, in the order of their ids. */
  private readonly blocks: OpenBlock[] = [];
  private readonly self: NodeId;
  private readonly incarnation: number;

  constructor(self: NodeId, incarnation: number) {
    this.self = self;
    this.incarnation = incarnation;
  }

  /** An id that is used from now on. */
  next(): TransactionId {
    const id = this.idOf(this.nextSequence);
    this.nextSequence += 1;
    return id;
  }

  openBlock(count: number): Block {
    const first = this.nextSequence;
    this.nextSequence += count;
    this.blocks.push({ first, count, used: new Uint8Array(count), low: 0, left: count });
    return { first, count, prefix: this.idOf(0).slice(0, -8) };
  }

  /** The unused rest can't be used any more. */
  retire({ first }: Block): void {
    const at = this.indexOf(first);
    if (this.blocks[at]?.first === first) this.blocks.splice(at, 1);
  }

  /** How many ids of a block may still be used. */
  unusedIn({ first }: Block): number {
    const block = this.blocks[this.indexOf(first)];
    return block?.first === first ? block.left : 0;
  }

  /** True once for an id that was given out to be used; then it is used. */
  use(id: TransactionId): boolean {
    const sequence = this.mine(id);
    if (sequence === null) return false;
    const at = this.indexOf(sequence);
    const block = this.blocks[at];
    if (block === undefined || !isUnusedIn(block, sequence)) return false;
    block.used[sequence - block.first] = 1;
    block.left -= 1;
    while (block.low < block.count && block.used[block.low] === 1) block.low += 1;
    // A stream may live for as long as its process does: what it has used up is let go.
    if (block.left === 0) this.blocks.splice(at, 1);
    return true;
  }

  /** Whether an id was given out and not used yet. */
  isUnused(id: TransactionId): boolean {
    const sequence = this.mine(id);
    if (sequence === null) return false;
    const block = this.blocks[this.indexOf(sequence)];
    return block !== undefined && isUnusedIn(block, sequence);
  }

  /** Whether this incarnation has given the id out at all. */
  wasGiven(id: TransactionId): boolean {
    const sequence = this.mine(id);
    return sequence !== null && sequence > 0 && sequence < this.nextSequence;
  }

  /** No id from here on was given out. */
  get end(): TransactionId {
    return this.idOf(this.nextSequence);
  }

  /** Every id that may still be used for the first time is in one of these; some that were used are, too. */
  unused(): IdRange[] {
    return this.blocks.map(({ first, count, low }) => ({
      first: this.idOf(first + low),
      last: this.idOf(first + count - 1),
    }));
  }

  private idOf(sequence: number): TransactionId {
    return transactionId(this.self, this.incarnation, sequence);
  }

  private mine(id: TransactionId): number | null {
    const parts = parseTransactionId(id);
    return parts !== null && parts.coordinator === this.self && parts.incarnation === this.incarnation
      ? parts.sequence
      : null;
  }

  /** Of the first block that ends behind the sequence: the only one that may hold it. */
  private indexOf(sequence: number): number {
    let [low, high] = [0, this.blocks.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const block = this.blocks[middle];
      if (block !== undefined && block.first + block.count <= sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function isUnusedIn({ first, used }: OpenBlock, sequence: number): boolean {
  return sequence >= first && used[sequence - first] === 0;
}
