/**
 * Makes a schedule that breaks a rule as small as it gets: what is not needed is taken away (delta debugging: Zeller,
 * Hildebrandt 2002, "Simplifying and Isolating Failure-Inducing Input"), and what is left is made plain.
 */

import { needsAcceptors } from "./capabilities.ts";
import type { Act } from "./by-hand.ts";
import type { Fault } from "./faults.ts";
import { found, type RuleName } from "./judges.ts";
import { runSchedule, type Outcome, type RunOptions } from "./run.ts";
import { isBalanced } from "./transfers.ts";
import { nodesOf, type Nag, type PlannedTransaction, type Schedule } from "./schedule.ts";

export interface Shrunk {
  readonly schedule: Schedule;
  readonly outcome: Outcome;
  /** How many runs it took. */
  readonly runs: number;
}

/** Runs that are tried at most. */
const RUNS = 3_000;

/** One thing that a schedule may do without. */
type Part =
  | { readonly is: "transaction"; readonly what: PlannedTransaction; readonly number: number }
  | { readonly is: "nag"; readonly what: Nag }
  | { readonly is: "act"; readonly what: Act }
  | { readonly is: "fault"; readonly what: Fault };

/**
 * @param schedule one that breaks the rule
 * @param options what it was run with, a planted bug among it
 * @returns a part of it that breaks the same rule, and that has nothing more which could be left out
 */
export async function shrink(schedule: Schedule, rule: RuleName, options: RunOptions = {}): Promise<Shrunk> {
  const shrinker = new Shrinker(rule, options);
  return shrinker.shrink(schedule);
}

class Shrinker {
  private readonly rule: RuleName;
  private readonly options: RunOptions;
  private runs = 0;

  constructor(rule: RuleName, options: RunOptions) {
    this.rule = rule;
    this.options = options;
  }

  async shrink(first: Schedule): Promise<Shrunk> {
    const whole = await runSchedule(first, { ...this.options, until: [this.rule] });
    if (found(whole.violations, [this.rule]) === null) throw new Error(`the schedule does not break "${this.rule}"`);
    // Only what happened, message by message; where that is another run, it stays as it was drawn.
    const explicit = explicitOf(first, whole);
    let schedule = (await this.breaks(explicit)) ? explicit : first;
    for (let size = Number.POSITIVE_INFINITY; sizeOf(schedule) < size && this.runs < RUNS;) {
      size = sizeOf(schedule);
      schedule = await this.without(schedule);
      schedule = await this.plainer(schedule);
    }
    const outcome = await runSchedule(schedule, { ...this.options, until: [this.rule] });
    return { schedule, outcome, runs: this.runs };
  }

  private async breaks(schedule: Schedule): Promise<boolean> {
    if (this.runs >= RUNS || !isWhole(schedule)) return false;
    this.runs += 1;
    const { violations } = await runSchedule(schedule, { ...this.options, until: [this.rule] });
    return found(violations, [this.rule]) !== null;
  }

  /** Leaves out as many parts as possible: halves first, single ones at last. */
  private async without(schedule: Schedule): Promise<Schedule> {
    let parts = partsOf(schedule);
    for (let chunk = Math.ceil(parts.length / 2); chunk >= 1; chunk = chunk === 1 ? 0 : Math.ceil(chunk / 2)) {
      for (let at = 0; at < parts.length;) {
        const fewer = [...parts.slice(0, at), ...parts.slice(at + chunk)];
        if (await this.breaks(scheduleOf(schedule, fewer))) parts = fewer;
        else at += chunk;
      }
    }
    return scheduleOf(schedule, parts);
  }

  /** The same with fewer nodes and even times, where it is still broken then. */
  private async plainer(schedule: Schedule): Promise<Schedule> {
    let plain = schedule;
    for (const change of changesOf(schedule)) {
      const next = change(plain);
      if (JSON.stringify(next) !== JSON.stringify(plain) && (await this.breaks(next))) plain = next;
    }
    return plain;
  }
}

