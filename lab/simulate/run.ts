/** Runs one schedule: the shipped wiring in virtual time, every fault of it, then healing and the judges. */

import type { Decision, NodeId, TransactionId } from "../../protocols/index.ts";
import type { TraceEvent } from "../../trace/index.ts";
import { attend, endByHand } from "./by-hand.ts";
import { Digest, hashOf } from "./digest.ts";
import type { Disk } from "./disk.ts";
import { describeFault, type Fault } from "./faults.ts";
import { Fates } from "./fates.ts";
import type { Host } from "./host.ts";
import type { CoordinatorHost } from "./hosts.ts";
import { MoneyRules } from "./money-rules.ts";
import { Judges, type RuleName, type Violation } from "./judges.ts";
import type { Probe } from "./probe.ts";
import { Seeded } from "./random.ts";
import { CHAOS_MS, nodesOf, type Schedule } from "./schedule.ts";
import { defaultTimes, type PlantedInPorts } from "./setting.ts";
import { World } from "./world.ts";

/** Nodes have found each other by then. */
const LINKED_MS = 20;
/** After the faults everything must end within this: the longest timeouts and a few rounds of the slowest back-off. */
const HEALING_MS = 60_000;
/** How often an operator tries. */
const OPERATOR_MS = 300;
/** After the faults people wait so long before they look for what nodes list: every report has come by then. */
const SEEN_TO_MS = 20_000;
/** A person who means to end something looks for so long, so often. */
const WATCHES_MS = 2_000;
const LOOKS_MS = 7;
/** After coordinators were looked after, their branches hear of it by themselves. */
const FORGOTTEN_MS = 10_000;
/** So long it is watched at least, for what comes late. */
const WATCHED_MS = 5_000;

export interface RunOptions {
  readonly planted?: PlantedInPorts;
  /** Others that listen; they are told the time. */
  readonly probes?: readonly (Probe & { nowMs?: () => number })[];
  /** Takes the run as events of a trace. */
  readonly trace?: (event: TraceEvent) => void;
  /** Ends the run as soon as one of these is broken. */
  readonly until?: readonly RuleName[];
}

export interface Outcome {
  readonly violations: readonly Violation[];
  /** What went wrong: faults that found nothing to harm are not among them. */
  readonly faults: readonly Fault[];
  readonly events: number;
  readonly hash: string;
}

export function runSchedule(schedule: Schedule, options: RunOptions = {}): Promise<Outcome> {
  return new Run(schedule, options).run();
}

class Run {
  private readonly schedule: Schedule;
  private readonly options: RunOptions;
  private readonly judges = new Judges();
  private readonly money: MoneyRules | null;
  private readonly digest = new Digest();
  private readonly world: World;
  private readonly fates: Fates;
  private readonly applied: Fault[] = [];
  /** By number; null: refused at the door, or its coordinator was down. */
  private readonly begun: (TransactionId | null)[] = [];
  private readonly copies = new Map<Fault, Disk>();
  /** Faults that are to come find nothing any more. */
  private over = false;

  constructor(schedule: Schedule, options: RunOptions) {
    this.schedule = schedule;
    this.options = options;
    const { setup, seed } = schedule;
    const randoms = new Map(nodesOf(setup).map((node) => [node, new Seeded(hashOf(`${seed} ${node}`))]));
    const { journalBytes, participants, coordinators, acceptors, spares, lockWaitMs, idleMs, decisionMs, turnMs } =
      setup;
    const rest = new Seeded(seed);
    const isMoney = schedule.workload === "money";
    this.money = isMoney ? new MoneyRules((what) => this.judges.violated("money", what)) : null;
    this.world = new World(
      {
        protocol: setup.defaultProtocol,
        participants,
        coordinators,
        acceptors,
        spares,
        random: rest,
        randomOf: (node) => randoms.get(node) ?? rest,
        retention:
          journalBytes === null
            ? { keepMs: 86_400_000, maxBytes: 10_000_000, sweepMs: 20_000 }
            : { keepMs: 86_400_000, maxBytes: journalBytes, sweepMs: 1_000 },
        lockWaitMs,
        times: { ...defaultTimes, idleMs, decisionMs },
        ...(options.trace === undefined ? {} : { trace: options.trace }),
      },
      [this.judges, ...(this.money === null ? [] : [this.money]), this.digest, ...(options.probes ?? [])],
      options.planted ?? {},
    );
    this.fates = new Fates(schedule);
    this.world.network.rule = ({ from, to }) => this.fates.of(from, to);
    this.world.turnMs = () => (turnMs === 0 ? 0 : rest.next() * turnMs);
    this.judges.watch(this.world);
    this.money?.watch(this.world);
    for (const probe of [this.digest, ...(options.probes ?? [])]) probe.nowMs = () => this.world.timeline.nowMs;
  }

