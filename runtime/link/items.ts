/** What a frame carries besides messages of machines: what one node tells or asks another about no transaction. */

import type { NodeId, TransactionId } from "../../protocols/index.ts";
import type { PeerRole } from "../engine/index.ts";

export type CallMethod = "query" | "list-branches";

/** A read that a coordinator relays to a participant behind a firewall; the payload is the request of the API. */
export interface Call {
  readonly kind: "call";
  /** Chosen by the caller, unique among its open calls. */
  readonly id: number;
  readonly method: CallMethod;
  /** How long the caller waits, in milliseconds. */
  readonly timeoutMs: number;
  readonly payload: Uint8Array;
}

export type Return =
  | { readonly kind: "return"; readonly id: number; readonly ok: true; readonly payload: Uint8Array }
  | {
      readonly kind: "return";
      readonly id: number;
      readonly ok: false;
      readonly error: { readonly reason: string; readonly message: string };
    };

/** A coordinator's word that all its ids below are closed, but for the ones named (protocols §0.3). */
export interface Watermark {
  readonly kind: "watermark";
  readonly below: TransactionId;
  /** Ids that are open, or ranges `first..last`. */
  readonly except: readonly string[];
}

/** Where other servers of the cluster are: a node that does not reach one of them yet dials it. */
export interface Roster {
  readonly kind: "roster";
  readonly members: readonly RosterMember[];
}

export interface RosterMember {
  readonly node: NodeId;
  readonly role: PeerRole;
  /** `host:port` of its links; never empty. */
  readonly address: string;
}

export type SideItem = Watermark | Call | Return | Roster;
