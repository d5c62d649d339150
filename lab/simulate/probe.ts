/** What happens in a world, for traces and judges to listen to. Absent methods cost nothing. */

import type { Alarm, Answer, Ignored, LogRecord, NodeId, Step, TransactionId } from "../../protocols/index.ts";
import type { Entry, Envelope } from "../../runtime/engine/index.ts";
import type { Row } from "./disk.ts";
import type { Plan } from "./plan.ts";

export interface Probe {
  begun?(plan: Plan): void;
  sent?(from: NodeId, to: NodeId, envelope: Envelope, number: number): void;
  delivered?(from: NodeId, to: NodeId, envelope: Envelope, number: number): void;
  lost?(from: NodeId, to: NodeId, envelope: Envelope, number: number, why: string): void;
  stepped?(node: NodeId, id: TransactionId, step: Step<unknown, LogRecord>): void;
  ignored?(node: NodeId, id: TransactionId, why: Ignored): void;
  wrote?(node: NodeId, row: Row, force: boolean): void;
  appended?(node: NodeId, entries: readonly Entry[]): void;
  /** A branch has voted that it can commit; what it saw, by key: whose write, and null what was there first. */
  read?(node: NodeId, id: TransactionId, seen: ReadonlyMap<string, TransactionId | null>, readOnly: boolean): void;
  /** A branch has committed what it wrote to these keys. */
  applied?(node: NodeId, id: TransactionId, keys: readonly string[]): void;
  /** A client was told what an item of its work gave back. */
  worked?(id: TransactionId, participant: NodeId, result: Uint8Array): void;
  answered?(id: TransactionId, answer: Answer, to: "begin" | "retry" | "status"): void;
  alarm?(node: NodeId, id: TransactionId, alarm: Alarm, detail: string): void;
  crashed?(node: NodeId): void;
  started?(node: NodeId): void;
  violated?(rule: string, what: string): void;
  note?(text: string): void;
}
