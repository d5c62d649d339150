/**
 * What waits to leave for one peer. While the stream takes frames they go straight through. When it does
 * not, they wait in two queues, each with a bound: messages that finish transactions, and all others. Past
 * its bound the second takes no more: such messages promise nothing yet and are sent again by the machines.
 * The first never sheds; past its own bound the peer is as good as down, and the session ends.
 */

import type { MessageKind } from "../../protocols/index.ts";
import type { Envelope } from "../engine/index.ts";
import { encodeEnvelopes, encodeSide } from "./codec.ts";
import type { SideItem } from "./items.ts";

export interface OutboxBounds {
  /** Handed to the stream and not yet taken by the network; past either, frames wait here. */
  readonly inFlightBytes: number;
  readonly inFlightFrames: number;
  /** Waiting messages that begin something; past it newer ones are shed. */
  readonly queuedBytes: number;
  /** Waiting messages that finish something; past it the session ends. */
  readonly urgentBytes: number;
}

export const defaultOutboxBounds: OutboxBounds = {
  inFlightBytes: 1024 * 1024,
  inFlightFrames: 256,
  queuedBytes: 16 * 1024 * 1024,
  urgentBytes: 32 * 1024 * 1024,
};

/** Nothing was promised before these arrive, and their senders repeat them or give up by a timeout. */
const sheddable: Readonly<Record<MessageKind, boolean>> = {
  work: true,
  worked: false,
  "work-failed": false,
  prepare: true,
  vote: false,
  decision: false,
  ack: false,
  inquire: false,
  pending: false,
  "not-mine": false,
  "commit-one-phase": true,
  "resolve-one-phase": false,
  "one-phase-result": false,
  "paxos-prepare": true,
  "paxos-last-work": true,
  "begin-commit": false,
  "phase-1a": false,
  "phase-1b": false,
  "phase-2a": false,
  "phase-2b": false,
  nack: false,
  "outcome-request": false,
  close: false,
  forgotten: false,
  "decision-request": true,
  "decision-reply": true,
  forget: false,
  "last-work": true,
  precommit: false,
  preabort: false,
  "attempt-ack": false,
  refused: false,
  "state-request": false,
  "state-report": false,
};

export interface OutboxPorts {
  /** Hands a frame to the stream; `taken` is called once the network has it. */
  write(rows: Buffer, taken: () => void): void;
  /** Messages that finish transactions no longer fit: the session must end. */
  overflow(): void;
}

/** Frames, and how many bytes they are. */
class FrameQueue {
  private readonly frames: Buffer[] = [];
  bytes = 0;

  push(frame: Buffer): void {
    this.frames.push(frame);
    this.bytes += frame.length;
  }

  shift(): Buffer | undefined {
    const frame = this.frames.shift();
    this.bytes -= frame?.length ?? 0;
    return frame;
  }

  clear(): void {
    this.frames.length = 0;
    this.bytes = 0;
  }
}

export class Outbox {
  private readonly ports: OutboxPorts;
  private readonly bounds: OutboxBounds;
  private readonly urgent = new FrameQueue();
  private readonly ordinary = new FrameQueue();
  private inFlightBytes = 0;
  private inFlightFrames = 0;
  private closed = false;
  /** Messages shed so far. */
  shed = 0;

  constructor(ports: OutboxPorts, bounds: OutboxBounds) {
    this.ports = ports;
    this.bounds = bounds;
  }

  /** Bytes handed over or waiting that the network has not taken. */
  get queuedBytes(): number {
    return this.inFlightBytes + this.urgent.bytes + this.ordinary.bytes;
  }

  send(envelopes: readonly Envelope[]): void {
    if (this.closed) return;
    if (this.flows) {
      for (const frame of encodeEnvelopes(envelopes)) this.write(frame);
      return;
    }
    const finishing = envelopes.filter(({ body }) => !sheddable[body.kind]);
    const beginning = envelopes.filter(({ body }) => sheddable[body.kind]);
    if (this.full) this.shed += beginning.length;
    else for (const frame of encodeEnvelopes(beginning)) this.ordinary.push(frame);
    for (const frame of encodeEnvelopes(finishing)) this.urgent.push(frame);
    if (this.urgent.bytes > this.bounds.urgentBytes) this.ports.overflow();
  }

  /** false: shed. */
  sendSide(item: SideItem): boolean {
    if (this.closed) return false;
    if (this.flows) {
      this.write(encodeSide(item));
    } else if (this.full) {
      this.shed += 1;
      return false;
    } else {
      this.ordinary.push(encodeSide(item));
    }
    return true;
  }

  /** Drops what waits; nothing more is written. */
  close(): void {
    this.closed = true;
    this.urgent.clear();
    this.ordinary.clear();
  }

  private get full(): boolean {
    return this.ordinary.bytes >= this.bounds.queuedBytes;
  }

  /** The stream takes more, and nothing waits that would have to leave first. */
  private get flows(): boolean {
    return this.hasRoom && this.urgent.bytes === 0 && this.ordinary.bytes === 0;
  }

  private get hasRoom(): boolean {
    return this.inFlightBytes < this.bounds.inFlightBytes && this.inFlightFrames < this.bounds.inFlightFrames;
  }

  private write(frame: Buffer): void {
    this.inFlightBytes += frame.length;
    this.inFlightFrames += 1;
    this.ports.write(frame, () => {
      this.inFlightBytes -= frame.length;
      this.inFlightFrames -= 1;
      this.pump();
    });
  }

  private pump(): void {
    while (!this.closed && this.hasRoom) {
      const frame = this.urgent.shift() ?? this.ordinary.shift();
      if (frame === undefined) return;
      this.write(frame);
    }
  }
}
