/** What outlives a crash of a node: the journal's rows and the resource's data, which share their fate. */

import type { TransactionId } from "../../protocols/index.ts";
import type { Entry, Start } from "../../runtime/engine/index.ts";

/** Never changed in place, so that going back to an earlier one is one assignment. */
export interface Image {
  readonly values: ReadonlyMap<string, number>;
  /** Whose write each value is. */
  readonly writers: ReadonlyMap<string, TransactionId>;
  /** The work that each transaction applied here, one text for each time that it was applied. */
  readonly applied: ReadonlyMap<TransactionId, readonly string[]>;
}

export interface Row {
  readonly sequence: number;
  readonly entries: readonly Entry[];
  /** Reported as durable and not: what to go back to when the crash comes. Only planted bugs have any. */
  readonly volatile: Image | null;
}

export type Tail = "kept" | "lost";

const ENTRY_BYTES = 100;

export class Disk {
  /** Names this directory's history: one that was made anew has another. */
  readonly log: string;
  rows: Row[] = [];
  image: Image = { values: new Map(), writers: new Map(), applied: new Map() };
  nextSequence = 1;
  /** Bumped and forced at each start, before anything else. */
  incarnation = 0;
  /** The begins of all incarnations. */
  starts: readonly Start[] = [];

  constructor(log: string) {
    this.log = log;
  }

  /** A copy of the directory, as a backup would be: what is durable by now. */
  copy(): Disk {
    const copy = new Disk(this.log);
    copy.rows = this.rows.filter(({ volatile }) => volatile === null);
    copy.image = this.rows.find(({ volatile }) => volatile !== null)?.volatile ?? this.image;
    copy.nextSequence = (copy.rows.at(-1)?.sequence ?? this.nextSequence - this.rows.length - 1) + 1;
    copy.incarnation = this.incarnation;
    copy.starts = this.starts;
    return copy;
  }

  /** A process starts on it. @param boot no other start has it, on whatever copy */
  begin(boot: number): void {
    this.incarnation += 1;
    this.starts = [...this.starts, { incarnation: this.incarnation, boot, sequence: this.nextSequence - 1 }];
  }

  /** A person takes it for complete, whatever others say (runtime/journal/open.ts). */
  accept(): void {
    this.incarnation += 1_000;
    this.starts = [];
  }

  /** Whether a node that goes on from here would have forgotten something that `later` has. */
  isBehind(later: Disk): boolean {
    return this.log !== later.log || this.incarnation < later.incarnation || this.nextSequence < later.nextSequence;
  }

  get bytes(): number {
    return this.rows.reduce((sum, row) => sum + bytesOf(row), 0);
  }

  add(entries: readonly Entry[], volatile: Image | null): Row {
    const row: Row = { sequence: this.nextSequence, entries, volatile };
    this.nextSequence += 1;
    // Forcing a row makes every row before it durable.
    if (volatile === null && this.rows.some((each) => each.volatile !== null))
      this.rows = this.rows.map((each) => ({ ...each, volatile: null }));
    this.rows.push(row);
    return row;
  }

  drop(below: number): void {
    this.rows = this.rows.filter((row) => row.sequence >= below);
  }

  /** What was never forced is lost, or was lucky. */
  crash(tail: Tail): void {
    const first = this.rows.findIndex((row) => row.volatile !== null);
    if (first < 0) return;
    const { volatile } = this.rows[first] ?? {};
    if (tail === "lost" && volatile !== undefined && volatile !== null) {
      this.image = volatile;
      this.rows = this.rows.slice(0, first);
    } else this.rows = this.rows.map((row) => ({ ...row, volatile: null }));
  }

  /** Entries that a crash now could not take. */
  *durable(): Iterable<Entry> {
    for (const row of this.rows) {
      if (row.volatile !== null) return;
      yield* row.entries;
    }
  }
}

export function bytesOf(row: Row): number {
  return row.entries.length * ENTRY_BYTES;
}
