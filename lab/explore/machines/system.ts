/**
 * The shipped machines of one transaction as a system to explore: any message may come next, or be lost or doubled, any
 * timer may fire, anybody may die and come back, as often as the model allows.
 */

import type { TraceEvent } from "../../../trace/index.ts";
import type { Picture, System } from "../system.ts";
import { isTimed, type Model, type Vote } from "./model.ts";
import { FLUSHES, Moves, type Look, type Move, type Result } from "./moves.ts";
import { pictureOf } from "./picture.ts";
import { Judge } from "./rules.ts";
import { CLOSED, EXCUSED, Layout, type State } from "./state.ts";
import { Teller } from "./tell.ts";

/** Whoever leads in the order of names is not like the others. */
const ordered: ReadonlySet<string> = new Set(["3pc", "3pc-plain"]);

type Next = (label: string, successor: State) => void;

const UNHEARD = ", and dies before anything leaves it";
const SOME_LOST = ", and some of what it sent with it";

/** How a letter's fates are called. */
interface Labels {
  readonly comes: string;
  readonly late: string;
  readonly dies: string;
  readonly lost: string;
  readonly doubled: string;
  readonly vain: string;
}

export class MachineSystem implements System<State> {
  readonly invariants: System<State>["invariants"];
  readonly stepInvariants: System<State>["stepInvariants"];
  private readonly model: Model;
  private readonly moves: Moves;
  private readonly layout: Layout;
  private readonly labels: Labels[] = [];
  /** Every message stays in flight for good. */
  private readonly keeps: boolean;

  constructor(model: Model) {
    this.model = model;
    this.moves = new Moves(model);
    this.layout = new Layout(this.moves.nodes.length);
    const { losses, duplicates } = model.faults;
    if ((losses === null) !== (duplicates === null)) throw new Error("unlimited losses and duplicates go together");
    this.keeps = losses === null;
    const judge = new Judge(this.layout, this.moves);
    this.invariants = judge.invariants;
    this.stepInvariants = judge.stepInvariants;
  }

  *initial(): Iterable<State> {
    const { crashes, losses, duplicates, suspicions, timers } = this.model.faults;
    for (const votes of votesOf(this.model, this.model.participants)) {
      let voter = 0;
      const sites = this.moves.nodes.map(({ role }, node) =>
        this.moves.first(node, role === "participant" ? (votes[voter++] ?? "yes") : "yes"),
      );
      // Where a timer may fire at any time, any run may abort.
      const flags = votes.includes("no") || timers === null ? EXCUSED : 0;
      const state = [...sites, crashes, losses ?? 0, duplicates ?? 0, suspicions, timers ?? 0, flags, 0];
      if (this.keeps) this.saturate(state);
      yield state;
    }
  }

  successors(state: State, next: Next): void {
    const { layout } = this;
    for (let node = 0; node < layout.nodes; node += 1)
      for (const move of this.moves.movesOf(state[node] ?? 0)) this.move(state, node, move, next);
    for (let at = layout.letters; at < state.length; at += 1)
      if (state[at] !== state[at - 1] || at === layout.letters) this.letter(state, at, next);
  }

  pack(state: State): Uint8Array {
    return this.layout.pack(state);
  }

  unpack(bytes: Uint8Array): State {
    return this.layout.unpack(bytes);
  }

  picture(state: State): Picture {
    return pictureOf(state, this.layout, this.moves);
  }

  events(run: readonly { readonly label: string; readonly state: State }[]): readonly TraceEvent[] {
    const teller = new Teller(this.model.protocol, this.moves.nodes);
    for (const [at, { label }] of run.entries()) {
      const before = run[at - 1]?.state;
      if (before !== undefined) this.tell(before, label, teller);
    }
    // What the journals of the dead hold shows when they start.
    for (const [node, { isUp }] of (run.at(-1)?.state ?? [])
      .slice(0, this.layout.nodes)
      .map((site) => this.moves.sites.at(site))
      .entries())
      if (!isUp) teller.starts(node);
    return teller.events;
  }

