/** What keeps a group of acceptors: for people, who want to know when one may be switched off. */

import { parseTransactionId, type TransactionId } from "../protocols/index.ts";
import type { GroupEntry, IdRange } from "../runtime/engine/index.ts";

export interface KeptGroup extends Pick<GroupEntry, "version" | "from" | "acceptors" | "reason" | "atMs"> {
  /** Transactions that have it and are not over. */
  readonly open: number;
  /** Ids that clients hold and may still begin; some that they have used are counted, too. */
  readonly held: number;
  /** The coordinator died while it had it, and can't know whether all that was under way then is over. */
  readonly unknown: boolean;
}

export interface OpenIds {
  readonly open: readonly TransactionId[];
  readonly held: readonly IdRange[];
  readonly unknown: readonly IdRange[];
}

/** @param groups the newest first */
export function keptGroups(groups: readonly GroupEntry[], { open, held, unknown }: OpenIds): KeptGroup[] {
  const ids = [...new Set(open)];
  return groups.map(({ version, from, acceptors, reason, atMs }, at) => {
    const before = groups[at - 1]?.from;
    const isIn = ({ first, last }: IdRange): boolean => last >= from && (before === undefined || first < before);
    return {
      version,
      from,
      acceptors,
      reason,
      atMs,
      open: ids.filter((id) => isIn({ first: id, last: id })).length,
      // A block of ids is given out at once: it has one group.
      held: held.filter(isIn).reduce((sum, range) => sum + sizeOf(range), 0),
      unknown: unknown.some(isIn),
    };
  });
}

function sizeOf({ first, last }: IdRange): number {
  return (parseTransactionId(last)?.sequence ?? 0) - (parseTransactionId(first)?.sequence ?? 0) + 1;
}
