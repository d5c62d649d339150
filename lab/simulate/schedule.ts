/**
 * A schedule: one run of a simulated cluster as data, drawn from a seed. What is drawn for one message, node or fault
 * does not depend on the others, so that a schedule stays much the same run when some of it is taken away (shrink.ts).
 */

import type { NodeId, ProtocolName } from "../../protocols/index.ts";
import { capabilitiesOf, namesIn, needsAcceptors, type Capabilities, type Protocols } from "./capabilities.ts";
import type { Act } from "./by-hand.ts";
import type { Fault } from "./faults.ts";
import { Seeded } from "./random.ts";
import { C, type Work } from "./setting.ts";
import { drawTransfer } from "./transfers.ts";

/** Faults happen in this time, in virtual milliseconds. */
export const CHAOS_MS = 6_000;

/** What the cluster is. Times are milliseconds. */
export interface Setup {
  readonly participants: number;
  readonly coordinators: number;
  readonly acceptors: number;
  /** Acceptors that no coordinator has in its configuration. */
  readonly spares: number;
  readonly lockWaitMs: number;
  readonly idleMs: number;
  readonly decisionMs: number;
  /** A journal of so many bytes, which moves its tail all the time; null: one that never fills. */
  readonly journalBytes: number | null;
  /** How long a turn collects at most before it runs. */
  readonly turnMs: number;
  /** What a message takes that nothing befalls. */
  readonly latencyMs: { readonly min: number; readonly max: number };
  /** Under which a coordinator is asked for what it knows nothing of. */
  readonly defaultProtocol: ProtocolName;
}

export interface PlannedTransaction {
  readonly protocol: ProtocolName;
  readonly atMs: number;
  /** Which coordinator, from 0. */
  readonly coordinator: number;
  /** "at once": the work travels with the request to prepare. "item by item": before the commit. */
  readonly how: "at once" | "item by item";
  readonly work: Work;
  /** Whose last item begins the commit; null: the client asks for it. */
  readonly initiator: NodeId | null;
  /** 0: the coordinator's default. */
  readonly timeoutMs: number;
}

/** A client that asks, sends its request again, or cancels. */
export interface Nag {
  readonly atMs: number;
  readonly what: "ask" | "retry" | "cancel";
  /** Which transaction, from 0. */
  readonly of: number;
}

/** What befalls messages: drawn once a run, so that some are calm and some are wild. */
export interface Weather {
  readonly lossRate: number;
  readonly copyRate: number;
  readonly slowRate: number;
  /** Where a message is slow: its delay has a heavy tail that begins here, in milliseconds. */
  readonly slowMs: number;
}

export interface Schedule {
  readonly protocol: Protocols;
  readonly workload: Workload;
  readonly seed: number;
  readonly setup: Setup;
  readonly transactions: readonly PlannedTransaction[];
  readonly nags: readonly Nag[];
  readonly acts: readonly Act[];
  /** All but those of messages. */
  readonly faults: readonly Fault[];
  readonly weather: Weather;
  /** null: the weather says. Otherwise nothing befalls any other message. */
  readonly messages: readonly (Fault & { kind: "message" })[] | null;
}

/** What transactions do: anything that may conflict; or they move money, and look at all of it (transfers.ts). */
export type Workload = "operations" | "money";

/** Which faults may happen: all; or crashes and lost tails alone, while every message comes in time. */
export type FaultClass = "all" | "crashes";

const CLEAR: Weather = { lossRate: 0, copyRate: 0, slowRate: 0, slowMs: 0 };

/**
 * @param faults absent: those under which all its protocols are said to hold
 * @param workload absent: operations; where protocols are mixed, either
 */
export function drawSchedule(
  protocol: Protocols,
  seed: number,
  { faults, workload }: { readonly faults?: FaultClass; readonly workload?: Workload } = {},
): Schedule {
  const holds = namesIn(protocol).every((name) => capabilitiesOf(name).asynchronous) ? "all" : "crashes";
  return new Draw(protocol, seed, (faults ?? holds) === "all").schedule(workload);
}

class Draw {
  private readonly protocol: Protocols;
  private readonly names: readonly ProtocolName[];
  private readonly seed: number;
  private readonly random: Seeded;
  private readonly asynchronous: boolean;

  constructor(protocol: Protocols, seed: number, asynchronous: boolean) {
    this.protocol = protocol;
    this.names = namesIn(protocol);
    this.seed = seed;
    this.random = new Seeded(seed);
    this.asynchronous = asynchronous;
  }

