/** The handshake: what a node says of itself, and whom it refuses. Pure; docs/link.md has the order of messages. */

import type { NodeId } from "../../protocols/index.ts";
import type { PeerRole } from "../engine/index.ts";
import type { Reason } from "../errors/index.ts";
import type { Hello, Hello__Output } from "./gen/nemcon/v1/Hello.ts";
import type { Seen__Output } from "./gen/nemcon/v1/Seen.ts";
import { frameVersions } from "./codec.ts";
import { isAddress } from "./security.ts";

/** What was last seen of a node: a node that comes back with less was restored from a copy. */
export interface Seen {
  /** The identity of its journal. */
  readonly log: string;
  readonly incarnation: number;
  /** Of its last durable journal row. */
  readonly sequence: number;
}

/** What a node says of itself. */
export interface Identity extends Seen {
  readonly cluster: string;
  readonly node: NodeId;
  readonly role: PeerRole;
  /** The software and its version, for people. */
  readonly software: string;
  /** Where the node serves its own API; empty: nowhere that others can reach. */
  readonly address: string;
}

/** What the other side said of itself. `sequence` is that of its journal when its process started. */
export interface PeerHello extends Identity {
  /** What it last saw of us; null: nothing, or it did not know yet whom it talks to. */
  readonly seen: Seen | null;
}

export interface Refusal {
  readonly ok: false;
  readonly reason: Reason;
  readonly message: string;
}

/** The caller's policy on who may come back as what. */
export type Admission =
  | {
      readonly ok: true;
      /** What this node has last seen of the peer, for the peer to know; null: nothing. */
      readonly seen: Seen | null;
    }
  | Refusal;

export type Judgement = { readonly ok: true; readonly peer: PeerHello; readonly version: number } | Refusal;

const NODE = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;
const TEXT_LIMIT = 256;
const roles: readonly PeerRole[] = ["coordinator", "participant", "acceptor"];

/** The message that a node opens with. */
export function helloOf(self: Identity, seen: Seen | null): Hello {
  return { ...self, versions: [...frameVersions], seen };
}

/** Whether this node talks to the one that sent `hello`, as far as the hello alone tells. */
export function judge(self: Identity, accepts: readonly PeerRole[], hello: Hello__Output): Judgement {
  const peer = readHello(hello);
  if (peer === null) return refusal("LINK_BROKEN", "The peer's hello has missing, malformed or endless fields.");
  const who = `${peer.role} ${peer.node}`;
  if (peer.cluster !== self.cluster) {
    return refusal(
      "CLUSTER_MISMATCH",
      `${who} belongs to the cluster "${peer.cluster}", ${self.node} to "${self.cluster}".`,
    );
  }
  if (peer.node === self.node) return refusal("NODE_NAME_TAKEN", `Both ends of the link are named ${self.node}.`);
  if (!accepts.includes(peer.role)) {
    return refusal(
      "ROLE_NOT_ACCEPTED",
      `${self.role} ${self.node} links to nodes of the role ${accepts.join(" or ")}, and ${peer.node} is a ${peer.role}.`,
    );
  }
  const version = Math.max(0, ...frameVersions.filter((known) => hello.versions.includes(known)));
  if (version === 0) {
    return refusal(
      "VERSION_MISMATCH",
      `${who} (${peer.software}) reads the link's versions ${hello.versions.join(", ") || "none"}, ${self.node} (${self.software}) ${frameVersions.join(", ")}.`,
    );
  }
  return { ok: true, peer, version };
}

export function refusal(reason: Reason, message: string): Refusal {
  return { ok: false, reason, message };
}

function readHello(hello: Hello__Output): PeerHello | null {
  const { cluster, node, log, incarnation, software, address } = hello;
  const role = roles.find((name) => name === hello.role);
  const sequence = Number(hello.sequence);
  const seen = readSeen(hello.seen);
  const texts = [cluster, log, software, address];
  if (role === undefined || !NODE.test(node) || log === "" || seen === undefined) return null;
  if (!Number.isSafeInteger(sequence) || texts.some((text) => text.length > TEXT_LIMIT)) return null;
  // Others are told of it, and dial it.
  if (address !== "" && !isAddress(address)) return null;
  return { cluster, node, role, log, incarnation, sequence, software, address, seen };
}

function readSeen(seen: Seen__Output | null): Seen | null | undefined {
  if (seen === null || seen.log === "") return null;
  const sequence = Number(seen.sequence);
  if (!Number.isSafeInteger(sequence) || seen.log.length > TEXT_LIMIT) return undefined;
  return { log: seen.log, incarnation: seen.incarnation, sequence };
}
