/** One measurement of one round, as it is printed and as figures are computed from it. */

import type { Latency } from "./statistics.ts";
import type { Keys } from "./transactions.ts";
import type { WayName } from "./ways/way.ts";

/** What ran: the product, or one of what it is compared with. */
export type System = "2pc";

/** What is measured in each round. */
export interface Subject {
  readonly name: string;
  readonly system: System;
  readonly way: WayName;
  readonly keys: Keys;
  readonly concurrency: number;
}

export interface Measurement extends Subject {
  /** From 1. */
  readonly round: number;
  readonly seconds: number;
  readonly committed: number;
  readonly aborted: number;
  readonly unknown: number;
  /** Transactions that did not commit, by reason; warm-up and end included. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Committed. */
  readonly perSecond: number;
  /** Of those that committed. */
  readonly latencyMs: Latency;
  /** µs of CPU a committed transaction, by process; null where the system does not tell. */
  readonly cpuMicros: { readonly total: number; readonly processes: Readonly<Record<string, number>> } | null;
  /** Processors that all these processes kept busy, and that everything else on the machine did. */
  readonly cores: { readonly used: number; readonly others: number } | null;
  /** Answers compared with the databases, and what does not fit, in words. */
  readonly compared: number;
  readonly violations: readonly string[];
}
