/** Calls over the generated stubs that outlive a server's death: the same id again until there is an outcome. */

import { Metadata, status, type CallOptions, type ClientDuplexStream, type ServiceError } from "@grpc/grpc-js";
import {
  channelCredentials,
  CoordinatorStub,
  ParticipantStub,
  type ListBranchesAnswerRead,
  type OutcomeMessageRead,
  type SubmitStreamRead,
  type SubmitStreamRequest,
} from "../../runtime/link/index.ts";
import type { Branch, Transfer } from "./transfers.ts";

export interface OpenBranch {
  readonly participant: string;
  readonly transaction: string;
  readonly state: string;
  readonly locks: readonly string[];
}

type Told = OutcomeMessageRead | null;
type Done<A> = (error: ServiceError | null, answer?: A) => void;
type Stream = ClientDuplexStream<SubmitStreamRequest, SubmitStreamRead>;

const ANSWER_MS = 5_000;
/** How long a transfer is asked for again before the test fails. */
const OUTCOME_MS = 30_000;
const channel = { "grpc.initial_reconnect_backoff_ms": 100, "grpc.max_reconnect_backoff_ms": 200 };
/** Refused for load is one of them: a bank that was killed and comes back on a busy machine is slow for a while. */
const lost = new Set<number>([
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.CANCELLED,
  status.RESOURCE_EXHAUSTED,
]);
const notFound: number = status.NOT_FOUND;

export class Caller {
  private readonly coordinator: InstanceType<typeof CoordinatorStub>;
  private readonly relay: InstanceType<typeof ParticipantStub>;
  private readonly banks: readonly { readonly name: string; readonly stub: InstanceType<typeof ParticipantStub> }[];
  private stream: Stream | null = null;
  private ids: string[] = [];
  private dialled: Promise<void> | null = null;
  private readonly waiting = new Map<number, (told: Told) => void>();
  private closed = false;

  constructor(coordinator: string, banks: readonly { readonly name: string; readonly address: string }[]) {
    this.coordinator = new CoordinatorStub(coordinator, channelCredentials(null), channel);
    this.relay = new ParticipantStub(coordinator, channelCredentials(null), channel);
    this.banks = banks.map(({ name, address }) => ({
      name,
      stub: new ParticipantStub(address, channelCredentials(null), channel),
    }));
  }

  /** Runs it to its end, over as many deaths of servers as there are; leaves the outcome and the id in it. */
  async run(transfer: Transfer): Promise<void> {
    const first = transfer.interactive ? await this.interactive(transfer) : await this.submit(transfer);
    if (transfer.transaction === "") return;
    const outcome = isOver(first)
      ? first
      : await this.outcomeOf(() => this.again(transfer.transaction, transfer.branches));
    transfer.told = outcome.kind;
    transfer.reason = outcome.reason;
  }

  /** The outcome under an id that was used before. */
  async retry(transaction: string, branches: readonly Branch[]): Promise<string> {
    return (await this.outcomeOf(() => this.again(transaction, branches))).kind;
  }

  /** Whether a participant answers through the coordinator; one that never linked is not known there. */
  async reaches(participant: string): Promise<boolean> {
    try {
      await ask((meta, options, done) =>
        this.relay.Query({ participant, sql: { statement: "SELECT 1" } }, meta, options, done),
      );
      return true;
    } catch (thrown) {
      if (isLost(thrown) || codeOf(thrown) === notFound) return false;
      throw thrown;
    }
  }

  async branches(): Promise<OpenBranch[]> {
    const lists = await Promise.all(
      this.banks.map(async ({ name, stub }) => {
        const { branches } = await ask<ListBranchesAnswerRead>((meta, options, done) =>
          stub.ListBranches({}, meta, options, done),
        );
        return branches.map(({ transaction, state, locks }) => ({ participant: name, transaction, state, locks }));
      }),
    );
    return lists.flat();
  }

  /** null where a bank is down. */
  async branchesOrNull(): Promise<OpenBranch[] | null> {
    try {
      return await this.branches();
    } catch (thrown) {
      if (isLost(thrown)) return null;
      throw thrown;
    }
  }

  close(): void {
    this.closed = true;
    this.stream?.cancel();
    for (const stub of [this.coordinator, this.relay, ...this.banks.map(({ stub: each }) => each)]) stub.close();
  }

  private again(transaction: string, branches: readonly Branch[]): Promise<Told> {
    return unlessLost<{ outcome: Told }>((meta, options, done) =>
      this.coordinator.Submit({ transaction, branches: [...branches] }, meta, options, done),
    ).then((answer) => answer?.outcome ?? null);
  }

