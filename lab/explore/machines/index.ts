/** Everything that the shipped machines can do. */

import { explore, type Budget, type Exploration, type Reach } from "../explore.ts";
import type { Model } from "./model.ts";
import { MachineSystem } from "./system.ts";

/** @param progress called about ten times a second */
export function exploreMachines(
  model: Model,
  budget: Budget = {},
  progress?: (reach: Reach) => void,
): Promise<Exploration> {
  return explore(new MachineSystem(model), budget, progress);
}
