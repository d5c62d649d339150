/** The specifications by name, and what each is given. */

import type { System } from "../system.ts";
import type { Bytes } from "./layout.ts";
import { paxosCommit, type PaxosCommitOptions } from "./paxos-commit.ts";
import { tcommit } from "./tcommit.ts";
import { twoPhase } from "./two-phase.ts";

export const specNames = ["tcommit", "two-phase", "paxos-commit"] as const;
export type SpecName = (typeof specNames)[number];

/** @param options the other two use the number of RMs only */
export function specNamed(name: SpecName, options: PaxosCommitOptions): System<Bytes> {
  switch (name) {
    case "tcommit":
      return tcommit(options.rms);
    case "two-phase":
      return twoPhase(options.rms);
    case "paxos-commit":
      return paxosCommit(options);
    default:
      return name satisfies never;
  }
}
