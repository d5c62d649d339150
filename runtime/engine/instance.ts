/** What an engine keeps of a live transaction and of a peer. */

import type { LogRecord, ProtocolName, Timer, TransactionId } from "../../protocols/index.ts";
import type { PeerRole, Seen } from "./entry.ts";
import { Armed } from "../timers/index.ts";

/** A live transaction: its machine's state and what the journal holds of it. */
export interface Instance {
  readonly id: TransactionId;
  readonly protocol: ProtocolName;
  state: unknown;
  /** It was forgotten: what is still under way for it comes to nothing. */
  ended: boolean;
  /** Durable or about to be; kept to be carried forward when the journal's tail moves. */
  readonly records: LogRecord[];
  /** The journal row of the first record; 0 while there is none. */
  sequence: number;
  /** Those that are armed, a few at most. */
  readonly timers: InstanceTimer[];
  /** Calendar milliseconds. */
  readonly sinceMs: number;
}

/** A timer that a machine has named. */
export class InstanceTimer extends Armed {
  readonly name: Timer;
  private readonly instance: Instance;
  private readonly expired: (instance: Instance, timer: InstanceTimer) => void;

  constructor(name: Timer, instance: Instance, expired: (instance: Instance, timer: InstanceTimer) => void) {
    super();
    this.name = name;
    this.instance = instance;
    this.expired = expired;
  }

  fire(): void {
    this.expired(this.instance, this);
  }
}

export interface Peer extends Seen {
  readonly role: PeerRole;
  row: number;
}
