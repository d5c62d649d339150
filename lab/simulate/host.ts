/** A node of a world, whatever its role: it dies and comes back with its disk, stands still, and runs on clocks of its own. */

import type { NodeId } from "../../protocols/index.ts";
import {
  Tracer,
  type Clock,
  type Engine,
  type Envelope,
  type Journal,
  type Network,
  type Observer,
  type PeerRole,
  type Random,
  type Returning,
  type Scheduler,
  type Seen,
  type Start,
} from "../../runtime/engine/index.ts";
import { Disk, type Tail } from "./disk.ts";
import { Crash, type CrashPoint, FakeJournal } from "./journal.ts";
import type { Receiver, Watermark } from "./network.ts";
import type { Probe } from "./probe.ts";
import type { Surroundings } from "./setting.ts";

/** Kills a node at a forced write: the first one from now that `matches`, or after `skip` of them. */
export interface Planned extends CrashPoint {
  skip: number;
}

/** Kills a node once `skip` more frames have left it. */
export interface PlannedSend {
  skip: number;
  readonly tail: Tail;
}

/** What each role's wiring is given alike. */
export interface Ports {
  readonly node: NodeId;
  readonly incarnation: number;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly journal: Journal;
  readonly observer: Observer;
  readonly network: Network;
}

export abstract class Host implements Receiver {
  readonly name: NodeId;
  isAlive = false;
  /** It never comes back. */
  isGone = false;
  planned: Planned | null = null;
  plannedSend: PlannedSend | null = null;
  /** How fast its clock runs. */
  rate = 1;
  /** How far its calendar is off, in milliseconds. */
  calendarOffMs = 0;
  /** How long each of its writes takes, in milliseconds. */
  writeMs = 0;
  /** Who took it for itself while it ran on a directory that lacks something. */
  readonly believers = new Set<NodeId>();
  /** Somebody noticed that. */
  wasRefused = false;
  protected readonly world: Surroundings;
  private directory: Disk;
  /** Its own directory, while it runs on another one. */
  private own: Disk | null = null;
  private journal: FakeJournal;
  private tracer: Tracer | null = null;
  /** Its last stamp in the trace. */
  private lamport = 0;
  private pausedUntilMs = 0;
  private life = 0;
  private directories = 1;

  constructor(world: Surroundings, name: NodeId) {
    this.world = world;
    this.name = name;
    this.directory = new Disk(`log of ${name}`);
    this.journal = this.makeJournal();
  }

  abstract readonly role: PeerRole;
  abstract get engine(): Engine;
  protected abstract boot(ports: Ports): void;
  protected abstract take(from: NodeId, envelopes: readonly Envelope[]): void;
  protected abstract takeWatermark(from: NodeId, watermark: Watermark): void;
  abstract admit(hello: Returning): boolean;
  abstract linkUp(node: NodeId): void;
  abstract linkDown(node: NodeId, seen: Seen): void;

  get disk(): Disk {
    return this.directory;
  }

  get incarnation(): number {
    return this.disk.incarnation;
  }

  /** It runs on a directory that lacks something that its own one has. */
  get isAlien(): boolean {
    return this.own !== null;
  }

  start(): void {
    if (this.isAlive || this.isGone) return;
    this.disk.begin(this.life);
    this.journal = this.makeJournal();
    this.isAlive = true;
    this.pausedUntilMs = 0;
    this.beginLife();
    this.tell((probe) => probe.started?.(this.name));
    this.guard(() => this.boot(this.ports()));
    this.world.linksChanged();
  }