  /** What was done, found by its label. */
  private tell(before: State, label: string, teller: Teller): void {
    const { moves, layout } = this;
    for (let node = 0; node < layout.nodes; node += 1) {
      const site = before[node] ?? 0;
      for (const move of moves.movesOf(site)) {
        if (!this.isPossible(before, move)) continue;
        const isWhole = label === move.label || label === move.label + SOME_LOST;
        if (isWhole && move.costs === "crash") teller.crashes(node, moves.keeps(site, move.result.site));
        else if (isWhole || label === move.label + UNHEARD)
          this.tellSteps(node, moves.stepsOf(site, move.label), isWhole ? move.result : null, teller, {
            starts: !moves.sites.at(site).isUp,
            flushes: move.label.endsWith(FLUSHES),
          });
        else continue;
        return;
      }
    }
    for (let at = layout.letters; at < before.length; at += 1) {
      const letter = before[at] ?? 0;
      const { comes, late, dies } = this.labelsOf(letter);
      if (label !== comes && label !== late && label !== dies) continue;
      const { from, to, body } = moves.letters.at(letter);
      const site = before[to] ?? 0;
      teller.receives(to, letter, from, body);
      const result = label === dies ? null : moves.deliver(site, letter, label === late);
      this.tellSteps(to, moves.stepsOn(site, letter, label === late), result, teller);
      return;
    }
    // Lost, doubled, or to who is down: nobody does anything.
  }

  /** @param result null: it dies before anything leaves it */
  private tellSteps(
    node: number,
    steps: ReturnType<Moves["stepsOf"]>,
    result: Result | null,
    teller: Teller,
    { starts = false, flushes = false }: { readonly starts?: boolean; readonly flushes?: boolean } = {},
  ): void {
    if (starts) teller.starts(node);
    teller.steps(node, steps, result === null);
    if (flushes) teller.flushes(node);
    if (result === null) teller.crashes(node, false);
    for (const letter of result?.letters ?? []) {
      const { to, body } = this.moves.letters.at(letter);
      teller.sends(node, letter, to, body);
    }
  }

  private move(state: State, node: number, move: Move, next: Next): void {
    const { layout } = this;
    if (!this.isPossible(state, move)) return;
    switch (move.costs) {
      case "nothing":
        this.forth(state, node, move, -1, 0, next);
        return;
      case "timer":
        this.timer(state, node, move, next);
        return;
      case "crash":
        if ((state[layout.crashes] ?? 0) > 0) this.crash(state, node, move, next);
        return;
      case "suspicion":
        if ((state[layout.suspicions] ?? 0) > 0) this.forth(state, node, move, layout.suspicions, EXCUSED, next);
        return;
      case "duplicate":
        if (this.keeps) this.forth(state, node, move, -1, 0, next);
        else if ((state[layout.duplicates] ?? 0) > 0) this.forth(state, node, move, layout.duplicates, 0, next);
        return;
      default:
        move.costs satisfies never;
    }
  }

  private isPossible(state: State, { needs, node }: Move): boolean {
    switch (needs) {
      case "nothing":
        return true;
      case "word":
        return ((state[this.layout.flags] ?? 0) & CLOSED) !== 0;
      case "up":
        return this.look(state, node).isUp;
      case "down":
        return !this.look(state, node).isUp;
      case "reborn":
        return this.look(state, node).isReborn;
      default:
        return needs satisfies never;
    }
  }

  private forth(state: State, node: number, { label, result }: Move, cost: number, flag: number, next: Next): void {
    this.reach(state, node, result, -1, cost, flag, label, next);
    this.deadAfter(state, node, result, -1, cost, label + UNHEARD, next);
  }

  /** Where silence means death, one that fires too early takes somebody for dead. */
  private timer(state: State, node: number, move: Move, next: Next): void {
    const { layout, model } = this;
    const limited = model.faults.timers !== null;
    if (limited && (state[layout.timers] ?? 0) === 0) return;
    const isEarly = isTimed(model) && !this.isQuiet(state);
    if (isEarly && (state[layout.suspicions] ?? 0) === 0) return;
    const paid = limited ? spent(state, layout.timers) : state;
    this.forth(isEarly ? spent(paid, layout.suspicions) : paid, node, move, -1, EXCUSED, next);
  }

  /** All that was sent to somebody who is up has come, or is lost. */
  private isQuiet(state: State): boolean {
    const { layout } = this;
    for (let at = layout.letters; at < state.length; at += 1)
      if (this.look(state, this.moves.letters.at(state[at] ?? 0).to).isUp) return false;
    return true;
  }

