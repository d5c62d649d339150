/** A client of one or several coordinators. */

import { NemconError } from "../runtime/errors/index.ts";
import type {
  BeginAnswer,
  GetTransactionAnswer,
  ListTransactionsAnswer,
  OutcomeMessageRead,
  QueryAnswerRead,
  TransactionMessageRead,
} from "../runtime/link/index.ts";
import { defaultBudget, RetryBudget, type BudgetOptions } from "./budget.ts";
import { Connection } from "./connection.ts";
import { Deadline, timeForServer } from "./deadline.ts";
import { coordinatorOf } from "./ids.ts";
import { outcomeOf, TransactionAborted, type AbortReason, type Outcome } from "./outcome.ts";
import { pauseMs } from "./pace.ts";
import { Submits } from "./submits.ts";
import { Transaction, type CallOptionsOf } from "./transaction.ts";
import { operationMessage, resultOf, type Operation, type Parameters, type Result } from "./values.ts";

export interface ConnectOptions {
  /** For calls that name no time of their own, in milliseconds. Default 10,000. */
  readonly defaultTimeoutMs?: number;
  /** Retries for each request, and the reserve. Default 10 % and 10. */
  readonly retryBudget?: BudgetOptions;
  /** Submits that may be under way at once at a coordinator; more wait in the client. Default 1,024. */
  readonly inFlight?: number;
  /** Every INTEGER as a bigint; otherwise only where a number is not exact. */
  readonly bigint?: boolean;
}

export interface SubmitRequest extends CallOptionsOf {
  readonly branches: readonly { readonly participant: string; readonly operations: readonly Operation[] }[];
  /** Default: the coordinator's. */
  readonly protocol?: string;
  /** Submit again, as a new transaction, after a CONFLICT: as long as there is time and the budget allows. */
  readonly retryConflicts?: boolean;
}

export interface TransactOptions extends CallOptionsOf {
  readonly protocol?: string;
  /** How often `work` is run at most. Default 5. */
  readonly attempts?: number;
}

export interface TransactionStatus {
  readonly transaction: string;
  readonly protocol: string;
  readonly state: string;
  readonly reason: string;
  readonly detail: string;
  readonly participants: readonly string[];
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
}

interface Coordinator {
  readonly connection: Connection;
  readonly submits: Submits;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const IN_FLIGHT = 1_024;
const ATTEMPTS = 5;
const PAGE = 500;
/** Nothing of such a transaction was done, and it may well succeed the next time. */
const worthAgain: ReadonlySet<AbortReason> = new Set<AbortReason>([
  "CONFLICT",
  "COORDINATOR_RESTARTED",
  "BRANCH_LOST",
  "IDLE_TIMEOUT",
  "PARTICIPANT_UNREACHABLE",
]);

export class Client {
  private readonly coordinators: readonly Coordinator[];
  /** Which coordinator an id's first part stands for, as far as it was seen. */
  private readonly owners = new Map<string, Coordinator>();
  private readonly budget: RetryBudget;
  private readonly defaultTimeoutMs: number;
  private readonly bigints: boolean;
  private turn = 0;
  private closed = false;

  constructor(addresses: readonly string[], options: ConnectOptions = {}) {
    if (addresses.length === 0)
      throw new NemconError("INVALID_REQUEST", "connect needs at least one coordinator's address.");
    this.budget = new RetryBudget(options.retryBudget ?? defaultBudget);
    this.defaultTimeoutMs = options.defaultTimeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.bigints = options.bigint ?? false;
    const { budget } = this;
    this.coordinators = addresses.map((address) => {
      const connection = new Connection(address);
      return { connection, submits: new Submits({ connection, budget, inFlight: options.inFlight ?? IN_FLIGHT }) };
    });
  }

  /** A whole transaction at once. An abort and a deadline are outcomes, never errors. @throws NemconError where it was refused at the door */
  async submit({
    branches,
    protocol = "",
    timeoutMs,
    signal,
    retryConflicts = false,
  }: SubmitRequest): Promise<Outcome> {
    const deadline = this.deadline(timeoutMs, signal);
    const messages = branches.map(({ participant, operations }) => ({
      participant,
      operations: operations.map(operationMessage),
    }));
    for (let failures = 1; ; failures += 1) {
      const coordinator = this.next();
      this.budget.deposit();
      const outcome = await coordinator.submits.submit({
        protocol,
        branches: messages,
        deadline,
        read: (message) => this.read(coordinator, message),
      });
      const conflict = outcome.kind === "aborted" && outcome.reason === "CONFLICT";
      if (!conflict || !retryConflicts || !this.budget.withdraw() || !(await deadline.sleep(pauseMs(failures))))
        return outcome;
    }
  }

