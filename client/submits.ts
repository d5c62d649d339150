/**
 * The submits of one client at one coordinator: all share one stream. Each is stamped with an id of the
 * coordinator's before it is sent; when the stream breaks, what was under way is asked for again under the
 * same id, which never makes it happen twice.
 */

import type { ClientDuplexStream, ServiceError } from "@grpc/grpc-js";
import { NemconError } from "../runtime/errors/index.ts";
import type { OutcomeMessageRead, SubmitStreamRead, SubmitStreamRequest } from "../runtime/link/index.ts";
import type { RetryBudget } from "./budget.ts";
import type { Connection } from "./connection.ts";
import { timeForServer, type Deadline } from "./deadline.ts";
import { IdSupply } from "./ids.ts";
import { unknown, type Outcome } from "./outcome.ts";
import { pauseMs } from "./pace.ts";

type Stream = ClientDuplexStream<SubmitStreamRequest, SubmitStreamRead>;
export type BranchMessages = NonNullable<NonNullable<SubmitStreamRequest["submit"]>["branches"]>;

interface Call {
  readonly protocol: string;
  readonly branches: BranchMessages;
  readonly deadline: Deadline;
  readonly read: (message: OutcomeMessageRead) => Outcome;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
  stop: () => void;
  /** The id it was sent under; null: not sent. */
  id: string | null;
  /** Its place among those under way; null: it waits. */
  tag: string | null;
  failures: number;
  ended: boolean;
}

export interface SubmitsOptions {
  readonly connection: Connection;
  readonly budget: RetryBudget;
  /** Submits that may be under way at once; more wait here. */
  readonly inFlight: number;
}

/** A stream that lived this long was a good one: the next break starts over with short pauses. */
const LIVED_MS = 1_000;

export class Submits {
  private readonly options: SubmitsOptions;
  private readonly underway = new Map<string, Call>();
  private waiting: Call[] = [];
  private ids = new IdSupply();
  private stream: Stream | null = null;
  private openedMs = 0;
  private breaks = 0;
  private nextTag = 1;
  private full = false;
  private closed = false;
  private pause: NodeJS.Timeout | null = null;

  constructor(options: SubmitsOptions) {
    this.options = options;
  }

