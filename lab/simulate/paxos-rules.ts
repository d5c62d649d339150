/**
 * What Paxos Commit promises beyond the rules of all protocols (protocols §D.3-6 and -7), as a judge of messages and
 * durable rows: what acceptors promise and accept, what is chosen, and who may say so.
 */

import {
  BALLOT_ZERO,
  compareBallots,
  isSameBallot,
  type Ballot,
  type Decision,
  type LogRecord,
  type Message,
  type NodeId,
  type TransactionId,
  type Value,
} from "../../protocols/index.ts";
import type { Entry, Envelope } from "../../runtime/engine/index.ts";
import type { Plan } from "./plan.ts";

/** What an acceptor has in its journal of one transaction. */
interface Held {
  readonly promised: Ballot;
  readonly casts: ReadonlyMap<NodeId, { readonly ballot: Ballot; readonly value: Value }>;
  readonly star: Ballot | null;
}

const NOTHING: Held = { promised: BALLOT_ZERO, casts: new Map(), star: null };

interface Facts {
  readonly participants: readonly NodeId[];
  /** The group that it has: no other acceptor decides anything of it. */
  readonly group: readonly NodeId[];
  readonly acceptors: Map<NodeId, Held>;
  /** `branch ballot` to the value that was proposed. */
  readonly proposed: Map<string, Value>;
  /** `branch ballot value` to the acceptors that ever accepted it. */
  readonly accepted: Map<string, Set<NodeId>>;
  readonly chosen: Map<NodeId, Value>;
  /** Branches that have, or had, "prepared" in their journals. */
  readonly prepared: Set<NodeId>;
  readonly refused: Set<NodeId>;
  asked: boolean;
}

export class PaxosRules {
  private readonly violated: (what: string) => void;
  private readonly facts = new Map<TransactionId, Facts>();

  constructor(violated: (what: string) => void) {
    this.violated = violated;
  }

  begun({ id, acceptors, work }: Plan): void {
    if (acceptors.length === 0) return;
    this.facts.set(id, {
      participants: [...work.keys()],
      group: acceptors,
      acceptors: new Map(),
      proposed: new Map(),
      accepted: new Map(),
      chosen: new Map(),
      prepared: new Set(),
      refused: new Set(),
      asked: false,
    });
  }

  durable(node: NodeId, row: readonly Entry[]): void {
    for (const [at, entry] of row.entries()) {
      if (entry.kind !== "record" && entry.kind !== "closed" && entry.kind !== "dropped") continue;
      const facts = this.facts.get(entry.transaction);
      if (facts === undefined) continue;
      const { transaction } = entry;
      if (entry.kind === "record") this.record(node, transaction, facts, entry.record);
      if (entry.kind === "closed") this.closed(node, transaction, facts, entry.outcome.outcome);
      // Carried forward: all its records follow once more.
      const isCarried =
        entry.kind === "dropped" &&
        row.slice(at).some((later) => later.kind === "record" && later.transaction === transaction);
      if (isCarried) facts.acceptors.delete(node);
    }
  }

  /** A row that waits in memory: a branch under a token is void after a crash, with its row or without it. */
  appended(node: NodeId, entry: Entry): void {
    if (entry.kind !== "closed") return;
    const facts = this.facts.get(entry.transaction);
    if (facts?.participants.includes(node) === true && !facts.prepared.has(node)) facts.refused.add(node);
  }

  sent(from: NodeId, { transaction, body }: Envelope): void {
    const facts = this.facts.get(transaction);
    if (facts === undefined) return;
    switch (body.kind) {
      case "paxos-prepare":
      case "paxos-last-work":
        facts.asked = true;
        return;
      case "phase-2a":
        for (const { participant, value } of proposalsOf(facts, body))
          this.proposes(transaction, facts, participant, body.ballot, value);
        return;
      case "phase-1b":
      case "phase-2b":
        this.answers(from, transaction, facts, body);
        return;
      case "decision":
        if (facts.asked) this.decides(`${from} says`, transaction, facts, body.decision);
        return;
      default:
    }
  }

