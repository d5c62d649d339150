/**
 * What a silent log means, and what has to be written for it: the table of protocols §A.2, one value a
 * column. The machines of this folder are made from one of these and hold no other difference.
 *
 * All three force the prepare before YES, leave an abort before NO unforced, and force a commit at the
 * coordinator before anyone hears of it. Beyond the table, an outcome row is forced where all voted
 * read-only, since presumptions are for prepared participants and never for clients.
 */

import type { Decision, ProtocolName } from "../transaction.ts";

export interface Presumption {
  readonly protocol: ProtocolName;
  /** The coordinator forces `collecting` before PREPARE leaves. */
  readonly forcesCollecting: boolean;
  /** The coordinator forces `abort` before ABORT leaves. */
  readonly forcesAbort: boolean;
  /**
   * The coordinator forgets this decision only after everyone concerned has acknowledged it, and a participant
   * forces its record of it before it does. What needs no acknowledgement is forgotten at once, and unforced.
   */
  readonly acknowledged: Readonly<Record<Decision, boolean>>;
  /**
   * Whether a branch without a record forces its tombstone when ABORT comes: one that is active, and one that
   * nothing is known of. Under presumed commit before its ACK (§A.2 c); in one-shot mode since the work may follow (§0.3).
   */
  readonly forcesTombstone: { readonly active: boolean; readonly unknown: boolean };
  /** What a prepared participant is told of an id that the coordinator issued and has no record of. */
  readonly silence: Decision;
  /** Work may travel inside PREPARE, and a branch may prepare unasked: never before `collecting` is durable (§A.2 a, §0.3). */
  readonly oneShot: boolean;
  readonly unsolicited: boolean;
  /** The resource's redo must lie in the participant's journal: else an orphan of it would be told to commit (§A.2 b, §A.11-m7). */
  readonly needsSharedLog: boolean;
}

export const presumedNothing: Presumption = {
  protocol: "2pc-presumed-nothing",
  forcesCollecting: false,
  forcesAbort: true,
  acknowledged: { commit: true, abort: true },
  forcesTombstone: { active: false, unknown: false },
  // Hidden in the name: it is needed after a crash before the decision.
  silence: "abort",
  oneShot: false,
  unsolicited: true,
  needsSharedLog: false,
};

export const presumedAbort: Presumption = {
  protocol: "2pc",
  forcesCollecting: false,
  forcesAbort: false,
  acknowledged: { commit: true, abort: false },
  forcesTombstone: { active: false, unknown: true },
  silence: "abort",
  oneShot: true,
  unsolicited: true,
  needsSharedLog: false,
};

/** Safe only where the prepare record and the redo share one log (§A.2 b). */
export const presumedCommit: Presumption = {
  protocol: "2pc-presumed-commit",
  forcesCollecting: true,
  forcesAbort: false,
  acknowledged: { commit: false, abort: true },
  forcesTombstone: { active: true, unknown: true },
  silence: "commit",
  oneShot: false,
  unsolicited: false,
  needsSharedLog: true,
};
