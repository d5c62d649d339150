/** A random run from a seed: transactions of every kind, every fault that the model knows, then healing and the judges. */

import type { ProtocolName, TransactionId } from "../../protocols/index.ts";
import type { Tail } from "./disk.ts";
import type { Host } from "./hosts.ts";
import { Judges, type RuleName, type Violation } from "./judges.ts";
import { Seeded } from "./random.ts";
import { Trace } from "./trace.ts";
import { C, defaultTimes, type PlantedInPorts, type Work } from "./setting.ts";
import { World } from "./world.ts";
import type { Capabilities } from "./capabilities.ts";

/** Faults happen in this time, in virtual milliseconds … */
const CHAOS_MS = 6_000;
/** … and after them everything must end within this: the longest timeouts and a few rounds of the slowest back-off. */
const HEALING_MS = 60_000;

export interface Run {
  readonly violations: readonly Violation[];
  readonly trace: string;
}

export interface RunOptions {
  readonly protocol: ProtocolName;
  readonly seed: number;
  readonly capabilities: Capabilities;
  readonly planted?: PlantedInPorts;
  readonly traced?: boolean;
}

/** How hard a run is: drawn once a run, so that some are calm and some are wild. */
interface Weather {
  readonly lossRate: number;
  readonly copyRate: number;
  readonly slowRate: number;
  readonly slowMs: number;
}

/** Every message comes soon and once. */
const CLEAR: Weather = { lossRate: 0, copyRate: 0, slowRate: 0, slowMs: 0 };

export async function run({ protocol, seed, capabilities, planted = {}, traced = false }: RunOptions): Promise<Run> {
  const random = new Seeded(seed);
  const judges = new Judges();
  const trace = new Trace();
  const calm = random.chance(0.05);
  const retention = random.chance(0.2)
    ? { keepMs: 3_600_000, maxBytes: random.between(1_000, 4_000), sweepMs: 1_000 }
    : { keepMs: 3_600_000, maxBytes: 10_000_000, sweepMs: 20_000 };
  const world = new World(
    {
      protocol,
      participants: random.between(2, 4),
      // F of 0, 1 and 2, and now and then another coordinator to finish what one began.
      ...(capabilities.acceptors
        ? { acceptors: random.pick([1, 3, 3, 3, 5]), coordinators: random.pick([1, 2, 2]) }
        : {}),
      random,
      retention,
      lockWaitMs: random.pick([0, 50, 400]),
      times: {
        ...defaultTimes,
        idleMs: random.chance(0.5) ? defaultTimes.idleMs : random.between(800, 3_000),
        // Short, so that who is in doubt asks others while all is still under way.
        decisionMs: random.pick([defaultTimes.decisionMs, 40]),
      },
    },
    traced ? [judges, trace] : [judges],
    planted,
  );
  judges.watch(world);
  trace.nowMs = () => world.timeline.nowMs;
  const turnMs = random.pick([0, 0, 1, 3]);
  world.turnMs = () => (turnMs === 0 ? 0 : random.next() * turnMs);
  world.startAll();
  await world.run(20);
  const chaos = new Chaos(world, random, capabilities, judges, calm);
  chaos.begin();
  await world.run(CHAOS_MS);
  chaos.over = true;
  heal(world, judges, calm);
  await world.run(HEALING_MS, () => world.isQuiet && world.timeline.nowMs > CHAOS_MS + 5_000);
  judges.final(world);
  return { violations: judges.violations, trace: trace.text };
}

function heal(world: World, judges: Judges, calm: boolean): void {
  if (!calm) judges.excuse();
  world.note("all faults stop");
  world.network.rule = () => [world.options.latencyMs];
  world.healLinks();
  for (const host of world.all()) {
    host.planned = null;
    host.start();
  }
}

class Chaos {
  /** What was planned for later is off. */
  over = false;
  private readonly begun: { readonly id: TransactionId; readonly work: Work | null }[] = [];
  private readonly weather: Weather;
  private readonly world: World;
  private readonly random: Seeded;
  private readonly capabilities: Capabilities;
  private readonly judges: Judges;
  private readonly calm: boolean;

  constructor(world: World, random: Seeded, capabilities: Capabilities, judges: Judges, calm: boolean) {
    this.world = world;
    this.random = random;
    this.capabilities = capabilities;
    this.judges = judges;
    this.calm = calm;
    this.weather = !capabilities.asynchronous
      ? CLEAR
      : {
          lossRate: random.pick([0, 0, 0.05, 0.2]),
          copyRate: random.pick([0, 0.1, 0.3]),
          slowRate: random.pick([0, 0.05, 0.2]),
          slowMs: random.pick([100, 1_000, 3_000]),
        };
  }

