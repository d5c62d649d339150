/** A node's journal, as far as one transaction is concerned: what a replay would find (runtime/engine, `replay`). */

import type { Closed, LogRecord } from "../../../protocols/index.ts";

export type Entry =
  | { readonly kind: "record"; readonly record: LogRecord }
  | { readonly kind: "closed"; readonly outcome: Closed }
  /** The instance is over and nothing is kept of it. */
  | { readonly kind: "dropped" }
  /** At a coordinator: the row's time is over. Elsewhere: the coordinator said that the id is closed. */
  | { readonly kind: "forgotten" };

export interface Disk {
  readonly records: readonly LogRecord[];
  readonly row: Closed | null;
  readonly isForgotten: boolean;
}

export const emptyDisk: Disk = { records: [], row: null, isForgotten: false };

export function replayed(disk: Disk, entry: Entry): Disk {
  switch (entry.kind) {
    case "record":
      return { ...disk, records: [...disk.records, entry.record] };
    case "closed":
      return { ...disk, records: [], row: entry.outcome };
    case "dropped":
      return { ...disk, records: [] };
    case "forgotten":
      return { ...disk, row: null, isForgotten: true };
    default:
      return entry satisfies never;
  }
}

export function replayedAll(disk: Disk, entries: readonly Entry[]): Disk {
  return entries.reduce(replayed, disk);
}
