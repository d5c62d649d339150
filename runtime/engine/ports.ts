/** What the engine needs of the world: the few methods that it calls, and nothing else. */

import type {
  Alarm,
  Ignored,
  LogRecord,
  Message,
  NodeId,
  ProtocolName,
  ResourceRequest,
  ResourceResult,
  Step,
  TransactionId,
} from "../../protocols/index.ts";
import type { Entry } from "./entry.ts";

export interface Clock {
  /** Monotonic, milliseconds. */
  nowMs(): number;
  /** The calendar, milliseconds since 1970: for people and for retention, never for a decision. */
  calendarMs(): number;
}

export interface Scheduler {
  /** Runs `turn` soon, after what has arrived by then was queued. Called at most once until it has run. */
  soon(turn: () => void): void;
  /** Runs `fire` after `delayMs`; the engine holds one of these at a time. */
  after(delayMs: number, fire: () => void): { cancel(): void };
}

export interface Random {
  /** In [0, 1). */
  next(): number;
}

/** What one journal transaction of a turn did. */
export interface TurnWrite {
  readonly entries: readonly Entry[];
  /** true: the protocol forces it (counted; fault points count these). false: written since something was applied. Both are durable when `transact` returns. */
  readonly force: boolean;
  /** Rows with a sequence below this are dropped in the same transaction, where set. */
  readonly dropBelow?: number;
}

export interface Journal {
  /**
   * Runs `inside` in one journal transaction and appends what it returns as one row, in order after all
   * rows before. An embedded resource applies its redo inside. Returns the row's sequence (the last row's,
   * where there was nothing to write a row for). Never throws on I/O trouble: the process stops with exit
   * 74, since a failed forced write is neither a commit nor an abort (protocols W1).
   */
  transact(inside: () => TurnWrite): number;
  /**
   * Keeps what a turn appends that forces nothing and applies nothing: it waits in memory, and the next row
   * carries it in front of its own entries, in order. Returns that row's sequence. Lost in a crash before (protocols W2).
   */
  append(entries: readonly Entry[]): number;
  /** Writes what waits in memory. */
  flush(): void;
  readonly size: { readonly firstSequence: number; readonly nextSequence: number; readonly bytes: number };
  /** The sequence at which the kept bytes, counted from the end, first exceed `bytes`; `firstSequence` where they do not. */
  sequenceForBytes(bytes: number): number;
}

/** A message between two nodes, with what the receiver's engine needs. */
export interface Envelope {
  readonly transaction: TransactionId;
  readonly protocol: ProtocolName;
  readonly body: Message;
  /** Milliseconds left when it was sent; absent: none. */
  readonly timeoutMs?: number;
  /** Lamport's clock of its sender, where that keeps a trace (tracer.ts). */
  readonly stamp?: number;
}

export interface Network {
  /** One frame: all messages of a turn for this peer. Never blocks, never throws; what can't be sent is lost. */
  send(to: NodeId, envelopes: readonly Envelope[]): void;
}

export interface ResourceCall {
  readonly transaction: TransactionId;
  readonly request: ResourceRequest;
  /** false: a lock that another branch holds is a CONFLICT now. */
  readonly mayWait: boolean;
}

/** `blocked`: another branch holds a lock and waiting can't deadlock (every holder is older). */
export type ResourceAnswer = ResourceResult | { readonly kind: "blocked"; readonly by: readonly TransactionId[] };

/** An embedded resource: everything is synchronous and inside the turn (protocols §0.1). */
export interface Resource {
  /** Its redo lies in the journal itself, as an embedded resource's does; a database server keeps its own log. */
  readonly sharesLog: boolean;
  /** `work`, `prepare` and `adopt`, in order. Leaves nothing behind but locks and memory. One answer a call; null where there is none (adopt). */
  execute(calls: readonly ResourceCall[]): readonly (ResourceAnswer | null)[];
  /** `commit` and `abort`, inside the journal's transaction. A commit answers `applied`; an abort answers null. */
  apply(calls: readonly ResourceCall[]): readonly (ResourceResult | null)[];
  /** The transaction that `apply` ran in is durable: locks of what was applied are released. */
  applied(): void;
  /** After a restart, when all `adopt` calls have been made; throws what makes it impossible to serve. */
  restored(): void;
}

/** What the engine tells of itself; absent methods cost nothing. */
export interface Observer {
  alarm(transaction: TransactionId, alarm: Alarm, detail: string): void;
  ignored?(transaction: TransactionId, why: Ignored): void;
  stepped?(transaction: TransactionId, protocol: ProtocolName, step: Step<unknown, LogRecord>): void;
  /** After a turn: these transactions are not what they were. */
  changed?(transactions: readonly TransactionId[]): void;
}