  private async outcomeOf(asked: () => Promise<Told>): Promise<OutcomeMessageRead> {
    const endMs = performance.now() + OUTCOME_MS;
    while (performance.now() < endMs) {
      const told = await asked();
      if (isOver(told)) return told;
    }
    throw new Error(`no outcome within ${OUTCOME_MS} ms`);
  }

  private async submit(transfer: Transfer): Promise<Told> {
    const stream = await this.connected();
    transfer.transaction = this.ids.shift() ?? "";
    if (transfer.transaction === "") throw new Error("the stream has no ids left");
    return new Promise((resolve) => {
      const tag = transfer.number;
      this.waiting.set(tag, resolve);
      const submit = { transaction: transfer.transaction, branches: [...transfer.branches] };
      stream.write({ submits: [{ tag, submit }] });
    });
  }

  /** A stream whose ids are here. */
  private async connected(): Promise<Stream> {
    while (!this.closed) {
      if (this.stream !== null && this.ids.length > 0) return this.stream;
      const stream = this.stream ?? this.dial();
      this.dialled ??= new Promise<void>((resolve) => {
        stream.once("data", () => resolve()).once("close", resolve);
      }).finally(() => (this.dialled = null));
      await this.dialled;
    }
    throw new Error("closed");
  }

  private dial(): Stream {
    const stream = this.coordinator.SubmitStream(waitForReady());
    this.stream = stream;
    stream.on("data", ({ ids, answers }: SubmitStreamRead) => {
      if (ids) {
        const { prefix, first, count } = ids;
        this.ids = Array.from(
          { length: count },
          (_, index) => `${prefix}${(Number(first) + index).toString(36).padStart(8, "0")}`,
        );
      }
      for (const { tag, outcome, refusal } of answers) {
        const resolve = this.waiting.get(tag);
        this.waiting.delete(tag);
        if (refusal) stream.destroy(new Error(`refused: ${refusal.reason}: ${refusal.message}`));
        resolve?.(outcome ?? null);
      }
    });
    // What was under way is asked for again; a stream ends only with its coordinator.
    stream.on("error", () => stream.destroy());
    stream.on("end", () => stream.destroy());
    stream.on("close", () => {
      if (this.stream === stream) this.stream = null;
      this.ids = [];
      for (const resolve of this.waiting.values()) resolve(null);
      this.waiting.clear();
    });
    return stream;
  }

  private async interactive(transfer: Transfer): Promise<Told> {
    const begun = await unlessLost<{ transaction: string }>((meta, options, done) =>
      this.coordinator.Begin({}, meta, options, done),
    );
    const transaction = begun?.transaction ?? "";
    transfer.transaction = transaction;
    if (transaction === "") return null;
    for (const { participant, operations } of transfer.branches) {
      const answer = await unlessLost<{ aborted: Told }>((meta, options, done) =>
        this.relay.Execute({ transaction, participant, operations: [...operations] }, meta, options, done),
      );
      if (answer?.aborted) return answer.aborted;
      // Not known what was done: it must not commit.
      if (answer === null)
        return this.outcomeOf(async () => {
          const aborted = await unlessLost<{ outcome: Told }>((meta, options, done) =>
            this.coordinator.Abort({ transaction }, meta, options, done),
          );
          return aborted?.outcome ?? null;
        });
    }
    return this.outcomeOf(async () => {
      const committed = await unlessLost<{ outcome: Told }>((meta, options, done) =>
        this.coordinator.Commit({ transaction }, meta, options, done),
      );
      return committed?.outcome ?? null;
    });
  }
}

function isOver(told: Told): told is OutcomeMessageRead {
  return told !== null && told.kind !== "OUTCOME_KIND_PENDING";
}

function codeOf(thrown: unknown): number {
  return thrown instanceof Error && "code" in thrown ? Number(thrown.code) : status.UNKNOWN;
}

function isLost(thrown: unknown): boolean {
  return lost.has(codeOf(thrown));
}

function waitForReady(): Metadata {
  return new Metadata({ waitForReady: true });
}

function ask<A>(invoke: (meta: Metadata, options: CallOptions, done: Done<A>) => unknown): Promise<A> {
  return new Promise((resolve, reject) => {
    invoke(waitForReady(), { deadline: Date.now() + ANSWER_MS }, (error, answer) => {
      if (error !== null || answer === undefined) reject(error ?? new Error("no answer"));
      else resolve(answer);
    });
  });
}

/** null: whoever was asked died, is down, or has too much to do. */
async function unlessLost<A>(
  invoke: (meta: Metadata, options: CallOptions, done: Done<A>) => unknown,
): Promise<A | null> {
  try {
    return await ask(invoke);
  } catch (thrown) {
    if (isLost(thrown)) return null;
    throw thrown;
  }
}
