/** The hash of a run: of every event in its order. Two runs of one schedule by the same code have the same. */

import type { Answer, Ignored, LogRecord, NodeId, Step, TransactionId } from "../../protocols/index.ts";
import type { Entry, Envelope } from "../../runtime/engine/index.ts";
import type { Row } from "./disk.ts";
import type { Plan } from "./plan.ts";
import type { Probe } from "./probe.ts";

/** What an event is, in its hash. */
const code = {
  begun: 1,
  sent: 2,
  delivered: 3,
  lost: 4,
  stepped: 5,
  ignored: 6,
  wrote: 7,
  appended: 8,
  answered: 9,
  alarm: 10,
  crashed: 11,
  started: 12,
  violated: 13,
} as const;

export class Digest implements Probe {
  /** How many there were. */
  events = 0;
  nowMs: () => number = () => 0;
  private low = 0x811c9dc5;
  private high = 0x9747b28c;
  private readonly numbers = new Map<string, number>();

  /** 16 hexadecimal digits. */
  get hash(): string {
    return hex(this.high) + hex(this.low);
  }

  begun({ id, work }: Pick<Plan, "id" | "work">): void {
    this.event(code.begun, id, [...work.keys()].join(" "));
  }

  sent(from: NodeId, to: NodeId, { transaction, body }: Envelope): void {
    this.event(code.sent, from, to, transaction, body.kind);
  }

  delivered(from: NodeId, to: NodeId, _envelope: Envelope, number: number): void {
    this.event(code.delivered, from, to);
    this.mix(number);
  }

  lost(from: NodeId, to: NodeId, _envelope: Envelope, number: number): void {
    this.event(code.lost, from, to);
    this.mix(number);
  }

  stepped(node: NodeId, id: TransactionId, { records, closed, sends }: Step<unknown, LogRecord>): void {
    this.event(code.stepped, node, id, closed?.outcome.outcome);
    for (const { record, force } of records ?? []) this.word(record.kind, force ? 1 : 0);
    this.mix(sends?.length ?? 0);
  }

  ignored(node: NodeId, id: TransactionId, why: Ignored): void {
    this.event(code.ignored, node, id, why);
  }

  wrote(node: NodeId, { sequence, entries }: Row): void {
    this.event(code.wrote, node);
    this.mix(sequence);
    for (const { kind } of entries) this.word(kind, 0);
  }

  appended(node: NodeId, entries: readonly Entry[]): void {
    this.event(code.appended, node);
    for (const { kind } of entries) this.word(kind, 0);
  }

  answered(id: TransactionId, { outcome }: Answer, to: string): void {
    this.event(code.answered, id, outcome, to);
  }

  alarm(node: NodeId, id: TransactionId, alarm: string): void {
    this.event(code.alarm, node, id, alarm);
  }

  crashed(node: NodeId): void {
    this.event(code.crashed, node);
  }

  started(node: NodeId): void {
    this.event(code.started, node);
  }

  violated(rule: string, what: string): void {
    this.event(code.violated, rule, what);
  }

  private event(what: number, a: string, b = "", c = "", d = ""): void {
    this.events += 1;
    this.mix(what + Math.imul(Math.trunc(this.nowMs() * 1_000), 31));
    this.word(a, 0);
    if (b !== "") this.word(b, 1);
    if (c !== "") this.word(c, 2);
    if (d !== "") this.word(d, 3);
  }

  private word(text: string, salt: number): void {
    let number = this.numbers.get(text);
    if (number === undefined) this.numbers.set(text, (number = hashOf(text)));
    this.mix(number + salt);
  }

  /** FNV-1a over words of 32 bits, twice with other primes. */
  private mix(word: number): void {
    this.low = Math.imul(this.low ^ word, 0x01000193);
    this.low ^= this.low >>> 15;
    this.high = Math.imul(this.high ^ word, 0x85ebca6b);
    this.high ^= this.high >>> 13;
  }
}

/** One hash for several, in their order. */
export function joinHashes(hashes: Iterable<string>): string {
  const digest = new Digest();
  for (const hash of hashes) digest.begun({ id: hash, work: new Map() });
  return digest.hash;
}

/** 32 bits for a text (FNV-1a). */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
