/** What all that is compared runs: one-row updates, one at each participant. */

import { KeyValue, type Bank } from "../index.ts";
import type { Keys } from "./measurement.ts";

export interface WorkloadOptions {
  readonly seed: number;
  /** Rows at each participant. */
  readonly records: number;
  readonly valueBytes: number;
}

export function keyValue(banks: readonly Bank[], keys: Keys, options: WorkloadOptions): KeyValue {
  return new KeyValue({
    ...options,
    participants: banks.map(({ name }) => name),
    keys: keys === "ascending" ? "ascending" : "uniform",
    // One column, the least that a branch can write; ascending keys are overwritten seldom enough to see each write.
    tally: false,
  });
}