  schedule(given?: Workload): Schedule {
    const { protocol, seed, random, names, asynchronous } = this;
    const acceptors = names.some(needsAcceptors);
    const isMixed = protocol === "mixed" && given === undefined;
    const workload = given ?? (isMixed && random.chance(0.5) ? "money" : "operations");
    const calm = random.chance(0.05);
    const setup: Setup = {
      participants: random.between(2, 4),
      // F of 0, 1 and 2; and where there are acceptors another coordinator may finish what one began.
      acceptors: acceptors ? random.pick([1, 3, 3, 3, 5]) : 0,
      coordinators: acceptors ? random.pick([1, 2, 2]) : random.pick([1, 1, 1, 2]),
      lockWaitMs: random.pick([0, 50, 400]),
      idleMs: random.chance(0.5) ? 4_000 : random.between(800, 3_000),
      // Short at times, so that who is in doubt asks others while all is still under way.
      decisionMs: random.pick([600, 40]),
      journalBytes: random.chance(0.2) ? random.between(1_000, 4_000) : null,
      turnMs: random.pick([0, 0, 1, 3]),
      latencyMs: { min: 1, max: 10 },
      defaultProtocol: this.name(),
      // In mixed runs alone, so that the seeds of one protocol stay what they were.
      spares: protocol === "mixed" && random.chance(0.3) ? random.between(1, 2) : 0,
    };
    const transactions = Array.from({ length: random.between(1, 6) }, (_, at) =>
      this.transaction(setup, workload === "money" ? at + 1 : null),
    );
    const asked = Array.from({ length: random.between(0, 3) }, () => this.nag(transactions, calm));
    const drawn = calm ? [] : this.faults(setup, transactions);
    const nags = [...asked, ...drawn.flatMap((fault) => this.followUps(fault, transactions))];
    const weather: Weather =
      calm || !asynchronous
        ? CLEAR
        : {
            lossRate: random.pick([0, 0, 0.05, 0.2]),
            copyRate: random.pick([0, 0.1, 0.3]),
            slowRate: random.pick([0, 0.05, 0.2]),
            slowMs: random.pick([30, 300, 1_000]),
          };
    // Books balance no more where people end branches each its own way. And what is not safe needs nobody to break it.
    const isSafe = names.every((name) => capabilitiesOf(name).asynchronous);
    const acts = calm || !isSafe || workload === "money" ? [] : this.acts(setup, transactions);
    return { protocol, workload, seed, setup, transactions, nags, acts, faults: drawn, weather, messages: null };
  }

  /** A person who believes that a node won't come back, rightly or not. */
  private acts({ coordinators }: Setup, transactions: readonly PlannedTransaction[]): Act[] {
    const { random } = this;
    if (!random.chance(0.1)) return [];
    return Array.from({ length: random.between(1, 3) }, () => {
      const of = random.between(0, transactions.length - 1);
      const { atMs = 0, work = {}, coordinator = 0 } = transactions[of] ?? {};
      const own = coordinatorNames(coordinators)[coordinator] ?? C;
      const node = random.chance(0.3) ? own : random.pick(Object.keys(work));
      return { atMs: atMs + random.next() ** 2 * 1_500, node, of, did: random.pick(["commit", "abort"] as const) };
    });
  }

  /** Where there is no choice, nothing is drawn: a seed is the same run whatever other protocols there are. */
  private name(): ProtocolName {
    const { names, random } = this;
    const [only] = names;
    return names.length === 1 && only !== undefined ? only : random.pick(names);
  }

  /** @param number of a transfer; null: it is none */
  private transaction(setup: Setup, number: number | null): PlannedTransaction {
    const { random } = this;
    const protocol = this.name();
    const capabilities = capabilitiesOf(protocol);
    const all = named("P", setup.participants);
    const transfer = number === null ? null : drawTransfer(random, all, number, capabilities.readOnlyVotes);
    const members = transfer === null ? random.some(all, random.pick([1, 2, 2, 2, 3])) : Object.keys(transfer);
    const atOnce = capabilities.oneShot && random.chance(0.6);
    return {
      protocol,
      atMs: random.next() ** 2 * CHAOS_MS,
      coordinator: random.between(0, setup.coordinators - 1),
      how: atOnce ? "at once" : "item by item",
      initiator: !atOnce && capabilities.unsolicitedVotes && random.chance(0.4) ? random.pick(members) : null,
      work: transfer ?? Object.fromEntries(members.map((name) => [name, this.items(capabilities)])),
      timeoutMs: random.pick([0, 60, 400, 1_500]),
    };
  }

  private items({ readOnlyVotes }: Capabilities): string[] {
    const { random } = this;
    const key = () => random.pick(["x", "x", "y", "z"]);
    if (readOnlyVotes && random.chance(0.15)) return [`read ${key()}`];
    const items = Array.from({ length: random.between(1, 2) }, () =>
      random.chance(0.2) ? `read ${key()}` : `add ${key()} ${random.between(1, 9)}`,
    );
    if (!items.some((item) => item.startsWith("add"))) items.push(`add ${key()} 1`);
    if (random.chance(0.06)) items.push("no");
    return items;
  }

  private nag(transactions: readonly PlannedTransaction[], calm: boolean): Nag {
    const { random } = this;
    const of = random.between(0, transactions.length - 1);
    const what = random.next();
    const can = what < 0.4 || (what >= 0.8 && calm) ? "ask" : what < 0.8 ? "retry" : "cancel";
    return {
      atMs: (transactions[of]?.atMs ?? 0) + random.next() ** 3 * CHAOS_MS,
      what: can === "retry" && transactions[of]?.how !== "at once" ? "ask" : can,
      of,
    };
  }

