/**
 * The engine: runs the machines of one process, a turn at a time. A turn steps every queued input of every
 * instance, writes all their records in one journal transaction with one fsync, and only then hands each
 * peer one frame, sets timers and answers callers. The order is that of `Step` (protocols/machine.ts), kept
 * here and nowhere else. Nothing in this file knows which protocol it runs.
 */

import {
  parseTransactionId,
  type Absence,
  type AbortReason,
  type Answer,
  type Closed,
  type Descriptor,
  type Effect,
  type Env,
  type Input,
  type LogRecord,
  type Machine,
  type NodeId,
  type OperatorAct,
  type ProtocolName,
  type ReplyId,
  type ResourceResult,
  type Send,
  type Step,
  type TimerStep,
  type TransactionId,
  type View,
} from "../../protocols/index.ts";
import { areAlike, unreachable } from "../../protocols/index.ts";
import type { Entry, GroupEntry, Seen } from "./entry.ts";
import type { Identity } from "./identity.ts";
import { InstanceTimer, type Instance, type Peer } from "./instance.ts";
import { Outcomes } from "./outcomes.ts";
import { LockWaits, type Pending } from "./lock-waits.ts";
import type {
  Clock,
  Envelope,
  Journal,
  Network,
  Observer,
  Random,
  Resource,
  ResourceAnswer,
  Scheduler,
} from "./ports.ts";
import { rangeText } from "./ranges.ts";
import { carryForward, overBounds, type RetentionTimes } from "./retention.ts";
import { type Armed, TimerWheel } from "../timers/index.ts";

export type AnyMachine = Machine<unknown, LogRecord>;

export interface EngineOptions {
  /** Whether its resource shares the log is seen here. */
  readonly env: Omit<Env, "sharesLog">;
  readonly machines: (protocol: ProtocolName) => AnyMachine;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly journal: Journal;
  readonly network: Network;
  readonly resource: Resource | null;
  readonly observer: Observer;
  readonly retention: RetentionTimes;
  /** How long a resource request may wait for locks, in milliseconds; 0: not at all. */
  readonly lockWaitMs: number;
  /** Unforced entries wait at most this long in memory, in milliseconds. */
  readonly flushMs: number;
}

interface Job {
  readonly id: TransactionId;
  readonly protocol: ProtocolName;
  readonly input: Input;
  /** Monotonic milliseconds; the input counts as expired after it. */
  readonly expiresAtMs: number;
  /** The first request ever for this id. */
  readonly fresh: boolean;
}

/** So many inputs are stepped before the resource is asked and the clock is looked at. */
const SLICE = 64;
/**
 * A turn that takes longer leaves its other inputs to the next one. What it did is answered in time, and whoever
 * has no time left then costs no work: otherwise all of a queue that is too long would be done, for nobody.
 */
const TURN_MS = 50;

export class Engine {
  readonly env: Env;
  readonly outcomes = new Outcomes();
  private readonly options: EngineOptions;
  private readonly instances = new Map<TransactionId, Instance>();
  private readonly peers = new Map<NodeId, Peer>();
  /** By version, the oldest first; each with the journal row that holds it. */
  private readonly groups = new Map<number, { readonly entry: GroupEntry; row: number }>();
  private readonly wheel: TimerWheel;
  private readonly callers = new Map<ReplyId, (answer: Answer) => void>();
  private nextReply = 1;
  private queue: Job[] = [];
  private scheduled = false;
  private serving = false;
  private closed = false;
  private readonly waits: LockWaits;
  private flushTimer: Armed | null = null;
  /** Closings whose entry still waits in memory: for the outside these ids are open. */
  private unwritten: TransactionId[] = [];

  // What the turn under way has gathered.
  private entries: Entry[] = [];
  private force = false;
  private executes: Pending[] = [];
  private applies: Pending[] = [];
  private frames = new Map<NodeId, Envelope[]>();
  private timerSteps: { instance: Instance; steps: readonly TimerStep[] }[] = [];
  private replies: { to: ReplyId; answer: Answer }[] = [];
  private alarms: { id: TransactionId; effect: Effect & { kind: "alarm" } }[] = [];
  private touched: Instance[] = [];
  private changed: TransactionId[] = [];