  async run(): Promise<Outcome> {
    const { world, judges, schedule, options } = this;
    const { timeline } = world;
    const isBroken = (): boolean => judges.violations.some(({ rule }) => options.until?.includes(rule) === true);
    for (const fault of schedule.faults) if (fault.kind === "drift") this.strike(fault);
    world.startAll();
    await world.run(LINKED_MS);
    for (const [at, planned] of schedule.transactions.entries())
      timeline.after(planned.atMs, () => this.begin(at, planned));
    for (const { atMs, what, of } of schedule.nags) timeline.after(atMs, () => this.nag(what, of));
    for (const { atMs, node, of, did } of schedule.acts)
      timeline.after(atMs, () => this.act(node, of, did, atMs + WATCHES_MS));
    for (const fault of schedule.faults) this.plan(fault);
    const isOver = (await world.run(CHAOS_MS, isBroken)) || (this.heal(), false);
    if (!isOver && judges.isByHand) await this.seeTo();
    if (!isOver) {
      const watchedMs = CHAOS_MS + WATCHED_MS;
      await world.run(HEALING_MS, () => isBroken() || (world.isQuiet && timeline.nowMs > watchedMs));
    }
    if (!isBroken()) {
      judges.final(world);
      this.money?.final(world);
    }
    return {
      violations: judges.violations,
      faults: [...this.applied, ...(schedule.messages ?? this.fates.drawn)],
      events: this.digest.events,
      hash: this.digest.hash,
    };
  }

  /** People read what nodes list of branches that were ended by hand, and see to it: coordinators first. */
  private async seeTo(): Promise<void> {
    const { world, judges } = this;
    await world.run(SEEN_TO_MS);
    judges.listed(world);
    attend(world, world.coordinators);
    await world.run(FORGOTTEN_MS);
    attend(world, world.all());
  }

  /** As soon as it is in doubt there, up to `untilMs`. */
  private act(node: NodeId, of: number, did: Decision, untilMs: number): void {
    const { world, judges } = this;
    const id = this.begun[of] ?? null;
    if (this.over || world.timeline.nowMs > untilMs) return;
    if (id === null || !endByHand(world, world.host(node), id, did))
      world.timeline.after(LOOKS_MS, () => this.act(node, of, did, untilMs));
    else judges.excuse(id);
  }

  private heal(): void {
    const { world, judges, fates, applied } = this;
    this.over = true;
    fates.over = true;
    if (applied.length > 0 || fates.drawn.length > 0 || (this.schedule.messages?.length ?? 0) > 0) judges.excuse();
    world.note("all faults stop");
    world.network.oneWay.clear();
    world.healLinks();
    for (const host of world.all()) {
      host.planned = null;
      host.plannedSend = null;
      host.writeMs = 0;
      if (host.isAlien) this.endAlien(host);
      host.start();
    }
  }

  /** It ran on a directory that lacks something; who knew it before must have seen that. */
  private endAlien(host: Host): void {
    if (host.believers.size > 0 && !host.wasRefused)
      this.judges.violated("admission", `${host.name} lost its memory, and nobody noticed`);
    host.crash("kept");
    host.restoreDirectory();
  }

  private begin(at: number, planned: Schedule["transactions"][number]): void {
    const { protocol, coordinator, how, work, initiator, timeoutMs } = planned;
    const host = this.world.coordinators[coordinator] ?? this.world.coordinator;
    host.inTime(() => {
      if (host.isAlien) return;
      const { world, judges } = this;
      const id =
        how === "at once"
          ? world.submit(work, timeoutMs, null, host, protocol)
          : world.interact(work, timeoutMs, initiator, host, protocol);
      this.begun[at] = id;
      if (id !== null && timeoutMs > 0) judges.excuse(id);
    });
  }

  private nag(what: Schedule["nags"][number]["what"], of: number): void {
    const { world } = this;
    const id = this.begun[of] ?? null;
    const planned = this.schedule.transactions[of];
    if (id === null || planned === undefined) return;
    const host = world.coordinatorOf(id);
    host.inTime(() => {
      if (host.isAlien) return;
      if (what === "ask") world.ask(id);
      else if (what === "retry") world.retry(id, planned.work, planned.protocol);
      else {
        this.judges.excuse();
        world.abort(id);
      }
    });
  }

  private plan(fault: Fault): void {
    if (fault.kind === "drift" || fault.kind === "message") return;
    const { timeline } = this.world;
    timeline.after(fault.atMs, () => {
      if (!this.over) this.strike(fault);
    });
    if (fault.kind === "directory" && fault.copiedAtMs !== null)
      timeline.after(fault.copiedAtMs, () => this.copies.set(fault, this.world.host(fault.node).disk.copy()));
  }

