/**
 * A site of three-phase commit between its YES and the decision (protocols §B.1, §B.9): w, p or pa, which elections
 * it followed, and what it has heard where it leads one. Coordinator and participants are sites alike.
 */

import type { SiteState } from "../message.ts";
import type { TerminationRecord } from "../record.ts";
import type { Election, NodeId } from "../transaction.ts";

/** Everyone that holds the transaction: the coordinator too, or a total failure would be judged without it (§B.7-S3). */
export interface Sites {
  readonly coordinator: NodeId;
  readonly participants: readonly NodeId[];
}

export interface Doubt {
  readonly sites: Sites;
  readonly position: "waiting" | "precommitted" | "preaborted";
  /** Last_Elected: no earlier election is followed any more. */
  readonly elected: Election;
  /** Last_Attempt: of the last PRECOMMIT or PREABORT that was taken. */
  readonly attempt: Election;
  /** The latest election that was heard of. */
  readonly seen: Election;
  /** This process crashed since it voted: in the plain rules it is no operational site (§B.4). */
  readonly restarted: boolean;
  readonly leading: Leading | null;
  /** Their links are down. */
  readonly suspected: readonly NodeId[];
  /** plain: their turn to lead came, and they were silent. */
  readonly passedOver: readonly NodeId[];
  /** Rounds of waiting in a row that came to nothing. */
  readonly tries: number;
}

export type Leading =
  | {
      readonly step: "collecting";
      /** Round 0: it only asks. */ readonly election: Election;
      readonly reports: readonly Report[];
    }
  | {
      readonly step: "attempting";
      readonly election: Election;
      readonly audience: readonly NodeId[];
      readonly accepted: readonly NodeId[];
    };

export type Collecting = Leading & { readonly step: "collecting" };
export type Attempting = Leading & { readonly step: "attempting" };

export interface Report {
  readonly from: NodeId;
  readonly state: SiteState;
  readonly attempt: Election;
  readonly restarted: boolean;
}

export const NO_ELECTION: Election = { round: 0, node: "" };

/** The coordinator's own: the lowest. */
export function firstElection(coordinator: NodeId): Election {
  return { round: 1, node: coordinator };
}

export function isLater(a: Election, b: Election): boolean {
  return a.round > b.round || (a.round === b.round && a.node > b.node);
}

export function isSame(a: Election, b: Election): boolean {
  return a.round === b.round && a.node === b.node;
}

export function later(a: Election, b: Election): Election {
  return isLater(a, b) ? a : b;
}

/** The coordinator, then the participants by name: who leads before whom in the plain rules. */
export function order({ coordinator, participants }: Sites): readonly NodeId[] {
  return [coordinator, ...participants.toSorted()];
}

export function othersOf(sites: Sites, self: NodeId): readonly NodeId[] {
  return order(sites).filter((node) => node !== self);
}

export function openDoubt(sites: Sites): Doubt {
  return {
    sites,
    position: "waiting",
    elected: firstElection(sites.coordinator),
    attempt: NO_ELECTION,
    seen: firstElection(sites.coordinator),
    restarted: false,
    leading: null,
    suspected: [],
    passedOver: [],
    tries: 0,
  };
}

/** What a site knows after a crash. */
export function restoredDoubt(sites: Sites, records: readonly { readonly kind: string }[]): Doubt {
  let doubt: Doubt = { ...openDoubt(sites), restarted: true };
  for (const record of records as readonly TerminationRecord[]) {
    if (record.kind === "elected") doubt = { ...doubt, elected: record.election };
    if (record.kind !== "precommit" && record.kind !== "preabort") continue;
    const { election, kind } = record;
    const position = kind === "precommit" ? "precommitted" : "preaborted";
    doubt = { ...doubt, position, elected: election, attempt: election };
  }
  return { ...doubt, seen: doubt.elected };
}
