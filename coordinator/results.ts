/** What branches returned, as the public API's messages. Participants wrote it, so it may be unreadable. */

import type { NodeId } from "../protocols/index.ts";
import { NemconError } from "../runtime/errors/index.ts";
import { resultToProto, type BranchResultMessage } from "../runtime/link/index.ts";
import { UnreadableBytes } from "../runtime/packing/index.ts";
import { unpackResults } from "../runtime/values/index.ts";

type Results = NonNullable<BranchResultMessage["results"]>;

/** Committed is committed: a branch whose results can't be read is named in the detail, and comes without. */
export function branchesOf(packed: ReadonlyMap<NodeId, Uint8Array>): {
  readonly branches: BranchResultMessage[];
  readonly detail: string;
} {
  const branches: BranchResultMessage[] = [];
  const unread: NodeId[] = [];
  for (const [participant, bytes] of packed) {
    const results = read(bytes);
    branches.push({ participant, results: results ?? [] });
    if (results === null) unread.push(participant);
  }
  const detail = unread.length === 0 ? "" : `what ${unread.join(", ")} returned can't be read`;
  return { branches, detail };
}

/** For a caller that unpacks them itself. */
export function packedBranches(packed: ReadonlyMap<NodeId, Uint8Array>): BranchResultMessage[] {
  const branches: BranchResultMessage[] = [];
  for (const [participant, bytes] of packed) if (bytes.length > 0) branches.push({ participant, packedResults: bytes });
  return branches;
}

/** @throws NemconError INTERNAL */
export function resultsOf(participant: NodeId, packed: Uint8Array): Results {
  const results = read(packed);
  if (results !== null) return results;
  throw new NemconError(
    "INTERNAL",
    `${participant} did the work, and what it returned can't be read. Abort the transaction, and see which software ${participant} runs.`,
  );
}

function read(packed: Uint8Array): Results | null {
  try {
    return unpackResults(packed).map(resultToProto);
  } catch (thrown) {
    if (thrown instanceof UnreadableBytes) return null;
    throw thrown;
  }
}
