import type { NodeId, ProtocolName, TransactionId } from "../../protocols/index.ts";

/** Everything that a client wanted of one transaction: what judges compare with what became of it. */
export interface Plan {
  readonly id: TransactionId;
  readonly protocol: ProtocolName;
  /** Those that it was begun with; none: its protocol has none. */
  readonly acceptors: readonly NodeId[];
  /** "at once": the work travels with the request to prepare. "item by item": under tokens, before the commit. */
  readonly mode: "at once" | "item by item";
  readonly work: ReadonlyMap<NodeId, readonly string[]>;
}
