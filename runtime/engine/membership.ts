/**
 * Who may link: a node that lost its journal, or was given an older copy of it, must not take part. Each new name
 * leaves an entry that outlives restarts, so that the number of names is bounded.
 */

import type { Peer } from "./instance.ts";
import type { PeerRole } from "./entry.ts";

/** What a node says of its journal when it links. */
export interface Returning {
  readonly node: string;
  readonly role: PeerRole;
  readonly log: string;
  readonly incarnation: number;
  /** Of its journal's last durable row, now. */
  readonly sequence: number;
}

/** The begin of an incarnation: the last row that its journal held then. */
export interface Start {
  readonly incarnation: number;
  readonly sequence: number;
}

type Refused = "IDENTITY_MISMATCH" | "JOURNAL_RESTORED" | "TOO_MANY_PEERS";

export type Return =
  | { readonly ok: true; readonly isNew: boolean }
  | { readonly ok: false; readonly reason: Refused; readonly message: string };

/** The peers of a role, known from this life or an earlier one, by name. */
export function namesOf(
  register: { allPeers(): Iterable<[string, { readonly role: PeerRole }]> },
  role: PeerRole,
): readonly string[] {
  const names: string[] = [];
  for (const [node, peer] of register.allPeers()) if (peer.role === role) names.push(node);
  return names.sort();
}

/** Where it is written down what was seen of peers. */
interface Register {
  readonly peerCount: number;
  peer(node: string): Peer | undefined;
  notePeer(node: string, seen: Omit<Peer, "row">, force: boolean): void;
}

/**
 * Takes a node up or refuses it; what was seen of it is forced before it links.
 *
 * @param most how many names may be known
 */
export function admitPeer(register: Register, hello: Returning, most: number): Return {
  const { node, role, log, incarnation, sequence } = hello;
  const known = register.peer(node);
  if (known === undefined && register.peerCount >= most)
    return refused(
      "TOO_MANY_PEERS",
      `${node} is new here, and ${register.peerCount} nodes are known, as many as may be. Start it under the name that it had, or raise limits.peers.`,
    );
  const verdict = judgeReturn(known, hello);
  if (verdict.ok) register.notePeer(node, { role, log, incarnation, sequence }, verdict.isNew);
  return verdict;
}

/** Compares a node with what was last seen of it; undefined: it was never seen. */
function judgeReturn(known: Omit<Peer, "row"> | undefined, hello: Returning): Return {
  if (known === undefined) return { ok: true, isNew: true };
  const { node } = hello;
  if (known.role !== hello.role) {
    return refused(
      "IDENTITY_MISMATCH",
      `${node} was a ${known.role} and comes back as a ${hello.role}. Give one of the two another name.`,
    );
  }
  if (known.log !== hello.log) {
    return refused(
      "IDENTITY_MISMATCH",
      `${node} comes back with another journal (${hello.log}, not ${known.log}): what it had promised is gone. Restore its own files, or start it under a name that was never used.`,
    );
  }
  if (isOlder(known, hello)) {
    return refused(
      "JOURNAL_RESTORED",
      `${node} comes back with an older copy of its journal (it ends at row ${hello.sequence} in incarnation ${hello.incarnation}; row ${known.sequence} of incarnation ${known.incarnation} was seen): what it promised since is gone. Restore the latest files.`,
    );
  }
  return { ok: true, isNew: hello.incarnation > known.incarnation };
}

/** What was seen of a journal was durable, so whoever has that journal has at least as much. */
function isOlder(known: Pick<Returning, "incarnation" | "sequence">, hello: Returning): boolean {
  return hello.incarnation < known.incarnation || hello.sequence < known.sequence;
}

/**
 * Whether what a peer has seen of this node shows that this node's journal goes back to an older copy: a later life
 * began before the row that an earlier one had reached. The last row alone would not show it, since a copy that was
 * taken up has written rows of its own since.
 *
 * @param self with the begins of its incarnations, the earliest first; this one's among them
 */
export function wasRestored(
  self: Omit<Returning, "node" | "role"> & { readonly starts: readonly Start[] },
  seen: Omit<Returning, "node" | "role">,
): boolean {
  if (seen.log !== self.log) return false;
  if (seen.incarnation >= self.incarnation) return seen.incarnation > self.incarnation || seen.sequence > self.sequence;
  const next = self.starts.find(({ incarnation }) => incarnation > seen.incarnation);
  return next !== undefined && next.sequence < seen.sequence;
}

function refused(reason: Refused, message: string): Return {
  return { ok: false, reason, message };
}
