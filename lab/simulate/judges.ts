/**
 * The rules of protocols §D.3 as judges of one run. They look at messages, durable rows, answers and the
 * resources' data, and know no protocol's name: a protocol that has other messages adds rows to `mustHave`.
 */

import {
  decisionOfRow,
  isForced,
  parseTransactionId,
  protocols,
  type Answer,
  type Decision,
  type Message,
  type MessageKind,
  type NodeId,
  type TransactionId,
} from "../../protocols/index.ts";
import type { Entry, Envelope } from "../../runtime/engine/index.ts";
import type { Row } from "./disk.ts";
import type { Probe } from "./probe.ts";
import type { Plan } from "./plan.ts";
import { cycleIn } from "../check/serializability.ts";
import { Histories } from "./histories.ts";
import { unattended } from "./by-hand.ts";
import { PaxosRules } from "./paxos-rules.ts";
import type { World } from "./world.ts";

export const rules = [
  "agreement",
  "commit validity",
  "abort validity",
  "refinement",
  "write-ahead",
  "client truth",
  "lock discipline",
  "whole work",
  "serializability",
  "money",
  "collected once",
  "paxos",
  "admission",
  "by hand",
  "no alarm",
  "termination",
] as const;
export type RuleName = (typeof rules)[number];

export interface Violation {
  readonly rule: RuleName;
  readonly what: string;
}

interface Decided {
  readonly by: string;
  readonly decision: Decision;
}

interface Facts {
  readonly plan: Plan;
  readonly firstVotes: Map<NodeId, "yes" | "read-only" | "no">;
  decided: Decided | null;
  /** When somebody was first told a decision. One branch that aborts alone ends no collection. */
  collectionEndedAtMs: number;
  collectedIn: number;
  told: Decision | null;
  /** Nodes that were told abort before they ever voted, and when. */
  readonly toldAbort: Map<NodeId, number>;
  excused: boolean;
  /** What people made of branches, as their journals say. */
  readonly byHand: Map<NodeId, Decision>;
  /** A person made the coordinator answer, and nobody had decided as far as it knew. */
  isForced: boolean;
}

/** What must be durable at the sender, or must have been, before a message leaves: one of these. */
const mustHave: {
  readonly [K in MessageKind]?: (
    body: Message & { kind: K },
    plan: Plan,
    has: (what: string) => boolean,
  ) => readonly string[] | null;
} = {
  vote: ({ vote }) => (vote === "yes" ? ["prepare"] : null),
  decision: ({ decision }) => (decision === "commit" ? ["commit", "committed", "heuristic", "decided"] : null),
  // A branch that never prepared has nothing to take back; one that committed, and is told the presumption by who has
  // forgotten that, is judged by its row.
  ack: ({ decision }, _plan, has) =>
    decision === "commit"
      ? ["committed", "damaged", "heuristic", "decided"]
      : has("prepare")
        ? ["aborted", "heuristic", "decided", "committed"]
        : null,
  "decision-reply": ({ answer }) =>
    answer === "commit" ? ["committed", "damaged", "told"] : answer === "abort" ? ["aborted", "told"] : null,
  "phase-2a": ({ proposals, ballot }) =>
    ballot.counter === 0 && proposals.some(({ value }) => value === "prepared") ? ["paxos-prepare"] : null,
  "commit-one-phase": () => ["one-phase"],
  // A branch under a token is void after a crash, so that its abort needs no row.
  precommit: () => ["precommit"],
  preabort: () => ["preabort"],
  "attempt-ack": () => ["precommit", "preabort"],
  "one-phase-result": ({ outcome }, { mode }) => (outcome === "aborted" && mode === "item by item" ? null : [outcome]),
};

/** A crash within this time of a delivery may have come before the turn that took it, in milliseconds. */
const TURN_MS = 5;

