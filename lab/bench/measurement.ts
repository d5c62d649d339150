/** What is measured in each round, as it is printed and as figures are computed from it. */

import type { Latency } from "./statistics.ts";

/** How transactions get to whoever runs them. */
export type WayName = "library" | "stubs" | "unary" | "fan-out";
export type Keys = "ascending" | "random";

/**
 * What runs: the product under two-phase commit; that with a journal that is never forced; the product under Paxos
 * Commit with three acceptors; the same statements sent straight to three servers that know nothing of each other.
 */
export type System = "2pc" | "2pc-unsynced" | "paxos-commit" | "fan-out";

/** Transactions under way where the streamed ways are compared, and where unary calls are. */
export const STREAMED = 1_024;
export const UNARY = 128;

/** What is measured in each round. */
export interface Subject {
  readonly name: string;
  readonly system: System;
  readonly way: WayName;
  readonly keys: Keys;
  /** Transactions under way at any time. */
  readonly concurrency: number;
}

/** What a test plants, to see that the bench notices: a plain unary client that wastes its time, a committed write that is gone. */
export type Plant = "slow-baseline" | "lost-write";

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
  /** Answers compared with the databases, warm-up and end included, and what does not fit, in words. */
  readonly compared: number;
  readonly violations: readonly string[];
}

export interface StorageMeasurement {
  readonly round: number;
  readonly perSecond: number;
  /** µs of CPU a transaction, by process. */
  readonly cpuMicros: Readonly<Record<string, number>>;
  /** Forced transactions by process: as many as the product had for as many transactions. */
  readonly forcedWrites: Readonly<Record<string, number>>;
  readonly transactions: number;
}

export interface MachineLimits {
  readonly round: number;
  /** CPU of a step of a loop. */
  readonly spinNs: number;
  /** p50 of a forced record at the end of a file, and over another one. */
  readonly appendMs: number;
  readonly overwriteMs: number;
  /** p50 of a SQLite commit: its log growing; its log extended beforehand; the same while three processes commit. */
  readonly growingCommitMs: number;
  readonly commitMs: number;
  readonly commitOfThreeMs: number;
  /** Empty unary calls. */
  readonly unaryPerSecond: number;
  /** Messages there and back on a stream, by the number in a frame. */
  readonly streamPerSecond: Readonly<Record<string, number>>;
  /** Packing and unpacking a message of a frame. */
  readonly codecNs: number;
}
