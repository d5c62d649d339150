/** The participant as a library: machines, engine and an embedded resource joined over ports; no gRPC, no SQLite. */

import {
  parseTransactionId,
  protocols,
  type NodeId,
  type ProtocolName,
  type PublicState,
  type Times,
  type TransactionId,
} from "../protocols/index.ts";
import {
  Engine,
  admitPeer,
  closedIdentity,
  namesOf,
  type AnyMachine,
  type Clock,
  type Entry,
  type Envelope,
  type Journal,
  type Network,
  type Observer,
  type Random,
  type Resource,
  type RetentionTimes,
  type Return,
  type Returning,
  type Scheduler,
} from "../runtime/engine/index.ts";

export interface ParticipantOptions {
  readonly node: NodeId;
  readonly incarnation: number;
  readonly times: Times;
  readonly lockWaitMs: number;
  readonly retention: RetentionTimes;
  /** Nodes that may be known, by name. */
  readonly limits: { readonly peers: number };
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly journal: Journal;
  readonly network: Network;
  readonly resource: Resource;
  readonly observer: Observer;
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

export class Participant {
  readonly engine: Engine;
  private readonly options: ParticipantOptions;

  constructor(options: ParticipantOptions) {
    this.options = options;
    const {
      node,
      incarnation,
      times,
      clock,
      scheduler,
      random,
      journal,
      network,
      resource,
      observer,
      retention,
      lockWaitMs,
    } = options;
    this.engine = new Engine({
      env: {
        self: node,
        incarnation,
        times,
        coordinators: () => namesOf(this.engine, "coordinator"),
        groups: () => [],
      },
      machines: participantMachine,
      identity: closedIdentity,
      clock,
      scheduler,
      random,
      journal,
      network,
      resource,
      observer,
      retention,
      lockWaitMs,
      flushMs: 100,
    });
  }

  /** Replays the journal and takes the locks of prepared branches again; then, and only then, anything is answered. */
  open(rows: Iterable<{ readonly sequence: number; readonly entries: readonly Entry[] }>): void {
    this.engine.restore(rows);
  }

  onEnvelopes(from: NodeId, envelopes: readonly Envelope[]): void {
    this.engine.deliver(from, envelopes);
  }

  /** A coordinator's word on its own ids; about another's it has no say. */
  onWatermark(from: NodeId, below: TransactionId, except: readonly string[]): void {
    if (parseTransactionId(below)?.coordinator === from) this.engine.close(from, below, except);
  }

  admit(hello: Returning): Return {
    return admitPeer(this.engine, hello, this.options.limits.peers);
  }

  onUp(node: NodeId): void {
    const peer = this.engine.peer(node);
    if (peer?.role === "coordinator") this.engine.outlived(node, peer.incarnation);
    this.engine.suspect(node, false);
  }

  onDown(node: NodeId, seen: { readonly log: string; readonly incarnation: number; readonly sequence: number }): void {
    this.engine.suspect(node, true);
    const known = this.engine.peer(node);
    if (known === undefined) return;
    const { log, incarnation, sequence } = seen;
    this.engine.notePeer(node, { ...known, log, incarnation, sequence }, false);
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

  close(): void {
    this.engine.shutdown();
  }
}

function participantMachine(protocol: ProtocolName): AnyMachine {
  return protocols[protocol].participant;
}
