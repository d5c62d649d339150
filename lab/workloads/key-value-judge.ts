/**
 * The judge of the key-value workload. It keeps a few bytes for each answer and draws the transactions a second
 * time to know what each wrote; then it compares that with the tables.
 */

import assert from "node:assert/strict";
import Database from "better-sqlite3";
import { lastWritersOrder } from "./key-value-order.ts";
import type { Draws } from "./key-value-draws.ts";
import { added, chosen, tag, TALLY_SIZE } from "./key-value-tally.ts";
import type { Answered, Bank, Judge, Verdict } from "./workload.ts";

const VIOLATIONS_SHOWN = 20;
/** More unknown writers of one key than this are not told apart by their tags. */
const MOST_UNKNOWN = 12;

/** What is known of a transaction. */
const UNTOLD = 0;
const COMMITTED = 1;
const ABORTED = 2;
type Told = typeof UNTOLD | typeof COMMITTED | typeof ABORTED;

/** No answer told its end yet: nothing is known to have begun after it. */
const NEVER = 0xffff_ffff;
const ABSENT = -1;

/** Of all banks: a slot is a key at a bank. */
interface Tables {
  /** Slots of one bank. */
  readonly width: number;
  /** The transaction that wrote last; ABSENT where there is no row. */
  readonly last: Int32Array;
  readonly tallies: Float64Array;
}

/** What the transactions of the run wrote, by their index in it. */
interface Writes {
  /** Of transaction i: `slots` from `from[i]` up to `from[i + 1]`. */
  readonly from: Int32Array;
  readonly slots: Int32Array;
}

export class KeyValueJudge implements Judge {
  private readonly banks: readonly Bank[];
  /** What the workload draws from. */
  private readonly live: Draws;
  /** Stands where the run began. */
  private readonly draws: Draws;
  private readonly tally: boolean;
  private readonly first: number;
  private readonly before: Tables;
  /** By index in the run. */
  private told = new Uint8Array(1_024);
  /** By index: how many had been drawn when its outcome was told. Whatever was drawn later began after its end. */
  private ends = new Uint32Array(1_024).fill(NEVER);
  /** By index: whether a committed read saw its value. */
  private seen = new Uint8Array(1_024);
  private compared = 0;

  /** @param banks in the order of the participants */
  constructor(banks: readonly Bank[], live: Draws, tally: boolean) {
    this.banks = banks;
    this.live = live;
    this.draws = live.copy();
    this.tally = tally;
    this.first = live.number;
    this.before = tablesOf(banks, live.nextKey);
  }

  /** Transactions of the run. */
  private get count(): number {
    return this.live.number - this.first;
  }

  hear({ type, number, outcome }: Answered): void {
    const index = number - this.first;
    const drawn = this.count;
    assert(index >= 0 && index < drawn, `transaction ${number} is not of this run`);
    this.makeRoom(drawn);
    if (this.told[index] === UNTOLD) this.compared += 1;
    const told = toldBy(outcome);
    this.told[index] = told;
    this.ends[index] = told === UNTOLD ? NEVER : drawn;
    if (type === "read" && outcome.kind === "committed")
      for (const results of Object.values(outcome.results))
        for (const { rows } of results) this.saw(Number.parseInt(String(rows[0]?.[0] ?? ""), 10));
  }

  verdict(): Verdict {
    this.makeRoom(this.count);
    const writes = this.writes();
    const run = new Run({
      banks: this.banks,
      first: this.first,
      told: this.told.slice(0, this.count),
      ends: this.ends,
      seen: this.seen,
      tally: this.tally,
      before: this.before,
      after: tablesOf(this.banks, this.live.nextKey),
      writes,
    });
    return run.verdict(this.compared);
  }

  private saw(writer: number): void {
    const index = writer - this.first;
    if (index >= 0 && index < this.seen.length) this.seen[index] = 1;
  }

  private writes(): Writes {
    const { count } = this;
    const width = this.live.nextKey;
    const draws = this.draws.copy();
    const from = new Int32Array(count + 1);
    let slots = new Int32Array(count * 2 + 16);
    let length = 0;
    for (let index = 0; index < count; index += 1) {
      const { type, at, keys } = draws.next();
      if (type !== "read")
        for (const [place, bank] of at.entries())
          for (const key of keys[place] ?? []) {
            if (length === slots.length) slots = grown(slots, new Int32Array(length * 2));
            slots[length] = bank * width + key;
            length += 1;
          }
      from[index + 1] = length;
    }
    return { from, slots: slots.subarray(0, length) };
  }

  private makeRoom(count: number): void {
    const { length } = this.told;
    if (count <= length) return;
    const size = Math.max(count, length * 2);
    this.told = grown(this.told, new Uint8Array(size));
    this.seen = grown(this.seen, new Uint8Array(size));
    this.ends = grown(this.ends, new Uint32Array(size).fill(NEVER));
  }
}

