/** What the stories of golden traces share: messages that are lost, and people who act. */

import type { NodeId, OperatorAct, TransactionId } from "../../../protocols/index.ts";
import type { Host } from "../../../lab/simulate/host.ts";
import type { World } from "../../../lab/simulate/world.ts";

export type Story = (world: World) => Promise<unknown>;

export const transfer = { P1: ["add x -5"], P2: ["add y 5"] } as const;
export const LONG_MS = 12_000;

/** Loses every message of a kind from one node, or to one other only, until the function that it gives is called. */
export function lose(world: World, from: NodeId, kind: string, to: NodeId | null = null): () => void {
  const { rule } = world.network;
  world.network.rule = (sending) =>
    sending.from === from && sending.envelope?.body.kind === kind && (to === null || sending.to === to)
      ? []
      : rule(sending);
  return () => {
    world.network.rule = rule;
  };
}

/** A person acts on a transaction at a node. */
export function act(world: World, host: Host, id: TransactionId, what: OperatorAct, reason = ""): void {
  world.note(`a person at ${host.name}: ${what} ${id}${reason === "" ? "" : `, since ${reason}`}`);
  host.guard(() => host.engine.operate(id, world.options.protocol, what, reason, null));
}
