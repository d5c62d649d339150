/** The shipped Paxos Commit, exhausted under faults, with one acceptor and with three. */

import { expect, test } from "vitest";
import { exploreMachines } from "../../../lab/index.ts";
import type { ProtocolName } from "../../../protocols/index.ts";
import { asynchronous, isCI } from "./bent.ts";

type Row = readonly [
  protocol: ProtocolName,
  participants: number,
  acceptors: number,
  crashes: number,
  distinct: number,
  depth: number,
];

const rows: readonly Row[] = [
  ["paxos-commit", 1, 1, 1, 22_119, 24],
  ["paxos-commit", 2, 1, 0, 34_178, 23],
  ["paxos-commit-fast", 1, 1, 1, 24_302, 23],
];

const long: readonly Row[] = [
  ["paxos-commit", 2, 1, 1, 830_072, 32],
  ["paxos-commit", 1, 3, 0, 353_354, 27],
  ["paxos-commit-fast", 1, 3, 0, 372_640, 27],
];

test.each([...rows, ...(isCI ? long : [])])(
  "%s: %i participants, %i acceptors, %i crashes, any losses and copies",
  { timeout: 300_000 },
  async (protocol, participants, acceptors, crashes, distinct, depth) => {
    const exploration = await exploreMachines(asynchronous(protocol, crashes, { participants, acceptors }));
    expect(exploration).toMatchObject({ distinct, depth, complete: true, violations: [] });
  },
);
