/**
 * Judges a trace, event by event, so that every prefix is judged. It knows no protocol: meaning.ts says what messages
 * mean, and records and outcomes are named alike everywhere.
 */

import { parseTransactionId } from "../../protocols/index.ts";
import type { Happening, Stamp, TraceEvent } from "../../trace/index.ts";
import { Ballots } from "./ballots.ts";
import { noFacts, type Abstract, type Facts } from "./facts.ts";
import { isRequest, meaningOf, type Decision, type Vote } from "./meaning.ts";
import type { Rule, Violation } from "./rules.ts";

export interface Judgement {
  readonly events: number;
  readonly transactions: number;
  readonly violations: readonly Violation[];
  /** Branches that were prepared and not decided where the trace ends: `node transaction`. */
  readonly inDoubt: readonly string[];
  /** Branches that did not follow the decision: known damage, told to an operator. */
  readonly heuristic: readonly string[];
}

type Of<K extends Happening["kind"]> = Stamp & Extract<Happening, { kind: K }>;

interface NodeFacts {
  role: string;
  /** The last row that is known to be durable. */
  sequence: number;
  /** Since the last durable event: a crash takes it back. */
  readonly volatile: Of<"step">[];
  /** The same, of aborts that were not forced: they count at once, and a crash may take them back too. */
  readonly aborts: Facts[];
}

/** @param events in the order of `mergeTraces` */
export function judgeTrace(events: readonly TraceEvent[]): Judgement {
  const judge = new TraceJudge();
  for (const event of events) judge.take(event);
  return judge.judgement;
}

class TraceJudge {
  private readonly nodes = new Map<string, NodeFacts>();
  private readonly facts = new Map<string, Facts>();
  private readonly sent = new Set<string>();
  private readonly violations: Violation[] = [];
  private events = 0;

  get judgement(): Judgement {
    const all = [...this.facts.values()];
    return {
      events: this.events,
      transactions: this.facts.size,
      violations: this.violations,
      inDoubt: all.flatMap(({ transaction, states }) =>
        [...states].filter(([, state]) => state === "prepared").map(([node]) => `${node} ${transaction}`),
      ),
      heuristic: all.flatMap(({ transaction, heuristic }) => [...heuristic].map((node) => `${node} ${transaction}`)),
    };
  }

  take(event: TraceEvent): void {
    this.events += 1;
    switch (event.kind) {
      case "start":
        return this.start(event);
      case "durable":
        return this.durable(this.nodeOf(event), event.sequence);
      case "send":
        return this.send(event);
      case "receive":
        return this.receive(event);
      case "step":
        return this.step(event);
      // What a crash has taken shows when the node starts again.
      case "crash":
      case "note":
        return;
      default:
        event satisfies never;
    }
  }

  /** A crash takes back what was not durable; the row that was being written may be there all the same. */
  private start({ node, role, sequence }: Of<"start">): void {
    const before = this.nodes.get(node);
    if (before !== undefined && sequence > before.sequence) this.durable(before, sequence);
    for (const facts of before?.aborts ?? []) this.takeBack(facts, node);
    this.nodes.set(node, { role, sequence, volatile: [], aborts: [] });
  }

  private send(event: Of<"send">): void {
    this.sent.add(`${event.node} ${event.lamport}`);
    this.leaves(event, `${event.message.kind} to ${event.to}`);
    const facts = this.factsOf(event);
    const meaning = meaningOf(event.message);
    switch (meaning?.says) {
      case "request":
        if (meaning.members !== null) facts.members = meaning.members;
        return;
      case "invitation":
        facts.members = meaning.members;
        return;
      case "cast":
        if (meaning.members !== null) facts.members = meaning.members;
        this.ballot(facts, event, (ballots) => ballots.proposes(event.message));
        return this.votes(facts, event, meaning.vote);
      case "proposal":
        return this.ballot(facts, event, (ballots) => ballots.proposes(event.message));
      case "acceptance":
        return this.ballot(facts, event, (ballots) => ballots.accepts(event.node, event.message));
      case "promise":
        return this.ballot(facts, event, (ballots) =>
          ballots.promises(event.node, event.message, this.nodeOf(event).sequence),
        );
      case "alone":
        facts.alone = true;
        return;
      case "vote":
        return this.votes(facts, event, meaning.vote);
      case "decision":
        // The presumption, told to who needs no decision: it voted read-only, or it has committed and asked before that.
        if (
          meaning.decision === "abort" &&
          (facts.votes.get(event.to) === "read-only" || facts.states.get(event.to) === "committed")
        )
          return;
        // Presumed commit says the same to one that has aborted.
        if (
          meaning.decision === "commit" &&
          facts.states.get(event.to) === "aborted" &&
          facts.decided?.decision === "abort"
        )
          return;
        // Where branches may decide among themselves, who collects learns of it later, and may ask again until then.
        if (event.node === parseTransactionId(event.transaction)?.coordinator) facts.isOut = true;
        return this.decides(facts, event, event.node, meaning.decision);
      case "result":
        return this.decides(facts, event, event.node, meaning.decision);
      case "acknowledged":
        if (meaning.heuristic) facts.heuristic.add(event.node);
        return;
      case undefined:
        return;
      default:
        meaning satisfies never;
    }
  }