export class Judges implements Probe {
  readonly violations: Violation[] = [];
  private readonly facts = new Map<TransactionId, Facts>();
  /** `node id what` for everything that ever was durable. */
  private readonly durable = new Set<string>();
  private readonly volatile = new Map<NodeId, string[]>();
  private nowMs: () => number = () => 0;
  /** That of the transaction's coordinator. */
  private incarnation: (id: TransactionId) => number = () => 0;
  private readonly histories = new Histories();
  private readonly paxos = new PaxosRules((what) => this.violated("paxos", what));

  watch(world: World): void {
    this.nowMs = () => world.timeline.nowMs;
    this.incarnation = (id) => world.coordinatorOf(id).disk.incarnation;
  }

  /** Something happened that may abort any transaction that there is by now; or one alone, such as a short timeout. */
  excuse(only: TransactionId | null = null): void {
    for (const [id, facts] of this.facts) if (only === null || only === id) facts.excused = true;
  }

  begun(plan: Plan): void {
    this.paxos.begun(plan);
    this.facts.set(plan.id, {
      plan,
      firstVotes: new Map(),
      decided: null,
      collectionEndedAtMs: Number.POSITIVE_INFINITY,
      collectedIn: 0,
      told: null,
      toldAbort: new Map(),
      excused: false,
      byHand: new Map(),
      isForced: false,
    });
  }

  violated(rule: string, what: string): void {
    const known = rules.find((each) => each === rule);
    if (known === undefined) throw new Error(`no rule is called ${rule}`);
    this.violations.push({ rule: known, what });
  }

  /** Whether people ended anything. */
  get isByHand(): boolean {
    return this.facts.values().some(({ byHand, isForced }) => byHand.size > 0 || isForced);
  }

  /** Some time after everything has healed, and before people see to it: what went against a decision is listed wherever it should be. */
  listed(world: World): void {
    for (const { plan, decided, byHand } of this.facts.values())
      for (const [node, did] of byHand) {
        const { id } = plan;
        if (decided === null || decided.decision === did) continue;
        if (!unattended(world.host(node)).includes(id))
          this.violated("by hand", `${node} ${did} ${id}, ${decided.decision} was decided, and ${node} hides it`);
        const isTold = world.coordinators.some(
          (host) =>
            unattended(host).includes(id) && host.engine.outcomes.get(id)?.closed.detail.includes(`${node} `) === true,
        );
        if (!isTold)
          this.violated("by hand", `${node} ${did} ${id}, ${decided.decision} was decided, and no coordinator says so`);
      }
  }

  alarm(node: NodeId, id: TransactionId, alarm: string, detail: string): void {
    const facts = this.facts.get(id);
    if (alarm === "heuristic" && facts !== undefined && (facts.byHand.size > 0 || facts.isForced)) return;
    this.violated("no alarm", `${node} ${id} ${alarm}: ${detail}`);
  }

  wrote(node: NodeId, row: Row): void {
    const said: string[] = [];
    for (const entry of row.entries) {
      const what = saidBy(entry);
      if (what !== null) said.push(`${node} ${what}`);
    }
    if (row.volatile !== null) {
      this.volatile.set(node, [...(this.volatile.get(node) ?? []), ...said]);
      return;
    }
    for (const each of [...(this.volatile.get(node) ?? []), ...said]) this.durable.add(each);
    this.volatile.delete(node);
    for (const entry of row.entries) this.decidedBy(node, entry);
    this.paxos.durable(node, row.entries);
  }

  appended(node: NodeId, entries: readonly Entry[]): void {
    for (const entry of entries) this.paxos.appended(node, entry);
  }

  crashed(node: NodeId): void {
    this.volatile.delete(node);
    for (const facts of this.facts.values()) {
      const atMs = facts.toldAbort.get(node);
      if (atMs !== undefined && atMs >= this.nowMs() - TURN_MS) facts.toldAbort.delete(node);
    }
  }

