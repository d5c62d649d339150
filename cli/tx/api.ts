/** A coordinator's public API as promises. A deadline is not a verdict: `submit` then says under which id to ask. */

import type { CallOptions, ClientReadableStream, ServiceError } from "@grpc/grpc-js";
import { NemconError } from "../../runtime/errors/index.ts";
import { channelCredentials, CoordinatorStub, operationToProto, ParticipantStub } from "../../runtime/link/index.ts";
import type { Operation } from "../../runtime/values/index.ts";
import { call, type Callback } from "../calls.ts";
import type { TransactionDocument } from "../json.ts";
import { errorOf, type WireOutcome, type WireTransaction } from "./wire.ts";

/** How long an answer may take beyond the time that the transaction itself has. */
const GRACE_MS = 5000;
/** Where the request names no time: well past any sensible default of a coordinator. */
const USUAL_MS = 30_000;
const SEQUENCE_WIDTH = 8;
const TAG = 1;

/** Committed, aborted, pending or forgotten as the coordinator says, or sent without an answer. */
export type Submitted =
  | { readonly answered: true; readonly outcome: WireOutcome }
  | { readonly answered: false; readonly transaction: string; readonly why: NemconError };

export interface Begun {
  readonly transaction: string;
  readonly protocol: string;
  readonly idleTimeoutMs: number;
}

export class Api {
  private readonly coordinator: InstanceType<typeof CoordinatorStub>;
  private readonly participant: InstanceType<typeof ParticipantStub>;
  private readonly address: string;
  private readonly signal: AbortSignal;

  /** @param signal cancels what is under way */
  constructor(address: string, signal: AbortSignal) {
    this.address = address;
    this.signal = signal;
    const credentials = channelCredentials(null);
    this.coordinator = new CoordinatorStub(address, credentials);
    this.participant = new ParticipantStub(address, credentials);
  }

  close(): void {
    this.coordinator.close();
    this.participant.close();
  }

  private unary<T>(
    timeoutMs: number,
    start: (options: CallOptions, done: Callback<T>) => { cancel(): void },
  ): Promise<T> {
    const { address, signal } = this;
    return call({ address, signal, errorOf }, timeoutMs, start);
  }

  /** Opens an interactive transaction. */
  begin(protocol: string, timeoutMs: number, initiator: string): Promise<Begun> {
    return this.unary(USUAL_MS, (options, done) =>
      this.coordinator.begin({ protocol, timeoutMs, initiator }, options, done),
    );
  }

  /** Work in a branch; the first one opens it, the `last` one at the initiator begins the commit. */
  execute(
    transaction: string,
    participant: string,
    operations: readonly Operation[],
    timeoutMs: number,
    last: boolean,
  ): Promise<Executed> {
    const request = { transaction, participant, operations: operations.map(operationToProto), timeoutMs, last };
    return this.unary<Executed>(waitMs(timeoutMs), (options, done) => this.participant.execute(request, options, done));
  }

  async commit(transaction: string, timeoutMs: number): Promise<WireOutcome> {
    const response = await this.unary<Ended>(waitMs(timeoutMs), (options, done) =>
      this.coordinator.commit({ transaction, timeoutMs }, options, done),
    );
    return present(response.outcome, "outcome");
  }

  async abort(transaction: string): Promise<WireOutcome> {
    const response = await this.unary<Ended>(USUAL_MS, (options, done) =>
      this.coordinator.abort({ transaction }, options, done),
    );
    return present(response.outcome, "outcome");
  }

  async get(transaction: string): Promise<WireTransaction> {
    const response = await this.unary<{ readonly transaction: WireTransaction | null }>(USUAL_MS, (options, done) =>
      this.coordinator.getTransaction({ transaction }, options, done),
    );
    return present(response.transaction, "transaction");
  }

  /** One page; `next` is empty after the last. */
  async list(state: string, pageSize: number, pageToken: string) {
    const response = await this.unary<Page>(USUAL_MS, (options, done) =>
      this.coordinator.listTransactions({ state, pageSize, pageToken }, options, done),
    );
    return { transactions: response.transactions, next: response.nextPageToken };
  }

