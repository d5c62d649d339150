/**
 * All single submits of a client to one coordinator, over one stream. Each gets an id before it is sent; after
 * a lost connection the same id asks again, and the coordinator, which never collects votes twice, tells what
 * became of it.
 */

import { NemconError, reasons } from "../runtime/errors/index.ts";
import type { OutcomeMessageRead, TaggedAnswerRead } from "../runtime/link/index.ts";
import { limits } from "../runtime/values/index.ts";
import { timeForServer, type Deadline } from "./deadline.ts";
import { closedError, type Endpoint } from "./endpoint.ts";
import { pauseMs } from "./pace.ts";
import { SubmitStream } from "./stream.ts";
import type { Work } from "./work.ts";

/** How one try of a submit ended. */
export type Answer =
  | { readonly kind: "outcome"; readonly outcome: OutcomeMessageRead }
  /** The coordinator refused it, or it was never sent: nothing was begun. */
  | { readonly kind: "refused"; readonly error: NemconError }
  /** transaction null: it was never sent. */
  | { readonly kind: "unknown"; readonly transaction: string | null; readonly detail: string };

interface Entry {
  readonly tag: number;
  readonly work: Work;
  readonly deadline: Deadline;
  /** With less time left it is not sent for the first time, in milliseconds. */
  readonly leastMs: number;
  id: string | null;
  /** It may have been begun under its id, which from then on is the only one that it can be asked for by. */
  begun: boolean;
  /** How often it was asked for again on a stream that lives. */
  asks: number;
  settled: boolean;
  settle(answer: Answer): void;
}

export interface PipelineOptions {
  /** Submits sent and not answered, at most. */
  readonly inFlight: number;
  /** The caller no longer wants a transaction that was sent: tell the coordinator. */
  cancel(transaction: string): void;
}

/** An open stream's unused ids hold back the coordinator's watermark, so an idle one is ended. */
const IDLE_MS = 2_000;
/** The part of its time that a submit must still have when it is sent. */
const SENT_WITH = 1 / 2;

export class Pipeline {
  private readonly endpoint: Endpoint;
  private readonly options: PipelineOptions;
  private waiting: Entry[] = [];
  /** First of `waiting` that was not taken out. */
  private head = 0;
  /** Sent before; to be asked again by their ids. */
  private again: Entry[] = [];
  private readonly sent = new Map<number, Entry>();
  /** Neither answered nor given up. */
  private readonly open = new Set<Entry>();
  private stream: SubmitStream | null = null;
  private opening = false;
  private failures = 0;
  private nextTag = 1;
  private lastUseMs = 0;
  private idleTimer: NodeJS.Timeout | null = null;
  private readonly timers = new Set<NodeJS.Timeout>();
  private closed = false;

  constructor(endpoint: Endpoint, options: PipelineOptions) {
    this.endpoint = endpoint;
    this.options = options;
  }