  constructor(options: EngineOptions) {
    this.options = options;
    this.env = { ...options.env, sharesLog: options.resource?.sharesLog ?? false };
    const { clock, scheduler, lockWaitMs } = options;
    this.wheel = new TimerWheel(clock, scheduler);
    this.waits = new LockWaits({ clock, wheel: this.wheel, waitMs: lockWaitMs, due: () => this.soon() });
  }

  /** Rebuilds every live transaction from the journal. Nothing is answered before this has returned (protocols W6). */
  restore(rows: Iterable<{ readonly sequence: number; readonly entries: readonly Entry[] }>): void {
    for (const { sequence, entries } of rows) for (const entry of entries) this.replay(entry, sequence);
    this.outcomes.dropClosed();
    for (const instance of this.instances.values()) {
      const machine = this.options.machines(instance.protocol);
      this.take(instance, machine.restore(this.env, instance.id, instance.records));
      if (instance.state === null || instance.state === undefined) this.instances.delete(instance.id);
    }
    this.adoptAll();
    this.serving = true;
    this.changed.length = 0;
    this.write();
    this.release();
    this.sweepLater();
    if (this.queue.length > 0) this.soon();
  }

  /**
   * A commit request. `fresh`: the caller vouches that it is the first one ever for this id; any other is
   * answered from what is known and never collects votes again (protocols §A.3). `tell` is called once,
   * when the outcome may be told.
   */
  start(
    descriptor: Descriptor,
    fresh: boolean,
    cancelled: AbortReason | null,
    tell: ((answer: Answer) => void) | null,
  ): void {
    const reply = tell === null ? null : this.caller(tell);
    const input: Input = { kind: "start", descriptor, reply, cancelled };
    this.enqueue(descriptor.transaction, descriptor.protocol, input, Number.POSITIVE_INFINITY, fresh);
  }

  /** What is known of a transaction, told after everything that it rests on is durable (W1). */
  ask(id: TransactionId, protocol: ProtocolName, tell: (answer: Answer) => void): void {
    this.enqueue(id, protocol, { kind: "ask", reply: this.caller(tell) });
  }

  /** A person's act on a transaction, with the reason that the person gave. */
  operate(
    id: TransactionId,
    protocol: ProtocolName,
    act: OperatorAct,
    reason: string,
    tell: ((answer: Answer) => void) | null,
  ): void {
    const reply = tell === null ? null : this.caller(tell);
    this.enqueue(id, protocol, { kind: "operator", act, reason, reply });
  }

  /** A frame's messages from one peer. */
  deliver(from: NodeId, envelopes: readonly Envelope[]): void {
    const now = this.options.clock.nowMs();
    for (const { transaction, protocol, body, timeoutMs } of envelopes) {
      const expiresAtMs = timeoutMs === undefined ? Number.POSITIVE_INFINITY : now + timeoutMs;
      this.enqueue(transaction, protocol, { kind: "message", from, body, expired: false }, expiresAtMs);
    }
  }

  /** A link came up or went down: a hint that shortens waits and never decides. */
  suspect(node: NodeId, suspected: boolean): void {
    for (const instance of this.instances.values()) {
      const { participants, coordinator, others } = this.viewOf(instance);
      if (coordinator === node || participants.includes(node) || others?.includes(node) === true) {
        this.enqueue(instance.id, instance.protocol, { kind: "suspicion", node, suspected });
      }
    }
  }

  /** The same for one transaction that was started while a link was down. */
  suspectIn(id: TransactionId, protocol: ProtocolName, node: NodeId): void {
    this.enqueue(id, protocol, { kind: "suspicion", node, suspected: true });
  }

  /** A coordinator's word that all its ids below are closed, but for the ones named: ids, or ranges of them (ranges.ts). */
  close(coordinator: NodeId, below: TransactionId, except: readonly string[]): void {
    const { nextSequence } = this.options.journal.size;
    const taken = this.outcomes.close(coordinator, below, except, nextSequence);
    if (taken === null) return;
    this.note({ kind: "watermark", coordinator, below, except: taken.except.ranges.map(rangeText) }, false);
    for (const { id, protocol } of this.instances.values()) {
      if (id.startsWith(`${coordinator}.`) && this.outcomes.isClosed(coordinator, id))
        this.enqueue(id, protocol, { kind: "closed" });
    }
  }