  begin(): void {
    const { random, calm } = this;
    const transactions = random.between(1, 6);
    for (let index = 0; index < transactions; index += 1) this.at(random.next() ** 2 * CHAOS_MS, () => this.transact());
    for (let index = random.between(0, 3); index > 0; index -= 1) this.at(random.next() * CHAOS_MS, () => this.nag());
    if (calm) {
      this.world.network.rule = () => [random.between(1, 10)];
      return;
    }
    this.world.network.rule = () => this.fate();
    for (let index = random.between(0, 2); index > 0; index -= 1)
      this.at(random.next() * CHAOS_MS, () => this.disturb());
  }

  private at(delayMs: number, what: () => void): void {
    this.world.timeline.after(delayMs, what);
  }

  private fate(): number[] {
    const { random, weather } = this;
    if (random.chance(weather.lossRate)) return [];
    const delays = [random.between(1, 10)];
    if (random.chance(weather.copyRate)) delays.push(random.between(1, random.chance(0.5) ? 30 : 3_000));
    return delays.map((delayMs) =>
      random.chance(weather.slowRate) ? delayMs + random.next() * weather.slowMs : delayMs,
    );
  }

  private transact(): void {
    const { random, world, capabilities } = this;
    // Most of what can go wrong goes wrong while votes and decisions are on their way.
    if (!this.calm && random.chance(0.3)) this.at(random.between(0, 40), () => this.disturb());
    const count = random.pick([1, 2, 2, 2, 3]);
    const members = random.some(world.participants, count);
    const work: Work = Object.fromEntries(members.map(({ name }) => [name, this.items()]));
    // In a calm run nothing may time out, and who waits for a lock and then for the others' votes takes its time.
    const timeoutMs = random.pick(this.calm ? [0, 1_500] : [0, 60, 400, 1_500]);
    if (capabilities.oneShot && random.chance(0.6)) {
      const id = world.submit(work, timeoutMs);
      if (id !== null) this.begun.push({ id, work });
    } else {
      const begins = capabilities.unsolicitedVotes && random.chance(0.4);
      const id = world.interact(work, timeoutMs, begins ? random.pick(members).name : null);
      if (id !== null) this.begun.push({ id, work: null });
    }
  }

  private items(): string[] {
    const { random, capabilities } = this;
    const key = () => random.pick(["x", "x", "y", "z"]);
    if (capabilities.readOnlyVotes && random.chance(0.15)) return [`read ${key()}`];
    const items = Array.from({ length: random.between(1, 2) }, () =>
      random.chance(0.2) ? `read ${key()}` : `add ${key()} ${random.between(1, 9)}`,
    );
    if (!items.some((item) => item.startsWith("add"))) items.push(`add ${key()} 1`);
    if (random.chance(0.06)) items.push("no");
    return items;
  }

  /** A client that asks, retries or cancels. */
  private nag(): void {
    const { random, world } = this;
    if (this.begun.length === 0) return;
    const { id, work } = random.pick(this.begun);
    const what = random.next();
    if (what < 0.4) world.ask(id);
    else if (what < 0.8 && work !== null) world.retry(id, work);
    else if (!this.calm) world.abort(id);
  }

  private disturb(): void {
    const { random, world } = this;
    if (this.over) return;
    this.judges.excuse();
    const host = random.pick([world.coordinator, ...world.all()]);
    const tail: Tail = random.chance(0.5) ? "lost" : "kept";
    // A link that goes down under two that are up is a false suspicion.
    const what = random.next() * (this.capabilities.asynchronous ? 1 : 0.75);
    if (what < 0.5) {
      host.planned = { when: random.pick(["before", "torn", "after"]), tail, skip: random.between(0, 3) };
      this.reviveLater(host);
    } else if (what < 0.75) {
      host.crash(tail);
      this.reviveLater(host);
    } else {
      // The coordinator's links matter most, and every other link is cut at times.
      const others = random
        .some(
          world.all().filter(({ name }) => name !== C),
          2,
        )
        .map(({ name }) => name);
      const [a = C, b = C] = random.chance(0.7) ? [C, ...others] : others;
      world.cut(a, b, true);
      this.at(random.next() * 2_000, () => world.cut(a, b, false));
    }
  }

  private reviveLater(host: Host): void {
    this.at(this.random.next() ** 2 * 2_500, () => {
      host.start();
    });
  }
}

export function found(violations: readonly Violation[], among: readonly RuleName[] | null = null): Violation | null {
  return violations.find(({ rule }) => among === null || among.includes(rule)) ?? null;
}
