/** A journal in memory: forced rows are on the disk when `transact` returns; what was only appended may vanish. */

import type { Entry, Journal, TurnWrite } from "../../runtime/engine/index.ts";
import { bytesOf, type Disk, type Row, type Tail } from "./disk.ts";

/** Thrown through the engine: the process died at this point. */
export class Crash extends Error {
  override readonly name = "Crash";
  readonly tail: Tail;

  constructor(tail: Tail) {
    super("the process died");
    this.tail = tail;
  }
}

/**
 * `torn`: a part of the row reached the disk, which a start must find and throw away. `failed`: the disk reported an
 * error, and the process stopped itself; the row may be there or not, and `tail` says so too.
 */
export interface CrashPoint {
  readonly when: "before" | "torn" | "failed" | "after";
  readonly tail: Tail;
}

export interface JournalHooks {
  /** A write is about to be made: whether the process dies there. */
  crashAt(force: boolean): CrashPoint | null;
  wrote(row: Row, force: boolean): void;
  appended(entries: readonly Entry[]): void;
  /** A planted bug: the row is reported as durable and is not. */
  lies(entries: readonly Entry[]): boolean;
}

function reachesDisk({ when, tail }: CrashPoint): boolean {
  return when === "after" || (when === "failed" && tail === "kept");
}

export class FakeJournal implements Journal {
  private readonly disk: Disk;
  private readonly hooks: JournalHooks;
  private waiting: Entry[] = [];

  constructor(disk: Disk, hooks: JournalHooks) {
    this.disk = disk;
    this.hooks = hooks;
  }

  transact(inside: () => TurnWrite): number {
    const before = this.disk.image;
    const { entries, force, dropBelow } = inside();
    const crash = this.hooks.crashAt(force);
    if (crash !== null && !reachesDisk(crash)) {
      this.disk.image = before;
      // What waited was to ride on the same row.
      this.waiting = [];
      throw new Crash(crash.tail);
    }
    this.put(entries, force, this.hooks.lies(entries) ? before : null);
    if (dropBelow !== undefined) this.disk.drop(dropBelow);
    if (crash !== null) throw new Crash(crash.tail);
    return this.disk.nextSequence - 1;
  }

  append(entries: readonly Entry[]): number {
    this.waiting.push(...entries);
    this.hooks.appended(entries);
    return this.disk.nextSequence;
  }

  flush(): void {
    if (this.waiting.length > 0) this.put([], false, null);
  }

  get size(): { firstSequence: number; nextSequence: number; bytes: number } {
    const { rows, nextSequence, bytes } = this.disk;
    return { firstSequence: rows[0]?.sequence ?? nextSequence, nextSequence, bytes };
  }

  sequenceForBytes(bytes: number): number {
    let sum = 0;
    for (const row of this.disk.rows.toReversed()) {
      sum += bytesOf(row);
      if (sum > bytes) return row.sequence;
    }
    return this.size.firstSequence;
  }

  /** The process is gone: what waited in memory was written in the last moment, or not. */
  crash(tail: Tail): void {
    if (tail === "kept") this.flush();
    this.waiting = [];
    this.disk.crash(tail);
  }

  private put(entries: readonly Entry[], force: boolean, volatile: Row["volatile"]): void {
    const all = [...this.waiting, ...entries];
    this.waiting = [];
    if (all.length === 0) return;
    this.hooks.wrote(this.disk.add(all, volatile), force);
  }
}
