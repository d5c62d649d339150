/** What branches read and wrote in a run, for the judge of serializability. */

import type { NodeId, TransactionId } from "../../protocols/index.ts";
import type { Access, History, Read } from "../check/serializability.ts";

type Seen = ReadonlyMap<string, TransactionId | null>;

export class Histories {
  /** By branch: what the life of it saw whose vote counts. */
  private readonly reads = new Map<
    string,
    { readonly node: NodeId; readonly id: TransactionId; readonly seen: Seen }
  >();
  private readonly writes: (Access & { readonly node: NodeId })[] = [];
  /** By key, who wrote it last: a branch that is applied again after a crash wrote once. */
  private readonly last = new Map<string, TransactionId>();

  read(node: NodeId, id: TransactionId, seen: Seen, readOnly: boolean): void {
    const branch = `${node} ${id}`;
    // A reader that a late copy wakes again after a crash has voted before.
    if (readOnly && this.reads.has(branch)) return;
    this.reads.set(branch, { node, id, seen });
  }

  applied(node: NodeId, id: TransactionId, keys: readonly string[]): void {
    for (const each of keys) {
      const key = `${node} ${each}`;
      if (this.last.get(key) === id) continue;
      this.last.set(key, id);
      this.writes.push({ node, transaction: id, key });
    }
  }

  /** @param nameOf a committed branch's transaction, as it is told to people; null: it did not commit */
  of(nameOf: (id: TransactionId, node: NodeId) => string | null): History {
    const reads: Read[] = [];
    for (const { node, id, seen } of this.reads.values()) {
      const transaction = nameOf(id, node);
      if (transaction === null) continue;
      for (const [key, from] of seen)
        reads.push({ transaction, key: `${node} ${key}`, from: from === null ? null : nameOf(from, node) });
    }
    const writes = this.writes.flatMap(({ node, transaction: id, key }) => {
      const transaction = nameOf(id, node);
      return transaction === null ? [] : [{ transaction, key }];
    });
    return { reads, writes };
  }
}
