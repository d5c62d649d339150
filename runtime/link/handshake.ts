/** The handshake: what a node says of itself, and whom it refuses. Pure; docs/link.md has the order of messages. */

import type { PeerRole, Returning, Start } from "../engine/index.ts";
import type { Reason } from "../errors/index.ts";
import type { Hello, Hello__Output } from "./gen/nemcon/v1/Hello.ts";
import type { Start__Output } from "./gen/nemcon/v1/Start.ts";
import { frameVersions } from "./codec.ts";
import { isAddress } from "./security.ts";

/** What a node says of itself. */
export interface Identity extends Returning {
  readonly cluster: string;
  /** The software and its version, for people. */
  readonly software: string;
  /** Where the node serves its own API; empty: nowhere that others can reach. */
  readonly address: string;
}

export interface Refusal {
  readonly ok: false;
  readonly reason: Reason;
  readonly message: string;
}

/** The caller's policy on who may come back as what. */
export type Admission = { readonly ok: true } | Refusal;

export type Judgement = { readonly ok: true; readonly peer: Identity; readonly version: number } | Refusal;

const NODE = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;
const TEXT_LIMIT = 256;
/** More than a journal keeps. */
const STARTS_LIMIT = 1_000;
const roles: readonly PeerRole[] = ["coordinator", "participant", "acceptor"];

/** The message that a node opens with. */
export function helloOf(self: Identity): Hello {
  return { ...self, starts: [...self.starts], versions: [...frameVersions] };
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

function readHello(hello: Hello__Output): Identity | null {
  const { cluster, node, log, software, address } = hello;
  const role = roles.find((name) => name === hello.role);
  const sequence = Number(hello.sequence);
  const starts = readStarts(hello.starts);
  const texts = [cluster, log, software, address];
  if (role === undefined || !NODE.test(node) || log === "" || starts === null) return null;
  if (!Number.isSafeInteger(sequence) || texts.some((text) => text.length > TEXT_LIMIT)) return null;
  // Others are told of it, and dial it.
  if (address !== "" && !isAddress(address)) return null;
  return { cluster, node, role, log, sequence, starts, software, address };
}

function readStarts(all: readonly Start__Output[]): Start[] | null {
  if (all.length === 0 || all.length > STARTS_LIMIT) return null;
  const starts = all.map(({ incarnation, boot, sequence }) => ({ incarnation, boot, sequence: Number(sequence) }));
  const inOrder = starts.every(({ incarnation, sequence }, at) => {
    const before = starts[at - 1] ?? { incarnation: -1, sequence: 0 };
    return incarnation > before.incarnation && sequence >= before.sequence && Number.isSafeInteger(sequence);
  });
  return inOrder ? starts : null;
}
