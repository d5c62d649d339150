/**
 * A whole system in one process and in virtual time: coordinators, participants and acceptors with their real wiring and
 * the real engine, over a journal, a network and a resource in memory. The same seed gives the same run.
 */

import type { AcceptorGroup, Answer, NodeId, TransactionId } from "../../protocols/index.ts";
import type { Random } from "../../runtime/engine/index.ts";
import { NemconError } from "../../runtime/errors/index.ts";
import { AcceptorHost, CoordinatorHost, type Host, ParticipantHost } from "./hosts.ts";
import { FakeNetwork, pair } from "./network.ts";
import type { Probe } from "./probe.ts";
import { steady } from "./random.ts";
import type { Plan } from "./plan.ts";
import { C, defaultTimes, type PlantedInPorts, type Surroundings, type Work, type WorldOptions } from "./setting.ts";
import { Timeline } from "./timeline.ts";
import { bytes } from "./work.ts";

/** Callers wait for ever. */
const patienceMs = Number.POSITIVE_INFINITY;

export class World implements Surroundings {
  readonly options: WorldOptions;
  readonly planted: PlantedInPorts;
  readonly timeline = new Timeline();
  readonly random: Random;
  readonly probes: Probe[];
  readonly network: FakeNetwork;
  /** The one that transactions are begun at. */
  readonly coordinator: CoordinatorHost;
  readonly coordinators: readonly CoordinatorHost[];
  readonly participants: readonly ParticipantHost[];
  readonly acceptors: readonly AcceptorHost[];
  readonly groups: readonly AcceptorGroup[];
  /** How long a turn collects before it runs. */
  turnMs: () => number = () => 0;
  private readonly hosts = new Map<NodeId, Host>();
  /** Every two nodes that talk to each other, and whether their link is up. */
  private readonly links: { readonly a: Host; readonly b: Host; isUp: boolean }[] = [];

  constructor(options: Partial<WorldOptions>, probes: Probe[] = [], planted: PlantedInPorts = {}) {
    this.options = {
      protocol: "2pc",
      participants: 2,
      coordinators: 1,
      acceptors: 0,
      random: steady,
      times: defaultTimes,
      retention: { keepMs: 3_600_000, maxBytes: 10_000_000, sweepMs: 60_000 },
      lockWaitMs: 300,
      latencyMs: 5,
      ...options,
    };
    this.random = this.options.random;
    this.probes = probes;
    this.planted = planted;
    this.network = new FakeNetwork(this.timeline, this.hosts, probes, this.options.latencyMs);
    const { coordinators, participants, acceptors } = this.options;
    const named = <H>(count: number, make: (number: number) => H) =>
      Array.from({ length: count }, (_, at) => make(at + 1));
    this.coordinator = new CoordinatorHost(this, C);
    this.coordinators = [
      this.coordinator,
      ...named(coordinators - 1, (at) => new CoordinatorHost(this, `${C}${at + 1}`)),
    ];
    this.participants = named(participants, (at) => new ParticipantHost(this, `P${at}`));
    this.acceptors = named(acceptors, (at) => new AcceptorHost(this, `A${at}`));
    this.groups = acceptors === 0 ? [] : [{ version: 1, acceptors: this.acceptors.map(({ name }) => name) }];
    for (const host of this.all()) this.hosts.set(host.name, host);
    for (const [at, a] of this.all().entries())
      for (const b of this.all().slice(at + 1))
        if (a.role === "participant" || a.role !== b.role) this.links.push({ a, b, isUp: false });
  }

  /** Coordinators first, then participants, then acceptors. */
  all(): readonly Host[] {
    return [...this.coordinators, ...this.participants, ...this.acceptors];
  }

  startAll(): void {
    for (const host of this.hosts.values()) host.start();
  }

