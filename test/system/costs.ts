/** What a commit should cost: the formulas of protocols §B.1 and §C.7, and those of §C.8 where no participant begins it. */

import type { ProtocolName } from "../../protocols/index.ts";

/** `apart`: each node is on a computer of its own, but for the leader, which shares the first acceptor's. */
export const placements = ["apart", "together"] as const;
export type Placement = (typeof placements)[number];

/**
 * Who begins the commit. `initiated`: the first participant, unasked, with its last work, as in the papers. `submitted`: a
 * client at the coordinator, which asks every participant.
 */
export const topologies = ["initiated", "submitted"] as const;
export type Topology = (typeof topologies)[number];

export interface Setting {
  readonly protocol: ProtocolName;
  readonly topology: Topology;
  readonly placement: Placement;
  readonly N: number;
  readonly F: number;
}

export interface Cost {
  readonly paperMessages: number;
  /** From the commit request until the last participant knows; several where it is chance. */
  readonly messageDelays: readonly number[];
  readonly forcedWrites: number;
  /** With the acknowledgements, which §C.8 leaves out. Absent where what else is sent depends on the timing. */
  readonly wireMessages?: number;
}

/** @throws where the protocol has no formula here */
export function costOf({ protocol, topology, placement, N, F }: Setting): Cost {
  const isTogether = placement === "together";
  const isInitiated = topology === "initiated";
  // Who begins is not asked to prepare. Beside the leader nothing between the two is a message, asked or not.
  const unasked = isInitiated ? 1 : 0;
  /** One more where the leader hears of the commit from a participant on another computer. */
  const delays = (submitted: number): readonly number[] => [submitted + (isInitiated && !isTogether ? 1 : 0)];
  const twoPhase = isTogether ? 3 * N - 3 : 3 * N - unasked;
  switch (protocol) {
    case "2pc":
    case "2pc-presumed-nothing":
      return {
        paperMessages: twoPhase,
        messageDelays: delays(3),
        forcedWrites: N + 1,
        wireMessages: twoPhase + (isTogether ? N - 1 : N),
      };
    // Its collecting record is forced, too, and nobody acknowledges a commit (§A.2).
    case "2pc-presumed-commit":
      return { paperMessages: twoPhase, messageDelays: delays(3), forcedWrites: N + 2, wireMessages: twoPhase };
    case "paxos-commit":
      return {
        paperMessages: isTogether ? N * F + 3 * N - 3 : N * F + F + 3 * N - unasked,
        // With one acceptor, on the leader's computer, it is two-phase commit (§C.9). So are the delays of two
        // participants with an acceptor beside each: no vote has to travel to the other acceptor and back.
        messageDelays: delays(F === 0 || (isTogether && N === 2) ? 3 : 4),
        forcedWrites: N + F + 1,
      };
    case "paxos-commit-fast":
      return {
        paperMessages: isTogether ? 2 * F * N - 2 * F + 3 * N - 3 : 2 * N * F + 3 * N - unasked,
        messageDelays: delays(3),
        forcedWrites: N + F + 1,
      };
    case "3pc":
    case "3pc-plain":
      return {
        paperMessages: isTogether ? 5 * N - 5 : 5 * N - unasked,
        // The coordinator and the participant beside it are two of three sites, which decide without the other one:
        // whether it has acknowledged by then is chance.
        messageDelays: protocol === "3pc" && isTogether && N === 2 ? [3, 5] : delays(5),
        forcedWrites: 2 * N + 2,
      };
    default:
      throw new Error(`no formula for ${String(protocol satisfies never)}`);
  }
}
