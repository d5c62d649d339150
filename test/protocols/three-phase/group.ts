/**
 * A coordinator and participants of one transaction without engine, clock or network: every message, timeout, crash
 * and suspicion happens when a test says so. Forced records outlive a crash; what leaves a node rests on them.
 */

import type { Machines } from "../../../lab/bugs/three-phase.ts";
import {
  type Absence,
  type Closed,
  type Decision,
  type Env,
  type Input,
  type LogRecord,
  type Machine,
  type Message,
  type MessageKind,
  type NodeId,
  protocols,
  type ProtocolName,
  type Step,
  type Timer,
} from "../../../protocols/index.ts";
import { C, envOf } from "../../../lab/simulate/setting.ts";

type AnyMachine = Machine<unknown, LogRecord>;

export const ID = "C.0001.00000001";

export interface InFlight {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly body: Message;
}

export interface Site {
  readonly name: NodeId;
  readonly machine: AnyMachine;
  env: Env;
  state: unknown;
  isAlive: boolean;
  records: { readonly record: LogRecord; readonly force: boolean }[];
  closed: { readonly outcome: Closed; readonly force: boolean } | null;
  /** The coordinator said that the id is closed. */
  isForgotten: boolean;
  readonly timers: Set<Timer>;
}

export class Group {
  readonly sites = new Map<NodeId, Site>();
  flight: InFlight[] = [];
  /** Everyone's outcome, the client's as well, and everyone's second ones. */
  readonly outcomes = new Map<NodeId, Set<Decision>>();
  readonly alarms: string[] = [];
  /** Forced records, in the order in which they were written. */
  readonly forced: string[] = [];
  readonly sent: InFlight[] = [];
  readonly participants: readonly NodeId[];
  private readonly refusing: readonly NodeId[];

  constructor(protocol: ProtocolName | Machines, count: number, refusing: readonly NodeId[] = []) {
    const { coordinator, participant } = typeof protocol === "string" ? protocols[protocol] : protocol;
    this.participants = Array.from({ length: count }, (_, at) => `P${at + 1}`);
    this.refusing = refusing;
    for (const name of [C, ...this.participants])
      this.sites.set(name, {
        name,
        machine: name === C ? coordinator : participant,
        env: envOf(name),
        state: null,
        isAlive: true,
        records: [],
        closed: null,
        isForgotten: false,
        timers: new Set(),
      });
    for (const name of this.participants) {
      this.absent(name, {
        kind: "message",
        from: C,
        body: { kind: "work", token: null, item: 1, work: new Uint8Array(1) },
        expired: false,
      });
    }
    this.flight = [];
    this.sent.length = 0;
  }

  /** The coordinator asks for votes. @param initiator is given its last work first, and votes unasked */
  begin(initiator: NodeId | null = null): void {
    const site = this.site(C);
    const step = site.machine.absent(
      site.env,
      ID,
      { kind: "fresh" },
      {
        kind: "start",
        reply: 1,
        cancelled: null,
        descriptor: {
          transaction: ID,
          protocol: "3pc",
          coordinator: C,
          group: null,
          initiator,
          timeoutMs: 100,
          branches: this.participants.map((participant) => ({
            participant,
            token: { incarnation: 1, number: 1 },
            workCount: 1,
            work: participant === initiator ? new Uint8Array(1) : null,
          })),
        },
      },
    );
    this.take(site, step);
  }

  site(name: NodeId): Site {
    const site = this.sites.get(name);
    if (site === undefined) throw new Error(`no site ${name}`);
    return site;
  }

  /** Brings the next messages of a kind, in the order in which they were sent; all that match, or so many. */
  deliver(kind: MessageKind, between: { from?: NodeId; to?: NodeId } = {}): void {
    const matching = this.matching(kind, between);
    if (matching.length === 0) throw new Error(`no ${kind} is under way`);
    for (const message of matching) this.bring(message);
  }

  drop(kind: MessageKind, between: { from?: NodeId; to?: NodeId } = {}): void {
    const matching = this.matching(kind, between);
    if (matching.length === 0) throw new Error(`no ${kind} is under way`);
    this.flight = this.flight.filter((each) => !matching.includes(each));
  }

  /** @param isCopy it stays under way */
  bring(message: InFlight, isCopy = false): void {
    if (!isCopy) this.flight = this.flight.filter((each) => each !== message);
    if (this.site(message.to).isAlive)
      this.input(message.to, { kind: "message", from: message.from, body: message.body, expired: false });
  }

  timeout(name: NodeId, timer: Timer = "decision"): void {
    if (!this.site(name).timers.delete(timer)) throw new Error(`${name} has no timer ${timer}`);
    this.input(name, { kind: "timeout", timer });
  }

  suspect(name: NodeId, of: NodeId, suspected = true): void {
    this.input(name, { kind: "suspicion", node: of, suspected });
  }

  crash(name: NodeId, tail: "kept" | "lost" = "lost"): void {
    const site = this.site(name);
    site.isAlive = false;
    site.state = null;
    site.timers.clear();
    if (tail === "kept") return;
    if (site.closed?.force === false) site.closed = null;
    const last = site.records.findLastIndex(({ force }) => force);
    if (site.closed === null) site.records = site.records.slice(0, last + 1);
  }

