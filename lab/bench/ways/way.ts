/** How transactions get from a client to whoever runs them. */

import type { OutcomeMessageRead } from "../../../runtime/link/index.ts";
import type { OneShot } from "../../index.ts";

/** What a client was told. */
export type Told = "committed" | "aborted" | "unknown";

/** Called once, later than `submit` returns; `why` where it is not committed. */
export type Tell = (told: Told, why: string) => void;

export interface Way {
  submit(job: OneShot, tell: Tell): void;
}

export function tellOutcome({ kind, reason }: OutcomeMessageRead, tell: Tell): void {
  if (kind === "OUTCOME_KIND_COMMITTED") tell("committed", "");
  else if (kind === "OUTCOME_KIND_ABORTED") tell("aborted", reason);
  else tell("unknown", kind);
}
