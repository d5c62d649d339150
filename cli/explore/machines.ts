/** What `nemcon explore --protocol` is asked for, as a model. */

import { InvalidArgumentError } from "commander";
import { bugNamed, plantedModel, withinBudgets, type Budget, type Budgets, type Model } from "../../lab/index.ts";
import { protocols, type ProtocolName } from "../../protocols/index.ts";
import { between, usage } from "../arguments.ts";
import type { Json } from "../json.ts";
import { counted } from "../words.ts";

export const machineOptions: readonly (keyof Budgets)[] = [
  "participants",
  "coordinators",
  "rounds",
  "crashes",
  "losses",
  "duplicates",
  "suspicions",
  "timers",
  "enlisted",
];

export const LARGEST_PARTICIPANTS = 8;
export const LARGEST_COORDINATORS = 3;
/** A state has a byte for each. */
export const LARGEST_BUDGET = 255;

const budget = between(0, LARGEST_BUDGET);

export function budgetOrAny(text: string): Budget {
  if (text === "any") return text;
  try {
    return budget(text);
  } catch {
    throw new InvalidArgumentError(`It is neither "any" nor a whole number from 0 to ${LARGEST_BUDGET}.`);
  }
}

/**
 * @param bug null: the machines as they ship
 * @throws NemconError USAGE
 */
export function machinesOf(protocol: ProtocolName, bug: string | null, options: Budgets): Model {
  const { acceptors, coordinators } = options;
  const hasAcceptors = protocols[protocol].acceptor !== null;
  if (!hasAcceptors && acceptors !== undefined) throw usage(`--acceptors: ${protocol} has none.`);
  if (!hasAcceptors && coordinators !== undefined && coordinators > 1)
    throw usage(`--coordinators: without acceptors nobody finishes what another coordinator began.`);
  return bug === null ? withinBudgets(protocol, options) : plantedModel(bugNamed(bug), options);
}

/** For people. */
export function budgetWords({ participants, acceptors, coordinators, rounds, faults }: Model): string {
  const { crashes, losses, duplicates, suspicions, timers } = faults;
  const nodes = [
    counted(participants, "participant"),
    ...(acceptors > 0 ? [counted(acceptors, "acceptor")] : []),
    ...(coordinators > 1 ? [counted(coordinators, "coordinator")] : []),
  ];
  const happenings = [
    counted(crashes, "crash", "crashes"),
    losses === null
      ? "any losses and copies"
      : `${counted(losses, "loss", "losses")}, ${counted(duplicates ?? 0, "copy", "copies")}`,
    ...(suspicions > 0 ? [counted(suspicions, "false suspicion")] : []),
    timers === null ? "any timers" : counted(timers, "timer"),
  ];
  return `${nodes.join(", ")}; ${happenings.join(", ")}; no ballot or election above ${rounds}`;
}

export function budgetsOf({ participants, acceptors, coordinators, rounds, oneShot, faults }: Model): Json {
  const any = (budget: number | null): Budget => budget ?? "any";
  return {
    participants,
    acceptors,
    coordinators,
    rounds,
    oneShot,
    crashes: faults.crashes,
    losses: any(faults.losses),
    duplicates: any(faults.duplicates),
    suspicions: faults.suspicions,
    timers: any(faults.timers),
  };
}
