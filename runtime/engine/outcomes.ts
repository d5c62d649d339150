/**
 * What is kept of finished transactions: outcome rows and tombstones, by id, in the order in which they
 * finished, each with the journal row that holds it.
 */

import type { Closed, NodeId, ProtocolName, TransactionId } from "../../protocols/index.ts";
import { IdRanges, rangeOf } from "./ranges.ts";

/** Most transactions of a turn end alike, and then they share one. */
export interface Kept {
  readonly protocol: ProtocolName;
  readonly closed: Closed;
  /** Calendar milliseconds. */
  readonly atMs: number;
  /** The journal row; later rows where it was carried forward. */
  readonly sequence: number;
}

/** A coordinator's word that its ids are closed (protocols §0.3): all below, but for the ones named. */
export interface Watermark {
  readonly below: TransactionId;
  readonly except: IdRanges;
  sequence: number;
}

/** After every id. */
const LAST = "\u{10ffff}";

export class Outcomes {
  private readonly kept = new Map<TransactionId, Kept>();
  /** The ids in the same order, since a map has no end to begin at; those that were dropped go later, half of all at a time. */
  private order: TransactionId[] = [];
  /** Everything before it was dropped. */
  private head = 0;
  private last: Kept | null = null;
  private readonly watermarks = new Map<NodeId, Watermark>();
  /** By coordinator: of its ids at or below this one no outcome is kept. Ids of two coordinators have no common order in time. */
  private readonly forgotten = new Map<NodeId, TransactionId>();
  /** The first word of each coordinator since this node started: what it gave out later is above. */
  private readonly firstBelow = new Map<NodeId, TransactionId>();

  get size(): number {
    return this.kept.size;
  }

  get(id: TransactionId): Kept | undefined {
    return this.kept.get(id);
  }

  /** The newest from here on. */
  add(id: TransactionId, kept: Kept): void {
    const { last } = this;
    this.last = last !== null && isAlike(last, kept) ? last : kept;
    const { size } = this.kept;
    this.kept.set(id, this.last);
    if (this.kept.size > size) this.order.push(id);
    else this.moveToEnd(id, this.last);
  }

  /** The oldest first. */
  *entries(): Generator<[TransactionId, Kept]> {
    for (let at = this.oldest(); at < this.order.length; at += 1) {
      const id = this.order[at] ?? "";
      const kept = this.kept.get(id);
      if (kept !== undefined) yield [id, kept];
    }
  }

  /** The newest first, from the one before `last` on. Nothing where `last` is gone: so is all that is older. */
  *newest(last: TransactionId | null): Generator<TransactionId> {
    for (let at = last === null ? this.order.length - 1 : this.placeOf(last) - 1; at >= this.head; at -= 1) {
      const id = this.order[at] ?? "";
      if (this.kept.has(id)) yield id;
    }
  }

  drop(id: TransactionId): void {
    if (!this.kept.delete(id)) return;
    if (this.order[this.head] === id) this.head += 1;
    if (this.order.length <= SMALL || this.kept.size * 2 > this.order.length) return;
    this.order = [...this.kept.keys()];
    this.head = 0;
  }

  /** Drops a finished transaction and remembers that no outcome at or below it is kept. */
  forget(id: TransactionId): void {
    this.drop(id);
    this.noteForgotten(id);
  }

  /** No outcome of the id's coordinator is kept at or below the id. */
  noteForgotten(through: TransactionId): void {
    const coordinator = coordinatorOf(through);
    if (through > this.forgottenThrough(coordinator)) this.forgotten.set(coordinator, through);
  }

  /** No outcome of this coordinator's ids is kept at or below this one; "" where all are. */
  forgottenThrough(coordinator: NodeId): TransactionId {
    return this.forgotten.get(coordinator) ?? "";
  }

  /** One id a coordinator of whose outcomes some are no longer kept. */
  allForgotten(): IterableIterator<TransactionId> {
    return this.forgotten.values();
  }

  watermark(coordinator: NodeId): Watermark | undefined {
    return this.watermarks.get(coordinator);
  }

  allWatermarks(): IterableIterator<[NodeId, Watermark]> {
    return this.watermarks.entries();
  }

