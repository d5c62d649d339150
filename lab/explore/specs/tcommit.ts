/** TCommit (Gray, Lamport 2006, §2): what any protocol for transaction commit may do, seen from the resource managers. */

import type { System } from "../system.ts";
import { range, type Bytes } from "./layout.ts";

export const WORKING = 0;
export const PREPARED = 1;
export const COMMITTED = 2;
export const ABORTED = 3;

const names = ["working", "prepared", "committed", "aborted"];

/** No RM has committed while another has aborted. The first `rms` bytes are the RMs' states, here and below. */
export function isConsistent(state: Bytes, rms: number): boolean {
  let all = 0;
  for (let rm = 0; rm < rms; rm += 1) all |= 1 << (state[rm] ?? 0);
  return (all & (1 << COMMITTED)) === 0 || (all & (1 << ABORTED)) === 0;
}

function canCommit(state: Bytes, rms: number): boolean {
  for (let rm = 0; rm < rms; rm += 1) if (state[rm] !== PREPARED && state[rm] !== COMMITTED) return false;
  return true;
}

function nobodyCommitted(state: Bytes, rms: number): boolean {
  for (let rm = 0; rm < rms; rm += 1) if (state[rm] === COMMITTED) return false;
  return true;
}

function mayBecome(before: Bytes, rm: number, next: number, rms: number): boolean {
  switch (next) {
    case PREPARED:
      return before[rm] === WORKING;
    case COMMITTED:
      return before[rm] === PREPARED && canCommit(before, rms);
    case ABORTED:
      return (before[rm] === WORKING || before[rm] === PREPARED) && nobodyCommitted(before, rms);
    default:
      return false;
  }
}

/** Whether the step is one of TCommit's, or changes no RM. */
export function isTCommitStep(before: Bytes, after: Bytes, rms: number): boolean {
  let moved = -1;
  for (let rm = 0; rm < rms; rm += 1) {
    if (before[rm] === after[rm]) continue;
    if (moved >= 0) return false;
    moved = rm;
  }
  return moved < 0 || mayBecome(before, moved, after[moved] ?? -1, rms);
}

/** By the RMs' names. */
export function pictureOfRms(state: Bytes, rms: number): Record<string, string> {
  return Object.fromEntries(range(rms).map((rm) => [`r${rm + 1}`, names[state[rm] ?? 0] ?? "?"]));
}

export function tcommit(rms: number): System<Bytes> {
  const next = new Uint8Array(rms);
  const actions = range(rms).flatMap((rm) =>
    [
      { name: "Prepare", to: PREPARED },
      { name: "Commit", to: COMMITTED },
      { name: "Abort", to: ABORTED },
    ].map(({ name, to }) => ({ label: `${name}(r${rm + 1})`, rm, to })),
  );
  return {
    initial: () => [new Uint8Array(rms)],
    successors(state, found) {
      for (const { label, rm, to } of actions) {
        if (!mayBecome(state, rm, to, rms)) continue;
        next.set(state);
        next[rm] = to;
        found(label, next);
      }
    },
    pack: (state) => state,
    unpack: (bytes) => bytes,
    invariants: { consistent: (state) => isConsistent(state, rms) },
    stepInvariants: {},
    picture: (state) => pictureOfRms(state, rms),
  };
}
