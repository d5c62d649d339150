/** What a transaction that is not over waits for, as far as links show it: for people, never for a decision. */

import { quorumOf, type AcceptorGroup, type NodeId } from "../protocols/index.ts";

/**
 * @param group of acceptors that decide it; null: none
 * @returns "" where everybody who is needed is linked
 */
export function missingFor(
  participants: readonly NodeId[],
  group: AcceptorGroup | null,
  isUp: (node: NodeId) => boolean,
): string {
  const parts: string[] = [];
  if (group !== null) {
    const { acceptors } = group;
    const down = acceptors.filter((each) => !isUp(each));
    const up = acceptors.length - down.length;
    const needed = quorumOf(group);
    if (up < needed)
      parts.push(
        `${up} of ${acceptors.length} acceptors are linked, and ${needed} are needed: no link to ${down.join(", ")}`,
      );
  }
  const away = participants.filter((each) => !isUp(each));
  if (away.length > 0) parts.push(`no link to ${away.join(", ")}`);
  return parts.join("; ");
}
