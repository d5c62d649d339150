/** What a submit asks for, packed once as it travels on to the participants. */

import type { BranchMessage } from "../runtime/link/index.ts";
import { PACKING, packWork } from "../runtime/values/index.ts";
import { houseOperation, type Operation } from "./values.ts";

export interface Work {
  readonly protocol: string;
  readonly packing: number;
  readonly branches: Pick<BranchMessage, "participant" | "packedOperations">[];
  /** A little more than the request takes on the wire. */
  readonly sizeBytes: number;
}

/** The longest id, the times, tags and lengths of a request, and of a branch. */
const REQUEST_BYTES = 128;
const BRANCH_BYTES = 16;
/** A character takes three bytes at most. */
const CHARACTER_BYTES = 3;

/** @throws NemconError INVALID_REQUEST for a value that SQLite cannot hold */
export function workOf(
  protocol: string,
  branches: readonly { readonly participant: string; readonly operations: readonly Operation[] }[],
): Work {
  let sizeBytes = REQUEST_BYTES + protocol.length * CHARACTER_BYTES;
  const packed = branches.map(({ participant, operations }) => {
    const packedOperations = packWork(operations.map(houseOperation));
    sizeBytes += BRANCH_BYTES + participant.length * CHARACTER_BYTES + packedOperations.length;
    return { participant, packedOperations };
  });
  return { protocol, packing: PACKING, branches: packed, sizeBytes };
}