  private crash(state: State, node: number, { label, result }: Move, next: Next): void {
    const { layout } = this;
    const after = this.after(state, node, result, -1, layout.crashes, EXCUSED);
    next(label, after);
    if (!isTimed(this.model)) return;
    // Late for ever is no different from lost, but where timers wait until all has come.
    const own = after.flatMap((letter, at) =>
      at >= layout.letters && this.moves.letters.at(letter).from === node ? [at] : [],
    );
    for (let lost = 1; lost < 2 ** own.length; lost += 1) {
      const gone = new Set(own.filter((_, bit) => ((lost >> bit) & 1) === 1));
      next(
        label + SOME_LOST,
        after.filter((_, at) => !gone.has(at)),
      );
    }
  }

  private letter(state: State, at: number, next: Next): void {
    const { layout, keeps } = this;
    const number = state[at] ?? 0;
    const { to, expires } = this.moves.letters.at(number);
    const labels = this.labelsOf(number);
    const taken = keeps ? -1 : at;
    if (this.look(state, to).isUp) {
      const site = state[to] ?? 0;
      this.delivered(state, to, this.moves.deliver(site, number, false), taken, labels.comes, labels.dies, 0, next);
      if (expires)
        this.delivered(
          state,
          to,
          this.moves.deliver(site, number, true),
          taken,
          labels.late,
          labels.dies,
          EXCUSED,
          next,
        );
    } else if (!keeps) next(labels.vain, without(state, at));
    if (keeps) return;
    if ((state[layout.losses] ?? 0) > 0)
      next(labels.lost, excused(spent(without(state, at), layout.losses), layout.flags));
    if ((state[layout.duplicates] ?? 0) > 0)
      next(labels.doubled, spent([...state.slice(0, at), number, ...state.slice(at)], layout.duplicates));
  }

  private delivered(
    state: State,
    to: number,
    result: Result | null,
    taken: number,
    label: string,
    deadLabel: string,
    flag: number,
    next: Next,
  ): void {
    if (result === null) return;
    this.reach(state, to, result, taken, -1, flag, label, next);
    this.deadAfter(state, to, result, taken, -1, deadLabel, next);
  }

  /** The node has written and dies, and nothing has left it. */
  private deadAfter(
    state: State,
    node: number,
    { dead }: Result,
    taken: number,
    cost: number,
    label: string,
    next: Next,
  ): void {
    const { crashes } = this.layout;
    if (dead < 0 || (state[crashes] ?? 0) === 0) return;
    const result = { site: dead, letters: [], told: 0, alarm: 0, isSecond: false, dead: -1 };
    const paid = cost < 0 ? state : spent(state, cost);
    next(label, this.after(paid, node, result, taken, crashes, EXCUSED));
  }

  private reach(
    state: State,
    node: number,
    result: Result,
    taken: number,
    cost: number,
    flag: number,
    label: string,
    next: Next,
  ): void {
    // Most letters that stay in flight say nothing new.
    if (taken < 0 && cost < 0 && this.isIdle(state, node, result, flag)) return;
    next(label, this.after(state, node, result, taken, cost, flag));
  }

  /** Whether the state after it is the one before it. */
  private isIdle(state: State, node: number, result: Result, flag: number): boolean {
    const { layout } = this;
    if (result.site !== state[node]) return false;
    const flags = result.told | flag;
    if (((state[layout.flags] ?? 0) & flags) !== flags) return false;
    const alarm = this.isPresumed(state, result) ? 0 : result.alarm;
    return alarm === state[layout.alarm] && result.letters.every((letter) => isIn(state, layout.letters, letter));
  }

  /** @param taken the letter at this place is gone; -1: none. @param cost the budget at this place is smaller; -1: none */
  private after(state: State, node: number, result: Result, taken: number, cost: number, flag: number): State {
    const { layout } = this;
    const after = state.slice();
    after[node] = result.site;
    if (cost >= 0) after[cost] = (after[cost] ?? 0) - 1;
    let flags = (after[layout.flags] ?? 0) | result.told | flag;
    if (node === 0 && this.look(after, 0).saysClosed) flags |= CLOSED;
    after[layout.flags] = flags;
    after[layout.alarm] = this.isPresumed(after, result) ? 0 : result.alarm;
    if (taken >= 0) after.splice(taken, 1);
    // What is in flight already is not there twice: a copy of it is a duplicate.
    for (const letter of result.letters) insert(after, layout.letters, letter);
    if (this.keeps) this.saturate(after);
    return after;
  }

