/** One node at one moment: its process, its journal, and what it has done that can't be taken back. */

import type { Closed, Decision, NodeId, Step, Timer } from "../../../protocols/index.ts";
import { emptyDisk, replayedAll, type Disk, type Entry } from "./disk.ts";
import type { Vote } from "./model.ts";

/** As the specification TCommit sees a participant; reader: it voted read-only, and the outcome is none of its business. */
export type Branch = "working" | "prepared" | "reader" | "committed" | "aborted";

/** What is never forgotten, whatever a crash takes. */
export interface Facts {
  /** null: no participant. */
  readonly branch: Branch | null;
  /** It has done or decided both. */
  readonly isSplit: boolean;
  /** What another node decided or learned. */
  readonly decided: Decision | null;
}

export interface Site {
  /** Its place among the nodes. */
  readonly node: number;
  readonly isUp: boolean;
  /** The first one is 1; capped where the machines don't tell later ones apart. */
  readonly life: number;
  /** The first coordinator: the client has asked for the commit. */
  readonly isBegun: boolean;
  /** What its resource answers. */
  readonly vote: Vote;
  /** The machine's; null: none. */
  readonly state: unknown;
  readonly timers: readonly Timer[];
  readonly disk: Disk;
  /** Written and not forced: a crash leaves some of it, from the first on. */
  readonly tail: readonly Entry[];
  /** To which it was told that there is no link. */
  readonly suspects: readonly NodeId[];
  readonly facts: Facts;
}

export function siteOf(node: number, branch: Branch | null, vote: Vote): Site {
  return {
    node,
    isUp: true,
    life: 1,
    isBegun: false,
    vote,
    state: null,
    timers: [],
    disk: emptyDisk,
    tail: [],
    suspects: [],
    facts: { branch, isSplit: false, decided: null },
  };
}

/** With all that was written, forced or not. */
export function written({ disk, tail }: Site): Disk {
  return replayedAll(disk, tail);
}

/** @param kept so many entries of the tail had reached the disk */
export function crashed(site: Site, kept: number): Site {
  const disk = replayedAll(site.disk, site.tail.slice(0, kept));
  const down = { ...site, isUp: false, state: null, timers: [], disk, tail: [], suspects: [] };
  const { branch } = site.facts;
  // Work that nothing is written of is undone; where it never began, a request may still bring it.
  const isUndone = branch === "prepared" ? !hasPrepared(disk) : branch === "working" && site.state !== null;
  return isUndone ? { ...down, facts: withBranch(site.facts, "aborted") } : down;
}

function hasPrepared({ records, row }: Disk): boolean {
  return row !== null || records.some(({ kind }) => kind === "prepare" || kind === "paxos-prepare");
}

export function withBranch(facts: Facts, branch: Branch): Facts {
  const known = facts.branch;
  if (known === branch || known === "reader") return facts;
  // It can't be taken back, though a crash may leave the branch prepared until it hears the same again.
  if (known === "committed" || known === "aborted")
    return branch === "committed" || branch === "aborted" ? { ...facts, isSplit: true } : facts;
  return { ...facts, branch };
}

export function withDecision(facts: Facts, decided: Decision): Facts {
  if (facts.decided === null) return { ...facts, decided };
  return facts.decided === decided ? facts : { ...facts, isSplit: true };
}

/** What a step makes of a participant, as TCommit sees it. */
export function branchAfter(
  facts: Facts,
  step: Step<unknown, { readonly kind: string; readonly decision?: Decision }>,
): Facts {
  let after = facts;
  for (const { record } of step.records ?? []) {
    if (record.kind === "prepare" || record.kind === "paxos-prepare") after = withBranch(after, "prepared");
    if (record.kind === "decided") after = withBranch(after, record.decision === "commit" ? "committed" : "aborted");
  }
  for (const effect of step.effects ?? [])
    if (effect.kind === "resource" && effect.request.act === "commit") after = withBranch(after, "committed");
    else if (effect.kind === "resource" && effect.request.act === "abort") after = withBranch(after, "aborted");
  const outcome = step.closed?.outcome;
  return outcome === undefined ? after : withBranch(after, branchOf(outcome));
}

function branchOf({ outcome }: Closed): Branch {
  if (outcome === "read-only") return "reader";
  return outcome === "aborted" ? "aborted" : "committed";
}

/** The same for a node that is no participant. */
export function decisionAfter(
  facts: Facts,
  step: Step<unknown, { readonly kind: string; readonly decision?: Decision }>,
): Facts {
  let after = facts;
  for (const { record } of step.records ?? []) {
    if (record.kind === "commit" || record.kind === "abort") after = withDecision(after, record.kind);
    if (record.kind === "decided" && record.decision !== undefined) after = withDecision(after, record.decision);
  }
  const outcome = step.closed?.outcome.outcome;
  if (outcome === "committed" || outcome === "aborted")
    after = withDecision(after, outcome === "committed" ? "commit" : "abort");
  return after;
}