  private strike(fault: Fault): void {
    if (!this.strikes(fault)) return;
    this.applied.push(fault);
    this.judges.excuse();
    this.world.note(describeFault(fault));
  }

  /** @returns whether there was anything to harm */
  private strikes(fault: Fault): boolean {
    const { world } = this;
    switch (fault.kind) {
      case "crash":
        return this.kill(world.host(fault.node), fault);
      case "crash at write": {
        const host = world.host(fault.node);
        if (!host.isAlive) return false;
        host.planned = { ...fault.point, skip: fault.skip };
        this.reviveLater(host, fault.downMs);
        return true;
      }
      case "crash at send": {
        const host = world.host(fault.node);
        if (!host.isAlive) return false;
        host.plannedSend = { skip: fault.skip, tail: fault.tail };
        this.reviveLater(host, fault.downMs);
        return true;
      }
      case "cut":
        world.cut(fault.a, fault.b, true);
        this.later(fault.forMs, () => world.cut(fault.a, fault.b, false));
        return true;
      case "partition": {
        const others = world.all().filter(({ name }) => !fault.side.includes(name));
        const each = (cut: boolean): void => {
          for (const a of fault.side) for (const b of others) world.cut(a, b.name, cut);
        };
        each(true);
        this.later(fault.forMs, () => each(false));
        return true;
      }
      case "one-way": {
        const way = `${fault.from} ${fault.to}`;
        world.network.oneWay.add(way);
        this.later(fault.forMs, () => world.network.oneWay.delete(way));
        return true;
      }
      case "suspicion":
        if (!world.isUp(fault.a, fault.b)) return false;
        world.suspect(fault.a, fault.b, true);
        this.later(fault.forMs, () => world.suspect(fault.a, fault.b, false));
        return true;
      case "pause":
        world.host(fault.node).pause(world.timeline.nowMs + fault.forMs);
        return true;
      case "slow disk": {
        const host = world.host(fault.node);
        host.writeMs = fault.writeMs;
        this.later(fault.forMs, () => {
          host.writeMs = 0;
        });
        return true;
      }
      case "drift":
        world.host(fault.node).rate = fault.rate;
        return true;
      case "jump":
        world.host(fault.node).calendarOffMs += fault.byMs;
        return true;
      case "directory":
        return this.swap(fault);
      case "lost for good":
        return this.lose(fault);
      case "message":
        return false;
      default:
        return fault satisfies never;
    }
  }

  private kill(host: Host, { tail, downMs }: Fault & { kind: "crash" }): boolean {
    if (!host.isAlive) return false;
    host.crash(tail);
    this.reviveLater(host, downMs);
    return true;
  }

  private lose(fault: Fault & { kind: "lost for good" }): boolean {
    const { world } = this;
    world.host(fault.node).lose();
    for (const [at, coordinator] of world.coordinators.entries())
      world.timeline.after(fault.afterMs * (at + 1), () => this.replace(coordinator, fault));
    return true;
  }

  /** An operator's command, given again until the coordinator has it in its journal. */
  private replace(host: CoordinatorHost, fault: Fault & { kind: "lost for good" }): void {
    const { node, by } = fault;
    const has = (): boolean =>
      host.coordinator.groups.entries()[0]?.acceptors.some((each) => each.node === node) === true;
    if (host.isAlive && !has()) return;
    if (host.isAlive && !host.isAlien && this.world.isUp(host.name, by))
      host.guard(() => {
        const acceptors = host.coordinator.groups.entries()[0]?.acceptors ?? [];
        const successor = { node: by, address: `${by}:1` };
        const now = acceptors.map((each) => (each.node === node ? successor : each));
        host.coordinator.reconfigure(now, `${node} is lost`);
      });
    // It may have died of it, before it was written or after.
    this.world.timeline.after(OPERATOR_MS, () => this.replace(host, fault));
  }

  /** Only where all that know the node saw it to its end: who was cut off could not notice. */
  private swap(fault: Fault & { kind: "directory" }): boolean {
    const { world } = this;
    const host = world.host(fault.node);
    if (!world.isWhole || world.all().some(({ isAlien }) => isAlien)) return false;
    host.crash("kept");
    const copy = this.copies.get(fault) ?? null;
    const isBehind = (fault.copiedAtMs === null || copy !== null) && host.swapDirectory(copy);
    this.later(isBehind ? fault.downMs : 0, () => host.start());
    return isBehind;
  }

  private reviveLater(host: Host, downMs: number): void {
    this.world.timeline.after(downMs, () => {
      // One that was refused waits for its own directory.
      if (!host.wasRefused || !host.isAlien) host.start();
    });
  }

  private later(forMs: number, what: () => void): void {
    this.world.timeline.after(forMs, () => {
      if (!this.over) what();
    });
  }
}