  recover(name: NodeId): void {
    const site = this.site(name);
    site.isAlive = true;
    site.env = { ...site.env, incarnation: site.env.incarnation + 1 };
    if (site.closed === null && site.records.length > 0)
      this.take(
        site,
        site.machine.restore(
          site.env,
          ID,
          site.records.map(({ record }) => record),
        ),
      );
  }

  /** The coordinator's word that the id is closed, where it is. */
  watermark(): void {
    const coordinator = this.site(C);
    if (!coordinator.isAlive || coordinator.state !== null) return;
    for (const name of this.participants) {
      const site = this.site(name);
      if (!site.isAlive) continue;
      site.isForgotten = true;
      if (site.state !== null) this.input(name, { kind: "closed" });
    }
  }

  input(name: NodeId, input: Input): void {
    const site = this.site(name);
    if (site.state === null) this.absent(name, input);
    else this.take(site, site.machine.step(site.env, site.state, input));
  }

  shown(name: NodeId): string {
    const { state, machine } = this.site(name);
    return state === null ? "forgotten" : machine.view(state).state;
  }

  /** What each node came to, the client included. */
  decided(name: NodeId): string {
    return [...(this.outcomes.get(name) ?? [])].join(" and ");
  }

  get isSplit(): boolean {
    return new Set([...this.outcomes.values()].flatMap((each) => [...each])).size > 1;
  }

  get isOver(): boolean {
    return [...this.sites.values()].every(({ state, isAlive }) => isAlive && state === null);
  }

  /** Everyone is up and linked, nothing is lost any more, and time passes. */
  heal(rounds = 400): void {
    for (const { name, isAlive } of this.sites.values()) if (!isAlive) this.recover(name);
    for (const { name } of this.sites.values())
      for (const of of this.sites.keys())
        if (of !== name && this.site(name).state !== null) this.suspect(name, of, false);
    for (let round = 0; round < rounds && !this.isOver; round += 1) {
      while (this.flight[0] !== undefined) this.bring(this.flight[0]);
      const armed = [...this.sites.values()].filter(({ timers }) => timers.size > 0);
      const site = armed[round % Math.max(armed.length, 1)];
      const [timer] = site?.timers ?? [];
      if (site !== undefined && timer !== undefined) this.timeout(site.name, timer);
      else this.watermark();
    }
  }

  private absent(name: NodeId, input: Input): void {
    const site = this.site(name);
    this.take(site, site.machine.absent(site.env, ID, this.absence(site), input));
  }

  private absence(site: Site): Absence {
    if (site.name === C) {
      if (site.closed !== null) return { kind: "closed", closed: site.closed.outcome };
      return { kind: "lost" };
    }
    if (site.isForgotten) return { kind: "forgotten" };
    return site.closed === null ? { kind: "fresh" } : { kind: "closed", closed: site.closed.outcome };
  }

  private take(site: Site, step: Step<unknown, LogRecord>): void {
    if (step.ignored !== undefined) return;
    site.state = step.state;
    for (const each of step.records ?? []) {
      site.records.push(each);
      if (each.force) this.forced.push(`${site.name} ${each.record.kind}`);
      if (each.record.kind === "decided") this.note(site.name, each.record.decision);
    }
    if (step.state === null) {
      site.timers.clear();
      if (step.closed !== undefined) {
        site.closed = step.closed;
        if (step.closed.force) this.forced.push(`${site.name} end`);
        this.note(site.name, step.closed.outcome.outcome === "aborted" ? "abort" : "commit");
      }
    }
    for (const each of step.timers ?? [])
      if ("set" in each) site.timers.add(each.set);
      else site.timers.delete(each.cancel);
    if (step.state === null) site.timers.clear();
    for (const { to, body } of step.sends ?? []) {
      this.flight.push({ from: site.name, to, body });
      this.sent.push({ from: site.name, to, body });
    }
    for (const effect of step.effects ?? []) {
      if (effect.kind === "alarm") this.alarms.push(`${site.name} ${effect.alarm}: ${effect.detail}`);
      if (effect.kind === "reply" && effect.answer.outcome !== "pending" && effect.answer.outcome !== "forgotten")
        this.note("client", effect.answer.outcome === "committed" ? "commit" : "abort");
      if (effect.kind === "resource") this.resource(site, effect.request.act);
    }
  }

  private resource(site: Site, act: "work" | "prepare" | "commit" | "abort" | "adopt"): void {
    const none = new Uint8Array(0);
    if (act === "work")
      this.input(site.name, { kind: "resource", result: { kind: "worked", item: 1, ok: true, result: none } });
    if (act === "commit") this.input(site.name, { kind: "resource", result: { kind: "applied", outcome: "ok" } });
    if (act !== "prepare") return;
    const result = this.refusing.includes(site.name)
      ? ({ kind: "prepared", vote: "no", reason: "VOTED_NO", detail: "" } as const)
      : ({ kind: "prepared", vote: "yes", redo: new Uint8Array(1), result: none } as const);
    this.input(site.name, { kind: "resource", result });
  }

  private matching(kind: MessageKind, { from, to }: { from?: NodeId; to?: NodeId }): InFlight[] {
    return this.flight.filter(
      (each) =>
        each.body.kind === kind && (from === undefined || each.from === from) && (to === undefined || each.to === to),
    );
  }

  private note(node: NodeId, decision: Decision): void {
    const known = this.outcomes.get(node);
    if (known === undefined) this.outcomes.set(node, new Set([decision]));
    else known.add(decision);
  }
}
