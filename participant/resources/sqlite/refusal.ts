/** Why a branch can't go on: a value for the caller, thrown only inside this room. */

import type { AbortReason } from "../../../protocols/index.ts";

export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly reason: AbortReason;

  /** @param detail sentences for people: what, why, what to do */
  constructor(reason: AbortReason, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

export function refused(detail: string): Refusal {
  return new Refusal("STATEMENT_REFUSED", detail);
}
