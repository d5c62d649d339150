/** An interactive transaction: work at participants, then a commit. */

import { NemconError, type Reason } from "../runtime/errors/index.ts";
import { services, type OutcomeMessageRead } from "../runtime/link/index.ts";
import type { Coordinator, Coordinators } from "./coordinators.ts";
import { Deadline, timeForServer } from "./deadline.ts";
import type { Method } from "./endpoint.ts";
import { aborted, outcomeOf, TransactionAborted, unknown, type Outcome } from "./outcome.ts";
import { pauseMs } from "./pace.ts";
import { operationMessage, resultOf, type Expectation, type Parameters, type Result } from "./values.ts";

export interface CallOptions {
  /** Milliseconds; the client's default where absent. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface TransactionContext {
  readonly coordinators: Coordinators;
  /** The one that began it. */
  readonly coordinator: Coordinator;
  readonly defaultTimeoutMs: number;
  readonly bigints: boolean;
  /** The time of the whole transaction; each call has at most what is left of it. */
  readonly deadline: Deadline | null;
}

export interface Branch {
  /**
   * One statement in this participant's branch; it sees what earlier ones did, and nobody else does.
   * Statements at one participant run in the order of their calls.
   *
   * @throws TransactionAborted where the transaction is over; NemconError OPERATION_FAILED where only the
   *   statement failed and the branch is as it was before; DEADLINE_EXCEEDED, and then the transaction is
   *   given up, because nobody knows whether the statement ran
   *
   * With `last`, at the transaction's initiator, it begins the commit and comes back when that is over; `commit` then
   * gives the outcome. Where its answer is lost the transaction is not given up: `commit` asks what became of it.
   */
  sql(
    statement: string,
    parameters?: Parameters,
    options?: CallOptions & { readonly expect?: Expectation; readonly last?: boolean },
  ): Promise<Result>;
}

/** With these nobody knows whether the work was done; every other reason comes from a server that did nothing. */
const fateUnknown: ReadonlySet<Reason> = new Set<Reason>([
  "COORDINATOR_UNREACHABLE",
  "DEADLINE_EXCEEDED",
  "CLIENT_CLOSED",
  "INTERNAL",
]);

export class Transaction {
  readonly id: string;
  private readonly context: TransactionContext;
  private over: Outcome | null = null;
  private ending: Promise<Outcome> | null = null;
  private readonly running = new Set<Promise<Result>>();
  /** By participant: the last call, which the next one waits for. */
  private readonly tails = new Map<string, Promise<unknown>>();
  /** The connection was lost in the middle of work, which says nothing against running it all again. */
  wasLost = false;

  constructor(id: string, context: TransactionContext) {
    this.id = id;
    this.context = context;
  }

  on(participant: string): Branch {
    return {
      sql: async (sql, parameters = [], { expect, timeoutMs, signal, last = false } = {}) => {
        this.checkOpen();
        if (this.ending !== null || this.over !== null)
          throw new NemconError("NOT_ACTIVE", `${this.id} takes no more work: its commit has started.`);
        const operation = operationMessage(expect === undefined ? { sql, parameters } : { sql, parameters, expect });
        const deadline = this.deadline(timeoutMs, signal);
        const before = this.tails.get(participant);
        const result = (before ?? Promise.resolve()).then(() => this.execute(participant, operation, deadline, last));
        this.running.add(result);
        this.tails.set(participant, this.finished(result));
        return result;
      },
    };
  }

  /**
   * Waits for statements that still run, and asks every branch for its vote. An abort and a deadline are
   * outcomes, not errors. After its signal aborts the coordinator is asked to give the transaction up, and
   * the answer is what became of it.
   *
   * @throws the error of a statement that nobody waited for; then the transaction is aborted
   */
  async commit(options: CallOptions = {}): Promise<Outcome> {
    this.ending ??= this.end(this.deadline(options.timeoutMs, options.signal));
    return this.ending;
  }

  /** Gives it up. An outcome too: `committed` where a commit came first. */
  async abort({ timeoutMs }: Pick<CallOptions, "timeoutMs"> = {}): Promise<Outcome> {
    if (this.over !== null) return this.over;
    // Neither the whole transaction's time nor its signal: where they ended, this is what is left to do.
    const deadline = new Deadline(timeoutMs ?? this.context.defaultTimeoutMs);
    const outcome = await this.ask(deadline, services.coordinator.Abort, () => ({ transaction: this.id }));
    return this.ended(outcome);
  }