  delivered(_from: NodeId, to: NodeId, { transaction, body }: Envelope): void {
    const facts = this.facts.get(transaction);
    if (facts === undefined || body.kind !== "decision" || body.decision !== "abort") return;
    const prepared = ["prepare", "paxos-prepare"].some((each) => this.durable.has(`${to} ${transaction} ${each}`));
    if (!facts.firstVotes.has(to) && !prepared && !facts.toldAbort.has(to)) facts.toldAbort.set(to, this.nowMs());
  }

  sent(from: NodeId, to: NodeId, envelope: Envelope): void {
    const { transaction, protocol, body } = envelope;
    const facts = this.facts.get(transaction);
    if (facts === undefined) return;
    this.paxos.sent(from, envelope);
    // Where acceptors decide, a decision is in their journals, and not in that of whoever says it.
    const isVain = body.kind === "decision" && this.isVain(facts, to, body.decision);
    if (!isVain && (body.kind !== "decision" || protocols[protocol].acceptor === null))
      this.writeAhead(from, facts.plan, body);
    switch (body.kind) {
      case "vote":
        this.voted(facts, from, body.vote);
        return;
      case "phase-2a":
        if (body.ballot.counter > 0) return;
        for (const { participant, value } of body.proposals)
          this.voted(facts, participant, value === "prepared" ? "yes" : "no");
        return;
      case "prepare":
      case "last-work":
      case "commit-one-phase":
        this.collects(facts, to);
        return;
      case "paxos-prepare":
      case "paxos-last-work":
        // A copy changes no branch's value, which is judged there (paxos-rules.ts); one without memory of the first does.
        if (facts.collectedIn !== 0 && facts.collectedIn !== this.incarnation(transaction))
          this.violated("collected once", `${from} asks ${to} to prepare ${transaction} and has no memory of it`);
        facts.collectedIn = this.incarnation(transaction);
        return;
      case "decision":
        // Where branches may decide among themselves, who collects learns of it later, and may ask again until then.
        if (from === parseTransactionId(transaction)?.coordinator) this.endCollection(facts);
        if (isVain) return;
        this.decides(facts, `${from} to ${to}`, body.decision);
        return;
      case "state-report":
        if (body.state === "aborted" && this.isHarmless(facts, to)) return;
        if (body.state === "committed" || body.state === "aborted")
          this.decides(facts, `${from} to ${to}`, body.state === "committed" ? "commit" : "abort");
        return;
      case "work-failed":
        facts.excused = true;
        return;
      case "decision-reply":
        if (body.answer === "commit" || body.answer === "abort") this.decides(facts, `${from} to ${to}`, body.answer);
        return;
      case "one-phase-result":
        if (body.outcome === "aborted") facts.excused = true;
        this.decides(facts, `${from} to ${to}`, body.outcome === "committed" ? "commit" : "abort");
        return;
      default:
    }
  }

  read(node: NodeId, id: TransactionId, seen: ReadonlyMap<string, TransactionId | null>, readOnly: boolean): void {
    this.histories.read(node, id, seen, readOnly);
  }

  applied(node: NodeId, id: TransactionId, keys: readonly string[]): void {
    this.histories.applied(node, id, keys);
  }

  answered(id: TransactionId, answer: Answer): void {
    const facts = this.facts.get(id);
    if (facts === undefined) return;
    if (answer.outcome === "pending" || answer.outcome === "forgotten") return;
    if (answer.outcome !== "committed" && answer.outcome !== "aborted") {
      this.violated("client truth", `${id} was begun and the client is told ${answer.outcome}`);
      return;
    }
    const decision = answer.outcome === "committed" ? "commit" : "abort";
    // A person's word, against which another may come when the sites have decided.
    if (facts.isForced) return;
    if (facts.told !== null && facts.told !== decision)
      this.violated("client truth", `${id}: the client was told ${facts.told}, then ${decision}`);
    facts.told = decision;
    this.endCollection(facts);
    this.decides(facts, "client", decision, "client truth");
  }

