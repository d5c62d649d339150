/**
 * The acceptors of a coordinator's own transactions. A group never changes; a lost acceptor is replaced by a new
 * group with a new version, from an id on, and transactions below that id finish with the group that they had
 * (protocols §E.4, §E.6).
 *
 * Which group a transaction has is chosen by the one coordinator that begins it, told to every branch and acceptor
 * in its descriptor, and follows from its id. So coordinators need not agree on a configuration: quorums only have to
 * intersect within a transaction.
 */

import type { AcceptorGroup, NodeId, TransactionId } from "../protocols/index.ts";
import type { GroupEntry } from "../runtime/engine/index.ts";

export interface AcceptorAddress {
  readonly node: NodeId;
  /** `host:port` of its links. */
  readonly address: string;
}

/** Where groups are written down, for good, before a transaction uses them. */
export interface GroupStore {
  allGroups(): readonly GroupEntry[];
  noteGroup(entry: GroupEntry): void;
}

export class Groups {
  private readonly store: GroupStore;

  constructor(store: GroupStore) {
    this.store = store;
  }

  /**
   * Makes these the acceptors of all transactions from `from` on, unless they are that already. Addresses may change
   * without a new version: they are no identity.
   *
   * @returns whether the group is another one now
   */
  use(acceptors: readonly AcceptorAddress[], from: TransactionId): boolean {
    if (acceptors.length === 0) return false;
    const newest = this.newestFirst()[0];
    const isNew = newest === undefined || !isSame(newest.acceptors, acceptors);
    const version = isNew ? (newest?.version ?? 0) + 1 : newest.version;
    if (isNew || addressesOf(newest) !== addressesOf({ acceptors }))
      this.store.noteGroup({ kind: "group", version, from: isNew ? from : newest.from, acceptors });
    return isNew;
  }

  /** The group of an own transaction; null: it has none. */
  of(id: TransactionId): AcceptorGroup | null {
    const entry = this.newestFirst().find(({ from }) => from <= id);
    return entry === undefined ? null : groupOf(entry);
  }

  /** Those that transactions may still be pinned to, the newest first. */
  all(): AcceptorGroup[] {
    return this.newestFirst().map(groupOf);
  }

  /** Every acceptor that is still needed, and where it is. */
  members(): AcceptorAddress[] {
    const members = new Map<NodeId, AcceptorAddress>();
    for (const { acceptors } of this.newestFirst())
      for (const each of acceptors) if (!members.has(each.node)) members.set(each.node, each);
    return [...members.values()];
  }

  /** All own ids below are closed: groups that only they had are needed no more. */
  retire(closedBelow: TransactionId): void {
    const groups = this.newestFirst();
    for (const [at, { version, from }] of groups.entries()) {
      const next = groups[at - 1];
      if (next !== undefined && next.from <= closedBelow)
        this.store.noteGroup({ kind: "group", version, from, acceptors: [] });
    }
  }

  private newestFirst(): readonly GroupEntry[] {
    return this.store.allGroups().toSorted((a, b) => b.version - a.version);
  }
}

function groupOf({ version, acceptors }: GroupEntry): AcceptorGroup {
  return { version, acceptors: acceptors.map(({ node }) => node) };
}

function isSame(a: readonly AcceptorAddress[], b: readonly AcceptorAddress[]): boolean {
  const names = new Set(a.map(({ node }) => node));
  return a.length === b.length && b.every(({ node }) => names.has(node));
}

function addressesOf({ acceptors }: { readonly acceptors: readonly AcceptorAddress[] }): string {
  return acceptors
    .map(({ node, address }) => `${node} ${address}`)
    .toSorted()
    .join(",");
}
