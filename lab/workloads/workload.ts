/** What the demonstration, the system tests and the benchmarks share: a stream of transactions, and how to judge what became of them. */

import type { Client, Operation, Outcome } from "../../client/index.ts";

/** A participant's database. */
export interface Bank {
  readonly name: string;
  readonly file: string;
}

/** A stream of transactions: with the same options and databases, the same one on every machine. */
export interface Workload {
  readonly name: string;
  readonly seed: number;
  /** Makes tables and rows where they are missing; before the participants start, since a schema is made outside them. */
  prepare(banks: readonly Bank[]): void;
  /**
   * A run begins: reads the databases as they are before it, with nothing under way, and numbers its transactions
   * past those that they hold.
   */
  begin(banks: readonly Bank[]): Judge;
  /** The next transaction, to be run from now on: the judge takes it that no later one began before it was drawn. */
  next(): Job;
}

/** Compares what clients are told with what the databases hold. */
export interface Judge {
  /** An answer; one that was unknown may be told again when it is known. */
  hear(answered: Answered): void;
  /** Reads the databases as they are now: nothing is under way. */
  verdict(): Verdict;
}

/** One transaction to run; its number is unique in all databases. */
export type Job = OneShot | Interactive;

interface Numbered {
  readonly type: string;
  readonly number: number;
  /** @throws NemconError where it was refused or its outcome could not be asked for */
  run(client: Client, timeoutMs: number): Promise<Answered>;
}

/** The whole transaction is known before it is sent. */
export interface OneShot extends Numbered {
  /** One for each participant. */
  readonly branches: readonly JobBranch[];
  /** What the judge hears from whoever sends the branches by itself. */
  answered(outcome: Answered["outcome"]): Answered;
}

/** It reads before it can write. */
export interface Interactive extends Numbered {
  readonly branches: null;
}

export interface JobBranch {
  readonly participant: string;
  readonly operations: readonly Operation[];
}

/** Refused at the door, or given up before a commit was asked for: nothing of it may ever be done. */
export interface Refused {
  readonly kind: "refused";
  readonly reason: string;
}

/** What a client was told. */
export interface Answered {
  readonly type: string;
  readonly number: number;
  readonly outcome: Outcome | Refused;
  /** By bank: what its ledger must hold of the transaction. Empty where the judge knows that by the number. */
  readonly deltas: ReadonlyMap<string, number>;
}

/** What the databases hold after a run, against what clients were told. */
export interface Verdict {
  readonly valid: boolean;
  /** Answers that were compared. */
  readonly compared: number;
  /** In words: what was compared with what, and what this can't see. */
  readonly basis: string;
  /** The workload's own sums, by name. */
  readonly figures: Readonly<Record<string, number>>;
  /** In words, the first few. */
  readonly violations: readonly string[];
}
