/** Breadth-first search over everything that a system can do, so that the first counterexample is a shortest one. */

import { setImmediate } from "node:timers/promises";
import { collisionProbability, Fingerprint } from "./fingerprint.ts";
import { Frontier } from "./frontier.ts";
import { LARGEST_SIZE, Seen } from "./seen.ts";
import type { TraceEvent } from "../../trace/index.ts";
import type { Picture, System } from "./system.ts";

/** One state on the way to a violation, and how it came about; the first has the label "initial". */
export interface TraceStep {
  readonly label: string;
  readonly state: Picture;
}

export interface Broken {
  readonly rule: string;
  /** An invariant's: states that violate it. A step invariant's: transitions. */
  readonly count: number;
  /** No shorter one leads to a violation of this rule. */
  readonly trace: readonly TraceStep[];
  /** The same as a trace of real processes has it; empty where what was explored has no such traces. */
  readonly events: readonly TraceEvent[];
}

/** How far the search is. */
export interface Reach {
  readonly distinct: number;
  /** Initial states and all transitions that were followed. */
  readonly generated: number;
  /** The levels of the search that hold a state; initial states are the first. */
  readonly depth: number;
}

export interface Exploration extends Reach {
  /** Whether every reachable state was seen; else which budget was used up. */
  readonly complete: boolean;
  readonly stopped: null | "states" | "seconds" | "signal" | "broken";
  readonly violations: readonly Broken[];
  /** At most: that two states had one fingerprint, so that a part was not explored. */
  readonly collisionProbability: number;
}

export interface Budget {
  /** The search ends after the state whose successors reach this number. */
  readonly states?: number;
  readonly seconds?: number;
  /** It ends after the state that breaks a rule, or whose successors do. */
  readonly untilBroken?: boolean;
  readonly signal?: AbortSignal;
}

interface Reached<S> {
  readonly label: string;
  readonly state: S;
}

interface Found<S> {
  count: number;
  /** The state that is bad, or that the bad transition leads from. */
  readonly at: number;
  readonly last: Reached<S> | null;
}

/** So that signals are heard and progress is shown. */
const BREATHE_EVERY_MS = 100;
const LOOK_AT_CLOCK_EVERY = 256;

class Search<S> {
  readonly seen = new Seen();
  readonly frontier = new Frontier();
  generated = 0;
  /** What is known of the level that is being explored. */
  level = 1;
  levelEnd = 0;
  explored = 0;
  private readonly system: System<S>;
  private readonly fingerprint = new Fingerprint();
  private readonly invariants: (readonly [string, (state: S) => boolean])[];
  private readonly stepInvariants: (readonly [string, (before: S, after: S) => boolean])[];
  private readonly found = new Map<string, Found<S>>();

  constructor(system: System<S>) {
    this.system = system;
    this.invariants = Object.entries(system.invariants);
    this.stepInvariants = Object.entries(system.stepInvariants);
  }

  start(): void {
    for (const state of this.system.initial()) this.reach(state, null);
    this.levelEnd = this.seen.size;
  }

  /** Explores one state more, if there is one. */
  advance(): boolean {
    const bytes = this.frontier.take();
    if (bytes === null) return false;
    if (this.explored === this.levelEnd) {
      this.level += 1;
      this.levelEnd = this.seen.size;
    }
    const number = this.explored;
    this.explored += 1;
    const state = this.system.unpack(bytes);
    this.system.successors(state, (label, successor) => {
      for (const [rule, holds] of this.stepInvariants)
        if (!holds(state, successor)) this.note(rule, number, { label, state: successor });
      this.reach(successor, number);
    });
    return true;
  }

  reachSoFar(): Reach {
    const depth = this.seen.size > this.levelEnd ? this.level + 1 : this.level;
    return { distinct: this.seen.size, generated: this.generated, depth };
  }

  get isBroken(): boolean {
    return this.found.size > 0;
  }

  violations(): Broken[] {
    const { system } = this;
    return [...this.found].map(([rule, { count, at, last }]) => {
      const run = [...this.runTo(at), ...(last === null ? [] : [last])];
      const trace = run.map(({ label, state }) => ({ label, state: system.picture(state) }));
      return { rule, count, trace, events: system.events?.(run) ?? [] };
    });
  }

  private reach(state: S, parent: number | null): void {
    this.generated += 1;
    const packed = this.identify(state);
    if (!this.seen.add(this.fingerprint.words, parent)) return;
    this.frontier.put(packed);
    for (const [rule, holds] of this.invariants) if (!holds(state)) this.note(rule, this.seen.size - 1, null);
  }

  private identify(state: S): Uint8Array {
    const { system } = this;
    const packed = system.pack(system.canonical === undefined ? state : system.canonical(state));
    this.fingerprint.of(packed);
    return packed;
  }

  private note(rule: string, at: number, last: Reached<S> | null): void {
    const found = this.found.get(rule);
    if (found !== undefined) found.count += 1;
    else {
      this.found.set(rule, { count: 1, at, last: last === null ? null : { ...last, state: this.kept(last.state) } });
    }
  }

  /** Only fingerprints are kept, so the way is gone again: at each state the successor with the next fingerprint. */
  private runTo(end: number): Reached<S>[] {
    const { system, seen, fingerprint } = this;
    const run: Reached<S>[] = [];
    let state: S | null = null;
    for (const number of seen.pathTo(end)) {
      let packed: Uint8Array | null = null;
      const look = (label: string, candidate: S): void => {
        if (packed !== null) return;
        this.identify(candidate);
        if (!seen.is(number, fingerprint.words)) return;
        packed = system.pack(candidate).slice();
        run.push({ label, state: this.kept(candidate) });
      };
      if (state === null) for (const initial of system.initial()) look("initial", initial);
      else system.successors(state, look);
      if (packed === null) throw new Error("A system gave other successors when it was asked again.");
      state = system.unpack(packed);
    }
    return run;
  }

  /** The system may use the memory of a state again. */
  private kept(state: S): S {
    return this.system.unpack(this.system.pack(state).slice());
  }
}

/**
 * Explores until everything was seen or a budget is used up; violations don't end it, unless they are asked to.
 * @param progress called about ten times a second
 */
export async function explore<S>(
  system: System<S>,
  budget: Budget = {},
  progress: (reach: Reach) => void = () => undefined,
): Promise<Exploration> {
  const { states = LARGEST_SIZE, seconds = Number.POSITIVE_INFINITY, untilBroken = false, signal } = budget;
  const search = new Search(system);
  const started = performance.now();
  let breathed = started;
  let stopped: Exploration["stopped"] = null;
  search.start();
  while (stopped === null && search.advance()) {
    if (search.seen.size >= states) stopped = "states";
    if (untilBroken && search.isBroken) stopped = "broken";
    if (search.explored % LOOK_AT_CLOCK_EVERY !== 0) continue;
    const now = performance.now();
    if (now - started >= seconds * 1000) stopped = "seconds";
    if (now - breathed < BREATHE_EVERY_MS) continue;
    progress(search.reachSoFar());
    await setImmediate();
    breathed = performance.now();
    if (signal?.aborted === true) stopped = "signal";
  }
  const reach = search.reachSoFar();
  const complete = search.explored === search.seen.size;
  return {
    ...reach,
    complete,
    stopped: complete ? null : stopped,
    violations: search.violations(),
    collisionProbability: collisionProbability(reach.distinct),
  };
}
