/**
 * A whole system in one process and in virtual time: coordinators and participants with their real wiring and
 * the real engine, over a journal, a network and a resource in memory. The same seed gives the same run.
 */

import type { Answer, NodeId, TransactionId } from "../../protocols/index.ts";
import type { Random } from "../../runtime/engine/index.ts";
import { NemconError } from "../../runtime/errors/index.ts";
import { CoordinatorHost, type Host, ParticipantHost } from "./hosts.ts";
import { FakeNetwork } from "./network.ts";
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
  readonly coordinator: CoordinatorHost;
  readonly participants: readonly ParticipantHost[];
  /** How long a turn collects before it runs. */
  turnMs: () => number = () => 0;
  private readonly hosts = new Map<NodeId, Host>();
  private readonly up = new Set<NodeId>();

  constructor(options: Partial<WorldOptions>, probes: Probe[] = [], planted: PlantedInPorts = {}) {
    this.options = {
      protocol: "2pc",
      participants: 2,
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
    this.coordinator = new CoordinatorHost(this, C);
    this.participants = Array.from(
      { length: this.options.participants },
      (_, index) => new ParticipantHost(this, `P${index + 1}`),
    );
    for (const host of [this.coordinator, ...this.participants]) this.hosts.set(host.name, host);
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
    return this.up.has(a === C ? b : a);
  }

  cut(a: NodeId, b: NodeId, cut: boolean): void {
    this.network.setCut(a, b, cut);
    this.linksChanged();
  }

  /** Both ends are told of links that came up or went down; each may die of it, which changes links again. */
  linksChanged(): void {
    const { coordinator } = this;
    for (const participant of this.participants) {
      const { name } = participant;
      const linked = coordinator.isAlive && participant.isAlive && !this.network.isCut(C, name);
      if (linked === this.up.has(name)) continue;
      if (linked) {
        this.up.add(name);
        this.timeline.after(0, () => this.link(participant));
      } else {
        this.up.delete(name);
        coordinator.guard(() => coordinator.linkDown(name, participant.seen()));
        participant.guard(() => participant.linkDown(C, coordinator.seen()));
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

  /** A transaction that does its work item by item, under tokens, and then commits. */
  interact(work: Work, timeoutMs = 0): TransactionId | null {
    const { coordinator } = this.coordinator;
    let given: TransactionId | null = null;
    this.atDoor(() => {
      given = coordinator.begin(this.options.protocol).id;
    });
    if (given === null) return null;
    const id: TransactionId = given;
    const plan: Plan = { id, mode: "item by item", work: new Map(Object.entries(work)) };
    for (const probe of this.probes) probe.begun?.(plan);
    const items = Object.entries(work).flatMap(([participant, list]) => list.map((item) => ({ participant, item })));
    this.timeline.promises += 1;
    void this.doWork(id, items, timeoutMs).finally(() => {
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
  ): Promise<void> {
    const { coordinator } = this.coordinator;
    for (const { participant, item } of items) {
      try {
        const done = await this.execute(coordinator, id, participant, item);
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

  private execute(
    coordinator: CoordinatorHost["coordinator"],
    id: TransactionId,
    participant: NodeId,
    item: string,
  ): ReturnType<CoordinatorHost["coordinator"]["execute"]> {
    return coordinator.execute(id, participant, bytes(item), 0);
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

  private link(participant: ParticipantHost): void {
    const { coordinator } = this;
    const { name } = participant;
    const stillUp = () => this.up.has(name) && coordinator.isAlive && participant.isAlive;
    const steps = [
      () => coordinator.guard(() => this.admitted(coordinator.admit(participant.hello()), name)),
      () => participant.guard(() => this.admitted(participant.admit(coordinator.hello()), C)),
      () => participant.guard(() => participant.linkUp(C)),
      () => coordinator.guard(() => coordinator.linkUp(name)),
    ];
    for (const step of steps) if (stillUp()) step();
  }

  private admitted(ok: boolean, name: NodeId): void {
    if (ok) return;
    for (const probe of this.probes) probe.violated?.("admission", `${name} was taken for one that lost its memory`);
  }
}
