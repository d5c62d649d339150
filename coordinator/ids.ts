/**
 * The transaction ids that this incarnation gives out: one at a time, or in blocks to clients that start
 * transactions themselves and may have to ask again without having heard an answer. An id is used once;
 * the second use is a retry (protocols §A.3: votes are never collected twice).
 */

import { parseTransactionId, transactionId, type NodeId, type TransactionId } from "../protocols/index.ts";

export interface Block {
  readonly first: number;
  readonly count: number;
  /** Text that comes before the sequence's eight digits in base 36. */
  readonly prefix: string;
}

interface OpenBlock extends Block {
  readonly used: Uint8Array;
  /** Every offset below is used. */
  low: number;
}

export class Ids {
  private nextSequence = 1;
  private readonly blocks = new Map<number, OpenBlock>();
  private readonly loose = new Set<number>();
  private readonly self: NodeId;
  private readonly incarnation: number;

  constructor(self: NodeId, incarnation: number) {
    this.self = self;
    this.incarnation = incarnation;
  }

  /** An id that is used from now on. */
  next(): TransactionId {
    const id = transactionId(this.self, this.incarnation, this.nextSequence);
    this.nextSequence += 1;
    return id;
  }

  /** An id that somebody may use later, once. */
  reserve(): TransactionId {
    this.loose.add(this.nextSequence);
    return this.next();
  }

  openBlock(count: number): Block {
    const first = this.nextSequence;
    this.nextSequence += count;
    const prefix = transactionId(this.self, this.incarnation, 0).slice(0, -8);
    this.blocks.set(first, { first, count, prefix, used: new Uint8Array(count), low: 0 });
    return { first, count, prefix };
  }

  /** The unused rest can't be used any more. */
  retire({ first }: Block): void {
    this.blocks.delete(first);
  }

  /** True once for an id that was given out to be used; then it is used. */
  use(id: TransactionId): boolean {
    const sequence = this.mine(id);
    if (sequence === null) return false;
    if (this.loose.delete(sequence)) return true;
    const block = this.blockOf(sequence);
    if (block === undefined) return false;
    const offset = sequence - block.first;
    if (block.used[offset] === 1) return false;
    block.used[offset] = 1;
    while (block.low < block.count && block.used[block.low] === 1) block.low += 1;
    if (block.low === block.count) this.blocks.delete(block.first);
    return true;
  }

  /** Whether an id was given out and not used yet. */
  isUnused(id: TransactionId): boolean {
    const sequence = this.mine(id);
    if (sequence === null) return false;
    if (this.loose.has(sequence)) return true;
    const block = this.blockOf(sequence);
    return block !== undefined && block.used[sequence - block.first] !== 1;
  }

  /** Whether this incarnation has given the id out at all. */
  wasGiven(id: TransactionId): boolean {
    const sequence = this.mine(id);
    return sequence !== null && sequence > 0 && sequence < this.nextSequence;
  }

  /** No id below can be used for the first time any more. */
  get lowestUnused(): TransactionId {
    let lowest = this.nextSequence;
    for (const sequence of this.loose) lowest = Math.min(lowest, sequence);
    for (const block of this.blocks.values())
      if (block.low < block.count) lowest = Math.min(lowest, block.first + block.low);
    return transactionId(this.self, this.incarnation, lowest);
  }

  private mine(id: TransactionId): number | null {
    const parts = parseTransactionId(id);
    return parts !== null && parts.coordinator === this.self && parts.incarnation === this.incarnation
      ? parts.sequence
      : null;
  }

  private blockOf(sequence: number): OpenBlock | undefined {
    for (const block of this.blocks.values()) {
      if (sequence >= block.first && sequence < block.first + block.count) return block;
    }
    return undefined;
  }
}
