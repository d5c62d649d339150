/** What an engine keeps of a live transaction and of a peer. */

import type { LogRecord, ProtocolName, Timer, TransactionId } from "../../protocols/index.ts";
import type { PeerRole } from "./entry.ts";
import type { Armed } from "./timers.ts";

/** A live transaction: its machine's state and what the journal holds of it. */
export interface Instance {
  readonly id: TransactionId;
  readonly protocol: ProtocolName;
  state: unknown;
  /** Durable or about to be; kept to be carried forward when the journal's tail moves. */
  readonly records: LogRecord[];
  /** The journal row of the first record; 0 while there is none. */
  sequence: number;
  timers: Map<Timer, Armed> | null;
  /** Calendar milliseconds. */
  readonly sinceMs: number;
}

export interface Peer {
  readonly role: PeerRole;
  readonly log: string;
  readonly incarnation: number;
  /** The highest row of its journal that was seen. */
  readonly sequence: number;
  row: number;
}
