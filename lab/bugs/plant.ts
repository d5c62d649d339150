/** All planted bugs, and how one is planted. */

import type { ProtocolName } from "../../protocols/index.ts";
import { NemconError } from "../../runtime/errors/index.ts";
import type { RunOptions } from "../simulate/run.ts";
import type { Bug } from "./bug.ts";
import { withMachines } from "./machines.ts";
import { paxosBugs } from "./paxos-commit.ts";
import { threePhaseBugs } from "./three-phase.ts";
import { twoPhaseBugs } from "./two-phase.ts";

export const bugs: readonly Bug[] = [...twoPhaseBugs, ...threePhaseBugs, ...paxosBugs];

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
 * @throws NemconError USAGE where there is none of that name, or it is another protocol's
 */
export function withBug<T>(
  name: string | null,
  protocol: ProtocolName,
  run: (options: RunOptions) => Promise<T>,
): Promise<T> {
  if (name === null) return run({});
  const bug = bugNamed(name);
  if (bug.protocol !== protocol)
    throw new NemconError("USAGE", `"${name}" is a bug of ${bug.protocol}, and not of ${protocol}.`);
  const { machines = {}, ports } = bug;
  return withMachines(protocol, machines, () => run(ports === undefined ? {} : { planted: ports }));
}
