/** How a coordinator tells the absences of ids apart: by what it gave out, in which incarnation, and what it still keeps. */

import { parseTransactionId, type Absence, type NodeId, type TransactionId } from "../protocols/index.ts";
import type { Identity, Outcomes } from "../runtime/engine/index.ts";
import type { Ids } from "./ids.ts";

export function coordinatorIdentity(self: NodeId, incarnation: number, ids: Ids): Identity {
  return {
    absence(id: TransactionId, outcomes: Outcomes): Absence {
      const parts = parseTransactionId(id);
      // An id from a later incarnation than ours: this journal is an older copy. It has no say.
      if (parts === null || parts.coordinator !== self || parts.incarnation > incarnation) return { kind: "foreign" };
      // Closed by its own last word: the acceptors that it had may be gone by now, and nobody must be asked in its name.
      if (id <= outcomes.forgottenThrough(self) || outcomes.isClosed(self, id)) return { kind: "forgotten" };
      if (parts.incarnation < incarnation) return { kind: "lost" };
      return ids.isUnused(id) || !ids.wasGiven(id) ? { kind: "fresh" } : { kind: "lost" };
    },
  };
}