  /**
   * A coordinator is back in this incarnation. What an earlier one had under way here, and had asked no vote for, nobody
   * will ask for: it ends now, and not when its time is over.
   */
  outlived(coordinator: NodeId, incarnation: number): void {
    for (const instance of this.instances.values()) {
      const { id, protocol } = instance;
      const parts = parseTransactionId(id);
      if (parts?.coordinator !== coordinator || parts.incarnation >= incarnation) continue;
      if (this.viewOf(instance).state === "active") this.enqueue(id, protocol, { kind: "closed" });
    }
  }

  peer(node: NodeId): Peer | undefined {
    return this.peers.get(node);
  }

  get peerCount(): number {
    return this.peers.size;
  }

  allPeers(): IterableIterator<[NodeId, Peer]> {
    return this.peers.entries();
  }

  /** Remembers what was seen of a peer; forced where a later comparison must be able to rely on it. */
  notePeer(node: NodeId, seen: Omit<Peer, "row">, force: boolean): void {
    const { role, log, incarnation, boot, sequence } = seen;
    this.peers.set(node, { ...seen, row: this.options.journal.size.nextSequence });
    this.note({ kind: "peer", node, role, log, incarnation, boot, sequence }, force);
  }

  /** Writes down a group of acceptors, or that a version is no longer needed; forced: what uses it comes after. */
  noteGroup(entry: GroupEntry): void {
    this.keepGroup(entry, this.options.journal.size.nextSequence);
    this.note(entry, true);
  }

  allGroups(): readonly GroupEntry[] {
    return [...this.groups.values()].map(({ entry }) => entry);
  }

  /** What was last seen of a peer that is known: written down with what is written next, unless more is known by now. */
  sawPeer(node: NodeId, seen: Seen): void {
    const known = this.peers.get(node);
    // A link ends after the next one of the same node was taken up, too.
    if (known === undefined || seen.incarnation < known.incarnation || seen.sequence <= known.sequence) return;
    this.notePeer(node, { role: known.role, ...seen }, false);
  }

  get liveCount(): number {
    return this.instances.size;
  }

  get queuedCount(): number {
    return this.queue.length;
  }

  live(
    id: TransactionId,
  ): { readonly protocol: ProtocolName; readonly view: View; readonly sinceMs: number } | undefined {
    const instance = this.instances.get(id);
    return instance && { protocol: instance.protocol, view: this.viewOf(instance), sinceMs: instance.sinceMs };
  }

  isLive(id: TransactionId): boolean {
    return this.instances.has(id);
  }

  liveIds(): IterableIterator<TransactionId> {
    return this.instances.keys();
  }

  /** Ids that others must take for open: the live ones, those about to start, and those whose closing is not in the journal yet. */
  openIds(): TransactionId[] {
    const starting = this.queue.filter((job) => job.fresh).map((job) => job.id);
    return [...this.instances.keys(), ...starting, ...this.unwritten];
  }

  /** Writes what waits in memory, and takes no more turns. */
  shutdown(): void {
    this.closed = true;
    this.wheel.close();
    if (!this.serving) return;
    this.write();
    this.options.journal.flush();
  }

  private caller(tell: (answer: Answer) => void): ReplyId {
    const reply = this.nextReply;
    this.nextReply += 1;
    this.callers.set(reply, tell);
    return reply;
  }

  private enqueue(
    id: TransactionId,
    protocol: ProtocolName,
    input: Input,
    expiresAtMs = Number.POSITIVE_INFINITY,
    fresh = false,
  ): void {
    this.queue.push({ id, protocol, input, expiresAtMs, fresh });
    this.soon();
  }

  private soon(): void {
    if (this.scheduled || !this.serving) return;
    this.scheduled = true;
    this.options.scheduler.soon(() => {
      this.scheduled = false;
      if (!this.closed) this.turn();
    });
  }

  /** See the head of this file. Synchronous from the first step to the last frame. */
  private turn(): void {
    const jobs = this.queue;
    this.queue = [];
    this.executes.push(...this.waits.retry());
    const { clock } = this.options;
    const beganMs = clock.nowMs();
    let nowMs = beganMs;
    let at = 0;
    while (at < jobs.length && nowMs - beganMs < TURN_MS) {
      for (const job of jobs.slice(at, at + SLICE)) {
        const late = job.input.kind === "message" && job.expiresAtMs < nowMs;
        this.dispatch(job.id, job.protocol, late ? expired(job.input) : job.input, job.fresh);
      }
      at += SLICE;
      this.executeAll();
      nowMs = clock.nowMs();
    }
    if (at < jobs.length) this.queue = [...jobs.slice(at), ...this.queue];
    this.executeAll();
    this.write();
    this.release();
    if (this.queue.length > 0 || this.waits.isDue) this.soon();
  }