  private record(node: NodeId, id: TransactionId, facts: Facts, record: LogRecord): void {
    if (record.kind === "paxos-prepare") facts.prepared.add(node);
    if (record.kind !== "promise" && record.kind !== "accept") return;
    const { ballot } = record;
    const held = facts.acceptors.get(node) ?? NOTHING;
    if (compareBallots(ballot, held.promised) < 0)
      this.violated(`${node} ${id} accepts or promises ${text(ballot)} after ${text(held.promised)}`);
    const casts = new Map(held.casts);
    if (record.kind === "accept") {
      const membership = record.membership;
      const values = membership === null ? all(facts) : record.proposals;
      for (const { participant, value } of values) {
        if (membership !== null) casts.set(participant, { ballot, value });
        this.accepts(node, id, facts, participant, ballot, value);
      }
    }
    const star = record.kind === "accept" && record.membership === null ? ballot : held.star;
    facts.acceptors.set(node, { promised: ballot, casts, star });
  }

  private proposes(id: TransactionId, facts: Facts, participant: NodeId, ballot: Ballot, value: Value): void {
    const key = `${participant} ${text(ballot)}`;
    const before = facts.proposed.get(key);
    if (before !== undefined && before !== value) this.violated(`${id}: two values for ${key}`);
    facts.proposed.set(key, value);
    if (value === "prepared" && !facts.prepared.has(participant))
      this.violated(`${id}: "prepared" is proposed for ${participant}, which is not`);
  }

  private accepts(
    node: NodeId,
    id: TransactionId,
    facts: Facts,
    participant: NodeId,
    ballot: Ballot,
    value: Value,
  ): void {
    if (!facts.group.includes(node)) {
      this.violated(`${node} accepts of ${id}, which has ${facts.group.join(", ")}`);
      return;
    }
    const key = `${participant} ${text(ballot)} ${value}`;
    const acceptors = facts.accepted.get(key) ?? new Set();
    facts.accepted.set(key, acceptors.add(node));
    if (acceptors.size <= facts.group.length / 2) return;
    const chosen = facts.chosen.get(participant);
    if (chosen !== undefined && chosen !== value) this.violated(`${id}: both values are chosen for ${participant}`);
    facts.chosen.set(participant, value);
  }

  private answers(
    node: NodeId,
    id: TransactionId,
    facts: Facts,
    body: Message & { kind: "phase-1b" | "phase-2b" },
  ): void {
    const held = facts.acceptors.get(node) ?? NOTHING;
    if (compareBallots(held.promised, body.ballot) < 0)
      this.violated(`${node} answers ${body.kind} of ${id} in ${text(body.ballot)}, and its journal does not say so`);
    if (body.kind === "phase-1b") return;
    if (body.membership === null) {
      if (held.star === null || compareBallots(held.star, body.ballot) < 0)
        this.violated(`${node} says that it accepted * of ${id}, and its journal does not`);
      return;
    }
    for (const { participant, value } of body.accepted) {
      const cast = held.casts.get(participant);
      const isThere =
        cast !== undefined &&
        (isSameBallot(cast.ballot, body.ballot) ? cast.value === value : compareBallots(cast.ballot, body.ballot) > 0);
      if (!isThere)
        this.violated(`${node} says that it accepted ${participant} ${value} of ${id}, and its journal does not`);
    }
  }

  private closed(node: NodeId, id: TransactionId, facts: Facts, outcome: string): void {
    if (!facts.participants.includes(node)) return;
    if (outcome === "committed") this.decides(`${node} has`, id, facts, "commit");
    else if (!facts.prepared.has(node)) facts.refused.add(node);
    else if (outcome === "aborted") this.decides(`${node} has`, id, facts, "abort");
  }

  /** A commit needs all branches' values chosen. An abort needs one, or a branch that never can prepare. */
  private decides(who: string, id: TransactionId, facts: Facts, decision: Decision): void {
    const { participants, chosen, refused } = facts;
    const isTrue =
      decision === "commit"
        ? participants.every((node) => chosen.get(node) === "prepared")
        : refused.size > 0 || participants.some((node) => chosen.get(node) === "aborted");
    if (!isTrue) this.violated(`${who} ${decision} of ${id}, which is not chosen`);
  }
}

function all({ participants }: Facts): { readonly participant: NodeId; readonly value: Value }[] {
  return participants.map((participant) => ({ participant, value: "aborted" }));
}

function proposalsOf(facts: Facts, { membership, proposals }: Message & { kind: "phase-2a" }): typeof proposals {
  return membership === null ? all(facts) : proposals;
}

function text({ counter, node, incarnation }: Ballot): string {
  return counter === 0 ? "0" : `${counter} of ${node}, incarnation ${incarnation}`;
}