  /** Where an acceptor is gone, clients ask afterwards what became of what they began before it: which group has it? */
  private followUps({ kind, atMs }: Fault & { atMs?: number }, transactions: readonly PlannedTransaction[]): Nag[] {
    const { random } = this;
    if (kind !== "lost for good" || atMs === undefined) return [];
    return transactions.flatMap((planned, of): Nag[] => {
      if (planned.atMs > atMs || random.chance(0.5)) return [];
      const what = planned.how === "at once" ? "retry" : "ask";
      return [{ atMs: atMs + random.next() * 3_000, what, of }];
    });
  }

  private faults(setup: Setup, transactions: readonly PlannedTransaction[]): Fault[] {
    const { random } = this;
    // Most of what can go wrong goes wrong while votes and decisions are on their way.
    const near = transactions.filter(() => random.chance(0.3)).map(({ atMs }) => atMs + random.between(0, 40));
    const anywhere = Array.from({ length: random.between(0, 2) }, () => random.next() * CHAOS_MS);
    const others = [...near, ...anywhere, ...this.storm(transactions)].map((atMs) =>
      this.fault(setup, Math.max(30, atMs)),
    );
    const faults = [...this.lost(setup), ...others];
    if (this.asynchronous && random.chance(0.1)) {
      const node = random.pick(nodesOf(setup));
      faults.push({ kind: "drift", atMs: 0, node, rate: random.pick([0.5, 0.9, 1.1, 2]) });
    }
    return faults;
  }

  /** Where a quorum of its group is left: nothing would ever end what that group has to decide. */
  private lost({ acceptors, spares }: Setup): Fault[] {
    const { random } = this;
    const gone = random.some(named("A", acceptors), Math.min(spares, Math.floor((acceptors - 1) / 2)));
    return gone.map((node, at) => ({
      kind: "lost for good",
      // While most transactions are under way, or are still to come.
      atMs: Math.max(30, random.next() ** 2 * 2_000),
      node,
      by: `S${at + 1}`,
      afterMs: random.next() ** 2 * 800,
    }));
  }

  /** Several at once, or one on the heels of another: what only a chain of failures brings about. */
  private storm(transactions: readonly PlannedTransaction[]): number[] {
    const { random } = this;
    if (!random.chance(0.2)) return [];
    const { atMs } = random.pick(transactions);
    return Array.from({ length: random.between(2, 6) }, () => atMs + random.next() ** 2 * 2_000);
  }

  private fault(setup: Setup, atMs: number): Fault {
    const { random, asynchronous } = this;
    const nodes = nodesOf(setup);
    // The coordinator matters most.
    const node = random.pick([C, ...nodes]);
    const tail = random.chance(0.5) ? "lost" : "kept";
    const downMs = random.next() ** 2 * 2_500;
    const forMs = random.next() ** 2 * 2_500;
    const what = random.next() * (asynchronous ? 1 : 0.6);
    if (what < 0.36) {
      const when = random.pick(["before", "torn", "failed", "after", "after"] as const);
      return { kind: "crash at write", atMs, node, point: { when, tail }, skip: random.between(0, 3), downMs };
    }
    if (what < 0.5) return { kind: "crash", atMs, node, tail, downMs };
    if (what < 0.6) return { kind: "crash at send", atMs, node, skip: random.between(0, 4), tail, downMs };
    const [a = C, b = C] = random.chance(0.7) ? [C, ...random.some(nodes.slice(1), 1)] : random.some(nodes.slice(1), 2);
    if (what < 0.67) return { kind: "cut", atMs, a, b, forMs };
    if (what < 0.72) {
      const side = random.some(nodes, random.between(1, Math.ceil(nodes.length / 2)));
      return { kind: "partition", atMs, side, forMs };
    }
    if (what < 0.79)
      return random.chance(0.5)
        ? { kind: "one-way", atMs, from: a, to: b, forMs }
        : { kind: "one-way", atMs, from: b, to: a, forMs };
    if (what < 0.86) return { kind: "suspicion", atMs, a, b, forMs };
    if (what < 0.92) return { kind: "pause", atMs, node, forMs };
    if (what < 0.95) return { kind: "slow disk", atMs, node, forMs, writeMs: random.between(5, 300) };
    if (what < 0.98) {
      const copiedAtMs = random.chance(0.5) ? null : random.next() * atMs;
      return { kind: "directory", atMs, node, copiedAtMs, downMs: downMs / 10 };
    }
    return { kind: "jump", atMs, node, byMs: random.between(-7_200_000, 7_200_000) };
  }
}

/** Every node's name; the first coordinator comes first. */
export function nodesOf({ coordinators, participants, acceptors, spares }: Setup): NodeId[] {
  return [
    ...coordinatorNames(coordinators),
    ...named("P", participants),
    ...named("A", acceptors),
    ...named("S", spares),
  ];
}

function coordinatorNames(count: number): NodeId[] {
  return [C, ...Array.from({ length: count - 1 }, (_, at) => `${C}${at + 2}`)];
}

function named(letter: string, count: number): NodeId[] {
  return Array.from({ length: count }, (_, at) => `${letter}${at + 1}`);
}