  /** Opens an interactive transaction; `commit` or `abort` ends it. */
  async begin({
    protocol = "",
    timeoutMs,
    signal,
  }: CallOptionsOf & { readonly protocol?: string } = {}): Promise<Transaction> {
    return this.beginWithin(this.deadline(timeoutMs, signal), protocol, null);
  }

  /**
   * Runs `work` in a transaction and commits. Where `work` throws, the transaction is aborted and the error
   * thrown on. Where the transaction aborts for a reason that may pass (a conflict, a restart), `work` is run
   * again from the start: it may run more than once, and only the last run counts.
   */
  async transact(
    work: (transaction: Transaction) => Promise<unknown>,
    options: TransactOptions = {},
  ): Promise<Outcome> {
    const { protocol = "", attempts = ATTEMPTS } = options;
    const deadline = this.deadline(options.timeoutMs, options.signal);
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.attempt(work, deadline, protocol);
      const again = outcome.kind === "aborted" && worthAgain.has(outcome.reason) && attempt < attempts;
      if (!again || !this.budget.withdraw() || !(await deadline.sleep(pauseMs(attempt)))) return outcome;
    }
  }

  /** Reads committed data. */
  async query(
    participant: string,
    sql: string,
    parameters: Parameters = [],
    options: CallOptionsOf = {},
  ): Promise<Result> {
    const deadline = this.deadline(options.timeoutMs, options.signal);
    const { sql: statement } = operationMessage({ sql, parameters });
    const { result } = await this.safely(deadline, this.next(), (connection) =>
      connection.unary<QueryAnswerRead>(deadline, (call, done) =>
        connection.participant.Query(
          { participant, sql: statement ?? null, timeoutMs: timeForServer(deadline.leftMs) },
          call,
          done,
        ),
      ),
    );
    if (result === null) throw new NemconError("INTERNAL", `${participant} answered without a result.`);
    return resultOf(result, this.bigints);
  }

  /** What is known of a transaction. @throws NemconError UNKNOWN_TRANSACTION, NOT_MINE, INVALID_TRANSACTION_ID */
  async transaction(id: string, options: CallOptionsOf = {}): Promise<TransactionStatus> {
    const deadline = this.deadline(options.timeoutMs, options.signal);
    const { transaction } = await this.safely(deadline, await this.ownerOf(id, deadline), (connection) =>
      connection.unary<GetTransactionAnswer>(deadline, (call, done) =>
        connection.coordinator.GetTransaction({ transaction: id }, call, done),
      ),
    );
    if (transaction === null) throw new NemconError("INTERNAL", "The coordinator answered without a transaction.");
    return statusOf(transaction);
  }