function explicitOf(schedule: Schedule, { faults }: Outcome): Schedule {
  const isMessage = (fault: Fault): fault is Fault & { kind: "message" } => fault.kind === "message";
  return {
    ...schedule,
    faults: faults.filter((fault) => !isMessage(fault)),
    messages: faults.filter(isMessage),
  };
}

function partsOf({ transactions, nags, acts, faults, messages }: Schedule): Part[] {
  return [
    ...faults.map((what): Part => ({ is: "fault", what })),
    ...(messages ?? []).map((what): Part => ({ is: "fault", what })),
    ...nags.map((what): Part => ({ is: "nag", what })),
    ...acts.map((what): Part => ({ is: "act", what })),
    ...transactions.map((what, number): Part => ({ is: "transaction", what, number })),
  ];
}

function scheduleOf(schedule: Schedule, parts: readonly Part[]): Schedule {
  const kept = parts.filter((part) => part.is === "transaction");
  const numbers = new Map(kept.map(({ number }, at) => [number, at]));
  const faults = parts.filter((part) => part.is === "fault").map(({ what }) => what);
  const messages = faults.filter((fault): fault is Fault & { kind: "message" } => fault.kind === "message");
  const nags: Nag[] = [];
  const acts: Act[] = [];
  for (const part of parts) {
    const of = part.is === "nag" || part.is === "act" ? numbers.get(part.what.of) : undefined;
    if (part.is === "nag" && of !== undefined) nags.push({ ...part.what, of });
    if (part.is === "act" && of !== undefined) acts.push({ ...part.what, of });
  }
  return {
    ...schedule,
    transactions: kept.map(({ what }) => what),
    nags,
    acts,
    faults: faults.filter((fault) => fault.kind !== "message"),
    messages: schedule.messages === null ? null : messages,
  };
}

/** Every node that it speaks of is there. */
function isWhole(schedule: Schedule): boolean {
  const nodes = new Set(nodesOf(schedule.setup));
  const { transactions, acts, faults, messages, setup } = schedule;
  return (
    transactions.every(
      ({ protocol, coordinator, work }) =>
        coordinator < setup.coordinators &&
        (schedule.workload !== "money" || isBalanced(work)) &&
        (setup.acceptors > 0 || !needsAcceptors(protocol)) &&
        Object.keys(work).every((node) => nodes.has(node)),
    ) &&
    faults.filter(({ kind }) => kind === "lost for good").length * 2 < Math.max(1, setup.acceptors) &&
    [...acts, ...faults, ...(messages ?? [])].flatMap(namedBy).every((node) => nodes.has(node))
  );
}

/** The nodes that a fault befalls. */
function namedBy(fault: Fault | Act): string[] {
  if ("kind" in fault && fault.kind === "lost for good") return [fault.node, fault.by];
  if ("node" in fault) return [fault.node];
  if ("side" in fault) return [...fault.side];
  return "a" in fault ? [fault.a, fault.b] : [fault.from, fault.to];
}

/** Those that have something to do get the first names. */
function renamed(schedule: Schedule): Schedule {
  const nodes = nodesOf(schedule.setup);
  const coordinators = nodes.filter((node) => node.startsWith("C"));
  const participants = nodes.filter((node) => node.startsWith("P"));
  const begins = (node: string): boolean =>
    schedule.transactions.some(({ coordinator }) => coordinators[coordinator] === node);
  const works = (node: string): boolean => schedule.transactions.some(({ work }) => node in work);
  const names = new Map([...inOrder(coordinators, begins), ...inOrder(participants, works)]);
  const to = (node: string): string => names.get(node) ?? node;
  const fault = <F extends Fault>(each: F): F =>
    "node" in each
      ? { ...each, node: to(each.node) }
      : "side" in each
        ? { ...each, side: each.side.map(to) }
        : "a" in each
          ? { ...each, a: to(each.a), b: to(each.b) }
          : { ...each, from: to(each.from), to: to(each.to) };
  return {
    ...schedule,
    transactions: schedule.transactions.map((each) => ({
      ...each,
      initiator: each.initiator === null ? null : to(each.initiator),
      coordinator: coordinators.indexOf(to(coordinators[each.coordinator] ?? "")),
      work: Object.fromEntries(Object.entries(each.work).map(([node, items]) => [to(node), items])),
    })),
    acts: schedule.acts.map((each) => ({ ...each, node: to(each.node) })),
    faults: schedule.faults.map(fault),
    messages: schedule.messages?.map(fault) ?? null,
  };
}

