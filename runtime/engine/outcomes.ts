/**
 * What is kept of finished transactions: outcome rows and tombstones, by id, in the order in which they
 * finished, each with the journal row that holds it.
 */

import type { Closed, NodeId, ProtocolName, TransactionId } from "../../protocols/index.ts";

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
  readonly except: ReadonlySet<TransactionId>;
  sequence: number;
}

export class Outcomes {
  private readonly kept = new Map<TransactionId, Kept>();
  private last: Kept | null = null;
  private readonly watermarks = new Map<NodeId, Watermark>();
  /** The own log keeps no outcome at or below this id; "" where it keeps all. */
  forgottenThrough: TransactionId = "";

  get size(): number {
    return this.kept.size;
  }

  get(id: TransactionId): Kept | undefined {
    return this.kept.get(id);
  }

  add(id: TransactionId, kept: Kept): void {
    const { last } = this;
    this.last = last !== null && isAlike(last, kept) ? last : kept;
    this.kept.set(id, this.last);
  }

  entries(): IterableIterator<[TransactionId, Kept]> {
    return this.kept.entries();
  }

  drop(id: TransactionId): void {
    this.kept.delete(id);
  }

  /** Drops a finished transaction and remembers that no outcome at or below it is kept. */
  forget(id: TransactionId): void {
    this.kept.delete(id);
    if (id > this.forgottenThrough) this.forgottenThrough = id;
  }

  watermark(coordinator: NodeId): Watermark | undefined {
    return this.watermarks.get(coordinator);
  }

  allWatermarks(): IterableIterator<[NodeId, Watermark]> {
    return this.watermarks.entries();
  }

  /** Takes a coordinator's word, and drops the rows that nobody can ask for any more. null: it was older than what is known. */
  close(
    coordinator: NodeId,
    below: TransactionId,
    except: readonly TransactionId[],
    sequence: number,
  ): Watermark | null {
    const known = this.watermarks.get(coordinator);
    if (known !== undefined && below < known.below) return null;
    // A word that overtook a later one names ids as open that are known to be closed. Closed is for ever: what
    // answered their late copies is gone.
    const stillOpen = except.filter((id) => known === undefined || !isBelow(id, known));
    const watermark: Watermark = { below, except: new Set(stillOpen), sequence };
    this.watermarks.set(coordinator, watermark);
    for (const [id, kept] of this.kept) {
      if (kept.closed.until === "closed" && isOf(id, coordinator) && isBelow(id, watermark)) this.kept.delete(id);
    }
    return watermark;
  }

  isClosed(coordinator: NodeId, id: TransactionId): boolean {
    const watermark = this.watermarks.get(coordinator);
    return watermark !== undefined && isBelow(id, watermark);
  }
}

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

function isOf(id: TransactionId, coordinator: NodeId): boolean {
  return id.length > coordinator.length && id.startsWith(coordinator) && id[coordinator.length] === ".";
}

function isBelow(id: TransactionId, watermark: Watermark): boolean {
  return id < watermark.below && !watermark.except.has(id);
}