  private dispatch(id: TransactionId, protocol: ProtocolName, input: Input, fresh = false): void {
    const live = this.instances.get(id);
    const isMistaken = live !== undefined && input.kind === "message" && !areAlike(live.protocol, protocol);
    if (live !== undefined && !isMistaken) {
      this.step(live, input);
      return;
    }
    const absence = this.absence(id, fresh);
    const step = this.options.machines(protocol).absent(this.env, id, absence, input);
    const instance: Instance = {
      id,
      protocol,
      state: null,
      ended: false,
      records: [],
      sequence: 0,
      timers: [],
      sinceMs: this.options.clock.calendarMs(),
    };
    if (isMistaken) {
      this.aside(instance, step);
      return;
    }
    if (step.state !== null) this.instances.set(id, instance);
    this.take(instance, step);
  }

  /**
   * A message of a transaction that is taken for one of another protocol: a client asked for its id, nothing was known of
   * it, and acceptors are being asked, who never heard of it either. It is answered as if nobody had asked, and
   * waits for no acceptor. What would leave anything behind is lost: it comes again.
   */
  private aside(instance: Instance, step: Step<unknown, LogRecord>): void {
    const { id, protocol } = instance;
    if (step.ignored !== undefined || step.state !== null || step.closed !== undefined) {
      this.options.observer.ignored?.(id, step.ignored ?? "late-report");
      return;
    }
    this.options.observer.stepped?.(id, protocol, step);
    for (const send of step.sends ?? []) this.address(instance, send);
    for (const effect of step.effects ?? []) this.effect(instance, effect);
  }

  private step(instance: Instance, input: Input): void {
    this.take(instance, this.options.machines(instance.protocol).step(this.env, instance.state, input));
  }

  private absence(id: TransactionId, fresh: boolean): Absence {
    const kept = this.outcomes.get(id);
    if (kept !== undefined) return { kind: "closed", closed: kept.closed };
    return fresh ? { kind: "fresh" } : this.options.identity.absence(id, this.outcomes);
  }

  /** Gathers what a step wants done; nothing of it leaves before `write` has returned. */
  private take(instance: Instance, step: Step<unknown, LogRecord>): void {
    if (step.ignored !== undefined) {
      this.options.observer.ignored?.(instance.id, step.ignored);
      return;
    }
    this.options.observer.stepped?.(instance.id, instance.protocol, step);
    instance.state = step.state;
    for (const { record, force } of step.records ?? []) {
      instance.records.push(record);
      this.entries.push({ kind: "record", transaction: instance.id, protocol: instance.protocol, record });
      if (force) this.force = true;
    }
    if (step.records !== undefined && instance.sequence === 0) this.touched.push(instance);
    for (const send of step.sends ?? []) this.address(instance, send);
    if (step.timers !== undefined) this.timerSteps.push({ instance, steps: step.timers });
    for (const effect of step.effects ?? []) this.effect(instance, effect);
    if (step.state === null) this.end(instance, step.closed);
    this.changed.push(instance.id);
  }

  private end(instance: Instance, closed: Step<unknown, LogRecord>["closed"]): void {
    const { id, protocol } = instance;
    const known = this.instances.delete(id);
    instance.ended = true;
    for (const timer of instance.timers) this.wheel.cancel(timer);
    instance.timers.length = 0;
    this.waits.leave(instance);
    if (closed !== undefined) {
      this.keep(id, protocol, closed.outcome);
      this.unwritten.push(id);
      if (closed.force) this.force = true;
    } else if (known && instance.records.length > 0) this.entries.push({ kind: "dropped", transaction: id });
  }

  private keep(id: TransactionId, protocol: ProtocolName, closed: Closed): void {
    const atMs = this.options.clock.calendarMs();
    this.outcomes.add(id, { protocol, closed, atMs, sequence: this.options.journal.size.nextSequence });
    this.entries.push({ kind: "closed", transaction: id, protocol, outcome: closed, atMs });
  }

