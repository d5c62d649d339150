/** What the explorer explores: a transition system, be it a specification or machines that are run. */

import type { TraceEvent } from "../../trace/index.ts";

/** One finding of a system's own words, such as `{ r1: "prepared", TM: "init" }`, for people. */
export type Picture = Readonly<Record<string, string>>;

/**
 * A state may be of any type; the explorer keeps its packed bytes only while the state waits to be explored, and after
 * that 16 bytes of fingerprint. Two states are the same if and only if they pack into the same bytes.
 */
export interface System<S> {
  initial(): Iterable<S>;
  /**
   * Calls `next` for each transition. The explorer is done with the successor when `next` returns, so that a system may
   * use the same memory for the next one. Labels are names that a reader can follow; a label that is built anew for
   * every transition costs more than a constant.
   */
  successors(state: S, next: (label: string, successor: S) => void): void;
  /** Read before the next call of `pack`. */
  pack(state: S): Uint8Array;
  /** The bytes may change after the state has been explored. */
  unpack(bytes: Uint8Array): S;
  /**
   * Which of the states that differ only by a permutation stands for all of them. Sound where initial states,
   * transitions and properties don't tell the permuted things apart. Trace labels are then those of one such run.
   */
  canonical?(state: S): S;
  /** What must hold in every reachable state, by name. */
  readonly invariants: Readonly<Record<string, (state: S) => boolean>>;
  /** What must hold of every transition, by name: refinement, mostly. */
  readonly stepInvariants: Readonly<Record<string, (before: S, after: S) => boolean>>;
  picture(state: S): Picture;
  /** A run as a trace like those of real processes (trace/event.ts). Absent: what it explores has none. */
  events?(run: readonly { readonly label: string; readonly state: S }[]): readonly TraceEvent[];
}