  private receive(event: Of<"receive">): void {
    const { from, sent } = event;
    if (sent !== null && this.nodes.has(from) && !this.sent.has(`${from} ${sent}`))
      this.violated("messages", event, `${event.message.kind} from ${from} arrives, which ${from} never sent`);
  }

  private step(event: Of<"step">): void {
    const facts = this.factsOf(event);
    const node = this.nodeOf(event);
    if (event.sends.some(isRequest)) this.asks(facts, event);
    if (event.outcome?.outcome === "heuristic") facts.heuristic.add(event.node);
    node.volatile.push(event);
    if (isForced(event)) return;
    // Nothing of it must be durable first: it counts now.
    this.settle(node, event);
    node.volatile.pop();
    const isOwnAbort = node.role === "participant" && event.outcome?.outcome === "aborted";
    if (isOwnAbort && !facts.prepared.has(event.node)) node.aborts.push(facts);
  }

  /** A branch that never prepared, and lost its note of an abort in a crash, may begin anew. */
  private takeBack(facts: Facts, node: string): void {
    facts.states.delete(node);
    facts.decisions.delete(node);
    if (facts.decided?.by !== node) return;
    const [other] = facts.decisions;
    facts.decided = other === undefined ? null : { by: other[0], decision: other[1] };
  }

  private durable(node: NodeFacts, sequence: number): void {
    node.sequence = sequence;
    node.aborts.length = 0;
    for (const event of node.volatile.splice(0)) this.settle(node, event);
  }

  /** A step that can't be taken back any more, or that a crash takes back without harm. */
  private settle({ role }: NodeFacts, event: Of<"step">): void {
    const facts = this.factsOf(event);
    const { node, records, outcome, answers } = event;
    for (const { kind, decision } of records) {
      if (kind === "prepare" || kind === "paxos-prepare") {
        facts.prepared.add(node);
        this.becomes(facts, event, "prepared");
      }
      if (kind === "commit" || decision === "commit") this.decides(facts, event, node, "commit");
      if (kind === "abort" || decision === "abort") this.decides(facts, event, node, "abort");
    }
    if (outcome !== null && outcome.outcome !== "read-only") this.ends(facts, event, role, outcome.outcome);
    for (const answer of answers) this.tells(facts, event, answer);
  }

  private ends(facts: Facts, event: Of<"step">, role: string, outcome: string): void {
    const decision: Decision = outcome === "aborted" ? "abort" : "commit";
    const { node } = event;
    if (role === "acceptor") return this.decides(facts, event, node, decision);
    if (role === "participant") {
      // It has dropped out: what it writes of an abort is a note for late copies.
      if (decision === "abort" && facts.votes.get(node) === "read-only") return;
      this.becomes(facts, event, decision === "commit" ? "committed" : "aborted");
    }
    this.decides(facts, event, node, decision);
  }

  private asks(facts: Facts, event: Of<"step">): void {
    const who = `${event.node} in incarnation ${event.incarnation}`;
    const others = [...facts.askedBy].filter((each) => each !== who);
    facts.askedBy.add(who);
    if (facts.isOut) this.violated("collected once", event, `${who} asks for votes after the decision was told`);
    else if (others.length > 0)
      this.violated("collected once", event, `${who} asks for votes that ${others.join(", ")} had asked for`);
  }

  private ballot(facts: Facts, event: Of<"send">, look: (ballots: Ballots) => string | null): void {
    const wrong = look((facts.ballots ??= new Ballots()));
    if (wrong !== null) this.violated("chosen", event, wrong);
  }

  private votes(facts: Facts, event: Of<"send">, vote: Vote): void {
    const { node } = event;
    const first = facts.votes.get(node);
    if (first === undefined) facts.votes.set(node, vote);
    else if (first === "no" && vote === "yes")
      this.violated("refinement", event, `${node} voted no, and now votes yes`);
    if (vote === "yes" && !facts.prepared.has(node))
      this.violated("write-ahead", event, `${node} votes yes, and its prepare record is not durable`);
  }