  /**
   * Where messages stay in flight for good, one more can only add to what may happen. So everything that a node can send
   * as it is, and all that it can tell the client, is taken as sent and told: such states stand for those with less.
   */
  private saturate(state: number[]): void {
    let isMore = true;
    while (isMore) {
      const { length } = state;
      const flags = state[this.layout.flags];
      for (let node = 0; node < this.layout.nodes; node += 1)
        for (const move of this.moves.movesOf(state[node] ?? 0))
          if (this.isFree(move) && this.isPossible(state, move)) this.add(state, node, move.result);
      // What comes in before this place meanwhile is looked at in the next round.
      for (let at = this.layout.letters; at < state.length; at += 1) {
        const number = state[at] ?? 0;
        const { to, expires } = this.moves.letters.at(number);
        const site = state[to] ?? 0;
        if (!this.look(state, to).isUp) continue;
        this.add(state, to, this.moves.deliver(site, number, false));
        if (expires) this.add(state, to, this.moves.deliver(site, number, true));
      }
      isMore = state.length > length || state[this.layout.flags] !== flags;
    }
  }

  private isFree({ costs }: Move): boolean {
    if (costs === "timer") return this.model.faults.timers === null && !isTimed(this.model);
    return costs === "nothing" || costs === "duplicate";
  }

  private add(state: number[], node: number, result: Result | null): void {
    const { layout } = this;
    if (result === null || result.site !== state[node] || (result.alarm !== 0 && !this.isPresumed(state, result)))
      return;
    state[layout.flags] = (state[layout.flags] ?? 0) | result.told;
    for (const letter of result.letters) insert(state, layout.letters, letter);
  }

  /**
   * Who asked long ago, and has learned the decision since, may be told what the silence of a log means that has dropped
   * the outcome. It undoes nothing: the other rules see to that.
   */
  private isPresumed(state: State, { isSecond }: Result): boolean {
    return isSecond && this.look(state, 0).isForgotten;
  }

  private look(state: State, node: number): Look {
    return this.moves.looks[state[node] ?? 0] as Look;
  }

  private labelsOf(number: number): Labels {
    const known = this.labels[number];
    if (known !== undefined) return known;
    const { words, to } = this.moves.letters.at(number);
    const name = this.moves.name(to);
    const labels: Labels = {
      comes: words,
      late: `${words}, after its time`,
      dies: `${words}; ${name} dies before anything leaves it`,
      lost: `lost: ${words}`,
      doubled: `doubled: ${words}`,
      vain: `${words}, who is down`,
    };
    this.labels[number] = labels;
    return labels;
  }
}

/** All that the participants may vote; where they are alike, in one order. */
function* votesOf(model: Model, count: number): Iterable<readonly Vote[]> {
  if (count === 0) {
    yield [];
    return;
  }
  for (const rest of votesOf(model, count - 1))
    for (const vote of model.votes) {
      const before = rest.at(-1);
      const isSorted = before === undefined || model.votes.indexOf(before) <= model.votes.indexOf(vote);
      if (isSorted || ordered.has(model.protocol)) yield [...rest, vote];
    }
}

function spent(state: State, budget: number): State {
  const after = state.slice();
  after[budget] = (after[budget] ?? 0) - 1;
  return after;
}

function excused(state: State, flags: number): State {
  const after = state.slice();
  after[flags] = (after[flags] ?? 0) | EXCUSED;
  return after;
}

function without(state: State, at: number): State {
  return [...state.slice(0, at), ...state.slice(at + 1)];
}

function insert(state: number[], from: number, letter: number): void {
  const at = placeOf(state, from, letter);
  if (state[at] !== letter) state.splice(at, 0, letter);
}

function isIn(state: State, from: number, letter: number): boolean {
  return state[placeOf(state, from, letter)] === letter;
}

/** Of the first of the sorted letters that is not smaller. */
function placeOf(state: State, from: number, letter: number): number {
  let [low, high] = [from, state.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((state[middle] ?? 0) < letter) low = middle + 1;
    else high = middle;
  }
  return low;
}