  /** Open transactions first, then finished ones, the newest first; of every coordinator in turn. */
  async *transactions({
    state = "",
    ...options
  }: CallOptionsOf & { readonly state?: string } = {}): AsyncGenerator<TransactionStatus> {
    for (const coordinator of this.coordinators) {
      let pageToken = "";
      do {
        const deadline = this.deadline(options.timeoutMs, options.signal);
        const token = pageToken;
        const page = await this.safely(deadline, coordinator, (connection) =>
          connection.unary<ListTransactionsAnswer>(deadline, (call, done) =>
            connection.coordinator.ListTransactions({ state, pageSize: PAGE, pageToken: token }, call, done),
          ),
        );
        for (const transaction of page.transactions) yield statusOf(transaction);
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
    }
  }

  /** Every change of state at the first coordinator from now on, the open transactions first. Ends when the loop is left. */
  async *watch({ transaction = "" }: { readonly transaction?: string } = {}): AsyncGenerator<TransactionStatus> {
    const { connection } = this.first();
    const stream = connection.coordinator.WatchTransactions({ transaction });
    try {
      for await (const { transaction: status } of stream as AsyncIterable<{
        transaction: TransactionMessageRead | null;
      }>) {
        if (status !== null) yield statusOf(status);
      }
    } finally {
      stream.cancel();
    }
  }

  /** What is under way ends as `unknown`: it goes on at the coordinator. */
  close(): void {
    this.closed = true;
    for (const { connection, submits } of this.coordinators) {
      submits.close();
      connection.close();
    }
  }

  private async attempt(
    work: (transaction: Transaction) => Promise<unknown>,
    deadline: Deadline,
    protocol: string,
  ): Promise<Outcome> {
    const transaction = await this.beginWithin(deadline, protocol, deadline);
    try {
      await work(transaction);
    } catch (thrown) {
      if (thrown instanceof TransactionAborted && thrown.outcome.transaction === transaction.id) return thrown.outcome;
      // The user's error comes first; where the abort can't be told now, the idle timeout does it.
      await transaction.abort().catch(() => undefined);
      throw thrown;
    }
    return transaction.commit();
  }

  private async beginWithin(deadline: Deadline, protocol: string, whole: Deadline | null): Promise<Transaction> {
    this.budget.deposit();
    const coordinator = this.next();
    const begun = await this.safely(deadline, coordinator, (connection) =>
      connection.unary<BeginAnswer>(deadline, (call, done) => connection.coordinator.Begin({ protocol }, call, done)),
    );
    this.owners.set(coordinatorOf(begun.transaction), coordinator);
    const { budget, defaultTimeoutMs, bigints } = this;
    return new Transaction(begun.transaction, {
      connection: coordinator.connection,
      budget,
      defaultTimeoutMs,
      bigints,
      deadline: whole,
    });
  }

  /** For calls that may be made twice: tried again where the error says that it makes sense. */
  private async safely<T>(
    deadline: Deadline,
    { connection }: Coordinator,
    run: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await run(connection);
      } catch (thrown) {
        if (!NemconError.is(thrown) || !thrown.retryable || !this.budget.withdraw()) throw thrown;
        if (!(await deadline.sleep(pauseMs(failures, thrown.retryAfterMs)))) throw thrown;
      }
    }
  }

  /** The coordinator that an id belongs to: the one that gave it, or the first that does not say NOT_MINE. */
  private async ownerOf(id: string, deadline: Deadline): Promise<Coordinator> {
    const known = this.owners.get(coordinatorOf(id));
    if (known !== undefined || this.coordinators.length === 1) return known ?? this.first();
    for (const coordinator of this.coordinators) {
      try {
        await coordinator.connection.unary<GetTransactionAnswer>(deadline, (call, done) =>
          coordinator.connection.coordinator.GetTransaction({ transaction: id }, call, done),
        );
        return coordinator;
      } catch (thrown) {
        if (!NemconError.is(thrown, "NOT_MINE") && !NemconError.is(thrown, "COORDINATOR_UNREACHABLE"))
          return coordinator;
      }
    }
    return this.first();
  }

  private read(coordinator: Coordinator, message: OutcomeMessageRead): Outcome {
    this.owners.set(coordinatorOf(message.transaction), coordinator);
    return outcomeOf(message, this.bigints);
  }

  private next(): Coordinator {
    if (this.closed) throw new NemconError("CLIENT_CLOSED", "This client was closed. Connect again.");
    const coordinator = this.coordinators[this.turn % this.coordinators.length];
    this.turn += 1;
    return coordinator ?? this.first();
  }

  private first(): Coordinator {
    const [first] = this.coordinators;
    if (first === undefined) throw new NemconError("INTERNAL", "a client without coordinators");
    return first;
  }

  private deadline(timeoutMs: number | undefined, signal: AbortSignal | undefined): Deadline {
    return new Deadline(timeoutMs ?? this.defaultTimeoutMs, signal ?? null);
  }
}

function statusOf({
  transaction,
  protocol,
  state,
  reason,
  detail,
  participants,
  startedAtMs,
  endedAtMs,
}: TransactionMessageRead): TransactionStatus {
  return {
    transaction,
    protocol,
    state,
    reason,
    detail,
    participants,
    startedAt: dateOf(startedAtMs),
    endedAt: dateOf(endedAtMs),
  };
}

function dateOf(ms: string): Date | null {
  return ms === "0" ? null : new Date(Number(ms));
}