  crash(tail: Tail): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.life += 1;
    this.tell((probe) => probe.crashed?.(this.name));
    this.world.options.trace?.({ ...this.stamp(), kind: "crash", why: "killed" });
    this.journal.crash(tail);
    this.endLife(tail);
    this.world.linksChanged();
  }

  /** It dies, and is never started again. */
  lose(): void {
    this.isGone = true;
    this.crash("lost");
  }

  /** Before its ports are made. */
  protected beginLife(): void {
    // Most have nothing but their disk.
  }

  /** After what was not forced is gone. */
  protected endLife(_tail: Tail): void {
    // The same.
  }

  /** What the engine writes to. */
  protected get journalPort(): Journal {
    return this.journal;
  }

  /** The last row that its journal holds. */
  protected get sequence(): number {
    return this.disk.nextSequence - 1;
  }

  protected get starts(): readonly Start[] {
    return this.disk.starts;
  }

  /** A dead node's next life is on an empty directory, or on a copy of an earlier one. @returns whether that lacks anything */
  swapDirectory(copy: Disk | null): boolean {
    this.directories += 1;
    const other = copy?.copy() ?? new Disk(`log of ${this.name}, made anew ${this.directories}`);
    if (!other.isBehind(this.directory)) return false;
    this.own = this.directory;
    this.directory = other;
    this.believers.clear();
    this.wasRefused = false;
    return true;
  }

  /** A dead node gets its own directory back. */
  restoreDirectory(): void {
    if (this.own !== null) this.directory = this.own;
    this.own = null;
  }

  get isPaused(): boolean {
    return this.pausedUntilMs > this.world.timeline.nowMs;
  }

  /** It does nothing before that time. */
  pause(untilMs: number): void {
    this.pausedUntilMs = Math.max(this.pausedUntilMs, untilMs);
  }

  receive(from: NodeId, envelopes: readonly Envelope[]): void {
    this.guard(() => {
      this.tracer?.received(from, envelopes);
      this.take(from, envelopes);
    });
  }

  receiveWatermark(from: NodeId, watermark: Watermark): void {
    this.guard(() => this.takeWatermark(from, watermark));
  }

  /** A peer took it for what it says that it is. */
  admitted(by: NodeId): void {
    if (this.isAlien) this.believers.add(by);
  }

  /** Whoever believed the copy has to be told by a person that these are the latest files (`nemcon doctor --accept`). */
  accept(): void {
    this.believers.clear();
    this.disk.accept();
  }

  /** What this node says of itself when it links, and what peers have seen of it by now. */
  hello(): Returning {
    const { name: node, role, disk, lastRow: sequence, starts } = this;
    return { node, role, log: disk.log, sequence, starts };
  }

  /** 0 where a planted bug loses rows: peers would refuse the node, and hide what the bug does. */
  private get lastRow(): number {
    return this.world.planted.lies === undefined ? this.sequence : 0;
  }

  /** Runs something of this node, if it lives; it may die in it. */
  guard(run: () => void): void {
    if (!this.isAlive) return;
    try {
      run();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      this.crash(error.tail);
    }
  }

  protected tell(each: (probe: Probe) => void): void {
    for (const probe of this.world.probes) each(probe);
  }

  private ports(): Ports {
    const { name: node, disk, clock, scheduler, observer, journalPort: journal, role, world, sequence } = this;
    const { trace, randomOf } = world.options;
    const network: Network = { send: (to, envelopes) => this.send(to, envelopes) };
    const ports = { node, incarnation: disk.incarnation, clock, scheduler };
    const random = randomOf?.(node) ?? world.random;
    if (trace === undefined) return { ...ports, random, journal, observer, network };
    const { incarnation } = disk;
    const write: typeof trace = (event) => {
      this.lamport = event.lamport;
      trace(event);
    };
    const tracer = new Tracer({ node, role, host: node, incarnation, sequence, after: this.lamport, clock, write });
    this.tracer = tracer;
    return {
      ...ports,
      random,
      journal: tracer.journal(journal),
      observer: tracer.observer(observer),
      network: tracer.network(network),
    };
  }

  /** What leaves a disk that is slow, or a process that stands still, leaves late. */
  private send(to: NodeId, envelopes: readonly Envelope[]): void {
    const { plannedSend, world } = this;
    if (plannedSend !== null) {
      if (plannedSend.skip <= 0) {
        this.plannedSend = null;
        throw new Crash(plannedSend.tail);
      }
      plannedSend.skip -= 1;
    }
    // Who lost its memory is refused when it links, and nothing that it says gets through before.
    if (this.isAlien && !world.isUp(this.name, to)) return;
    world.network.send(this.name, to, envelopes, Math.max(0, this.pausedUntilMs - world.timeline.nowMs));
  }

  private stamp() {
    this.lamport += 1;
    const { lamport, name: node, world } = this;
    return { lamport, node, host: node, incarnation: this.disk.incarnation, atMs: world.timeline.nowMs };
  }

  private get clock(): Clock {
    const { timeline } = this.world;
    return {
      nowMs: () => timeline.nowMs * this.rate,
      calendarMs: () => timeline.nowMs * this.rate + this.calendarOffMs,
    };
  }

  /** Events of a life that is over do nothing. */
  private get scheduler(): Scheduler {
    const { timeline, turnMs } = this.world;
    const { life } = this;
    const inThisLife = (run: () => void) => () =>
      this.inTime(() => {
        if (this.life === life) this.guard(run);
      });
    return {
      soon: (turn) => void timeline.after(turnMs(), inThisLife(turn)),
      after: (delayMs, fire) => timeline.after(delayMs / this.rate, inThisLife(fire)),
    };
  }

  /** Runs something now, or when the process goes on after it stood still. */
  inTime(run: () => void): void {
    const { timeline } = this.world;
    if (this.pausedUntilMs <= timeline.nowMs) run();
    else timeline.after(this.pausedUntilMs - timeline.nowMs, () => this.inTime(run));
  }

  private get observer(): Observer {
    const { name } = this;
    return {
      alarm: (id, alarm, detail) => this.tell((probe) => probe.alarm?.(name, id, alarm, detail)),
      ignored: (id, why) => this.tell((probe) => probe.ignored?.(name, id, why)),
      stepped: (id, _protocol, step) => this.tell((probe) => probe.stepped?.(name, id, step)),
    };
  }

  private makeJournal(): FakeJournal {
    return new FakeJournal(this.disk, {
      crashAt: () => this.crashPoint(),
      wrote: (row, force) => {
        if (this.writeMs > 0) this.pause(this.world.timeline.nowMs + this.writeMs);
        this.tell((probe) => probe.wrote?.(this.name, row, force));
      },
      appended: (entries) => this.tell((probe) => probe.appended?.(this.name, entries)),
      lies: (entries) => this.world.planted.lies?.(entries) ?? false,
    });
  }

  private crashPoint(): CrashPoint | null {
    const { planned } = this;
    if (planned === null) return null;
    if (planned.skip > 0) {
      planned.skip -= 1;
      return null;
    }
    this.planned = null;
    return planned;
  }
}