interface Evidence {
  readonly banks: readonly Bank[];
  readonly first: number;
  readonly told: Uint8Array;
  readonly ends: Uint32Array;
  readonly seen: Uint8Array;
  readonly tally: boolean;
  readonly before: Tables;
  readonly after: Tables;
  readonly writes: Writes;
}

/** The comparison itself. */
class Run {
  private readonly evidence: Evidence;
  /** As it was told; outcomes that were not told are filled in where the tables tell them. */
  private readonly known: Uint8Array;
  private readonly violations: string[] = [];
  /** By slot, of committed writers: the sum of their tags, the index of the one that began last. */
  private readonly sums: Float64Array;
  private readonly lastBegun: Int32Array;

  constructor(evidence: Evidence) {
    this.evidence = evidence;
    this.known = evidence.told.slice();
    const slots = evidence.after.last.length;
    this.sums = new Float64Array(slots);
    this.lastBegun = new Int32Array(slots).fill(ABSENT);
  }

  verdict(compared: number): Verdict {
    const { told, tally } = this.evidence;
    this.checkReads();
    this.learnFromLastWriters();
    for (const [index, known] of this.known.entries()) if (known === COMMITTED) this.addWriter(index);
    const open = tally ? this.learnFromTallies() : new Set<number>();
    this.checkSlots(open);
    this.checkOrder();
    const untold = this.known.reduce(
      (count, known, index) => count + (known === UNTOLD && this.slotsOf(index).length > 0 ? 1 : 0),
      0,
    );
    return {
      valid: this.violations.length === 0,
      compared,
      basis: basisOf(tally, untold),
      figures: {
        committed: told.reduce((count, each) => count + (each === COMMITTED ? 1 : 0), 0),
        writes: this.evidence.writes.slots.length,
        keys: this.sums.length,
        untold,
      },
      violations: this.violations.slice(0, VIOLATIONS_SHOWN),
    };
  }

  /** A value that a committed transaction read was committed. */
  private checkReads(): void {
    const { seen, first } = this.evidence;
    for (const [index, known] of this.known.entries()) {
      if (seen[index] !== 1) continue;
      if (known === ABORTED) this.say(`a read saw the value of ${first + index}, which was told aborted`);
      else this.known[index] = COMMITTED;
    }
  }

  private learnFromLastWriters(): void {
    const { after, first } = this.evidence;
    for (const writer of after.last) {
      const index = writer - first;
      if (index >= 0 && this.known[index] === UNTOLD) this.known[index] = COMMITTED;
    }
  }

  /** Decides untold transactions by the sums of the rows that they wrote; gives the slots where that can't be done. */
  private learnFromTallies(): Set<number> {
    const { first } = this.evidence;
    const untold = this.untoldBySlot();
    for (let progress = true; progress;) {
      progress = false;
      for (const [slot, all] of untold) {
        const writers = all.filter((index) => this.known[index] === UNTOLD);
        if (writers.length === 0) untold.delete(slot);
        if (writers.length === 0 || writers.length > MOST_UNKNOWN) continue;
        const { picks } = chosen(
          writers.map((index) => tag(first + index)),
          added(this.sums[slot] ?? 0, this.growth(slot)),
        );
        for (const [place, index] of picks === null ? [] : writers.entries()) {
          this.known[index] = picks?.[place] === true ? COMMITTED : ABORTED;
          if (picks?.[place] === true) this.addWriter(index);
        }
        progress ||= picks !== null;
      }
    }
    // What no choice of them explains is reported like any other sum.
    for (const [slot, writers] of untold)
      if (writers.length <= MOST_UNKNOWN && !this.isPossible(slot, writers)) untold.delete(slot);
    return new Set(untold.keys());
  }

  private isPossible(slot: number, all: readonly number[]): boolean {
    const tags = all.filter((index) => this.known[index] === UNTOLD).map((index) => tag(this.evidence.first + index));
    return chosen(tags, added(this.sums[slot] ?? 0, this.growth(slot))).possible;
  }

  private untoldBySlot(): Map<number, number[]> {
    const bySlot = new Map<number, number[]>();
    for (const [index, known] of this.known.entries()) {
      if (known !== UNTOLD) continue;
      for (const slot of this.slotsOf(index)) {
        const writers = bySlot.get(slot);
        if (writers === undefined) bySlot.set(slot, [index]);
        else writers.push(index);
      }
    }
    return bySlot;
  }