  /** After everything has healed: nothing is left open, and the data is that of the committed work. */
  final(world: World): void {
    for (const host of world.all()) {
      if (host.isGone) continue;
      const open = host.isAlive ? [...host.engine.liveIds()] : ["everything"];
      if (open.length > 0) this.violated("termination", `${host.name} still has ${open.join(", ")}`);
    }
    for (const { name, resource } of world.participants)
      if (resource.lockCount > 0) this.violated("termination", `${name} still holds ${resource.lockCount} locks`);
    for (const facts of this.facts.values()) this.finalOf(world, facts);
    const cycle = cycleIn(this.histories.of((id, node) => this.nameOf(id, node)));
    if (cycle !== null) this.violated("serializability", cycle);
    for (const { name, disk } of world.participants) {
      const expected = new Map<string, number>();
      for (const works of disk.image.applied.values())
        for (const work of works)
          for (const [, key, by] of work.matchAll(/add (\S+) (-?\d+)/gu))
            expected.set(key ?? "", (expected.get(key ?? "") ?? 0) + Number(by));
      for (const [key, value] of expected)
        if (disk.image.values.get(key) !== value)
          this.violated("lock discipline", `${name}: ${key} is ${disk.image.values.get(key)}, and ${value} was added`);
    }
  }

  /** Where people ended a branch, each is one of its own. */
  private nameOf(id: TransactionId, node: NodeId): string | null {
    const facts = this.facts.get(id);
    if (facts === undefined) return null;
    if ((facts.byHand.get(node) ?? facts.decided?.decision) !== "commit") return null;
    return facts.byHand.size === 0 ? id : `${id} at ${node}`;
  }

  private finalOf(world: World, { plan, decided, excused, firstVotes, byHand }: Facts): void {
    const { id } = plan;
    for (const [node, items] of plan.work) {
      const applied = world.participant(node).disk.image.applied.get(id) ?? [];
      const due =
        (byHand.get(node) ?? decided?.decision) === "commit" && firstVotes.get(node) !== "read-only" && writes(items);
      const expected = due ? [items.filter((item) => !item.startsWith("fail")).join("; ")] : [];
      if (applied.join(" | ") !== expected.join(" | "))
        this.violated("whole work", `${node} ${id}: applied "${applied.join(" | ")}", not "${expected.join(" | ")}"`);
    }
    const no = [...firstVotes.values()].includes("no");
    if (decided?.decision === "abort" && !excused && !no && ![...plan.work.values()].flat().some(isRefusal))
      this.violated("abort validity", `${id} aborted though nobody refused and nothing failed`);
  }

  private voted(facts: Facts, node: NodeId, vote: "yes" | "read-only" | "no"): void {
    const first = facts.firstVotes.get(node);
    if (first === "no" && vote === "yes")
      this.violated("refinement", `${node} ${facts.plan.id} voted no, and now votes yes`);
    const toldAtMs = facts.toldAbort.get(node);
    if (vote === "yes" && toldAtMs !== undefined && toldAtMs < this.nowMs() - TURN_MS)
      this.violated("refinement", `${node} ${facts.plan.id} was told abort, and now prepares`);
    if (first === undefined) facts.firstVotes.set(node, vote);
  }

  /** The presumption, told to who needs no decision: it voted read-only, or it has committed and asked before that. */
  private isHarmless({ plan, firstVotes }: Facts, to: NodeId): boolean {
    return firstVotes.get(to) === "read-only" || this.durable.has(`${to} ${plan.id} committed`);
  }

  /** What silence means, told to who needs no decision: presumed commit tells it to one that aborted, and asked before that. */
  private isVain(facts: Facts, to: NodeId, decision: Decision): boolean {
    return decision === "abort"
      ? this.isHarmless(facts, to)
      : this.durable.has(`${to} ${facts.plan.id} aborted`) && facts.decided?.decision === "abort";
  }

