/** What acceptors have accepted of one transaction, and what is thereby chosen (protocols §C.4, §C.5, §D.3-7). */

import type { Fields } from "../../trace/index.ts";

interface Ballot {
  readonly counter: number;
  readonly node: string;
  readonly incarnation: number;
}

interface Proposal {
  readonly participant: string;
  readonly value: string;
}

interface Membership {
  readonly participants: readonly string[];
  readonly group: { readonly acceptors: readonly string[] };
}

export class Ballots {
  /** By branch and ballot: what was proposed in it. */
  private readonly proposed = new Map<string, string>();
  /** By branch and ballot: which acceptors took it. */
  private readonly accepted = new Map<string, Set<string>>();
  private readonly chosen = new Map<string, string>();
  /** By acceptor: the highest, and the row of its journal before it left. */
  private readonly promised = new Map<string, { readonly ballot: Ballot; readonly row: number }>();
  /** Of `*`, for branches that are known later. */
  private membership: Membership | null = null;

  /** A phase 2a that leaves; gives what is wrong with it. */
  proposes(message: Fields): string | null {
    const { ballot, membership, proposals } = message as Fields & {
      ballot: Ballot;
      membership: Membership | null;
      proposals: readonly Proposal[];
    };
    this.membership ??= membership;
    for (const { participant, value } of this.each(membership, proposals)) {
      const key = `${participant} ${textOf(ballot)}`;
      const known = this.proposed.get(key);
      this.proposed.set(key, value);
      if (known !== undefined && known !== value)
        return `ballot ${textOf(ballot)} proposes ${value} for ${participant}, and had proposed ${known}`;
    }
    return null;
  }

  /** A phase 2b that leaves its acceptor, once for each copy; gives what is wrong. */
  accepts(acceptor: string, message: Fields): string | null {
    const { ballot, membership, accepted } = message as Fields & {
      ballot: Ballot;
      membership: Membership | null;
      accepted: readonly Proposal[];
    };
    this.membership ??= membership;
    for (const { participant, value } of this.each(membership, accepted)) {
      const key = `${participant} ${textOf(ballot)}`;
      const known = this.proposed.get(key);
      if (known !== undefined && known !== value)
        return `${acceptor} accepts ${value} for ${participant} in ${textOf(ballot)}, which proposed ${known}`;
      const by = this.accepted.get(key) ?? new Set<string>();
      this.accepted.set(key, by.add(acceptor));
      const size = this.membership?.group.acceptors.length ?? Number.POSITIVE_INFINITY;
      if (by.size <= size / 2) continue;
      const before = this.chosen.get(participant);
      this.chosen.set(participant, value);
      if (before !== undefined && before !== value) return `${before} was chosen for ${participant}, and now ${value}`;
    }
    return null;
  }

  /**
   * A phase 1b that leaves its acceptor. What leaves in one turn, to several leaders, has no order.
   *
   * @param row the last of its journal that was durable before
   */
  promises(acceptor: string, message: Fields, row: number): string | null {
    const { ballot } = message as Fields & { ballot: Ballot };
    const known = this.promised.get(acceptor);
    if (known === undefined || compare(ballot, known.ballot) >= 0) {
      this.promised.set(acceptor, { ballot, row });
      return null;
    }
    return known.row === row ? null : `${acceptor} promises ${textOf(ballot)} after ${textOf(known.ballot)}`;
  }

  /** Whether what is chosen allows the decision; null: it does. */
  against(decision: "commit" | "abort"): string | null {
    const participants = this.membership?.participants ?? [];
    const open = participants.filter((participant) => this.chosen.get(participant) !== "prepared");
    if (decision === "commit" && open.length > 0) return `commit, and "prepared" is not chosen for ${open.join(", ")}`;
    if (decision === "abort" && participants.length > 0 && open.length === 0)
      return 'abort, and "prepared" is chosen for every branch';
    return null;
  }

  private each(membership: Membership | null, proposals: readonly Proposal[]): readonly Proposal[] {
    if (membership !== null) return proposals;
    return (this.membership?.participants ?? []).map((participant) => ({ participant, value: "aborted" }));
  }
}

function textOf({ counter, node, incarnation }: Ballot): string {
  return counter === 0 ? "0" : `${counter}.${node}.${incarnation}`;
}

function compare(a: Ballot, b: Ballot): number {
  if (a.counter !== b.counter) return a.counter - b.counter;
  if (a.node !== b.node) return a.node < b.node ? -1 : 1;
  return a.incarnation - b.incarnation;
}
