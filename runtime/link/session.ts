/** An open link: the handshake is over, frames go both ways. The same for both ends of the stream. */

import type { Envelope } from "../engine/index.ts";
import type { Frame, Frame__Output } from "./gen/nemcon/v1/Frame.ts";
import { decodeFrame, type DecodedFrame } from "./codec.ts";
import { refusal, type Identity, type Refusal } from "./handshake.ts";
import type { SideItem } from "./items.ts";
import { Outbox, type OutboxBounds } from "./outbox.ts";
import { UnreadableBytes } from "../packing/index.ts";

/** What a session needs of its stream, whichever end it is. */
export interface Wire {
  write(frame: Frame, taken: () => void): void;
  /** Ends the stream; `why` is told to the other side where the stream can carry it. */
  end(why: Refusal): void;
}

export interface SessionOptions {
  readonly peer: Identity;
  readonly version: number;
  readonly bounds: OutboxBounds;
  /** This node's last durable journal sequence. */
  readonly ownSequence: () => number;
  readonly onFrame: (frame: DecodedFrame) => void;
  /** Once, when the session is over for whatever reason. */
  readonly onEnd: (why: Refusal) => void;
}

export class Session {
  readonly peer: Identity;
  /** The peer's last durable journal sequence, as its last frame said. */
  peerSequence: number;
  readonly sinceMs: number = performance.now();
  private readonly wire: Wire;
  private readonly options: SessionOptions;
  private readonly outbox: Outbox;
  private ended = false;

  constructor(wire: Wire, options: SessionOptions) {
    this.wire = wire;
    this.options = options;
    this.peer = options.peer;
    this.peerSequence = options.peer.sequence;
    const { version, ownSequence } = options;
    this.outbox = new Outbox(
      {
        write: (rows, taken) => wire.write({ version, rows, sequence: ownSequence() }, taken),
        overflow: () => this.end(refusal("OVERLOADED", `${this.peer.node} takes its messages too slowly.`)),
      },
      options.bounds,
    );
  }

  get queuedBytes(): number {
    return this.outbox.queuedBytes;
  }

  get over(): boolean {
    return this.ended;
  }

  /** Messages shed since the session began. */
  get shed(): number {
    return this.outbox.shed;
  }

  send(envelopes: readonly Envelope[]): void {
    this.outbox.send(envelopes);
  }

  /** false: shed, or the session is over. */
  sendSide(item: SideItem): boolean {
    return this.outbox.sendSide(item);
  }

  /** Late frames of a session that has ended are dropped. */
  receive(frame: Frame__Output): void {
    if (this.ended) return;
    const decoded = this.decode(frame);
    if (decoded !== null) this.options.onFrame(decoded);
  }

  /** Ends it from this side. */
  end(why: Refusal): void {
    if (this.ended) return;
    this.lost(why);
    this.wire.end(why);
  }

  /** The stream is gone. */
  lost(why: Refusal): void {
    if (this.ended) return;
    this.ended = true;
    this.outbox.close();
    this.options.onEnd(why);
  }

  private decode(frame: Frame__Output): DecodedFrame | null {
    const { peer, version } = this.options;
    const sequence = Number(frame.sequence);
    if (frame.version !== version || !Number.isSafeInteger(sequence)) {
      this.end(refusal("LINK_BROKEN", `${peer.node} sent a frame of version ${frame.version}, agreed was ${version}.`));
      return null;
    }
    try {
      const decoded = decodeFrame(frame.rows);
      this.peerSequence = Math.max(this.peerSequence, sequence);
      return decoded;
    } catch (unreadable) {
      if (!(unreadable instanceof UnreadableBytes)) throw unreadable;
      this.end(refusal("LINK_BROKEN", `A frame of ${peer.node} can't be read: ${unreadable.message}.`));
      return null;
    }
  }
}
