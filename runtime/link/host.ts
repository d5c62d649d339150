/** What both ends of a stream need of the node's links. */

import type { Admission, PeerHello, Seen } from "./handshake.ts";
import type { LinkOptions, LinkTuning, Refused } from "./options.ts";
import type { Session, Wire } from "./session.ts";

export interface Host {
  readonly options: LinkOptions;
  readonly tuning: LinkTuning;
  /** The owner's policy, unless this node stops. */
  admit(peer: PeerHello): Admission;
  /** Takes a peer in; an older session of the same node is ended. */
  open(wire: Wire, peer: PeerHello, version: number): Session;
  /** What the peer says it has last seen of this node; null: nothing. */
  seen(peer: PeerHello, seen: Seen | null): void;
  refused(refused: Refused): void;
}
