/** How much of everything is explored, in the words of command lines, as a model. */

import type { ProtocolName } from "../../../protocols/index.ts";
import { NemconError } from "../../../runtime/errors/index.ts";
import { modelOf, type Faults, type Model } from "./model.ts";

/** any: as often as they like. */
export type Budget = number | "any";

/** What is left out is as `withinBudgets` has it, or as the model has it by default. */
export interface Budgets {
  readonly participants?: number;
  readonly acceptors?: number;
  readonly coordinators?: number;
  readonly rounds?: number;
  readonly crashes?: number;
  readonly losses?: Budget;
  readonly duplicates?: Budget;
  readonly suspicions?: number;
  readonly timers?: Budget;
  /** The work was done before the commit. */
  readonly enlisted?: true;
}

/** Where messages are counted, each that a timer sends again is one more. */
export const COUNTED_TIMERS = 2;

/**
 * @param changes what no command line says
 * @throws NemconError USAGE
 */
export function withinBudgets(protocol: ProtocolName, budgets: Budgets, changes: Partial<Model> = {}): Model {
  const { participants, acceptors, coordinators, rounds, enlisted } = budgets;
  return modelOf(protocol, {
    ...changes,
    ...(participants !== undefined && { participants }),
    ...(acceptors !== undefined && { acceptors }),
    ...(coordinators !== undefined && { coordinators }),
    ...(rounds !== undefined && { rounds }),
    ...(enlisted === true && { oneShot: false }),
    faults: faultsOf(budgets),
  });
}

function faultsOf(budgets: Budgets): Faults {
  const { crashes = 1, suspicions = 0 } = budgets;
  const isCounted = budgets.losses !== undefined || budgets.duplicates !== undefined;
  const { losses = isCounted ? 0 : "any", duplicates = isCounted ? 0 : "any" } = budgets;
  if ((losses === "any") !== (duplicates === "any"))
    throw new NemconError(
      "USAGE",
      "--losses and --duplicates: where any number of messages may be lost, any may come twice.",
    );
  const { timers = losses === "any" ? "any" : COUNTED_TIMERS } = budgets;
  return {
    crashes,
    suspicions,
    losses: limitOf(losses),
    duplicates: limitOf(duplicates),
    timers: limitOf(timers),
  };
}

function limitOf(budget: Budget): number | null {
  return budget === "any" ? null : budget;
}
