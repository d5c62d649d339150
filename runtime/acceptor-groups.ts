/**
 * The acceptors of a coordinator's transactions as an operator sees and replaces them (protocols §0.4, §E.4): a part
 * of the service `nemcon.v1.Operator`, which only coordinators have something to say in.
 */

import type { NodeId } from "../protocols/index.ts";
import { readGroup, type NodeAddress } from "./config/index.ts";
import type { PeerRole } from "./engine/index.ts";
import { NemconError } from "./errors/index.ts";
import type { AcceptorGroupMessage, ReconfigureMessage } from "./link/index.ts";
import type { Log } from "./logs/index.ts";
import { checkReason } from "./operator-reason.ts";

/** What a coordinator tells of its groups of acceptors, and what may be done about them. */
export interface OperatedGroups {
  /** The newest first. */
  list(): readonly OperatedGroup[];
  /** @returns whether anything is different @throws NemconError ACCEPTOR_UNREACHABLE, INVALID_REQUEST, PROTOCOL_NOT_AVAILABLE, SHUTTING_DOWN */
  reconfigure(acceptors: readonly NodeAddress[], reason: string): Promise<boolean>;
}

export interface OperatedGroup {
  readonly version: number;
  readonly from: string;
  readonly acceptors: readonly NodeAddress[];
  readonly reason: string;
  readonly atMs: number;
  readonly open: number;
  readonly held: number;
  readonly unknown: boolean;
}

interface Operated {
  readonly node: NodeId;
  readonly role: PeerRole;
  readonly log: Log;
  readonly isConnected: (node: NodeId) => boolean;
  /** null: this node begins no transactions. */
  readonly groups: OperatedGroups | null;
}

export function listAcceptors(operated: Operated): { node: NodeId; groups: AcceptorGroupMessage[] } {
  return { node: operated.node, groups: shown(operated, groupsOf(operated)) };
}

export async function reconfigure(
  operated: Operated,
  { acceptors, reason }: ReconfigureMessage,
): Promise<{ node: NodeId; changed: boolean; groups: AcceptorGroupMessage[] }> {
  const { node, log } = operated;
  const groups = groupsOf(operated);
  checkReason(reason);
  const changed = await groups.reconfigure(readGroup(acceptors), reason);
  if (changed)
    log.warn(
      { acceptors, reason },
      `An operator named the acceptors of new transactions at ${node}: ${acceptors.join(", ")}`,
    );
  return { node, changed, groups: shown(operated, groups) };
}

function groupsOf({ node, role, groups }: Operated): OperatedGroups {
  if (groups !== null) return groups;
  throw new NemconError(
    "NOT_AVAILABLE",
    `${node} is a ${role}: acceptors are named at coordinators. Ask each coordinator at its own address.`,
  );
}

function shown({ isConnected }: Operated, groups: OperatedGroups): AcceptorGroupMessage[] {
  return groups.list().map(({ acceptors, ...group }) => ({
    ...group,
    acceptors: acceptors.map((each) => ({ ...each, linked: isConnected(each.node) })),
  }));
}
