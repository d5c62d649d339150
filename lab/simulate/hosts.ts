/** The nodes of a world by role: the shipped wiring over fake ports. */

import { Acceptor } from "../../acceptor/wiring.ts";
import { Coordinator } from "../../coordinator/wiring.ts";
import { Participant } from "../../participant/wiring.ts";
import type { NodeId } from "../../protocols/index.ts";
import type {
  Engine,
  Envelope,
  Follower,
  FollowerOptions,
  Journal,
  Returning,
  Seen,
  Start,
} from "../../runtime/engine/index.ts";
import type { Tail } from "./disk.ts";
import { Host, type Ports } from "./host.ts";
import type { Watermark } from "./network.ts";
import { FakeResource } from "./resource.ts";
import type { Store, Surroundings } from "./setting.ts";

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

  protected boot(ports: Ports): void {
    const { world, name, disk } = this;
    this.running = new Coordinator({
      ...ports,
      times: world.options.times,
      defaultProtocol: world.options.protocol,
      retention: world.options.retention,
      limits: { queue: 1_000, participants: 100, peers: 100 },
      allowUnsafe: true,
      acceptors: (world.groups[0]?.acceptors ?? []).map((each) => ({ node: each, address: `${each}:1` })),
      network: {
        ...ports.network,
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

  linkDown(node: NodeId, seen: Seen): void {
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

  protected boot(ports: Ports): void {
    const { world, disk } = this;
    const { times, retention } = world.options;
    this.running = this.make({ ...ports, times, limits: { peers: 100 }, retention });
    this.running.open(this.rows ?? [...disk.rows]);
  }

  /** What its journal held when it started; null: what its disk has. */
  protected get rows(): ReturnType<Store["open"]>["rows"] | null {
    return null;
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

  linkDown(node: NodeId, seen: Seen): void {
    this.follower.onDown(node, seen);
  }
}

export class ParticipantHost extends FollowerHost<Participant> {
  readonly role = "participant";
  resource: FakeResource = this.makeResource();
  private readonly store: Store | null;
  private opened: ReturnType<Store["open"]> | null = null;

  constructor(world: Surroundings, name: NodeId) {
    super(world, name);
    this.store = world.options.store?.(name) ?? null;
  }

  get participant(): Participant {
    return this.follower;
  }

  protected override beginLife(): void {
    this.opened = this.store?.open() ?? null;
  }

  protected override endLife(tail: Tail): void {
    this.store?.crash(tail);
  }

  protected override get journalPort(): Journal {
    return this.opened?.journal ?? super.journalPort;
  }

  protected override get sequence(): number {
    return this.store?.sequence ?? super.sequence;
  }

  protected override get starts(): readonly Start[] {
    return this.store?.starts ?? super.starts;
  }

  protected override get rows(): ReturnType<Store["open"]>["rows"] | null {
    return this.opened?.rows ?? null;
  }

  protected make(options: FollowerOptions): Participant {
    this.resource = this.makeResource();
    const { lockWaitMs } = this.world.options;
    return new Participant({ ...options, lockWaitMs, resource: this.opened?.resource ?? this.resource });
  }

  private makeResource(): FakeResource {
    const { name } = this;
    return new FakeResource(this.disk, {
      violated: (what) => this.tell((probe) => probe.violated?.("lock discipline", `${name}: ${what}`)),
      voted: (id, seen, readOnly) => this.tell((probe) => probe.read?.(name, id, seen, readOnly)),
      applied: (id, keys) => this.tell((probe) => probe.applied?.(name, id, [...keys])),
      unlockedReads: this.world.planted.unlockedReads === true,
      staleReads: this.world.planted.staleReads === true,
    });
  }
}

export class AcceptorHost extends FollowerHost<Acceptor> {
  readonly role = "acceptor";

  protected make(options: FollowerOptions): Acceptor {
    return new Acceptor(options);
  }
}
