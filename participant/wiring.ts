/** The participant as a library: machines, engine and an embedded resource joined over ports; no gRPC, no SQLite. */

import { protocols, type NodeId, type ProtocolName, type PublicState, type TransactionId } from "../protocols/index.ts";
import { Follower, type FollowerOptions, type Resource } from "../runtime/engine/index.ts";

export interface ParticipantOptions extends FollowerOptions {
  readonly lockWaitMs: number;
  readonly resource: Resource;
}

/** A branch that is open here. */
export interface BranchStatus {
  readonly transaction: TransactionId;
  readonly protocol: ProtocolName;
  readonly state: PublicState;
  readonly coordinator: NodeId;
  readonly participants: readonly NodeId[];
  /** Calendar milliseconds; since the restart where it was prepared before. */
  readonly sinceMs: number;
}

export class Participant extends Follower {
  constructor(options: ParticipantOptions) {
    const { lockWaitMs, resource } = options;
    super(options, { machines: (protocol) => protocols[protocol].participant, resource, lockWaitMs });
  }

  override onUp(node: NodeId): void {
    const peer = this.engine.peer(node);
    if (peer?.role === "coordinator") this.engine.outlived(node, peer.incarnation);
    super.onUp(node);
  }

  branches(): BranchStatus[] {
    const found: BranchStatus[] = [];
    for (const transaction of this.engine.liveIds()) {
      const live = this.engine.live(transaction);
      if (live === undefined) continue;
      const { protocol, view, sinceMs } = live;
      found.push({
        transaction,
        protocol,
        state: view.state,
        coordinator: view.coordinator ?? "",
        participants: view.participants,
        sinceMs,
      });
    }
    return found;
  }
}
