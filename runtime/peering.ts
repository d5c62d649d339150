/** The links of a server, the same for every role: who it says it is, whom it lets in, and what becomes of what arrives. */

import {
  type Envelope,
  type Network,
  type Observer,
  type PeerRole,
  type Return,
  type Returning,
  type Start,
} from "./engine/index.ts";
import { NemconError } from "./errors/index.ts";
import { channelCredentials, Links, type Peer, type SideItem } from "./link/index.ts";
import type { Log } from "./logs/index.ts";
import type { Tracing } from "./tracing.ts";

/** A role's wiring, as its links know it. */
export interface Member {
  admit(hello: Returning): Return;
  onEnvelopes(from: string, envelopes: readonly Envelope[]): void;
  onUp(node: string): void;
  onDown(node: string, seen: Peer["seen"]): void;
}

export interface PeeringOptions {
  readonly cluster: string;
  readonly node: string;
  readonly role: PeerRole;
  readonly accepts: readonly PeerRole[];
  readonly software: string;
  /** The journal's identity. */
  readonly logId: string;
  readonly journal: { readonly durableSequence: number; readonly starts: readonly Start[] };
  /** Where this server serves, now. */
  readonly address: () => string;
  readonly member: Member;
  readonly onSide: (from: string, item: SideItem) => void;
  readonly onLinked?: (peer: Peer, isUp: boolean) => void;
  readonly tracing: Tracing | null;
  readonly log: Log;
  readonly onFatal: (error: NemconError) => never;
}

/** Links that are ready to dial and to be dialled; nothing is dialled yet. */
export function openLinks(options: PeeringOptions): Links {
  const { cluster, node, role, accepts, software, logId, journal, member, tracing, log, onFatal } = options;
  return new Links({
    identity: {
      cluster,
      node,
      role,
      software,
      log: logId,
      starts: journal.starts,
      // Getters: they change while the process runs.
      get sequence() {
        return journal.durableSequence;
      },
      get address() {
        return options.address();
      },
    },
    accepts,
    sequence: () => journal.durableSequence,
    admit: (hello) => member.admit(hello),
    events: {
      onEnvelopes: (from, envelopes) => {
        tracing?.tracer.received(from, envelopes);
        member.onEnvelopes(from, envelopes);
      },
      onSide: options.onSide,
      onUp: (peer) => {
        options.onLinked?.(peer, true);
        member.onUp(peer.node);
      },
      onDown: (peer) => {
        options.onLinked?.(peer, false);
        member.onDown(peer.node, peer.seen);
      },
      onRefused: ({ byPeer, reason, message }) => {
        // Whoever never saw this node would take its word, and what it promised before is gone.
        if (byPeer && (reason === "JOURNAL_RESTORED" || reason === "IDENTITY_MISMATCH"))
          onFatal(new NemconError(reason, message));
      },
    },
    log,
    credentials: channelCredentials(null),
  });
}

/** The observer of a server: what is alarming is an error in its log. */
export function loggedObserver(log: Log, tracing: Tracing | null): Observer {
  const observer: Observer = { alarm: (transaction, alarm, detail) => log.error({ transaction, alarm }, detail) };
  return tracing?.tracer.observer(observer) ?? observer;
}

/** A network over links that are opened later. */
export function networkOver<N extends Network>(network: N, tracing: Tracing | null): N {
  return tracing?.tracer.network(network) ?? network;
}
