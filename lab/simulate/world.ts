/**
 * A whole system in one process and in virtual time: coordinators, participants and acceptors with their real wiring and
 * the real engine, over a journal, a network and a resource in memory. The same seed gives the same run.
 */

import {
  parseTransactionId,
  type AcceptorGroup,
  type Answer,
  type NodeId,
  type ProtocolName,
  type TransactionId,
} from "../../protocols/index.ts";
import { seenOf, type Random } from "../../runtime/engine/index.ts";
import { NemconError } from "../../runtime/errors/index.ts";
import { needsAcceptors } from "./capabilities.ts";
import type { Host } from "./host.ts";
import { AcceptorHost, CoordinatorHost, ParticipantHost } from "./hosts.ts";
import { Crash } from "./journal.ts";
import { FakeNetwork, pair } from "./network.ts";
import type { Probe } from "./probe.ts";
import { steady } from "./random.ts";
import type { Plan } from "./plan.ts";
import { C, defaultTimes, type PlantedInPorts, type Surroundings, type Work, type WorldOptions } from "./setting.ts";
import { Timeline } from "./timeline.ts";
import { bytes } from "./work.ts";

/** Two nodes that talk to each other. */
interface Link {
  readonly a: Host;
  readonly b: Host;
  isUp: boolean;
  /** Which of them were told that it is up. */
  told: readonly Host[];
}

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
  private readonly suspects = new Set<string>();
  /** Every two nodes that talk to each other, and whether their link is up. */
  private readonly links: Link[] = [];

  constructor(options: Partial<WorldOptions>, probes: Probe[] = [], planted: PlantedInPorts = {}) {
    this.options = {
      protocol: "2pc",
      participants: 2,
      coordinators: 1,
      acceptors: 0,
      spares: 0,
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
    const { coordinators, participants, acceptors } = namesIn(this.options);
    this.coordinators = coordinators.map((name) => new CoordinatorHost(this, name));
    this.coordinator = this.coordinators[0] ?? new CoordinatorHost(this, C);
    this.participants = participants.map((name) => new ParticipantHost(this, name));
    const spares = lettered("S", this.options.spares);
    this.acceptors = [...acceptors, ...spares].map((name) => new AcceptorHost(this, name));
    this.groups = acceptors.length === 0 ? [] : [{ version: 1, acceptors }];
    for (const host of this.all()) this.hosts.set(host.name, host);
    for (const [at, a] of this.all().entries())
      for (const b of this.all().slice(at + 1))
        if (a.role === "participant" || a.role !== b.role) this.links.push({ a, b, isUp: false, told: [] });
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

  /** Who gave the id out. */
  coordinatorOf(id: TransactionId): CoordinatorHost {
    const name = parseTransactionId(id)?.coordinator;
    return this.coordinators.find((each) => each.name === name) ?? this.coordinator;
  }

  /** Runs for so long, or until `done`. */
  run(forMs: number, done?: () => boolean): Promise<boolean> {
    return this.timeline.run(this.timeline.nowMs + forMs, done);
  }

  isUp(a: NodeId, b: NodeId): boolean {
    return this.links.some((link) => link.isUp && pair(link.a.name, link.b.name) === pair(a, b));
  }

  /** Every node that is not lost for good lives, and every link is up. */
  get isWhole(): boolean {
    return this.links.every(({ a, b, isUp }) => isUp || a.isGone || b.isGone);
  }

  cut(a: NodeId, b: NodeId, cut: boolean): void {
    this.network.setCut(a, b, cut);
    this.linksChanged();
  }

  /** Two nodes take each other for dead, though what they send arrives. */
  suspect(a: NodeId, b: NodeId, suspected: boolean): void {
    if (suspected) this.suspects.add(pair(a, b));
    else this.suspects.delete(pair(a, b));
    this.linksChanged();
  }

  /** No link is cut any more. */
  healLinks(): void {
    this.suspects.clear();
    for (const { a, b } of this.links) this.network.setCut(a.name, b.name, false);
    this.linksChanged();
  }

  /** Both ends are told of links that came up or went down; each may die of it, which changes links again. */
  linksChanged(): void {
    for (const link of this.links) {
      const { a, b } = link;
      const linked =
        a.isAlive && b.isAlive && !this.network.isCut(a.name, b.name) && !this.suspects.has(pair(a.name, b.name));
      if (linked === link.isUp) continue;
      link.isUp = linked;
      if (linked) {
        this.timeline.after(0, () => this.link(link));
      } else {
        const { told } = link;
        link.told = [];
        if (told.includes(a)) a.guard(() => a.linkDown(b.name, seenOf(b.hello())));
        if (told.includes(b)) b.guard(() => b.linkDown(a.name, seenOf(a.hello())));
      }
    }
  }

  /** A transaction whose work travels with the request to prepare. Gives null where it was refused at the door. */
  submit(
    work: Work,
    timeoutMs = 0,
    id: TransactionId | null = null,
    at: CoordinatorHost = this.coordinator,
    protocol: ProtocolName = this.options.protocol,
  ): TransactionId | null {
    const branches = Object.entries(work).map(([participant, items]) => ({
      participant,
      work: () => bytes(items.join("; ")),
    }));
    let given: TransactionId | null = null;
    const told: Answer[] = [];
    const tell = (answer: Answer) => {
      if (given === null) told.push(answer);
      else this.answered(given, answer, "begin");
    };
    this.atDoor(at, () => {
      given = at.coordinator.submit({ id, protocol, timeoutMs, patienceMs, branches }, tell);
    });
    if (given === null) return null;
    const plan: Plan = {
      id: given,
      protocol,
      acceptors: groupOf(at, given, protocol),
      mode: "at once",
      work: new Map(Object.entries(work)),
    };
    for (const probe of this.probes) probe.begun?.(plan);
    for (const answer of told) this.answered(given, answer, "begin");
    return given;
  }

  /** The same request once more, as a client sends it that has heard no answer. */
  retry(id: TransactionId, work: Work, protocol: ProtocolName = this.options.protocol): void {
    const branches = Object.entries(work).map(([participant, items]) => ({
      participant,
      work: () => bytes(items.join("; ")),
    }));
    this.note(`begin of ${id} again`);
    const at = this.coordinatorOf(id);
    this.atDoor(at, () => {
      at.coordinator.submit({ id, protocol, timeoutMs: 0, patienceMs, branches }, (answer) =>
        this.answered(id, answer, "retry"),
      );
    });
  }

  /**
   * A transaction that does its work item by item, under tokens, and then commits.
   *
   * @param initiator whose last item comes after all others, and begins the commit; null: the client asks for it
   */
  interact(
    work: Work,
    timeoutMs = 0,
    initiator: NodeId | null = null,
    at: CoordinatorHost = this.coordinator,
    protocol: ProtocolName = this.options.protocol,
  ): TransactionId | null {
    let given: TransactionId | null = null;
    this.atDoor(at, () => {
      given = at.coordinator.begin(protocol, timeoutMs, initiator ?? "").id;
    });
    if (given === null) return null;
    const id: TransactionId = given;
    const plan: Plan = {
      id,
      protocol,
      acceptors: groupOf(at, id, protocol),
      mode: "item by item",
      work: new Map(Object.entries(work)),
    };
    for (const probe of this.probes) probe.begun?.(plan);
    const items = Object.entries(work).flatMap(([participant, list]) => list.map((item) => ({ participant, item })));
    const last = items.findLastIndex(({ participant }) => participant === initiator);
    if (last >= 0) items.push(...items.splice(last, 1));
    this.timeline.promises += 1;
    void this.doWork(at, id, items, timeoutMs, initiator !== null).finally(() => {
      this.timeline.promises -= 1;
    });
    return id;
  }

  abort(id: TransactionId): void {
    this.note(`${id} is cancelled`);
    const at = this.coordinatorOf(id);
    this.atDoor(at, () => {
      at.coordinator.abort(id, (answer) => this.answered(id, answer, "status"));
    });
  }

  /** A client asks for the status of a transaction that is no longer open for work. */
  ask(id: TransactionId): void {
    const at = this.coordinatorOf(id);
    at.guard(() => {
      const { engine, sessions, choice } = at.coordinator;
      if (sessions.get(id) === undefined)
        engine.ask(id, choice.ofUnknown(), (answer) => this.answered(id, answer, "status"));
    });
  }

  /** Nothing is under way anywhere. */
  get isQuiet(): boolean {
    return [...this.hosts.values()].every(
      (host) => host.isGone || (host.isAlive && host.engine.liveCount === 0 && host.engine.queuedCount === 0),
    );
  }

  note(text: string): void {
    for (const probe of this.probes) probe.note?.(text);
  }

  private async doWork(
    at: CoordinatorHost,
    id: TransactionId,
    items: readonly { readonly participant: NodeId; readonly item: string }[],
    timeoutMs: number,
    isBegunByLast: boolean,
  ): Promise<void> {
    const { coordinator } = at;
    for (const [number, { participant, item }] of items.entries()) {
      const isLast = isBegunByLast && number === items.length - 1;
      try {
        const done = await coordinator.execute(id, participant, bytes(item), 0, isLast);
        if (done.kind !== "aborted") for (const probe of this.probes) probe.worked?.(id, participant, done.result);
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
        if (error instanceof Crash) at.crash(error.tail);
        else if (!(error instanceof NemconError)) throw error;
        else if (error.reason === "OPERATION_FAILED") continue;
        return;
      }
      if (!at.isAlive || at.coordinator !== coordinator) return;
    }
    this.note(`commit of ${id}`);
    this.atDoor(at, () => coordinator.commit(id, timeoutMs, (answer) => this.answered(id, answer, "begin")));
  }

  /** A request at the coordinator's door; one that is refused there was never begun. */
  private atDoor(at: CoordinatorHost, request: () => void): void {
    at.guard(() => {
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

  private link(link: Link): void {
    const { a, b } = link;
    const up = (host: Host, other: Host): void => {
      link.told = [...link.told, host];
      host.guard(() => host.linkUp(other.name));
    };
    const stillUp = () => link.isUp && a.isAlive && b.isAlive;
    const steps = [
      () => a.guard(() => (a.admit(b.hello()) ? b.admitted(a.name) : this.refused(a, b))),
      () => b.guard(() => (b.admit(a.hello()) ? a.admitted(b.name) : this.refused(b, a))),
      () => up(b, a),
      () => up(a, b),
    ];
    for (const step of steps) if (stillUp()) step();
  }

  /** Who lost its memory is refused, and stops; nobody else is, but by those that believed a copy of it. */
  private refused(by: Host, who: Host): void {
    if (!who.isAlien && who.believers.has(by.name)) {
      this.note(`${who.name} is refused by ${by.name}, which believed its copy: a person accepts its latest files`);
      who.crash("kept");
      who.accept();
      who.start();
      return;
    }
    if (!who.isAlien && !by.isAlien)
      for (const probe of this.probes)
        probe.violated?.("admission", `${who.name} was taken for one that lost its memory`);
    const alien = by.isAlien ? by : who;
    this.note(`${alien.name} is refused: it lost its memory`);
    alien.wasRefused = true;
    alien.crash("kept");
  }
}

function namesIn({ names, coordinators, participants, acceptors }: WorldOptions): NonNullable<WorldOptions["names"]> {
  if (names !== undefined) return names;
  return {
    coordinators: [C, ...lettered(C, coordinators).slice(1)],
    participants: lettered("P", participants),
    acceptors: lettered("A", acceptors),
  };
}

function lettered(letter: string, count: number): NodeId[] {
  return Array.from({ length: count }, (_, at) => `${letter}${at + 1}`);
}

/** The acceptors that a transaction has from its beginning to its end, whatever others its coordinator gets since. */
function groupOf({ coordinator }: CoordinatorHost, id: TransactionId, protocol: ProtocolName): readonly NodeId[] {
  return needsAcceptors(protocol) ? (coordinator.groups.of(id)?.acceptors ?? []) : [];
}
