/** All planted bugs, and how one is planted. */

import { NemconError } from "../../runtime/errors/index.ts";
import type { Protocols } from "../simulate/capabilities.ts";
import type { RunOptions } from "../simulate/run.ts";
import type { Bug } from "./bug.ts";
import { byHandBugs } from "./by-hand.ts";
import { withMachines } from "./machines.ts";
import { paxosBugs } from "./paxos-commit.ts";
import { threePhaseBugs } from "./three-phase.ts";
import { twoPhaseBugs } from "./two-phase.ts";

export const bugs: readonly Bug[] = [...twoPhaseBugs, ...threePhaseBugs, ...paxosBugs, ...byHandBugs];

export const bugNames = bugs.map(({ name }) => name);

/** @throws NemconError USAGE where there is none of that name */
export function bugNamed(name: string): Bug {
  const bug = bugs.find((each) => each.name === name);
  if (bug === undefined)
    throw new NemconError(
      "USAGE",
      `No bug is called "${name}". There are: ${bugs.map((each) => each.name).join(", ")}.`,
    );
  return bug;
}

/**
 * Runs `run` while the bug is there.
 *
 * @param name null: none is planted
 * @param protocol of the run; where protocols are mixed, the bug is in those that have it
 * @throws NemconError USAGE where there is none of that name, or it is another protocol's
 */
export function withBug<T>(
  name: string | null,
  protocol: Protocols,
  run: (options: RunOptions) => Promise<T>,
): Promise<T> {
  if (name === null) return run({});
  const bug = bugNamed(name);
  if (protocol !== "mixed" && bug.protocol !== protocol)
    throw new NemconError("USAGE", `"${name}" is a bug of ${bug.protocol}, and not of ${protocol}.`);
  const { machines = {}, ports } = bug;
  return withMachines(bug.protocol, machines, () => run(ports === undefined ? {} : { planted: ports }));
}
