/** The nodes of a world: the real wiring of each role over fake ports, that dies and comes back with its disk. */

import { Acceptor } from "../../acceptor/wiring.ts";
import { Coordinator } from "../../coordinator/wiring.ts";
import { Participant } from "../../participant/wiring.ts";
import type { NodeId } from "../../protocols/index.ts";
import type {
  Clock,
  Engine,
  Envelope,
  Follower,
  FollowerOptions,
  Observer,
  PeerRole,
  Returning,
  Scheduler,
} from "../../runtime/engine/index.ts";
import { Disk, type Tail } from "./disk.ts";
import { Crash, type CrashPoint, FakeJournal } from "./journal.ts";
import type { Receiver, Watermark } from "./network.ts";
import type { Probe } from "./probe.ts";
import { FakeResource } from "./resource.ts";
import type { Surroundings } from "./setting.ts";

/** Kills a node at a forced write: the first one from now that `matches`, or after `skip` of them. */
export interface Planned extends CrashPoint {
  skip: number;
}

export abstract class Host implements Receiver {
  readonly name: NodeId;
  readonly disk = new Disk();
  isAlive = false;
  planned: Planned | null = null;
  protected readonly world: Surroundings;
  protected journal: FakeJournal;
  private life = 0;

  constructor(world: Surroundings, name: NodeId) {
    this.world = world;
    this.name = name;
    this.journal = this.makeJournal();
  }

  abstract readonly role: PeerRole;
  abstract get engine(): Engine;
  protected abstract boot(): void;
  protected abstract take(from: NodeId, envelopes: readonly Envelope[]): void;
  protected abstract takeWatermark(from: NodeId, watermark: Watermark): void;
  abstract admit(hello: Returning): boolean;
  abstract linkUp(node: NodeId): void;
  abstract linkDown(node: NodeId, seen: Returning): void;

  get incarnation(): number {
    return this.disk.incarnation;
  }

  start(): void {
    if (this.isAlive) return;
    this.disk.incarnation += 1;
    this.journal = this.makeJournal();
    this.isAlive = true;
    this.tell((probe) => probe.started?.(this.name));
    this.guard(() => this.boot());
    this.world.linksChanged();
  }