  private address(instance: Instance, { to, body, timeoutMs }: Send): void {
    const { id: transaction, protocol } = instance;
    const envelope: Envelope =
      timeoutMs === undefined ? { transaction, protocol, body } : { transaction, protocol, body, timeoutMs };
    const frame = this.frames.get(to);
    if (frame === undefined) this.frames.set(to, [envelope]);
    else frame.push(envelope);
  }

  private effect(instance: Instance, effect: Effect): void {
    switch (effect.kind) {
      case "reply":
        this.replies.push(effect);
        return;
      case "alarm":
        this.alarms.push({ id: instance.id, effect });
        return;
      case "resource": {
        const { request } = effect;
        const pending = this.waits.request(instance, request);
        if (request.act === "commit" || request.act === "abort") this.applies.push(pending);
        else this.executes.push(pending);
        return;
      }
      default:
        unreachable(effect);
    }
  }

  /** Work and prepares of the embedded resource, and the steps on their results: part of this turn, before its records are complete. */
  private executeAll(): void {
    while (this.executes.length > 0) {
      const batch = this.executes.filter(({ instance }) => !instance.ended);
      this.executes = [];
      const answers = this.resource().execute(batch);
      let index = 0;
      for (const pending of batch) {
        const answer = answers[index];
        if (answer !== null && answer !== undefined) this.answered(pending, answer);
        index += 1;
      }
    }
  }

  private answered(pending: Pending, answer: ResourceAnswer): void {
    const { instance } = pending;
    if (instance.ended) return;
    if (answer.kind === "blocked") {
      const now = this.waits.park(pending);
      if (now !== null) this.executes.push(now);
      return;
    }
    if (releasesLocks(answer)) this.waits.freed();
    this.step(instance, { kind: "resource", result: answer });
  }

  private adoptAll(): void {
    const { resource } = this.options;
    if (resource === null) return;
    resource.execute(this.executes);
    this.executes = [];
    resource.restored();
  }

  /** The one journal transaction of the turn. */
  private write(): void {
    const { journal, resource } = this.options;
    const undone = this.applies.length > 0;
    const commits = this.applies.some((pending) => pending.request.act === "commit");
    if (this.force || commits || (this.entries.length > 0 && this.isOverBounds())) {
      const sequence = journal.transact(() => {
        this.applyAll();
        const dropBelow = this.retain();
        return dropBelow === undefined
          ? { entries: this.entries, force: this.force }
          : { entries: this.entries, force: this.force, dropBelow };
      });
      this.written(sequence);
    } else {
      this.applyAll();
      if (this.entries.length > 0) this.later(journal.append(this.entries));
    }
    this.entries = [];
    this.force = false;
    if (undone) {
      resource?.applied();
      this.waits.freed();
    }
  }

  private applyAll(): void {
    while (this.applies.length > 0) {
      const batch = this.applies;
      this.applies = [];
      const results = this.resource().apply(batch);
      let index = 0;
      for (const { instance } of batch) {
        const result = results[index];
        // What ended meanwhile says by name that it has no use for it.
        if (result !== null && result !== undefined)
          this.dispatch(instance.id, instance.protocol, { kind: "resource", result });
        index += 1;
      }
    }
  }

  private written(sequence: number): void {
    for (const instance of this.touched) if (instance.sequence === 0) instance.sequence = sequence;
    this.touched.length = 0;
    this.unwritten.length = 0;
    if (this.flushTimer !== null) this.wheel.cancel(this.flushTimer);
    this.flushTimer = null;
  }

  /** Unforced entries ride on the next forced write, or on a flush when none comes. */
  private later(sequence: number): void {
    for (const instance of this.touched) if (instance.sequence === 0) instance.sequence = sequence;
    this.touched.length = 0;
    this.flushTimer ??= this.wheel.set(this.options.flushMs, () => {
      this.flushTimer = null;
      this.options.journal.flush();
      this.unwritten.length = 0;
    });
  }

  /** Everything before is durable: now frames, timers, alarms and answers may leave. */
  private release(): void {
    const { network, observer } = this.options;
    for (const [to, envelopes] of this.frames) network.send(to, envelopes);
    if (this.frames.size > 0) this.frames = new Map();
    for (const { instance, steps } of this.timerSteps) for (const step of steps) this.time(instance, step);
    this.timerSteps.length = 0;
    for (const { id, effect } of this.alarms) observer.alarm(id, effect.alarm, effect.detail);
    this.alarms.length = 0;
    if (this.changed.length > 0) {
      const changed = this.changed;
      this.changed = [];
      observer.changed?.(changed);
    }
    const { replies } = this;
    if (replies.length === 0) return;
    this.replies = [];
    for (const { to, answer } of replies) {
      const tell = this.callers.get(to);
      this.callers.delete(to);
      tell?.(answer);
    }
  }

