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
  private readonly calendarMs: () => number;

  /** @param calendarMs the calendar, for people */
  constructor(store: GroupStore, calendarMs: () => number) {
    this.store = store;
    this.calendarMs = calendarMs;
  }

  /**
   * Makes these the acceptors of all transactions from `from` on, unless they are that already. Addresses may change
   * without a new version: they are no identity.
   *
   * @param reason the words of the operator who says so; "": the configuration does
   * @returns whether anything is different now; it is in the journal
   */
  use(acceptors: readonly AcceptorAddress[], from: TransactionId, reason = ""): boolean {
    if (acceptors.length === 0) return false;
    const newest = this.newestFirst()[0];
    const isNew = newest === undefined || !isSame(newest.acceptors, acceptors);
    const isOther = isNew || addressesOf(newest.acceptors) !== addressesOf(acceptors);
    // What the configuration names as well is its own from then on.
    const isConfirmed = reason === "" && newest !== undefined && newest.reason !== "";
    if (!isOther && !isConfirmed) return false;
    this.store.noteGroup({
      kind: "group",
      version: isNew ? (newest?.version ?? 0) + 1 : newest.version,
      from: isNew ? from : newest.from,
      acceptors,
      reason,
      atMs: this.calendarMs(),
    });
    return isOther;
  }

  /**
   * What the configuration says at a start. It may not know yet what an operator has said since: that stays in force
   * until the configuration names the same acceptors at the same addresses, and from then on it rules again.
   *
   * @returns the operator's group that stays against the configuration's; null: the configuration's is in force
   */
  configure(acceptors: readonly AcceptorAddress[], from: TransactionId): GroupEntry | null {
    const newest = this.newestFirst()[0];
    if (newest !== undefined && newest.reason !== "" && addressesOf(newest.acceptors) !== addressesOf(acceptors))
      return newest;
    this.use(acceptors, from);
    return null;
  }

  /** The group of an own transaction that is not closed; null: it has none. */
  of(id: TransactionId): AcceptorGroup | null {
    const entry = this.newestFirst().find(({ from }) => from <= id);
    return entry === undefined ? null : groupOf(entry);
  }

  /** Those that transactions may still be pinned to, the newest first. */
  all(): AcceptorGroup[] {
    return this.newestFirst().map(groupOf);
  }

  /** The same, as they are written down. */
  entries(): readonly GroupEntry[] {
    return this.newestFirst();
  }

  /** Every acceptor that is still needed, and where it is. Whoever is said to be at an address last is there, and who was there before is gone. */
  members(): AcceptorAddress[] {
    const members = new Map<NodeId, AcceptorAddress>();
    const taken = new Set<string>();
    for (const { acceptors } of this.newestFirst())
      for (const each of acceptors)
        if (!members.has(each.node) && !taken.has(each.address)) {
          members.set(each.node, each);
          taken.add(each.address);
        }
    return [...members.values()];
  }

  /**
   * Groups whose transactions are all closed are needed no more; the newest is, for those to come.
   *
   * @param isClosed whether all own ids from the first one on, and before the other one, are closed
   * @returns whether there were such
   */
  retire(isClosed: (from: TransactionId, before: TransactionId) => boolean): boolean {
    const groups = this.newestFirst();
    const over = groups.filter(({ from }, at) => {
      const next = groups[at - 1];
      return next !== undefined && isClosed(from, next.from);
    });
    for (const { version, from } of over)
      this.store.noteGroup({ kind: "group", version, from, acceptors: [], reason: "", atMs: this.calendarMs() });
    return over.length > 0;
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

function addressesOf(acceptors: readonly AcceptorAddress[]): string {
  return acceptors
    .map(({ node, address }) => `${node} ${address}`)
    .toSorted()
    .join(",");
}
