/** Links between nodes: what is sent arrives, late, twice or never, as the rule of the moment says. */

import type { NodeId, TransactionId } from "../../protocols/index.ts";
import type { Envelope } from "../../runtime/engine/index.ts";
import type { Probe } from "./probe.ts";
import type { Timeline } from "./timeline.ts";

export interface Watermark {
  readonly below: TransactionId;
  readonly except: readonly TransactionId[];
}

export interface Sending {
  readonly from: NodeId;
  readonly to: NodeId;
  /** null: a watermark. */
  readonly envelope: Envelope | null;
}

/** One delay in milliseconds for each copy that arrives; none: it is lost. */
export type Rule = (sending: Sending) => readonly number[];

export interface Receiver {
  readonly isAlive: boolean;
  readonly incarnation: number;
  /** Runs something now, or when the process goes on after it stood still. */
  inTime(run: () => void): void;
  receive(from: NodeId, envelopes: readonly Envelope[]): void;
  receiveWatermark(from: NodeId, watermark: Watermark): void;
}

export class FakeNetwork {
  /** Changed at any time; what was sent before keeps its fate. */
  rule: Rule;
  /** `from to`: what is lost on the way, and nobody is told. */
  readonly oneWay = new Set<string>();
  private readonly cut = new Set<string>();
  private number = 0;
  private readonly timeline: Timeline;
  private readonly receivers: ReadonlyMap<NodeId, Receiver>;
  private readonly probes: readonly Probe[];

  constructor(
    timeline: Timeline,
    receivers: ReadonlyMap<NodeId, Receiver>,
    probes: readonly Probe[],
    latencyMs: number,
  ) {
    this.timeline = timeline;
    this.receivers = receivers;
    this.probes = probes;
    this.rule = () => [latencyMs];
  }

  isCut(a: NodeId, b: NodeId): boolean {
    return this.cut.has(pair(a, b));
  }

  setCut(a: NodeId, b: NodeId, cut: boolean): void {
    if (cut) this.cut.add(pair(a, b));
    else this.cut.delete(pair(a, b));
  }

  send(from: NodeId, to: NodeId, envelopes: readonly Envelope[], afterMs = 0): void {
    const arriving = new Map<number, { envelope: Envelope; number: number }[]>();
    for (const envelope of envelopes) {
      this.number += 1;
      const { number } = this;
      for (const probe of this.probes) probe.sent?.(from, to, envelope, number);
      const delays = this.isSilent(from, to) ? [] : this.rule({ from, to, envelope });
      if (delays.length === 0) this.lose(from, to, envelope, number, "lost");
      for (const delayMs of delays) {
        const frame = arriving.get(delayMs);
        if (frame === undefined) arriving.set(delayMs, [{ envelope, number }]);
        else frame.push({ envelope, number });
      }
    }
    for (const [delayMs, frame] of arriving) this.timeline.after(afterMs + delayMs, () => this.arrive(from, to, frame));
  }

  sendWatermark(from: NodeId, to: NodeId, watermark: Watermark): void {
    if (this.isSilent(from, to)) return;
    // It is of the link that it was sent on: a node that has restarted since gets the one of its new link.
    const life = this.receivers.get(to)?.incarnation;
    for (const delayMs of this.rule({ from, to, envelope: null }))
      this.timeline.after(delayMs, () => {
        const receiver = this.receivers.get(to);
        receiver?.inTime(() => {
          if (receiver.incarnation === life) receiver.receiveWatermark(from, watermark);
        });
      });
  }

  private isSilent(from: NodeId, to: NodeId): boolean {
    return this.isCut(from, to) || (this.oneWay.size > 0 && this.oneWay.has(`${from} ${to}`));
  }

  private arrive(from: NodeId, to: NodeId, frame: readonly { envelope: Envelope; number: number }[]): void {
    this.receivers.get(to)?.inTime(() => this.taken(from, to, frame));
  }

  private taken(from: NodeId, to: NodeId, frame: readonly { envelope: Envelope; number: number }[]): void {
    const receiver = this.receivers.get(to);
    if (receiver?.isAlive !== true) {
      for (const { envelope, number } of frame) this.lose(from, to, envelope, number, `${to} is down`);
      return;
    }
    for (const { envelope, number } of frame)
      for (const probe of this.probes) probe.delivered?.(from, to, envelope, number);
    receiver.receive(
      from,
      frame.map(({ envelope }) => envelope),
    );
  }

  private lose(from: NodeId, to: NodeId, envelope: Envelope, number: number, why: string): void {
    for (const probe of this.probes) probe.lost?.(from, to, envelope, number, why);
  }
}

export function pair(a: NodeId, b: NodeId): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
