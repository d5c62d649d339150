/** What the owner of the links gives: who this node is, what it does with what arrives, and the bounds. */

import type { ChannelCredentials } from "@grpc/grpc-js";
import type { NodeId } from "../../protocols/index.ts";
import type { Envelope, PeerRole, Seen } from "../engine/index.ts";
import { defaultBackoff, type Backoff } from "./backoff.ts";
import type { Admission, Identity } from "./handshake.ts";
import type { SideItem } from "./items.ts";
import { defaultOutboxBounds, type OutboxBounds } from "./outbox.ts";

/** The part of the process's log that links write to. */
export interface LinkLog {
  info(fields: Readonly<Record<string, unknown>>, text: string): void;
  warn(fields: Readonly<Record<string, unknown>>, text: string): void;
}

/** A peer whose link went up or down. */
export interface Peer {
  readonly node: NodeId;
  readonly role: PeerRole;
  /** Where it serves its own API; empty: nowhere that others can reach. */
  readonly address: string;
  /** What this node has seen of it by now, for the next `admit`. */
  readonly seen: Seen;
}

/** A link that was not taken up, or was ended with a reason, by either side. */
export interface Refused {
  /** null where it never said its name. */
  readonly node: NodeId | null;
  /** The address that was dialled; null where the other side dialled. */
  readonly address: string | null;
  /** true: the other side refused. */
  readonly byPeer: boolean;
  /** A stable reason (docs/errors.md). */
  readonly reason: string;
  readonly message: string;
}

export interface LinkEvents {
  /** All messages of one frame, in order. Bytes in them are views into the frame. */
  onEnvelopes(from: NodeId, envelopes: readonly Envelope[]): void;
  /** A watermark, or a call to be answered with `sendSide(from, { kind: "return", … })`. */
  onSide(from: NodeId, item: SideItem): void;
  onUp(peer: Peer): void;
  onDown(peer: Peer): void;
  onRefused?(refused: Refused): void;
}

export interface LinkOptions {
  /** Read for each hello. */
  readonly identity: Identity;
  /** The roles of nodes that this one talks to. */
  readonly accepts: readonly PeerRole[];
  /** This node's last durable journal sequence, now. */
  readonly sequence: () => number;
  /** The policy on peers that come back: compares what the peer says with what was last seen of it. */
  readonly admit: (peer: Identity) => Admission;
  readonly events: LinkEvents;
  readonly log: LinkLog;
  /** For dialling; see security.ts. */
  readonly credentials: ChannelCredentials;
  readonly tuning?: Partial<LinkTuning>;
}

export interface LinkTuning {
  readonly backoff: Backoff;
  readonly bounds: OutboxBounds;
  readonly keepalive: Keepalive;
  /** The longest that a handshake may take, in milliseconds. */
  readonly handshakeMs: number;
  /** Calls to one peer that may be open at a time. */
  readonly openCalls: number;
  /** In [0, 1). */
  readonly random: () => number;
}

export interface Keepalive {
  /** Silence after which a ping is sent, in milliseconds. */
  readonly timeMs: number;
  /** Without an answer to the ping for this long the connection is dead, in milliseconds. */
  readonly timeoutMs: number;
}

export const defaultKeepalive: Keepalive = { timeMs: 5_000, timeoutMs: 3_000 };

export const defaultTuning: LinkTuning = {
  backoff: defaultBackoff,
  bounds: defaultOutboxBounds,
  keepalive: defaultKeepalive,
  handshakeMs: 5_000,
  openCalls: 1_024,
  random: Math.random,
};

/** The largest message on the link, in bytes: a full frame and one more item of the largest kind. */
export const linkMessageBytes = 16 * 1024 * 1024;
