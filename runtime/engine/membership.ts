/**
 * Who may link: a node that lost its journal, or was given an older copy of it, must not take part. Each new name
 * leaves an entry that outlives restarts, so that the number of names is bounded.
 */

import type { Peer } from "./instance.ts";
import type { PeerRole, Seen } from "./entry.ts";

/** The begin of an incarnation: a process began on the journal. */
export interface Start {
  readonly incarnation: number;
  /** Drawn at random, 32 bits: two copies of a journal may each have begun this incarnation. */
  readonly boot: number;
  /** Of the last row that the journal held then. */
  readonly sequence: number;
}

/** What a node says of its journal when it links. */
export interface Returning {
  readonly node: string;
  readonly role: PeerRole;
  readonly log: string;
  /** Of its journal's last durable row, now. */
  readonly sequence: number;
  /** The begins of its last incarnations, the earliest first; the last one is its own. */
  readonly starts: readonly Start[];
}

type Refused = "IDENTITY_MISMATCH" | "JOURNAL_RESTORED" | "TOO_MANY_PEERS";

export type Return = { readonly ok: true } | { readonly ok: false; readonly reason: Refused; readonly message: string };

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
  const { node } = hello;
  const known = register.peer(node);
  if (known === undefined && register.peerCount >= most)
    return refused(
      "TOO_MANY_PEERS",
      `${node} is new here, and ${register.peerCount} nodes are known, as many as may be. Start it under the name that it had, or raise limits.peers.`,
    );
  const verdict = judgeReturn(known, hello);
  const now = seenOf(hello);
  const isNew = known === undefined || now.incarnation > known.incarnation;
  if (verdict.ok) register.notePeer(node, { role: hello.role, ...now }, isNew);
  return verdict;
}

/** What there is to remember of a node by what it says. */
export function seenOf({ log, sequence, starts }: Pick<Returning, "log" | "sequence" | "starts">): Seen {
  const { incarnation = 0, boot = 0 } = starts.at(-1) ?? {};
  return { log, incarnation, boot, sequence };
}

/** Compares a node with what was last seen of it; undefined: it was never seen. */
function judgeReturn(known: Omit<Peer, "row"> | undefined, hello: Returning): Return {
  if (known === undefined) return { ok: true };
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
  const now = seenOf(hello);
  if (isOlder(hello, known)) {
    return refused(
      "JOURNAL_RESTORED",
      `${node} comes back with another copy of its journal (it is at row ${now.sequence} in incarnation ${now.incarnation}, and does not come from row ${known.sequence} of incarnation ${known.incarnation}, which was seen): what it promised then is gone. Restore the latest files. Where a copy was served by mistake, and these are the latest: nemcon doctor --journal DIR --accept (docs/journal.md).`,
    );
  }
  return { ok: true };
}

/**
 * Whether a journal goes back to an older copy of the one of the same log that was seen. What was seen was durable, so the same journal
 * has it still: the incarnation that was seen is one of its own, and what began after that began no earlier than the
 * row that was seen. Its length alone would not show it: a copy that was taken up has written rows of its own since.
 */
function isOlder({ sequence, starts }: Pick<Returning, "sequence" | "starts">, seen: Seen): boolean {
  if (starts.every(({ incarnation }) => incarnation < seen.incarnation)) return true;
  if (starts.some(({ incarnation, boot }) => incarnation === seen.incarnation && boot !== seen.boot)) return true;
  const next = starts.find(({ incarnation }) => incarnation > seen.incarnation);
  return (next?.sequence ?? sequence) < seen.sequence;
}

function refused(reason: Refused, message: string): Return {
  return { ok: false, reason, message };
}
