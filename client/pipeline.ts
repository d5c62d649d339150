/**
 * All single submits of a client to one coordinator, over one stream. Each gets an id before it is sent; after
 * a lost connection the same id asks again, and the coordinator, which never collects votes twice, tells what
 * became of it.
 */

import { NemconError, reasons } from "../runtime/errors/index.ts";
import type { TaggedAnswerRead } from "../runtime/link/index.ts";
import { limits } from "../runtime/values/index.ts";
import { timeForServer, type Deadline } from "./deadline.ts";
import { closedError, type Endpoint } from "./endpoint.ts";
import { pauseMs } from "./pace.ts";
import { SubmitStream } from "./stream.ts";
import { Submission, type Answer, type SubmissionEvents } from "./submission.ts";
import type { Work } from "./work.ts";

export interface PipelineOptions {
  /** Submits sent and not answered, at most. */
  readonly inFlight: number;
  /** The caller no longer wants a transaction that was sent: tell the coordinator. */
  cancel(transaction: string): void;
}

/** An open stream's unused ids hold back the coordinator's watermark, so an idle one is ended. */
const IDLE_MS = 2_000;

export class Pipeline {
  private readonly endpoint: Endpoint;
  private readonly options: PipelineOptions;
  private readonly events: SubmissionEvents;
  private waiting: Submission[] = [];
  /** First of `waiting` that was not taken out. */
  private head = 0;
  /** Sent before; to be asked again by their ids. */
  private again: Submission[] = [];
  private readonly sent = new Map<number, Submission>();
  /** Neither answered nor given up. */
  private readonly open = new Set<Submission>();
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
    this.events = {
      passed: () => this.pump(),
      cancelled: (transaction) => options.cancel(transaction),
      settled: (submission) => {
        this.open.delete(submission);
        this.sent.delete(submission.tag);
        if (this.open.size === 0) this.lastUseMs = performance.now();
      },
    };
  }

  /** Submits once. @throws the signal's reason where it aborts before anything was sent */
  run(work: Work, deadline: Deadline): Promise<Answer> {
    if (this.closed) return Promise.resolve({ kind: "refused", error: closedError() });
    if (work.sizeBytes > limits.messageBytes) return Promise.resolve({ kind: "refused", error: tooLarge(work) });
    const tag = this.nextTag;
    this.nextTag = (tag + 1) >>> 0;
    return new Promise((resolve, reject) => {
      const submission = new Submission({ tag, work, deadline }, this.events, { resolve, reject });
      this.open.add(submission);
      this.waiting.push(submission);
      this.pump();
    });
  }

  /** Gives everything up at once: what was sent is unknown, the rest refused. */
  close(): void {
    this.closed = true;
    if (this.idleTimer !== null) clearTimeout(this.idleTimer);
    for (const timer of this.timers) clearTimeout(timer);
    for (const submission of this.open) {
      if (submission.id === null) submission.settle({ kind: "refused", error: closedError() });
      else submission.settle(submission.unknown("the client was closed"));
    }
  }

  private pump(): void {
    const { stream } = this;
    if (stream === null) {
      if (this.hasWork()) this.openStream();
      return;
    }
    while (stream.canWrite && this.sent.size < this.options.inFlight) {
      const submission = this.next();
      if (submission === null) break;
      submission.id ??= stream.ids.take();
      if (submission.id === null) break;
      if (submission.begun) this.again.shift();
      else this.head += 1;
      this.sent.set(submission.tag, submission);
      const timeoutMs = timeForServer(submission.deadline.leftMs);
      const { protocol, packing, branches, sizeBytes } = submission.work;
      stream.send(submission.tag, { transaction: submission.id, protocol, timeoutMs, packing, branches }, sizeBytes);
    }
  }

  /** The submission whose turn it is; stays where it is. */
  private next(): Submission | null {
    while (this.again[0]?.isSettled === true) this.again.shift();
    if (this.again[0] !== undefined) return this.again[0];
    let submission = this.waiting[this.head];
    while (submission !== undefined && (submission.isSettled || this.isTooLate(submission))) {
      this.head += 1;
      submission = this.waiting[this.head];
    }
    if (submission !== undefined && this.head < COMPACT_AT) return submission;
    if (this.head > 0) {
      this.waiting = this.waiting.slice(this.head);
      this.head = 0;
    }
    return submission ?? null;
  }

  /** What waited here for so long would take a place from those who still have time. */
  private isTooLate(submission: Submission): boolean {
    if (submission.deadline.leftMs >= submission.leastMs) return false;
    const waitedMs = Math.round(submission.waitedMs);
    const message = `More is submitted than ${this.endpoint.address} takes: this waited for ${waitedMs} ms and was not sent.`;
    submission.settle({ kind: "refused", error: new NemconError("OVERLOADED", message, { retryAfterMs: waitedMs }) });
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
    const submission = this.sent.get(tag);
    if (submission === undefined) return;
    this.sent.delete(tag);
    if (refusal) {
      const { reason, message, retryAfterMs } = refusal;
      this.onRefused(
        stream,
        submission,
        NemconError.fromWire(reason, message, retryAfterMs === 0 ? {} : { retryAfterMs }),
      );
    } else if (!outcome || outcome.kind === "OUTCOME_KIND_PENDING" || outcome.kind === "OUTCOME_KIND_UNSPECIFIED")
      this.askLater(submission, null);
    else submission.settle({ kind: "outcome", outcome });
  }

  /** Only of what went out once, on a stream that still lives, does a refusal prove that nothing was begun. */
  private onRefused(stream: SubmitStream, submission: Submission, error: NemconError): void {
    if (!submission.begun) {
      if (submission.id !== null) stream.ids.giveBack(submission.id);
      submission.settle({ kind: "refused", error });
    } else if (error.retryable) this.askLater(submission, error.retryAfterMs);
    else submission.settle(submission.unknown(error.message));
  }

  private onOver(stream: SubmitStream, error: NemconError): void {
    if (this.stream !== stream) return;
    this.stream = null;
    const { greeted } = stream;
    const lost = [...this.sent.values()];
    this.sent.clear();
    for (const submission of lost) submission.begun = true;
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
    for (const submission of unsent) if (!submission.isSettled) submission.settle({ kind: "refused", error });
    if (!error.retryable)
      for (const submission of this.again)
        if (!submission.isSettled) submission.settle(submission.unknown(error.message));
    this.pump();
  }

  private askLater(submission: Submission, retryAfterMs: number | null): void {
    submission.begun = true;
    submission.asks += 1;
    this.after(pauseMs(submission.asks, retryAfterMs), () => {
      if (submission.isSettled) return;
      this.again.push(submission);
      this.pump();
    });
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