  private endCollection(facts: Facts): void {
    facts.collectionEndedAtMs = Math.min(facts.collectionEndedAtMs, this.nowMs());
  }

  private collects(facts: Facts, to: NodeId): void {
    const incarnation = this.incarnation(facts.plan.id);
    if (facts.collectedIn === 0) facts.collectedIn = incarnation;
    // The messages of one turn leave at one time.
    if (facts.collectionEndedAtMs < this.nowMs() || facts.collectedIn !== incarnation)
      this.violated("collected once", `${to} is asked to prepare ${facts.plan.id} after its votes were collected`);
  }

  private decides(facts: Facts, by: string, decision: Decision, rule: RuleName = "agreement"): void {
    const { id, work } = facts.plan;
    if (facts.decided === null) facts.decided = { by, decision };
    else if (facts.decided.decision !== decision)
      this.violated(rule, `${id}: ${facts.decided.by} ${facts.decided.decision}, ${by} ${decision}`);
    if (decision !== "commit") return;
    if (work.size === 1 && facts.firstVotes.size === 0) {
      const told = [parseTransactionId(id)?.coordinator ?? "", ...work.keys()].some((node) =>
        this.durable.has(`${node} ${id} committed`),
      );
      if (!told) this.violated("commit validity", `${id} committed in one phase, and no row says so`);
      return;
    }
    for (const node of work.keys()) {
      const vote = facts.firstVotes.get(node);
      if (vote === undefined || vote === "no")
        this.violated("commit validity", `${id} committed by ${by}, and ${node} voted ${vote ?? "nothing"}`);
    }
  }

  private decidedBy(node: NodeId, entry: Entry): void {
    if (entry.kind !== "closed" && entry.kind !== "record") return;
    const facts = this.facts.get(entry.transaction);
    if (facts === undefined) return;
    if (entry.kind === "record") {
      const { kind } = entry.record;
      if (kind === "commit" || kind === "abort") this.decides(facts, node, kind);
      if (kind === "decided") this.decides(facts, node, entry.record.decision);
      if (kind === "heuristic") facts.byHand.set(node, entry.record.did);
      return;
    }
    const { outcome } = entry.outcome;
    if (outcome === "read-only") return;
    if (outcome === "heuristic") {
      // A branch's own row is about what was done to it.
      if (facts.plan.work.has(node)) return;
      if (isForced(entry.outcome)) facts.isForced = true;
      else this.decides(facts, node, decisionOfRow(entry.outcome));
      return;
    }
    if (outcome === "aborted" && facts.firstVotes.get(node) === "read-only") return;
    this.decides(facts, node, outcome === "aborted" ? "abort" : "commit");
  }

  private writeAhead(node: NodeId, plan: Plan, body: Message): void {
    const { id } = plan;
    const rule = mustHave[body.kind] as
      | ((body: Message, plan: Plan, has: (what: string) => boolean) => readonly string[] | null)
      | undefined;
    const has = (each: string): boolean => this.durable.has(`${node} ${id} ${each}`);
    const what = rule?.(body, plan, has) ?? null;
    if (what === null || what.some(has)) return;
    this.violated("write-ahead", `${node} sends ${body.kind} of ${id}, and has no durable ${what.join(" or ")}`);
  }
}

function saidBy(entry: Entry): string | null {
  if (entry.kind === "record") return `${entry.transaction} ${entry.record.kind}`;
  if (entry.kind === "closed") return `${entry.transaction} ${entry.outcome.outcome}`;
  return null;
}

function isRefusal(item: string): boolean {
  return item === "no" || item === "die" || item === "fail";
}

function writes(items: readonly string[]): boolean {
  return items.some((item) => item.startsWith("add"));
}

/** The first violation of one of these rules; null where none is broken. */
export function found(violations: readonly Violation[], among: readonly RuleName[] | null = null): Violation | null {
  return violations.find(({ rule }) => among === null || among.includes(rule)) ?? null;
}
