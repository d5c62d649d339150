/** Where the two terminations differ; `termination.ts` is what they share. */

import type { Election, NodeId } from "../transaction.ts";
import type { Attempting, Collecting, Doubt } from "./doubt.ts";

/** What the states of the sites allow. */
export type Verdict = "precommit" | "preabort" | "abort";

export interface Rules {
  readonly name: "quorum" | "plain";
  /** The time to lead has come. The election that this site holds next; null: another one has its turn first. */
  turn(self: NodeId, doubt: Doubt): { readonly doubt: Doubt; readonly election: Election | null };
  /** The election of an attempt that follows mere questions. */
  numberOf(self: NodeId, doubt: Doubt): Election;
  /** @param late the wait is over: who is silent now stays silent. Gives null where more reports are needed. */
  verdict(self: NodeId, doubt: Doubt, collecting: Collecting, late: boolean): Verdict | null;
  /** Whom an attempt goes to. */
  audience(self: NodeId, doubt: Doubt, collecting: Collecting): readonly NodeId[];
  /** Whether the acknowledgements that are in decide. */
  isEnough(self: NodeId, doubt: Doubt, attempting: Attempting, late: boolean): boolean;
  /** Whether a decision of that site is taken. */
  hears(doubt: Doubt, from: NodeId): boolean;
}
