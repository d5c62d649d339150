/** Random walks find every variant that is known to be wrong, with the faults that the shipped machines bear. */
import { expect, test } from "vitest";
import {
  attemptUnforced,
  type Machines,
  noQuorumOfStates,
  plainPrecommitUnforced,
  reusedElection,
  smallQuorum,
  unlockedRecovery,
  voterWithoutRecord,
} from "../../../lab/bugs/three-phase.ts";
import { walk } from "./explore.ts";

const WALKS = 60_000;

test.each<[name: string, machines: Machines, network: "asynchronous" | "synchronous"]>([
  ["the coordinator's precommit is not forced, and silence is abort (plain)", plainPrecommitUnforced, "synchronous"],
  ["a voter that kept nothing says that it aborted", voterWithoutRecord, "asynchronous"],
  ["an attempt is acknowledged before it is forced", attemptUnforced, "asynchronous"],
  ["one acknowledgement less than a majority decides", smallQuorum, "asynchronous"],
  ["the sites' states are read without a quorum", noQuorumOfStates, "asynchronous"],
  ["elections are not unique: a leader takes the number of the coordinator", reusedElection, "asynchronous"],
  ["S2: a site that crashed leads as if it had not", unlockedRecovery, "synchronous"],
])(
  "%s",
  (_name, machines, network) => {
    let found: string | null = null;
    for (let seed = 1; seed <= WALKS && found === null; seed += 1) {
      const { fault } = walk(machines, seed, { network, crashes: 4 });
      if (fault?.startsWith("split") === true) found = fault;
    }
    expect(found).not.toBeNull();
  },
  120_000,
);
