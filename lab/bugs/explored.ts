/** The models in which planted bugs are explored. */

import { NemconError } from "../../runtime/errors/index.ts";
import { withinBudgets, type Budgets } from "../explore/machines/budgets.ts";
import type { Model } from "../explore/machines/model.ts";
import type { Bug } from "./bug.ts";
import { wrapped } from "./machines.ts";

/**
 * @param budgets instead of the bug's own
 * @throws NemconError USAGE where the bug is not in the machines
 */
export function plantedModel({ name, protocol, machines, explored = {} }: Bug, budgets: Budgets = {}): Model {
  if (machines === undefined)
    throw new NemconError(
      "USAGE",
      `"${name}" is not in the machines, but in what they stand on, and that is not explored: nemcon simulate --bug ${name}.`,
    );
  const { votes, ...own } = explored;
  const changes = { machines: wrapped(protocol, machines), ...(votes !== undefined && { votes }) };
  return withinBudgets(protocol, { ...own, ...budgets }, changes);
}
