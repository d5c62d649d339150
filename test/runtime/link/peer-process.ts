/**
 * A node with links as a process of its own, for tests that kill and stop it. Its orders come as its first
 * argument; it answers every decision with an ack, and on the message "count" says what it has had so far.
 */

import type { MessageKind } from "../../../protocols/index.ts";
import { TestNode } from "./node.ts";

export interface Orders {
  readonly node: string;
  readonly role: "coordinator" | "participant";
  /** Serve on this port; 0: any free one. */
  readonly listen?: number;
  readonly dial?: string;
}

export type Word =
  | { readonly kind: "listening"; readonly address: string }
  | { readonly kind: "count"; readonly count: Readonly<Partial<Record<MessageKind, number>>> };

const orders = JSON.parse(process.argv[2]!) as Orders;
const node = new TestNode(orders.node, orders.role, { tuning: { backoff: { firstMs: 1, capMs: 20 } } });
const count: Partial<Record<MessageKind, number>> = {};

function say(word: Word): void {
  process.send?.(word);
}

process.on("message", () => say({ kind: "count", count }));
process.on("disconnect", () => process.exit());
if (orders.listen !== undefined) say({ kind: "listening", address: await node.listen(orders.listen) });
if (orders.dial !== undefined) node.links.dial(orders.dial);
for (;;) {
  const { from, envelopes } = await node.next("envelopes");
  for (const { transaction, protocol, body } of envelopes) {
    count[body.kind] = (count[body.kind] ?? 0) + 1;
    if (body.kind === "decision") {
      const ack = { kind: "ack" as const, decision: body.decision, heuristic: null };
      node.links.send(from, [{ transaction, protocol, body: ack }]);
    }
  }
}