  private time(instance: Instance, step: TimerStep): void {
    if (instance.ended) return;
    const { timers } = instance;
    const name = "set" in step ? step.set : step.cancel;
    let timer = timers.find((each) => each.name === name);
    if (timer !== undefined) this.wheel.cancel(timer);
    if (!("set" in step)) {
      if (timer !== undefined) timers.splice(timers.indexOf(timer), 1);
      return;
    }
    if (timer === undefined) {
      timer = new InstanceTimer(name, instance, this.expired);
      timers.push(timer);
    }
    this.wheel.arm(timer, step.minMs + (step.maxMs - step.minMs) * this.options.random.next());
  }

  private readonly expired = ({ id, protocol, timers }: Instance, timer: InstanceTimer): void => {
    timers.splice(timers.indexOf(timer), 1);
    this.enqueue(id, protocol, { kind: "timeout", timer: timer.name });
  };

  /** Moves the journal's tail where it is over its bounds; gives the row below which rows are dropped. */
  private retain(): number | undefined {
    return carryForward(
      { journal: this.options.journal, times: this.options.retention, nowMs: this.options.clock.calendarMs() },
      { instances: this.instances.values(), outcomes: this.outcomes, peers: this.peers, groups: this.groups },
      this.entries,
    );
  }

  private isOverBounds(): boolean {
    const { journal, clock, retention } = this.options;
    return overBounds(journal, retention, clock.calendarMs(), this.outcomes);
  }

  /** Outcomes grow old also where nothing happens. */
  private sweepLater(): void {
    this.wheel.set(this.options.retention.sweepMs, () => {
      if (this.closed) return;
      if (this.isOverBounds()) {
        this.force = true;
        this.write();
      }
      this.sweepLater();
    });
  }

  private note(entry: Entry, force: boolean): void {
    this.entries.push(entry);
    if (force) this.force = true;
    this.soon();
    if (force) this.write();
  }

  private replay(entry: Entry, sequence: number): void {
    switch (entry.kind) {
      case "record": {
        const instance = this.instances.get(entry.transaction);
        if (instance !== undefined) instance.records.push(entry.record);
        else {
          const { transaction: id, protocol, record } = entry;
          this.instances.set(id, {
            id,
            protocol,
            state: null,
            ended: false,
            records: [record],
            sequence,
            timers: [],
            sinceMs: this.options.clock.calendarMs(),
          });
        }
        return;
      }
      case "closed":
        this.instances.delete(entry.transaction);
        this.outcomes.add(entry.transaction, {
          protocol: entry.protocol,
          closed: entry.outcome,
          atMs: entry.atMs,
          sequence,
        });
        return;
      case "dropped":
        this.instances.delete(entry.transaction);
        return;
      case "watermark":
        this.outcomes.note(entry.coordinator, entry.below, entry.except, sequence);
        return;
      case "forgotten":
        this.outcomes.noteForgotten(entry.through);
        return;
      case "peer":
        this.peers.set(entry.node, {
          role: entry.role,
          log: entry.log,
          incarnation: entry.incarnation,
          boot: entry.boot,
          sequence: entry.sequence,
          row: sequence,
        });
        return;
      case "group":
        this.keepGroup(entry, sequence);
        return;
      default:
        unreachable(entry);
    }
  }

  private keepGroup(entry: GroupEntry, row: number): void {
    if (entry.acceptors.length === 0) this.groups.delete(entry.version);
    else this.groups.set(entry.version, { entry, row });
  }

  private viewOf(instance: Instance): View {
    return this.options.machines(instance.protocol).view(instance.state);
  }

  private resource(): Resource {
    const { resource } = this.options;
    if (resource === null) throw new Error("a machine asked for a resource in a process that has none");
    return resource;
  }
}

function expired(input: Input): Input {
  return input.kind === "message" ? { ...input, expired: true } : input;
}

function releasesLocks(result: ResourceResult): boolean {
  if (result.kind === "worked") return !result.ok;
  return result.kind === "prepared" && result.vote !== "yes";
}
