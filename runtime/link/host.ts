/** What both ends of a stream need of the node's links. */

import type { Admission, Identity } from "./handshake.ts";
import type { LinkOptions, LinkTuning, Refused } from "./options.ts";
import type { Session, Wire } from "./session.ts";

export interface Host {
  readonly options: LinkOptions;
  readonly tuning: LinkTuning;
  /** The owner's policy, unless this node stops. */
  admit(peer: Identity): Admission;
  /** Takes a peer in; an older session of the same node is ended. */
  open(wire: Wire, peer: Identity, version: number): Session;
  refused(refused: Refused): void;
}