  host(name: NodeId): Host {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`no node ${name}`);
    return host;
  }

  participant(name: NodeId): ParticipantHost {
    const host = this.participants.find((each) => each.name === name);
    if (host === undefined) throw new Error(`no participant ${name}`);
    return host;
  }

  /** Runs for so long, or until `done`. */
  run(forMs: number, done?: () => boolean): Promise<boolean> {
    return this.timeline.run(this.timeline.nowMs + forMs, done);
  }

  isUp(a: NodeId, b: NodeId): boolean {
    return this.links.some((link) => link.isUp && pair(link.a.name, link.b.name) === pair(a, b));
  }

  cut(a: NodeId, b: NodeId, cut: boolean): void {
    this.network.setCut(a, b, cut);
    this.linksChanged();
  }

  /** No link is cut any more. */
  healLinks(): void {
    for (const { a, b } of this.links) this.network.setCut(a.name, b.name, false);
    this.linksChanged();
  }

  /** Both ends are told of links that came up or went down; each may die of it, which changes links again. */
  linksChanged(): void {
    for (const link of this.links) {
      const { a, b } = link;
      const linked = a.isAlive && b.isAlive && !this.network.isCut(a.name, b.name);
      if (linked === link.isUp) continue;
      link.isUp = linked;
      if (linked) {
        this.timeline.after(0, () => this.link(link));
      } else {
        a.guard(() => a.linkDown(b.name, b.seen()));
        b.guard(() => b.linkDown(a.name, a.seen()));
      }
    }
  }

  /** A transaction whose work travels with the request to prepare. Gives null where it was refused at the door. */
  submit(work: Work, timeoutMs = 0, id: TransactionId | null = null): TransactionId | null {
    const branches = Object.entries(work).map(([participant, items]) => ({
      participant,
      work: () => bytes(items.join("; ")),
    }));
    const { protocol } = this.options;
    let given: TransactionId | null = null;
    const told: Answer[] = [];
    const tell = (answer: Answer) => {
      if (given === null) told.push(answer);
      else this.answered(given, answer, "begin");
    };
    this.atDoor(() => {
      given = this.coordinator.coordinator.submit({ id, protocol, timeoutMs, patienceMs, branches }, tell);
    });
    if (given === null) return null;
    const plan: Plan = { id: given, mode: "at once", work: new Map(Object.entries(work)) };
    for (const probe of this.probes) probe.begun?.(plan);
    for (const answer of told) this.answered(given, answer, "begin");
    return given;
  }

  /** The same request once more, as a client sends it that has heard no answer. */
  retry(id: TransactionId, work: Work): void {
    const branches = Object.entries(work).map(([participant, items]) => ({
      participant,
      work: () => bytes(items.join("; ")),
    }));
    const { protocol } = this.options;
    this.note(`begin of ${id} again`);
    this.atDoor(() => {
      this.coordinator.coordinator.submit({ id, protocol, timeoutMs: 0, patienceMs, branches }, (answer) =>
        this.answered(id, answer, "retry"),
      );
    });
  }

  /**
   * A transaction that does its work item by item, under tokens, and then commits.
   *
   * @param initiator whose last item comes after all others, and begins the commit; null: the client asks for it
   */
  interact(work: Work, timeoutMs = 0, initiator: NodeId | null = null): TransactionId | null {
    const { coordinator } = this.coordinator;
    let given: TransactionId | null = null;
    this.atDoor(() => {
      given = coordinator.begin(this.options.protocol, timeoutMs, initiator ?? "").id;
    });
    if (given === null) return null;
    const id: TransactionId = given;
    const plan: Plan = { id, mode: "item by item", work: new Map(Object.entries(work)) };
    for (const probe of this.probes) probe.begun?.(plan);
    const items = Object.entries(work).flatMap(([participant, list]) => list.map((item) => ({ participant, item })));
    const last = items.findLastIndex(({ participant }) => participant === initiator);
    if (last >= 0) items.push(...items.splice(last, 1));
    this.timeline.promises += 1;
    void this.doWork(id, items, timeoutMs, initiator !== null).finally(() => {
      this.timeline.promises -= 1;
    });
    return id;
  }

  abort(id: TransactionId): void {
    this.note(`${id} is cancelled`);
    this.atDoor(() => {
      this.coordinator.coordinator.abort(id, (answer) => this.answered(id, answer, "status"));
    });
  }

  /** A client asks for the status of a transaction that is no longer open for work. */
  ask(id: TransactionId): void {
    this.coordinator.guard(() => {
      const { engine, sessions } = this.coordinator.coordinator;
      if (sessions.get(id) === undefined)
        engine.ask(id, this.options.protocol, (answer) => this.answered(id, answer, "status"));
    });
  }

  /** Nothing is under way anywhere. */
  get isQuiet(): boolean {
    return [...this.hosts.values()].every(
      (host) => host.isAlive && host.engine.liveCount === 0 && host.engine.queuedCount === 0,
    );
  }

  note(text: string): void {
    for (const probe of this.probes) probe.note?.(text);
  }

  private async doWork(
    id: TransactionId,
    items: readonly { readonly participant: NodeId; readonly item: string }[],
    timeoutMs: number,
    isBegunByLast: boolean,
  ): Promise<void> {
    const { coordinator } = this.coordinator;
    for (const [at, { participant, item }] of items.entries()) {
      const isLast = isBegunByLast && at === items.length - 1;
      try {
        const done = await coordinator.execute(id, participant, bytes(item), 0, isLast);
        if (done.kind === "ended") {
          this.answered(id, done.answer, "begin");
          return;
        }
        if (done.kind === "aborted") {
          const { reason, detail } = done;
          this.answered(id, { outcome: "aborted", reason, detail, participant: null }, "begin");
          return;
        }
      } catch (error) {
        if (!(error instanceof NemconError)) throw error;
        if (error.reason !== "OPERATION_FAILED") return;
      }
      if (!this.coordinator.isAlive || this.coordinator.coordinator !== coordinator) return;
    }
    this.note(`commit of ${id}`);
    this.atDoor(() => coordinator.commit(id, timeoutMs, (answer) => this.answered(id, answer, "begin")));
  }

  /** A request at the coordinator's door; one that is refused there was never begun. */
  private atDoor(request: () => void): void {
    this.coordinator.guard(() => {
      try {
        request();
      } catch (error) {
        if (!(error instanceof NemconError)) throw error;
        this.note(`refused: ${error.reason}`);
      }
    });
  }

  private answered(id: TransactionId, answer: Answer, to: "begin" | "retry" | "status"): void {
    for (const probe of this.probes) probe.answered?.(id, answer, to);
  }

  private link(link: { readonly a: Host; readonly b: Host; readonly isUp: boolean }): void {
    const { a, b } = link;
    const stillUp = () => link.isUp && a.isAlive && b.isAlive;
    const steps = [
      () => a.guard(() => this.admitted(a.admit(b.hello()), b.name)),
      () => b.guard(() => this.admitted(b.admit(a.hello()), a.name)),
      () => b.guard(() => b.linkUp(a.name)),
      () => a.guard(() => a.linkUp(b.name)),
    ];
    for (const step of steps) if (stillUp()) step();
  }

  private admitted(ok: boolean, name: NodeId): void {
    if (ok) return;
    for (const probe of this.probes) probe.violated?.("admission", `${name} was taken for one that lost its memory`);
  }
}
