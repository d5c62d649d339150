/** Traces of processes that stamp as real ones do. */

import { mergeTraces, type Fields, type Happening, type TraceEvent } from "../../trace/index.ts";

export const T = "C.0001.00000001";

export class Processes {
  /** What every clock shows. */
  atMs = 0;
  /** What is done now is done for it. */
  transaction: string;
  /** Without one here each is on a computer of its own. */
  readonly hosts = new Map<string, string>();
  readonly traces = new Map<string, TraceEvent[]>();
  private readonly clocks = new Map<string, number>();
  private readonly incarnations = new Map<string, number>();

  constructor(transaction = T) {
    this.transaction = transaction;
  }

  get merged(): TraceEvent[] {
    return mergeTraces([...this.traces.values()].toReversed());
  }

  at(node: string, happening: Happening, after = 0): number {
    const lamport = Math.max(this.clocks.get(node) ?? 0, after) + 1;
    this.clocks.set(node, lamport);
    const events = this.traces.get(node) ?? [];
    const incarnation = this.incarnations.get(node) ?? 1;
    const host = this.hosts.get(node) ?? node;
    this.traces.set(node, [...events, { lamport, node, host, incarnation, atMs: this.atMs, ...happening }]);
    return lamport;
  }

  start(node: string, role: string): void {
    this.incarnations.set(node, (this.incarnations.get(node) ?? 0) + 1);
    this.at(node, { kind: "start", role, sequence: 0 });
  }

  /** @returns the stamp that its arrivals name */
  send(from: string, to: string, message: string | Fields): number {
    return this.at(from, { kind: "send", ...this.about, to, message: fields(message) });
  }

  receive(to: string, from: string, message: string | Fields, sent: number | null): void {
    this.at(to, { kind: "receive", ...this.about, from, sent, message: fields(message) }, sent ?? 0);
  }

  pass(from: string, to: string, message: string | Fields): void {
    this.receive(to, from, message, this.send(from, to, message));
  }

  step(node: string, more: Partial<Extract<Happening, { kind: "step" }>>): void {
    const nothing = { records: [], outcome: null, sends: [], resource: [], answers: [] };
    this.at(node, { kind: "step", ...this.about, ...nothing, ...more });
  }

  forces(node: string, record: string, answers: readonly string[] = []): void {
    this.step(node, { records: [{ kind: record, forced: true }], answers });
    this.at(node, { kind: "durable", sequence: 1 });
  }

  ends(node: string, outcome: string, forced: boolean, reason: string | null = null): void {
    this.step(node, { outcome: { outcome, reason, forced } });
    if (forced) this.at(node, { kind: "durable", sequence: 1 });
  }

  private get about(): { readonly transaction: string; readonly protocol: string } {
    return { transaction: this.transaction, protocol: "2pc" };
  }
}

function fields(message: string | Fields): Fields {
  return typeof message === "string" ? { kind: message } : message;
}
