/** How the engine tells the absences of ids apart. */

import { parseTransactionId, type Absence, type TransactionId } from "../../protocols/index.ts";
import type { Outcomes } from "./outcomes.ts";

/** A coordinator knows by what it gave out, others by what they were told is closed. */
export interface Identity {
  absence(id: TransactionId, outcomes: Outcomes): Absence;
}

/** Participants and acceptors: which ids are closed is what their coordinators say; all others are new. */
export const closedIdentity: Identity = {
  absence(id, outcomes) {
    const parts = parseTransactionId(id);
    if (parts === null) return { kind: "foreign" };
    if (outcomes.isClosed(parts.coordinator, id)) return { kind: "forgotten" };
    return outcomes.isSinceStart(parts.coordinator, id) ? { kind: "fresh", sinceStart: true } : { kind: "fresh" };
  },
};