  /** Resolves with the outcome, `unknown` when the deadline comes first. @throws NemconError where it was refused at the door */
  submit(request: Pick<Call, "protocol" | "branches" | "deadline" | "read">): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const call: Call = {
        ...request,
        resolve,
        reject,
        id: null,
        tag: null,
        failures: 0,
        ended: false,
        stop: () => undefined,
      };
      call.stop = request.deadline.watch({
        passed: () =>
          this.settle(call, unknown(call.id, `no outcome within ${Math.round(request.deadline.timeoutMs)} ms`)),
        cancelled: (reason) => this.fail(call, reason),
      });
      this.waiting.push(call);
      this.pump();
    });
  }

  close(): void {
    this.closed = true;
    if (this.pause !== null) clearTimeout(this.pause);
    const calls = [...this.underway.values(), ...this.waiting];
    this.stream?.cancel();
    this.stream = null;
    for (const call of calls) this.settle(call, unknown(call.id, "the client was closed"));
  }

  private pump(): void {
    if (this.closed || this.waiting.length === 0 || this.pause !== null) return;
    const stream = (this.stream ??= this.open());
    while (!this.full && this.underway.size < this.options.inFlight) {
      const call = this.waiting[0];
      if (call === undefined) return;
      call.id ??= this.ids.take();
      // The stream's first answer brings ids.
      if (call.id === null) return;
      this.waiting.shift();
      this.send(stream, call, call.id);
    }
  }

  private send(stream: Stream, call: Call, transaction: string): void {
    const tag = String(this.nextTag);
    this.nextTag += 1;
    this.underway.set(tag, call);
    call.tag = tag;
    const { protocol, branches, deadline } = call;
    this.full = !stream.write({
      tag,
      submit: { transaction, protocol, timeoutMs: timeForServer(deadline.leftMs), branches },
    });
  }

  private open(): Stream {
    const stream = this.options.connection.coordinator.SubmitStream();
    this.ids = new IdSupply();
    this.full = false;
    this.openedMs = performance.now();
    stream.on("data", (answer) => {
      if (this.stream === stream) this.onAnswer(answer);
    });
    stream.on("drain", () => {
      if (this.stream !== stream) return;
      this.full = false;
      this.pump();
    });
    stream.on("error", (error: ServiceError) => this.broken(stream, this.options.connection.errorOf(error, null)));
    stream.on("end", () =>
      this.broken(
        stream,
        new NemconError("COORDINATOR_UNREACHABLE", `${this.options.connection.address} ended the stream.`),
      ),
    );
    return stream;
  }

  private onAnswer(answer: SubmitStreamRead): void {
    if (answer.kind === "ids" && answer.ids) {
      const { prefix, first, count } = answer.ids;
      this.ids.add({ prefix, first: Number(first), count });
      this.breaks = 0;
    } else {
      const call = this.underway.get(answer.tag);
      this.underway.delete(answer.tag);
      if (call !== undefined) call.tag = null;
      if (call !== undefined && answer.outcome) this.onOutcome(call, answer.outcome);
      else if (call !== undefined && answer.refusal) {
        const { reason, message, retryAfterMs } = answer.refusal;
        this.onRefusal(call, NemconError.fromWire(reason, message, retryAfterMs === 0 ? {} : { retryAfterMs }));
      }
    }
    this.pump();
  }

  private onOutcome(call: Call, message: OutcomeMessageRead): void {
    const outcome = call.read(message);
    // The coordinator restarted before it decided: nothing was done, so the same may be tried under a new id.
    const untouched = outcome.kind === "aborted" && outcome.reason === "COORDINATOR_RESTARTED";
    if (untouched && call.deadline.leftMs > 0 && this.options.budget.withdraw()) {
      call.id = null;
      this.waiting.push(call);
      return;
    }
    this.settle(call, outcome);
  }

  /** Nothing was begun. Where it makes sense to try again, it is, after what the coordinator asked for. */
  private onRefusal(call: Call, error: NemconError): void {
    if (call.id !== null && error.reason !== "UNKNOWN_TRANSACTION") this.ids.giveBack(call.id);
    call.failures += 1;
    call.id = null;
    if (error.reason === "SHUTTING_DOWN") {
      // The same awaits every other call: all wait for the next incarnation, and that costs the budget nothing.
      this.waiting.push(call);
      this.rest(pauseMs(this.breaks + 1, error.retryAfterMs));
      return;
    }
    const again = error.retryable && this.options.budget.withdraw();
    const waitMs = pauseMs(call.failures, error.retryAfterMs);
    if (!again || waitMs >= call.deadline.leftMs) {
      this.fail(call, error);
      return;
    }
    void this.later(call, waitMs);
  }

  private async later(call: Call, waitMs: number): Promise<void> {
    try {
      if (!(await call.deadline.sleep(waitMs)) || call.ended) return;
    } catch {
      // Its signal aborted: the call has been told.
      return;
    }
    this.waiting.push(call);
    this.pump();
  }

  /** What was under way is asked for again under its id; what was not sent waits for the next stream. */
  private broken(stream: Stream, error: NemconError): void {
    if (this.stream !== stream) return;
    this.stream = null;
    if (performance.now() - this.openedMs > LIVED_MS) this.breaks = 0;
    this.breaks += 1;
    const lost = [...this.underway.values()];
    this.underway.clear();
    for (const call of lost) call.tag = null;
    const unsent = this.waiting;
    this.waiting = [];
    for (const call of lost) this.retry(call, error);
    for (const call of unsent) this.retry(call, error);
    if (this.waiting.length > 0) this.rest(pauseMs(this.breaks));
  }

  /** Sends nothing for a while. */
  private rest(ms: number): void {
    this.pause ??= setTimeout(() => {
      this.pause = null;
      this.pump();
    }, ms);
  }

  private retry(call: Call, error: NemconError): void {
    if (this.options.budget.withdraw()) this.waiting.push(call);
    else if (call.id === null) this.fail(call, error);
    else this.settle(call, unknown(call.id, error.message));
  }

  private settle(call: Call, outcome: Outcome): void {
    this.remove(call);
    call.resolve(outcome);
  }

  private fail(call: Call, error: unknown): void {
    this.remove(call);
    call.reject(error);
  }

  private remove(call: Call): void {
    call.stop();
    call.ended = true;
    if (call.tag !== null) {
      this.underway.delete(call.tag);
      return;
    }
    const at = this.waiting.indexOf(call);
    if (at !== -1) this.waiting.splice(at, 1);
  }
}
