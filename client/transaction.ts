/** An interactive transaction: work at participants, then a commit. */

import type { ExecuteAnswer, OutcomeMessageRead } from "../runtime/link/index.ts";
import { NemconError } from "../runtime/errors/index.ts";
import type { RetryBudget } from "./budget.ts";
import type { Connection } from "./connection.ts";
import { Deadline, timeForServer } from "./deadline.ts";
import { outcomeOf, TransactionAborted, unknown, type Outcome } from "./outcome.ts";
import { pauseMs } from "./pace.ts";
import { operationMessage, resultOf, type Expectation, type Parameters, type Result } from "./values.ts";

export interface CallOptionsOf {
  /** Milliseconds; the client's default where absent. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface TransactionContext {
  readonly connection: Connection;
  readonly budget: RetryBudget;
  readonly defaultTimeoutMs: number;
  readonly bigints: boolean;
  /** The time of the whole transaction; each call has at most what is left of it. */
  readonly deadline: Deadline | null;
}

export interface Branch {
  /**
   * One statement in this participant's branch; it sees what earlier ones did, and nobody else does.
   *
   * @throws TransactionAborted where the transaction is over; NemconError OPERATION_FAILED where only the
   *   statement failed and the branch is as it was before
   */
  sql(
    statement: string,
    parameters?: Parameters,
    options?: { readonly expect?: Expectation } & CallOptionsOf,
  ): Promise<Result>;
}

export class Transaction {
  readonly id: string;
  private readonly context: TransactionContext;

  constructor(id: string, context: TransactionContext) {
    this.id = id;
    this.context = context;
  }

  on(participant: string): Branch {
    return {
      sql: (sql, parameters = [], { expect, timeoutMs, signal } = {}) => {
        const operation = operationMessage(expect === undefined ? { sql, parameters } : { sql, parameters, expect });
        return this.execute(participant, operation, this.deadline(timeoutMs, signal));
      },
    };
  }

  /** Asks every branch for its vote. Never throws for an abort or a deadline: both are outcomes. */
  async commit(options: CallOptionsOf = {}): Promise<Outcome> {
    const deadline = this.deadline(options.timeoutMs, options.signal);
    return this.outcome(deadline, (timeoutMs) =>
      this.context.connection.unary<{ readonly outcome: OutcomeMessageRead | null }>(deadline, (call, done) =>
        this.context.connection.coordinator.Commit({ transaction: this.id, timeoutMs }, call, done),
      ),
    );
  }

  async abort(options: CallOptionsOf = {}): Promise<Outcome> {
    const deadline = this.deadline(options.timeoutMs, options.signal);
    return this.outcome(deadline, () =>
      this.context.connection.unary<{ readonly outcome: OutcomeMessageRead | null }>(deadline, (call, done) =>
        this.context.connection.coordinator.Abort({ transaction: this.id }, call, done),
      ),
    );
  }

  private async execute(
    participant: string,
    operation: ReturnType<typeof operationMessage>,
    deadline: Deadline,
  ): Promise<Result> {
    const { connection, bigints } = this.context;
    const request = {
      transaction: this.id,
      participant,
      operations: [operation],
      timeoutMs: timeForServer(deadline.leftMs),
    };
    // Not retried: whether work of unknown fate was done, only the count at commit can tell.
    const { results, aborted } = await connection.unary<ExecuteAnswer>(deadline, (call, done) =>
      connection.participant.Execute(request, call, done),
    );
    if (aborted !== null) {
      const outcome = outcomeOf(aborted, bigints);
      if (outcome.kind === "aborted") throw new TransactionAborted(outcome);
    }
    const [result] = results;
    if (result === undefined) throw new NemconError("INTERNAL", `${participant} answered without a result.`);
    return resultOf(result, bigints);
  }

  /** Safe to ask again by the id, as long as there is time and the budget allows. */
  private async outcome(
    deadline: Deadline,
    ask: (timeoutMs: number) => Promise<{ readonly outcome: OutcomeMessageRead | null }>,
  ): Promise<Outcome> {
    for (let failures = 1; ; failures += 1) {
      try {
        const { outcome } = await ask(timeForServer(deadline.leftMs));
        if (outcome === null)
          throw new NemconError("INTERNAL", `${this.context.connection.address} answered without an outcome.`);
        return outcomeOf(outcome, this.context.bigints);
      } catch (thrown) {
        if (!NemconError.is(thrown)) throw thrown;
        if (thrown.reason === "DEADLINE_EXCEEDED") return unknown(this.id, thrown.message);
        if (!thrown.retryable) throw thrown;
        const again = this.context.budget.withdraw() && (await deadline.sleep(pauseMs(failures, thrown.retryAfterMs)));
        if (!again) return unknown(this.id, thrown.message);
      }
    }
  }

  private deadline(timeoutMs: number | undefined, signal: AbortSignal | undefined): Deadline {
    const { deadline, defaultTimeoutMs } = this.context;
    if (deadline !== null) return deadline.within(timeoutMs, signal ?? null);
    return new Deadline(timeoutMs ?? defaultTimeoutMs, signal ?? null);
  }
}
