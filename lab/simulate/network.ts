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
  receive(from: NodeId, envelopes: readonly Envelope[]): void;
  receiveWatermark(from: NodeId, watermark: Watermark): void;
}

export class FakeNetwork {
  /** Changed at any time; what was sent before keeps its fate. */
  rule: Rule;
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

  send(from: NodeId, to: NodeId, envelopes: readonly Envelope[]): void {
    const arriving = new Map<number, { envelope: Envelope; number: number }[]>();
    for (const envelope of envelopes) {
      this.number += 1;
      const { number } = this;
      for (const probe of this.probes) probe.sent?.(from, to, envelope, number);
      const delays = this.isCut(from, to) ? [] : this.rule({ from, to, envelope });
      if (delays.length === 0) this.lose(from, to, envelope, number, "lost");
      for (const delayMs of delays) {
        const frame = arriving.get(delayMs);
        if (frame === undefined) arriving.set(delayMs, [{ envelope, number }]);
        else frame.push({ envelope, number });
      }
    }
    for (const [delayMs, frame] of arriving) this.timeline.after(delayMs, () => this.arrive(from, to, frame));
  }

  sendWatermark(from: NodeId, to: NodeId, watermark: Watermark): void {
    if (this.isCut(from, to)) return;
    // It is of the link that it was sent on: a node that has restarted since gets the one of its new link.
    const life = this.receivers.get(to)?.incarnation;
    for (const delayMs of this.rule({ from, to, envelope: null }))
      this.timeline.after(delayMs, () => {
        const receiver = this.receivers.get(to);
        if (receiver?.incarnation === life) receiver?.receiveWatermark(from, watermark);
      });
  }

  private arrive(from: NodeId, to: NodeId, frame: readonly { envelope: Envelope; number: number }[]): void {
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
