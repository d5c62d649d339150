/** Why an operator does something: asked for before anything is done, and kept with it. */

import { NemconError } from "./errors/index.ts";

/** The record of an act is no essay. */
const LONGEST_REASON = 1_000;

/** @throws NemconError INVALID_REQUEST where there is none, or too much of it */
export function checkReason(reason: string): void {
  if (reason.trim() === "")
    throw new NemconError("INVALID_REQUEST", "An operator's act needs a reason, which stays with it.");
  if (reason.length > LONGEST_REASON)
    throw new NemconError(
      "INVALID_REQUEST",
      `The reason has ${reason.length} characters, and it may have ${LONGEST_REASON}.`,
    );
}
