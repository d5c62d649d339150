/**
 * What participants and acceptors have in common: an engine over ports, links to peers, and coordinators' words on
 * which transactions are closed. Neither begins a transaction.
 */

import {
  parseTransactionId,
  type NodeId,
  type ProtocolName,
  type Times,
  type TransactionId,
} from "../../protocols/index.ts";
import { Engine, type AnyMachine } from "./engine.ts";
import type { Entry, Seen } from "./entry.ts";
import { closedIdentity } from "./identity.ts";
import { admitPeer, namesOf, type Return, type Returning } from "./membership.ts";
import type { Clock, Envelope, Journal, Network, Observer, Random, Resource, Scheduler } from "./ports.ts";
import type { RetentionTimes } from "./retention.ts";

export interface FollowerOptions {
  readonly node: NodeId;
  readonly incarnation: number;
  readonly times: Times;
  readonly retention: RetentionTimes;
  /** Nodes that may be known, by name. */
  readonly limits: { readonly peers: number };
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly journal: Journal;
  readonly network: Network;
  readonly observer: Observer;
}

export interface FollowerRole {
  readonly machines: (protocol: ProtocolName) => AnyMachine;
  readonly resource: Resource | null;
  /** How long a resource request may wait for locks, in milliseconds; 0: not at all. */
  readonly lockWaitMs: number;
}

const FLUSH_MS = 100;

export class Follower {
  readonly engine: Engine;
  private readonly mostPeers: number;

  constructor(options: FollowerOptions, role: FollowerRole) {
    const { node, incarnation, times, limits, clock, scheduler, random, journal, network, observer, retention } =
      options;
    this.mostPeers = limits.peers;
    this.engine = new Engine({
      env: {
        self: node,
        incarnation,
        times,
        coordinators: () => namesOf(this.engine, "coordinator"),
        groups: () => [],
      },
      ...role,
      identity: closedIdentity,
      clock,
      scheduler,
      random,
      journal,
      network,
      observer,
      retention,
      flushMs: FLUSH_MS,
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
    return admitPeer(this.engine, hello, this.mostPeers);
  }

  onUp(node: NodeId): void {
    this.engine.suspect(node, false);
  }

  onDown(node: NodeId, seen: Seen): void {
    this.engine.suspect(node, true);
    this.engine.sawPeer(node, seen);
  }

  close(): void {
    this.engine.shutdown();
  }
}
