/**
 * Who decides a Paxos Commit transaction, and what follows from what acceptors say (protocols §C.4, §C.5):
 * when a value is chosen, and what a leader may propose after phase 1.
 */

import { compareBallots, isSameBallot, type Ballot, type Cast, type Proposal, type Value } from "./ballot.ts";
import type { AcceptorGroup, Decision, NodeId } from "./transaction.ts";

/** The descriptor of §C.2: it never changes, and what is said under another one does not count. */
export interface Membership {
  readonly coordinator: NodeId;
  readonly participants: readonly NodeId[];
  readonly group: AcceptorGroup;
}

/** What one acceptor has accepted for a branch. */
export interface Acceptance {
  readonly acceptor: NodeId;
  readonly ballot: Ballot;
  /** null: `*`, that is every branch, known or not (§C.4); its value is "aborted". */
  readonly participant: NodeId | null;
  readonly value: Value;
}

/** What phase 1 tells of one acceptor. */
export interface Promised {
  readonly acceptor: NodeId;
  readonly casts: readonly Cast[];
  /** The ballot in which it accepted `*`, if it did. */
  readonly star: Ballot | null;
}

/** F+1 of 2F+1. */
export function quorumOf(group: AcceptorGroup): number {
  return Math.floor(group.acceptors.length / 2) + 1;
}

/** Those that get the votes where nothing fails (§C.6-1). */
export function firstAcceptors(group: AcceptorGroup): readonly NodeId[] {
  return group.acceptors.slice(0, quorumOf(group));
}

export function isSameMembership(a: Membership, b: Membership): boolean {
  return (
    a.coordinator === b.coordinator &&
    a.group.version === b.group.version &&
    isSameList(a.participants, b.participants) &&
    isSameList(a.group.acceptors, b.group.acceptors)
  );
}

function isSameList(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((each, at) => each === b[at]);
}

/** With what an acceptor says now; what it has said before counts once. */
export function tallied(
  tally: readonly Acceptance[],
  acceptor: NodeId,
  ballot: Ballot,
  accepted: readonly Proposal[] | "*",
): readonly Acceptance[] {
  const said: readonly Omit<Acceptance, "acceptor" | "ballot">[] =
    accepted === "*" ? [{ participant: null, value: "aborted" }] : accepted;
  const fresh = said.filter(
    ({ participant, value }) =>
      !tally.some(
        (each) =>
          each.acceptor === acceptor &&
          each.participant === participant &&
          each.value === value &&
          isSameBallot(each.ballot, ballot),
      ),
  );
  return [...tally, ...fresh.map(({ participant, value }) => ({ acceptor, ballot, participant, value }))];
}

/** The value that F+1 acceptors of the group have accepted in one ballot; null: none is known to be chosen. */
export function chosenOf(tally: readonly Acceptance[], group: AcceptorGroup, participant: NodeId): Value | null {
  const said = tally.filter(
    (each) =>
      (each.participant === participant || each.participant === null) && group.acceptors.includes(each.acceptor),
  );
  for (const { ballot, value } of said) {
    const alike = said.filter((each) => each.value === value && isSameBallot(each.ballot, ballot));
    if (new Set(alike.map(({ acceptor }) => acceptor)).size >= quorumOf(group)) return value;
  }
  return null;
}

/** Commit: every instance chose "prepared". Abort: one chose "aborted". null: neither is known. */
export function decisionOf(tally: readonly Acceptance[], { participants, group }: Membership): Decision | null {
  const chosen = participants.map((participant) => chosenOf(tally, group, participant));
  if (chosen.includes("aborted")) return "abort";
  return chosen.every((value) => value === "prepared") ? "commit" : null;
}

/** `*` is chosen in every group that the transaction may be pinned to. */
export function isStarChosen(tally: readonly Acceptance[], groups: readonly AcceptorGroup[]): boolean {
  const stars = tally.filter(({ participant }) => participant === null);
  return groups.length > 0 && groups.every((group) => chosenOf(stars, group, "") === "aborted");
}

/** The ballot and value of a branch at an acceptor: of its own cast and `*`, the one of the higher ballot. */
export function effectiveCast(
  { casts, star }: Pick<Promised, "casts" | "star">,
  participant: NodeId,
): { readonly ballot: Ballot; readonly value: Value } | null {
  const own = casts.find((cast) => cast.participant === participant) ?? null;
  if (star === null || (own !== null && compareBallots(own.ballot, star) >= 0)) return own;
  return { ballot: star, value: "aborted" };
}

/** What a leader proposes for each branch after F+1 promises: the value of the highest ballot, and "aborted" where it is free. */
export function proposalsAfter(participants: readonly NodeId[], promises: readonly Promised[]): Proposal[] {
  return participants.map((participant) => {
    let highest: { readonly ballot: Ballot; readonly value: Value } | null = null;
    for (const promised of promises) {
      const cast = effectiveCast(promised, participant);
      if (cast !== null && (highest === null || compareBallots(cast.ballot, highest.ballot) > 0)) highest = cast;
    }
    return { participant, value: highest?.value ?? "aborted" };
  });
}
