/** What the demonstration, the system tests and the benchmarks share: a stream of transactions, and how to judge what became of them. */

import type { Client, Outcome } from "../../client/index.ts";

/** A participant's database. */
export interface Bank {
  readonly name: string;
  readonly file: string;
}

/** One transaction to run; its number is unique in all databases. */
export interface Job {
  readonly type: string;
  readonly number: number;
  /** @throws NemconError where it was refused or its outcome could not be asked for */
  run(client: Client, timeoutMs: number): Promise<Answered>;
}

/** Refused at the door, or given up before a commit was asked for: nothing of it may ever be done. */
export interface Refused {
  readonly kind: "refused";
  readonly reason: string;
}

/** What a client was told, and what the databases must hold if it is true. */
export interface Answered {
  readonly type: string;
  readonly number: number;
  readonly outcome: Outcome | Refused;
  /** By bank: how much money the transaction brings there. Empty where it only reads. */
  readonly deltas: ReadonlyMap<string, number>;
}

export interface Workload {
  readonly name: string;
  readonly seed: number;
  next(): Job;
}

/** What the databases hold after a run, against what clients were told. */
export interface Verdict {
  readonly valid: boolean;
  readonly compared: number;
  readonly moneyBefore: number;
  readonly moneyAfter: number;
  /** Money that committed deposits and withdrawals brought. */
  readonly moneyMoved: number;
  /** In words, the first few. */
  readonly violations: readonly string[];
}