  private tells(facts: Facts, event: Of<"step">, answer: string): void {
    if (answer !== "committed" && answer !== "aborted") return;
    const decision: Decision = answer === "committed" ? "commit" : "abort";
    facts.isOut = true;
    if (facts.told !== null && facts.told !== decision)
      this.violated("client truth", event, `a client was told ${facts.told}, then ${decision}`);
    facts.told = decision;
    this.decides(facts, event, "a client", decision, "client truth");
  }

  private decides(
    facts: Facts,
    event: Of<"step"> | Of<"send">,
    by: string,
    decision: Decision,
    rule: Rule = "agreement",
  ): void {
    if (facts.heuristic.has(by)) return;
    const known = facts.decisions.get(by);
    facts.decisions.set(by, decision);
    if (known !== undefined && known !== decision)
      this.violated("stability", event, `${by} decided ${known}, and now ${decision}`);
    else if (facts.decided !== null && facts.decided.decision !== decision)
      this.violated(rule, event, `${facts.decided.by}: ${facts.decided.decision}; ${by}: ${decision}`);
    facts.decided ??= { by, decision };
    if (known !== undefined) return;
    // A branch that never proposed "prepared" may abort by itself, and nothing else can be chosen.
    const alone = decision === "abort" && by === event.node && this.nodeOf(event).role === "participant";
    const against = alone ? null : (facts.ballots?.against(decision) ?? null);
    if (against !== null) this.violated("chosen", event, `${by}: ${against}`);
    if (decision === "commit") this.validCommit(facts, event, by);
  }

  private validCommit(facts: Facts, event: Of<"step"> | Of<"send">, by: string): void {
    if (facts.alone) return;
    for (const member of facts.members) {
      const vote = facts.votes.get(member);
      if (vote === "read-only" || (vote === "yes" && facts.prepared.has(member))) continue;
      this.violated("commit validity", event, `${by} commits, and ${member} voted ${vote ?? "nothing"}`);
    }
  }

  /** The steps of TCommit (protocols §0.2). */
  private becomes(facts: Facts, event: Of<"step">, next: Abstract): void {
    const { node } = event;
    if (facts.heuristic.has(node)) return;
    const now = facts.states.get(node) ?? "working";
    if (now === next) return;
    const others = facts.members.filter((member) => member !== node && facts.votes.get(member) !== "read-only");
    const stateOf = (member: string): Abstract => facts.states.get(member) ?? "working";
    const allowed =
      (next === "prepared" && now === "working") ||
      (next === "committed" &&
        (facts.alone ||
          (now === "prepared" && others.every((member) => ["prepared", "committed"].includes(stateOf(member)))))) ||
      (next === "aborted" &&
        (now === "working" || now === "prepared") &&
        others.every((member) => stateOf(member) !== "committed"));
    facts.states.set(node, next);
    if (!allowed) {
      const rest = others.map((member) => `${member} ${stateOf(member)}`).join(", ");
      this.violated("refinement", event, `${node} goes from ${now} to ${next} (${rest})`);
    }
  }

  /** §0.1 W1: what leaves waits for every forced record of its log. */
  private leaves(event: Of<"send">, what: string): void {
    const waiting = this.nodeOf(event).volatile.find(isForced);
    if (waiting === undefined) return;
    const record = waiting.records.find(({ forced }) => forced)?.kind ?? waiting.outcome?.outcome ?? "";
    this.violated(
      "write-ahead",
      event,
      `${what} leaves ${event.node} before ${record} of ${waiting.transaction} is durable`,
    );
  }

  private violated(rule: Rule, event: Stamp & { readonly transaction?: string }, what: string): void {
    const { node, lamport, transaction = null } = event;
    this.violations.push({ rule, transaction, what, node, lamport });
  }

  private nodeOf({ node }: Stamp): NodeFacts {
    let facts = this.nodes.get(node);
    if (facts === undefined) this.nodes.set(node, (facts = { role: "", sequence: 0, volatile: [], aborts: [] }));
    return facts;
  }

  private factsOf({ transaction, protocol }: { readonly transaction: string; readonly protocol: string }): Facts {
    let facts = this.facts.get(transaction);
    if (facts === undefined) this.facts.set(transaction, (facts = noFacts(transaction, protocol)));
    return facts;
  }
}

function isForced({ records, outcome }: Of<"step">): boolean {
  return records.some(({ forced }) => forced) || outcome?.forced === true;
}