  /**
   * Takes a coordinator's word, and drops the rows that nobody can ask for any more. null: it was older than what is known.
   *
   * @param except ids, or ranges of them (ranges.ts)
   */
  close(coordinator: NodeId, below: TransactionId, except: readonly string[], sequence: number): Watermark | null {
    if (!this.firstBelow.has(coordinator)) this.firstBelow.set(coordinator, below);
    const watermark = this.note(coordinator, below, except, sequence);
    if (watermark !== null) this.dropBelow(coordinator, watermark);
    return watermark;
  }

  /** The same, and the rows stay until `dropClosed`: a replay has a watermark for each second of its log. */
  note(coordinator: NodeId, below: TransactionId, except: readonly string[], sequence: number): Watermark | null {
    const known = this.watermarks.get(coordinator);
    if (known !== undefined && below < known.below) return null;
    // A word that overtook a later one names ids as open that are known to be closed. Closed is for ever: what
    // answered their late copies is gone.
    const named = IdRanges.of(except.map(rangeOf));
    const watermark: Watermark = { below, except: known === undefined ? named : named.and(openAt(known)), sequence };
    this.watermarks.set(coordinator, watermark);
    return watermark;
  }

  dropClosed(): void {
    for (const [coordinator, watermark] of this.watermarks) this.dropBelow(coordinator, watermark);
  }

  isClosed(coordinator: NodeId, id: TransactionId): boolean {
    const watermark = this.watermarks.get(coordinator);
    return watermark !== undefined && isBelow(id, watermark);
  }

  /**
   * Whether its coordinator gave the id out after this node started: nothing of it was lost in a crash, forced or
   * not. A watermark travels on the link that was made since, and is never older than that (runtime/link).
   */
  isSinceStart(coordinator: NodeId, id: TransactionId): boolean {
    const first = this.firstBelow.get(coordinator);
    return first !== undefined && id >= first;
  }

  private dropBelow(coordinator: NodeId, watermark: Watermark): void {
    for (const [id, { closed }] of this.kept)
      if (closed.until === "closed" && isOf(id, coordinator) && isBelow(id, watermark)) this.drop(id);
  }

  private oldest(): number {
    while (this.head < this.order.length && !this.kept.has(this.order[this.head] ?? "")) this.head += 1;
    return this.head;
  }

  /** 0 where it is gone. Rows only grow along the order. */
  private placeOf(id: TransactionId): number {
    const kept = this.kept.get(id);
    if (kept === undefined) return 0;
    let [low, high] = [this.oldest(), this.order.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.sequenceFrom(middle) < kept.sequence) low = middle + 1;
      else high = middle;
    }
    return this.order.indexOf(id, low);
  }

  /** The row of the first that is still there at a place or after it. */
  private sequenceFrom(place: number): number {
    for (let at = place; at < this.order.length; at += 1) {
      const kept = this.kept.get(this.order[at] ?? "");
      if (kept !== undefined) return kept.sequence;
    }
    return Infinity;
  }

  private moveToEnd(id: TransactionId, kept: Kept): void {
    this.kept.delete(id);
    this.kept.set(id, kept);
    this.order = [...this.kept.keys()];
    this.head = 0;
  }
}

/** Below this nothing is gained by leaving out what was dropped. */
const SMALL = 64;

function isAlike(a: Kept, b: Kept): boolean {
  const [one, other] = [a.closed, b.closed];
  return (
    a.sequence === b.sequence &&
    a.atMs === b.atMs &&
    a.protocol === b.protocol &&
    one.outcome === other.outcome &&
    one.until === other.until &&
    one.reason === other.reason &&
    one.detail === other.detail &&
    one.result === null &&
    other.result === null &&
    one.participants.length === other.participants.length &&
    one.participants.every((node, at) => node === other.participants[at])
  );
}

function openAt({ below, except }: Watermark): IdRanges {
  return IdRanges.of([...except.ranges, { first: below, last: LAST }]);
}

function coordinatorOf(id: TransactionId): NodeId {
  return id.slice(0, id.indexOf("."));
}

function isOf(id: TransactionId, coordinator: NodeId): boolean {
  return id.length > coordinator.length && id.startsWith(coordinator) && id[coordinator.length] === ".";
}

function isBelow(id: TransactionId, watermark: Watermark): boolean {
  return id < watermark.below && !watermark.except.has(id);
}
