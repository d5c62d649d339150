/** What a turn writes into the journal: the machines' records and the engine's own notes. */

import type { Closed, LogRecord, NodeId, ProtocolName, TransactionId } from "../../protocols/index.ts";

export type Entry =
  | {
      readonly kind: "record";
      readonly transaction: TransactionId;
      readonly protocol: ProtocolName;
      readonly record: LogRecord;
    }
  /** The transaction is over; with it the records before go. */
  | {
      readonly kind: "closed";
      readonly transaction: TransactionId;
      readonly protocol: ProtocolName;
      readonly outcome: Closed;
      readonly atMs: number;
    }
  /** Finished, nothing to keep (read-only votes that left a record behind never exist; acknowledged one-phase rows do). */
  | { readonly kind: "dropped"; readonly transaction: TransactionId }
  /** A coordinator's word that all its ids below are closed, but for the ones named (protocols §0.3). */
  | {
      readonly kind: "watermark";
      readonly coordinator: NodeId;
      readonly below: TransactionId;
      /** Ids, or ranges of them (ranges.ts). */
      readonly except: readonly string[];
    }
  /** Of the id's coordinator no outcome at or below this id is kept any more. */
  | { readonly kind: "forgotten"; readonly through: TransactionId }
  /** What was last seen of a peer: a peer that comes back with less was restored from a copy. */
  | ({ readonly kind: "peer"; readonly node: NodeId; readonly role: PeerRole } & Seen)
  /** The acceptors of a coordinator's own transactions, from an id on (coordinator/groups.ts). None: no transaction needs this version any more. */
  | {
      readonly kind: "group";
      readonly version: number;
      readonly from: TransactionId;
      readonly acceptors: readonly { readonly node: NodeId; readonly address: string }[];
      /** The words of the operator who named it; "": it is the configuration's. */
      readonly reason: string;
      /** Calendar milliseconds. */
      readonly atMs: number;
    };

export type GroupEntry = Entry & { readonly kind: "group" };

/** What was last seen of a node's journal. */
export interface Seen {
  /** The journal's identity. */
  readonly log: string;
  readonly incarnation: number;
  /** Drawn at its start, 32 bits: tells two copies of a journal apart that each began this incarnation. */
  readonly boot: number;
  /** The highest row of its journal that was seen. */
  readonly sequence: number;
}

export type PeerRole = "coordinator" | "participant" | "acceptor";