  /** Submits once. @throws the signal's reason where it aborts before anything was sent */
  run(work: Work, deadline: Deadline): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.closed) {
        resolve({ kind: "refused", error: closedError() });
        return;
      }
      if (work.sizeBytes > limits.messageBytes) {
        resolve({ kind: "refused", error: tooLarge(work) });
        return;
      }
      const finish = (): void => {
        entry.settled = true;
        stop();
        this.open.delete(entry);
        this.sent.delete(entry.tag);
        this.lastUseMs = performance.now();
      };
      const entry: Entry = {
        tag: this.nextTag,
        work,
        deadline,
        leastMs: deadline.leftMs * SENT_WITH,
        id: null,
        begun: false,
        asks: 0,
        settled: false,
        settle: (answer) => {
          finish();
          resolve(answer);
        },
      };
      this.nextTag = (this.nextTag + 1) >>> 0;
      const stop = deadline.watch({
        passed: () => {
          this.settleUnknown(entry, `no answer within ${Math.round(deadline.timeoutMs)} ms`);
          this.pump();
        },
        cancelled: (reason) => {
          // Once it was sent the coordinator alone can give it up; its word, or the deadline, is the answer.
          if (entry.id !== null) return this.options.cancel(entry.id);
          finish();
          reject(reason);
        },
      });
      this.open.add(entry);
      this.waiting.push(entry);
      this.pump();
    });
  }

  /** Gives everything up at once: what was sent is unknown, the rest refused. */
  close(): void {
    this.closed = true;
    if (this.idleTimer !== null) clearTimeout(this.idleTimer);
    for (const timer of this.timers) clearTimeout(timer);
    for (const entry of this.open) {
      if (entry.id === null) entry.settle({ kind: "refused", error: closedError() });
      else this.settleUnknown(entry, "the client was closed");
    }
  }

  private pump(): void {
    const { stream } = this;
    if (stream === null) {
      if (this.hasWork()) this.openStream();
      return;
    }
    while (stream.canWrite && this.sent.size < this.options.inFlight) {
      const entry = this.next();
      if (entry === null) break;
      entry.id ??= stream.ids.take();
      if (entry.id === null) break;
      if (entry.begun) this.again.shift();
      else this.head += 1;
      this.sent.set(entry.tag, entry);
      const timeoutMs = timeForServer(entry.deadline.leftMs);
      const { protocol, packing, branches, sizeBytes } = entry.work;
      stream.send(entry.tag, { transaction: entry.id, protocol, timeoutMs, packing, branches }, sizeBytes);
    }
  }

  /** The entry whose turn it is; stays where it is. */
  private next(): Entry | null {
    while (this.again[0]?.settled === true) this.again.shift();
    if (this.again[0] !== undefined) return this.again[0];
    let entry = this.waiting[this.head];
    while (entry !== undefined && (entry.settled || this.isTooLate(entry))) {
      this.head += 1;
      entry = this.waiting[this.head];
    }
    if (entry !== undefined && this.head < COMPACT_AT) return entry;
    if (this.head > 0) {
      this.waiting = this.waiting.slice(this.head);
      this.head = 0;
    }
    return entry ?? null;
  }

  /** What waited here for so long would take a place from those who still have time. */
  private isTooLate(entry: Entry): boolean {
    const { leftMs } = entry.deadline;
    if (leftMs >= entry.leastMs) return false;
    const waitedMs = Math.round(entry.leastMs / SENT_WITH - leftMs);
    const message = `More is submitted than ${this.endpoint.address} takes: this waited for ${waitedMs} ms and was not sent.`;
    entry.settle({ kind: "refused", error: new NemconError("OVERLOADED", message, { retryAfterMs: waitedMs }) });
    return true;
  }

  private hasWork(): boolean {
    return this.next() !== null;
  }

  private openStream(): void {
    if (this.opening || this.closed) return;
    this.opening = true;
    if (this.failures === 0) void this.dial();
    else this.after(pauseMs(this.failures), () => void this.dial());
  }

  private async dial(): Promise<void> {
    try {
      const client = await this.endpoint.connected();
      this.opening = false;
      if (this.closed) return;
      const stream: SubmitStream = new SubmitStream(this.endpoint, client, {
        onRoom: () => {
          this.failures = 0;
          this.pump();
        },
        onAnswer: (answer) => this.onAnswer(stream, answer),
        onAnswered: () => this.pump(),
        onOver: (error) => this.onOver(stream, error),
      });
      this.stream = stream;
      this.watchIdle();
    } catch (thrown) {
      this.opening = false;
      this.failed(NemconError.from(thrown));
    }
  }

  private onAnswer(stream: SubmitStream, { tag, outcome, refusal }: TaggedAnswerRead): void {
    const entry = this.sent.get(tag);
    if (entry === undefined) return;
    this.sent.delete(tag);
    if (refusal) {
      const { reason, message, retryAfterMs } = refusal;
      this.onRefused(stream, entry, NemconError.fromWire(reason, message, retryAfterMs === 0 ? {} : { retryAfterMs }));
    } else if (!outcome || outcome.kind === "OUTCOME_KIND_PENDING" || outcome.kind === "OUTCOME_KIND_UNSPECIFIED")
      this.askLater(entry, null);
    else entry.settle({ kind: "outcome", outcome });
  }

  /** Only of what went out once, on a stream that still lives, does a refusal prove that nothing was begun. */
  private onRefused(stream: SubmitStream, entry: Entry, error: NemconError): void {
    if (!entry.begun) {
      if (entry.id !== null) stream.ids.giveBack(entry.id);
      entry.settle({ kind: "refused", error });
    } else if (error.retryable) this.askLater(entry, error.retryAfterMs);
    else this.settleUnknown(entry, error.message);
  }

  private onOver(stream: SubmitStream, error: NemconError): void {
    if (this.stream !== stream) return;
    this.stream = null;
    const { greeted } = stream;
    const lost = [...this.sent.values()];
    this.sent.clear();
    for (const entry of lost) entry.begun = true;
    // In the order in which they were sent; most of them are answered at once.
    this.again.push(...lost);
    if (greeted || this.closed) this.pump();
    else this.failed(error);
  }

  /** No stream could be had. What was never sent is back in its caller's hands; the rest is asked for until its deadline. */
  private failed(error: NemconError): void {
    this.failures += 1;
    const unsent = this.waiting.slice(this.head);
    this.waiting = [];
    this.head = 0;
    for (const entry of unsent) if (!entry.settled) entry.settle({ kind: "refused", error });
    if (!error.retryable) for (const entry of this.again) if (!entry.settled) this.settleUnknown(entry, error.message);
    this.pump();
  }

  private askLater(entry: Entry, retryAfterMs: number | null): void {
    entry.begun = true;
    entry.asks += 1;
    this.after(pauseMs(entry.asks, retryAfterMs), () => {
      if (entry.settled) return;
      this.again.push(entry);
      this.pump();
    });
  }

  private settleUnknown(entry: Entry, detail: string): void {
    entry.settle({ kind: "unknown", transaction: entry.id, detail });
  }

  private after(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      run();
    }, ms);
    this.timers.add(timer);
  }

  private watchIdle(): void {
    if (this.idleTimer !== null) clearTimeout(this.idleTimer);
    this.lastUseMs = performance.now();
    const look = (): void => {
      if (this.stream === null) return;
      const idleMs = this.open.size > 0 ? 0 : performance.now() - this.lastUseMs;
      if (idleMs < IDLE_MS) {
        this.idleTimer = setTimeout(look, IDLE_MS - idleMs);
        return;
      }
      const { stream } = this;
      this.stream = null;
      stream.end();
    };
    this.idleTimer = setTimeout(look, IDLE_MS);
  }
}

const COMPACT_AT = 4_096;

/** A request that is too large would end the stream for all others. */
function tooLarge({ sizeBytes }: Work): NemconError {
  return new NemconError(
    "MESSAGE_TOO_LARGE",
    `The transaction has ${sizeBytes} bytes, and it may have ${limits.messageBytes}. ${reasons.MESSAGE_TOO_LARGE.remedy}`,
  );
}
