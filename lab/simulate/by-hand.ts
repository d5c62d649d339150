/**
 * What people do in a simulated cluster (protocols §0.4, §A.10): they end what is in doubt, against every protocol; and
 * when all else is over they see to what was damaged, as an operator would who reads what nodes list.
 */

import type { Decision, NodeId, OperatorAct, TransactionId } from "../../protocols/index.ts";
import { isUnattended } from "../../runtime/engine/index.ts";
import type { Host } from "./host.ts";
import type { World } from "./world.ts";

export interface Act {
  readonly atMs: number;
  readonly node: NodeId;
  /** Which transaction, from 0. */
  readonly of: number;
  readonly did: Decision;
}

export function describeAct({ atMs, node, of, did }: Act): string {
  return `${Math.round(atMs)} ms: a person waits for transaction ${of + 1} to be in doubt at ${node}, and ends it: ${did}`;
}

/** Ends it as a server's `Resolve` does. @returns whether there was anything to end */
export function endByHand(world: World, host: Host, id: TransactionId, did: Decision): boolean {
  if (!host.isAlive || host.isAlien || host.isPaused || host.engine.live(id)?.view.state !== "in-doubt") return false;
  world.note(`a person at ${host.name}: ${did} ${id}`);
  act(host, id, `force-${did}`);
  return true;
}

/** What nodes list as damage, or as ended by hand: by a coordinator's row, and at the branch. */
export function unattended(host: Host): TransactionId[] {
  const { engine, role } = host;
  const live = [...engine.liveIds()];
  const kept = role === "coordinator" ? [...engine.outcomes.entries()].map(([id]) => id) : [];
  return [...live, ...kept].filter((id) => isUnattended(engine, role, id));
}

/** A person has looked after everything that these nodes list. */
export function attend(world: World, hosts: readonly Host[]): void {
  for (const host of hosts)
    for (const id of unattended(host)) {
      world.note(`a person at ${host.name}: has seen to ${id}`);
      act(host, id, "acknowledge");
    }
}

function act(host: Host, id: TransactionId, what: OperatorAct): void {
  const protocol = host.engine.live(id)?.protocol ?? host.engine.outcomes.get(id)?.protocol;
  if (protocol !== undefined) host.guard(() => host.engine.operate(id, protocol, what, "by hand", null));
}