  crash(tail: Tail): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.life += 1;
    this.tell((probe) => probe.crashed?.(this.name));
    this.journal.crash(tail);
    this.world.linksChanged();
  }

  receive(from: NodeId, envelopes: readonly Envelope[]): void {
    this.guard(() => this.take(from, envelopes));
  }

  receiveWatermark(from: NodeId, watermark: Watermark): void {
    this.guard(() => this.takeWatermark(from, watermark));
  }

  /** What this node says of itself when it links. */
  hello(): Returning {
    return this.seen();
  }

  /** What peers have seen of this node by now. */
  seen(): Returning {
    const { name: node, role, disk } = this;
    return { node, role, log: `log of ${node}`, incarnation: disk.incarnation, sequence: this.lastRow };
  }

  /** 0 where a planted bug loses rows: peers would refuse the node, and hide what the bug does. */
  private get lastRow(): number {
    return this.world.planted.lies === undefined ? this.disk.nextSequence - 1 : 0;
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

  protected get clock(): Clock {
    const { timeline } = this.world;
    return { nowMs: () => timeline.nowMs, calendarMs: () => timeline.nowMs };
  }

  /** Events of a life that is over do nothing. */
  protected get scheduler(): Scheduler {
    const { timeline, turnMs } = this.world;
    const { life } = this;
    const inThisLife = (run: () => void) => () => {
      if (this.life === life) this.guard(run);
    };
    return {
      soon: (turn) => void timeline.after(turnMs(), inThisLife(turn)),
      after: (delayMs, fire) => timeline.after(delayMs, inThisLife(fire)),
    };
  }

  protected get observer(): Observer {
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
      wrote: (row, force) => this.tell((probe) => probe.wrote?.(this.name, row, force)),
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

export class CoordinatorHost extends Host {
  readonly role = "coordinator";
  private running: Coordinator | null = null;

  get coordinator(): Coordinator {
    if (this.running === null) throw new Error(`${this.name} was never started`);
    return this.running;
  }

  get engine(): Engine {
    return this.coordinator.engine;
  }

  protected boot(): void {
    const { world, name, disk, journal, clock, scheduler, observer } = this;
    this.running = new Coordinator({
      node: name,
      incarnation: disk.incarnation,
      times: world.options.times,
      defaultProtocol: world.options.protocol,
      retention: world.options.retention,
      limits: { queue: 1_000, participants: 100, peers: 100 },
      allowUnsafe: true,
      acceptors: (world.groups[0]?.acceptors ?? []).map((each) => ({ node: each, address: `${each}:1` })),
      clock,
      scheduler,
      random: world.random,
      journal,
      observer,
      network: {
        send: (to, envelopes) => world.network.send(name, to, envelopes),
        sendWatermark: (to, below, except) =>
          world.network.sendWatermark(name, to, { below, except: world.planted.except?.(except) ?? except }),
        isUp: (node) => world.isUp(name, node),
        // Every two nodes are linked, whoever needs whom.
        acceptorsChanged: () => undefined,
      },
    });
    this.running.open([...disk.rows]);
  }

  protected take(from: NodeId, envelopes: readonly Envelope[]): void {
    this.coordinator.onEnvelopes(from, envelopes);
  }

  protected takeWatermark(): void {
    throw new Error("coordinators send watermarks");
  }

  admit(hello: Returning): boolean {
    return this.coordinator.admit(hello).ok;
  }

  linkUp(node: NodeId): void {
    this.coordinator.onUp(node);
  }

  linkDown(node: NodeId, seen: Returning): void {
    this.coordinator.onDown(node, seen);
  }
}

/** A node that follows coordinators. */
abstract class FollowerHost<F extends Follower> extends Host {
  protected running: F | null = null;

  protected get follower(): F {
    if (this.running === null) throw new Error(`${this.name} was never started`);
    return this.running;
  }

  get engine(): Engine {
    return this.follower.engine;
  }

  protected abstract make(options: FollowerOptions): F;

  protected boot(): void {
    const { world, name, disk, journal, clock, scheduler, observer } = this;
    this.running = this.make({
      node: name,
      incarnation: disk.incarnation,
      times: world.options.times,
      limits: { peers: 100 },
      retention: world.options.retention,
      clock,
      scheduler,
      random: world.random,
      journal,
      observer,
      network: { send: (to, envelopes) => world.network.send(name, to, envelopes) },
    });
    this.running.open([...disk.rows]);
  }

  protected take(from: NodeId, envelopes: readonly Envelope[]): void {
    this.follower.onEnvelopes(from, envelopes);
  }

  protected takeWatermark(from: NodeId, { below, except }: Watermark): void {
    this.follower.onWatermark(from, below, except);
  }

  admit(hello: Returning): boolean {
    return this.follower.admit(hello).ok;
  }

  linkUp(node: NodeId): void {
    this.follower.onUp(node);
  }

  linkDown(node: NodeId, seen: Returning): void {
    this.follower.onDown(node, seen);
  }
}

export class ParticipantHost extends FollowerHost<Participant> {
  readonly role = "participant";
  resource = this.makeResource();

  get participant(): Participant {
    return this.follower;
  }

  protected make(options: FollowerOptions): Participant {
    this.resource = this.makeResource();
    const { lockWaitMs } = this.world.options;
    return new Participant({ ...options, lockWaitMs, resource: this.resource });
  }

  private makeResource(): FakeResource {
    return new FakeResource(this.disk, (what) =>
      this.tell((probe) => probe.violated?.("lock discipline", `${this.name}: ${what}`)),
    );
  }
}

export class AcceptorHost extends FollowerHost<Acceptor> {
  readonly role = "acceptor";

  protected make(options: FollowerOptions): Acceptor {
    return new Acceptor(options);
  }
}