  private async end(deadline: Deadline): Promise<Outcome> {
    const left = await Promise.allSettled(this.running);
    if (this.over !== null) return this.over;
    const failed = left.find((each) => each.status === "rejected");
    if (failed !== undefined) {
      await this.abort();
      throw failed.reason;
    }
    const { coordinators, coordinator } = this.context;
    const stop = deadline.watch({
      passed: () => undefined,
      cancelled: () => coordinators.giveUp(coordinator.endpoint, this.id),
    });
    try {
      const outcome = await this.ask(deadline.withoutSignal(), services.coordinator.Commit, (timeoutMs) => ({
        transaction: this.id,
        timeoutMs,
      }));
      return this.ended(outcome);
    } finally {
      stop();
    }
  }

  private async execute(
    participant: string,
    operation: ReturnType<typeof operationMessage>,
    deadline: Deadline,
    last: boolean,
  ): Promise<Result> {
    const { coordinators, coordinator, bigints } = this.context;
    const { endpoint } = coordinator;
    for (let failures = 1; ; failures += 1) {
      this.checkOpen();
      deadline.signal?.throwIfAborted();
      let sent = false;
      try {
        const client = await deadline.race(endpoint.connected(), endpoint.address);
        sent = true;
        const timeoutMs = timeForServer(deadline.leftMs);
        const request = { transaction: this.id, participant, operations: [operation], timeoutMs, last };
        const answer = await endpoint.call(client, services.participant.Execute, request, deadline);
        const { results, aborted: end, outcome } = answer;
        if (end !== null) this.ended(outcomeOf(end, bigints));
        else if (outcome !== null) this.ended(outcomeOf(outcome, bigints));
        this.checkOpen();
        const [result] = results;
        if (result === undefined) throw new NemconError("INTERNAL", `${participant} answered without a result.`);
        return resultOf(result, bigints);
      } catch (thrown) {
        if (thrown instanceof TransactionAborted) throw thrown;
        if (!NemconError.is(thrown)) {
          // The signal's reason.
          if (sent && !last) this.giveUp("a statement was given up in the middle");
          throw thrown;
        }
        if (sent && last && fateUnknown.has(thrown.reason)) throw thrown;
        if (sent && fateUnknown.has(thrown.reason)) {
          this.giveUp(`whether a statement at ${participant} ran is not known: ${thrown.message}`);
          this.wasLost = thrown.reason === "COORDINATOR_UNREACHABLE";
          if (this.wasLost) this.checkOpen();
          throw thrown;
        }
        if (!(await coordinators.mayRetry(thrown, failures, deadline))) throw thrown;
      }
    }
  }

  /**
   * Asks by the id until there is an outcome or the time is over. That is no retry of work but a question,
   * and it costs the budget nothing: the connection's own back-off paces it.
   */
  private async ask<Request>(
    deadline: Deadline,
    method: Method<Request, { readonly outcome: OutcomeMessageRead | null }>,
    request: (timeoutMs: number) => Request,
  ): Promise<Outcome> {
    const { endpoint } = this.context.coordinator;
    let trouble = `no outcome within ${Math.round(deadline.timeoutMs)} ms`;
    for (let failures = 1; ; failures += 1) {
      try {
        const client = await deadline.race(endpoint.connected(), endpoint.address);
        const { outcome } = await endpoint.call(client, method, request(timeForServer(deadline.leftMs)), deadline);
        if (outcome !== null && outcome.kind !== "OUTCOME_KIND_PENDING")
          return outcomeOf(outcome, this.context.bigints);
      } catch (thrown) {
        if (!NemconError.is(thrown) || !(thrown.retryable || fateUnknown.has(thrown.reason))) throw thrown;
        trouble = thrown.message;
        if (!thrown.retryable) return unknown(this.id, trouble);
      }
      if (!(await deadline.sleep(pauseMs(failures)))) return unknown(this.id, trouble);
    }
  }

  private async finished(result: Promise<Result>): Promise<void> {
    await Promise.allSettled([result]);
    this.running.delete(result);
  }

  /** An outcome that is known stays what it is. */
  private ended(outcome: Outcome): Outcome {
    if (outcome.kind !== "unknown") this.over ??= outcome;
    return this.over ?? outcome;
  }

  /** Nobody but this object could commit it, so that from here on it can only abort. */
  private giveUp(detail: string): void {
    if (this.over !== null) return;
    this.over = aborted(this.id, "CANCELLED", detail);
    const { coordinators, coordinator } = this.context;
    coordinators.giveUp(coordinator.endpoint, this.id);
  }

  private checkOpen(): void {
    if (this.over?.kind === "aborted") throw new TransactionAborted(this.over);
  }

  private deadline(timeoutMs: number | undefined, signal: AbortSignal | undefined): Deadline {
    const { deadline, defaultTimeoutMs } = this.context;
    if (deadline !== null) return deadline.within(timeoutMs, signal ?? null);
    return new Deadline(timeoutMs ?? defaultTimeoutMs, signal ?? null);
  }
}
