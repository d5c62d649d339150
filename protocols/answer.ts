/** What a coordinator tells a client of a transaction that it holds no state of, whatever the protocol. */

import type { Answer } from "./machine.ts";
import { unreachable } from "./machine.ts";
import type { Absence } from "./transaction.ts";

export function answerFor(absence: Absence): Answer {
  switch (absence.kind) {
    case "closed": {
      const { outcome, reason, detail } = absence.closed;
      if (outcome === "aborted" || reason !== null)
        return { outcome: "aborted", reason: reason ?? "PRESUMED", detail, participant: null };
      return { outcome: "committed", results: new Map(), heuristic: outcome === "heuristic" };
    }
    // What can lead to a commit is forced before anyone hears of it, so that silence of a log that still keeps
    // this id's outcomes proves that nobody was told "committed".
    case "lost":
      return {
        outcome: "aborted",
        reason: "COORDINATOR_RESTARTED",
        detail: "the coordinator restarted before it decided",
        participant: null,
      };
    case "forgotten":
      return { outcome: "forgotten" };
    case "foreign":
      return { outcome: "not-mine" };
    case "fresh":
      return { outcome: "unknown" };
    default:
      return unreachable(absence);
  }
}
