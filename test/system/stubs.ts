/** Single calls over the generated stubs, as promises; an error is the server's own. */

import type { CallOptions, ClientReadableStream, ServiceError } from "@grpc/grpc-js";
import { NemconError } from "../../runtime/errors/index.ts";
import {
  channelCredentials,
  CoordinatorStub,
  fromServiceError,
  type InDoubtMessageRead,
  OperatorStub,
  ParticipantStub,
  type TransactionMessageRead,
} from "../../runtime/link/index.ts";

const ANSWER_MS = 10_000;
/** A test that waits longer for a change has failed. */
const WATCH_MS = 30_000;

export class Stubs {
  readonly coordinator: InstanceType<typeof CoordinatorStub>;
  readonly participant: InstanceType<typeof ParticipantStub>;
  readonly operator: InstanceType<typeof OperatorStub>;

  /** @param address of a coordinator, which serves all, or of a participant, which has no transactions of its own */
  constructor(address: string) {
    this.coordinator = new CoordinatorStub(address, channelCredentials(null));
    this.participant = new ParticipantStub(address, channelCredentials(null));
    this.operator = new OperatorStub(address, channelCredentials(null));
  }

  close(): void {
    this.coordinator.close();
    this.participant.close();
    this.operator.close();
  }

  /** What waits at the node for a decision, or for a person. */
  async inDoubt(): Promise<InDoubtMessageRead[]> {
    const { transactions } = await call<{ transactions: InDoubtMessageRead[] }>((options, done) =>
      this.operator.ListInDoubt({}, options, done),
    );
    return transactions;
  }

  async page(pageSize: number, pageToken = "", state = "") {
    return call<{ transactions: TransactionMessageRead[]; nextPageToken: string }>((options, done) =>
      this.coordinator.ListTransactions({ pageSize, pageToken, state }, options, done),
    );
  }

  /** All pages, from the one after `pageToken` on. */
  async rest(pageSize: number, pageToken = "", state = ""): Promise<TransactionMessageRead[]> {
    const { transactions, nextPageToken } = await this.page(pageSize, pageToken, state);
    return nextPageToken === ""
      ? transactions
      : [...transactions, ...(await this.rest(pageSize, nextPageToken, state))];
  }

  async get(transaction: string): Promise<TransactionMessageRead> {
    const answer = await call<{ transaction: TransactionMessageRead | null }>((options, done) =>
      this.coordinator.GetTransaction({ transaction }, options, done),
    );
    if (answer.transaction === null) throw new Error("no transaction in the answer");
    return answer.transaction;
  }

  async begin(timeoutMs = 0): Promise<string> {
    const begun = await call<{ transaction: string }>((options, done) =>
      this.coordinator.Begin({ timeoutMs }, options, done),
    );
    return begun.transaction;
  }

  /** Changes as they come, of one transaction or of all. */
  watch(transaction = ""): Watch {
    return new Watch(this.coordinator.WatchTransactions({ transaction }, { deadline: Date.now() + WATCH_MS }));
  }
}

/** What a watch has told so far; each `until` waits for the next change. */
export class Watch {
  readonly told: TransactionMessageRead[] = [];
  private readonly stream: ClientReadableStream<{ transaction: TransactionMessageRead | null }>;
  private wake: () => void = () => undefined;
  private ended: Error | null = null;

  constructor(stream: ClientReadableStream<{ transaction: TransactionMessageRead | null }>) {
    this.stream = stream;
    stream.on("data", ({ transaction }: { transaction: TransactionMessageRead | null }) => {
      if (transaction !== null) this.told.push(transaction);
      this.wake();
    });
    stream.on("error", (error) => {
      this.ended = error;
      this.wake();
    });
  }

  async until(holds: (told: readonly TransactionMessageRead[]) => boolean): Promise<void> {
    while (!holds(this.told)) {
      if (this.ended !== null) throw this.ended;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  states(transaction: string): string[] {
    return this.told.filter((each) => each.transaction === transaction).map(({ state }) => state);
  }

  cancel(): void {
    this.stream.cancel();
  }
}

/** @throws NemconError with the server's reason, or what gRPC says */
export function call<A>(
  invoke: (options: CallOptions, done: (error: ServiceError | null, answer?: A) => void) => unknown,
): Promise<A> {
  return new Promise((resolve, reject) => {
    invoke({ deadline: Date.now() + ANSWER_MS }, (error, answer) => {
      if (error === null && answer !== undefined) return resolve(answer);
      const { reason, message } = error === null ? { reason: null, message: "" } : fromServiceError(error);
      reject(reason === null ? (error ?? new Error("no answer")) : NemconError.fromWire(reason, message));
    });
  });
}