  /**
   * A whole transaction. Its id is known before it leaves, so that its outcome can be asked for whatever
   * happens to the answer.
   * @param id one that the coordinator gave out before, for a retry; null: a new one
   * @throws NemconError where nothing was begun
   */
  submit({ protocol, timeoutMs, branches }: TransactionDocument, id: string | null): Promise<Submitted> {
    const request = {
      protocol: protocol ?? "",
      timeoutMs: timeoutMs ?? 0,
      branches: branches.map(({ participant, operations }) => ({
        participant,
        operations: operations.map(operationToProto),
      })),
    };
    return new Promise((resolve, reject) => {
      const call = this.coordinator.submitStream({ deadline: Date.now() + waitMs(timeoutMs ?? 0) });
      let sent: string | null = null;
      const send = (transaction: string): void => {
        sent = transaction;
        call.write({ submits: [{ tag: TAG, submit: { ...request, transaction } }] });
      };
      const lost = (why: NemconError): void => {
        if (sent === null) reject(why);
        else resolve({ answered: false, transaction: sent, why });
      };
      call.on("data", ({ ids, answers: [answer] }) => {
        if (ids && sent === null) send(ids.prefix + BigInt(ids.first).toString(36).padStart(SEQUENCE_WIDTH, "0"));
        if (answer === undefined) return;
        const { outcome, refusal } = answer;
        if (outcome) resolve({ answered: true, outcome });
        else if (refusal) {
          const retry = refusal.retryAfterMs === 0 ? {} : { retryAfterMs: refusal.retryAfterMs };
          reject(NemconError.fromWire(refusal.reason, refusal.message, retry));
        }
        call.end();
      });
      call.on("error", (error: ServiceError) => lost(errorOf(error, this.address)));
      call.on("end", () => lost(new NemconError("COORDINATOR_UNREACHABLE", `${this.address} ended the stream.`)));
      this.signal.addEventListener("abort", () => call.cancel());
      if (this.signal.aborted) call.cancel();
      else if (id !== null) send(id);
    });
  }

  /**
   * Changes as they come; ends quietly when the signal aborts.
   * @param transaction first as it is now, then its changes; empty: the changes of all
   * @throws NemconError where the stream breaks
   */
  async *watch(transaction: string): AsyncGenerator<WireTransaction> {
    const call: ClientReadableStream<{ readonly transaction: WireTransaction | null }> =
      this.coordinator.watchTransactions({ transaction });
    // Heard from the start: the stream may break while nobody reads it yet.
    let broken: ServiceError | null = null;
    call.on("error", (error: ServiceError) => void (broken ??= error));
    const cancel = (): void => call.cancel();
    this.signal.addEventListener("abort", cancel);
    if (this.signal.aborted) cancel();
    try {
      // Asked for when the stream is open, so that no change falls in between: the stream tells live ones only.
      if (transaction !== "") yield await this.get(transaction);
      if (broken !== null) throw broken as ServiceError;
      for await (const response of call as AsyncIterable<{ readonly transaction: WireTransaction | null }>)
        if (response.transaction !== null) yield response.transaction;
    } catch (error) {
      if (this.signal.aborted) return;
      throw error instanceof NemconError ? error : errorOf(error as ServiceError, this.address);
    } finally {
      this.signal.removeEventListener("abort", cancel);
      cancel();
    }
  }
}

interface Ended {
  readonly outcome: WireOutcome | null;
}

interface Page {
  readonly transactions: readonly WireTransaction[];
  readonly nextPageToken: string;
}

export interface Executed {
  readonly results: WireOutcome["branches"][number]["results"];
  readonly aborted: WireOutcome | null;
  /** Of the whole transaction, after its last work. */
  readonly outcome: WireOutcome | null;
}

function waitMs(timeoutMs: number): number {
  return (timeoutMs === 0 ? USUAL_MS : timeoutMs) + GRACE_MS;
}

function present<T>(value: T | null, what: string): T {
  if (value !== null) return value;
  throw new NemconError("INTERNAL", `The coordinator's answer has no ${what}.`);
}
