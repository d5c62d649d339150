/** What went against a decision, or was ended by hand, and still waits for a person (protocols §A.10). */

import type { TransactionId } from "../../protocols/index.ts";
import type { Engine } from "./engine.ts";
import type { PeerRole } from "./entry.ts";

/** Whether a node lists it so: a branch while it lives, and a coordinator's row, of which a participant's is only there after somebody has seen to it. */
export function isUnattended(engine: Engine, role: PeerRole, transaction: TransactionId): boolean {
  const live = engine.live(transaction);
  if (live !== undefined) return live.view.state === "heuristic";
  const closed = role === "coordinator" ? engine.outcomes.get(transaction)?.closed : undefined;
  return closed?.outcome === "heuristic" && closed.until === "acknowledged";
}