/** Each name with the one that it gets: the busy first. */
function inOrder(names: readonly string[], isBusy: (name: string) => boolean): (readonly [string, string])[] {
  const sorted = [...names.filter(isBusy), ...names.filter((name) => !isBusy(name))];
  return sorted.map((name, at) => [name, names[at] ?? name]);
}

function sizeOf(schedule: Schedule): number {
  const { setup, transactions } = schedule;
  const items = transactions.reduce((sum, { work }) => sum + Object.values(work).flat().length, 0);
  return partsOf(schedule).length + items + setup.participants + setup.spares + setup.acceptors + setup.coordinators;
}

type Change = (schedule: Schedule) => Schedule;

function changesOf(schedule: Schedule): Change[] {
  const setup =
    (change: Partial<Schedule["setup"]>): Change =>
    (each) => ({ ...each, setup: { ...each.setup, ...change } });
  const { participants, coordinators, acceptors, spares } = schedule.setup;
  return [
    setup({ coordinators: 1 }),
    renamed,
    ...[1, 2, 3, 4].filter((count) => count < participants).map((count) => setup({ participants: count })),
    ...(schedule.protocol === "mixed" ? [setup({ acceptors: 0, defaultProtocol: "2pc" })] : []),
    ...[1, 3].filter((count) => count < acceptors).map((count) => setup({ acceptors: count })),
    setup({ coordinators: Math.min(coordinators, 2) }),
    ...[0, 1].filter((count) => count < spares).map((count) => setup({ spares: count })),
    setup({ turnMs: 0 }),
    setup({ latencyMs: { min: 5, max: 5 } }),
    setup({ journalBytes: null }),
    setup({ lockWaitMs: 0 }),
    ...schedule.transactions.flatMap((planned, at) => smaller(planned, at)),
    ...schedule.transactions.map((_, at) => changed(at, (each) => ({ ...each, timeoutMs: 0 }))),
    ...schedule.transactions.map((_, at) => changed(at, (each) => ({ ...each, initiator: null }))),
    ...(schedule.protocol === "mixed" ? schedule.transactions.map((_, at) => changed(at, inTwoPhase)) : []),
  ];
}

/** One protocol fewer to look at: whatever another one can be asked to do, two-phase commit can. */
function inTwoPhase(planned: PlannedTransaction): PlannedTransaction {
  return { ...planned, protocol: "2pc" };
}

/** A transaction with a branch less, or an item of work. */
function smaller({ work }: PlannedTransaction, at: number): Change[] {
  const nodes = Object.keys(work);
  return [
    ...nodes.map((node) =>
      changed(at, (each) => {
        const left = Object.entries(each.work).filter(([name]) => name !== node);
        if (left.length === 0) return each;
        return { ...each, work: Object.fromEntries(left), initiator: each.initiator === node ? null : each.initiator };
      }),
    ),
    ...nodes.flatMap((node) =>
      (work[node] ?? []).map((item) =>
        changed(at, (each) => {
          const left = (each.work[node] ?? []).filter((other) => other !== item);
          return left.length === 0 ? each : { ...each, work: { ...each.work, [node]: left } };
        }),
      ),
    ),
  ];
}

function changed(at: number, change: (planned: PlannedTransaction) => PlannedTransaction): Change {
  return (schedule) => ({
    ...schedule,
    transactions: schedule.transactions.map((each, index) => (index === at ? change(each) : each)),
  });
}