  private checkSlots(open: ReadonlySet<number>): void {
    const { after, first, ends, tally } = this.evidence;
    const wrote = this.lastWriterWrote();
    for (const [slot, last] of after.last.entries()) {
      const lastBegun = this.lastBegun[slot] ?? ABSENT;
      const index = last - first;
      const isOfRun = last !== ABSENT && index >= 0;
      if (isOfRun && index >= this.known.length)
        this.say(`${this.where(slot)} has a value of ${last}, which nobody submitted`);
      else if (isOfRun && this.known[index] === ABORTED)
        this.say(`${this.where(slot)} has the value of ${last}, which was told aborted, or is nowhere else`);
      else if (isOfRun && wrote[slot] !== 1)
        this.say(`${this.where(slot)} has the value of ${last}, which did not write there`);
      else if (!isOfRun && lastBegun !== ABSENT)
        this.say(`${this.where(slot)} has nothing of ${first + lastBegun}, which was committed`);
      else if (!isOfRun && last !== this.lastBefore(slot))
        this.say(`${this.where(slot)} has a value of ${last}, which was not there before the run`);
      else if (isOfRun && lastBegun >= (ends[index] ?? NEVER))
        this.say(
          `${this.where(slot)} has the value of ${last}, which had ended before ${first + lastBegun} began, which was committed`,
        );
      if (tally && !open.has(slot) && this.growth(slot) !== this.sums[slot])
        this.say(`the sum of ${this.where(slot)} is not that of the committed transactions that wrote there`);
    }
  }

  /** There is an order in which each key's last writer comes after its other writers. */
  private checkOrder(): void {
    const { after, first, writes } = this.evidence;
    const cycle = lastWritersOrder({
      from: writes.from,
      slots: writes.slots,
      includes: (index) => this.known[index] === COMMITTED,
      lastOf: (slot) => (after.last[slot] ?? ABSENT) - first,
    });
    if (cycle.length > 0)
      this.say(
        `no order of ${cycle.map((index) => first + index).join(", ")} leaves these last values: each would come before another`,
      );
  }

  private addWriter(index: number): void {
    const own = tag(this.evidence.first + index);
    for (const slot of this.slotsOf(index)) {
      this.sums[slot] = ((this.sums[slot] ?? 0) + own) % TALLY_SIZE;
      this.lastBegun[slot] = Math.max(this.lastBegun[slot] ?? ABSENT, index);
    }
  }

  private lastWriterWrote(): Uint8Array {
    const { after, first } = this.evidence;
    const wrote = new Uint8Array(after.last.length);
    for (let index = 0; index < this.known.length; index += 1)
      for (const slot of this.slotsOf(index)) if (after.last[slot] === first + index) wrote[slot] = 1;
    return wrote;
  }

  private slotsOf(index: number): Int32Array {
    const { from, slots } = this.evidence.writes;
    return slots.subarray(from[index], from[index + 1]);
  }

  private lastBefore(slot: number): number {
    const { before, after } = this.evidence;
    const key = slot % after.width;
    return key < before.width ? (before.last[Math.floor(slot / after.width) * before.width + key] ?? ABSENT) : ABSENT;
  }

  private growth(slot: number): number {
    const { before, after } = this.evidence;
    const key = slot % after.width;
    const old = key < before.width ? (before.tallies[Math.floor(slot / after.width) * before.width + key] ?? 0) : 0;
    return added(old, after.tallies[slot] ?? 0);
  }

  private where(slot: number): string {
    const { banks, after } = this.evidence;
    return `key ${slot % after.width} of ${banks[Math.floor(slot / after.width)]?.name ?? ""}`;
  }

  private say(what: string): void {
    this.violations.push(what);
  }
}

function toldBy(outcome: Answered["outcome"]): Told {
  switch (outcome.kind) {
    case "committed":
      return COMMITTED;
    case "aborted":
    case "refused":
      return ABORTED;
    case "unknown":
    case "forgotten":
      return UNTOLD;
    default:
      return outcome satisfies never;
  }
}

function basisOf(tally: boolean, untold: number): string {
  const writes = tally
    ? "each write of each transaction, also those that were overwritten, by the sums that rows keep"
    : "the last value of each key; not writes that were overwritten";
  const left = untold === 0 ? "" : `; ${untold} outcomes were not told and left no trace that decides them`;
  return `${writes}, and that some order of the committed ones leaves just these values${left}`;
}

function tablesOf(banks: readonly Bank[], width: number): Tables {
  const last = new Int32Array(banks.length * width).fill(ABSENT);
  const tallies = new Float64Array(banks.length * width);
  for (const [index, { file }] of banks.entries()) {
    const database = new Database(file, { readonly: true });
    try {
      const rows = database
        .prepare<[number], [number, number, number]>("SELECT key, CAST(value AS INTEGER), tally FROM kv WHERE key < ?")
        .raw();
      for (const [key, writer, tally] of rows.iterate(width)) {
        last[index * width + key] = writer;
        tallies[index * width + key] = tally;
      }
    } finally {
      database.close();
    }
  }
  return { width, last, tallies };
}

function grown<A extends Uint8Array | Uint32Array | Int32Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
