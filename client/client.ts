/** A client of one or several coordinators. */

import { NemconError } from "../runtime/errors/index.ts";
import { services } from "../runtime/link/index.ts";
import { defaultBudget, RetryBudget, type BudgetOptions } from "./budget.ts";
import { Coordinators } from "./coordinators.ts";
import { Deadline, timeForServer } from "./deadline.ts";
import { closedError } from "./endpoint.ts";
import { outcomeOf, unknown, type Outcome } from "./outcome.ts";
import { pauseMs } from "./pace.ts";
import type { Answer } from "./submission.ts";
import { statusOf, type TransactionStatus } from "./status.ts";
import { mayPass, runOnce, type Transacted } from "./transact.ts";
import { Transaction, type CallOptions } from "./transaction.ts";
import { operationMessage, resultOf, type Operation, type Parameters, type Result } from "./values.ts";
import { watch } from "./watch.ts";
import { workOf } from "./work.ts";

export interface ConnectOptions {
  /** For calls that name no time of their own, in milliseconds. Default 10,000. */
  readonly defaultTimeoutMs?: number;
  /** For transactions that name no protocol of their own. Default: the coordinator's. */
  readonly protocol?: string;
  /** Retries for each request, and the reserve. Default 10 % and 10. */
  readonly retryBudget?: BudgetOptions;
  /** Submits that may be under way at once at a coordinator; more wait in the client. Default 1,024. */
  readonly inFlight?: number;
  /** Every INTEGER as a bigint; otherwise only where a number is not exact. */
  readonly bigint?: boolean;
}

export interface SubmitRequest extends CallOptions {
  readonly branches: readonly { readonly participant: string; readonly operations: readonly Operation[] }[];
  /** Default: the coordinator's. */
  readonly protocol?: string;
  /** Submit again, as a new transaction, after a CONFLICT: as long as there is time and the budget allows. Default false. */
  readonly retryConflicts?: boolean;
}

export interface BeginOptions extends CallOptions {
  /** Default: the coordinator's. */
  readonly protocol?: string;
  /** The participant whose statement that is called the `last` one begins the commit, where the protocol allows it. */
  readonly initiator?: string;
}

export interface TransactOptions extends BeginOptions {
  /** How often `work` is run at most. Default 5. */
  readonly attempts?: number;
  /** Run it again after a CONFLICT, too. Default true. */
  readonly retryConflicts?: boolean;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const IN_FLIGHT = 1_024;
const ATTEMPTS = 5;
const PAGE = 500;

export class Client {
  private readonly coordinators: Coordinators;
  private readonly budget: RetryBudget;
  private readonly defaultTimeoutMs: number;
  private readonly bigints: boolean;
  private readonly protocol: string;
  private closed = false;

  /** @throws NemconError INVALID_REQUEST, ADDRESS_INVALID, ADDRESS_NOT_LOOPBACK */
  constructor(addresses: readonly string[], options: ConnectOptions = {}) {
    const { defaultTimeoutMs, retryBudget, inFlight, bigint, protocol = "" } = options;
    this.budget = new RetryBudget(retryBudget ?? defaultBudget);
    this.defaultTimeoutMs = defaultTimeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.bigints = bigint ?? false;
    this.protocol = protocol;
    this.coordinators = new Coordinators(addresses, { budget: this.budget, inFlight: inFlight ?? IN_FLIGHT });
  }

  /**
   * A whole transaction at once. An abort and a deadline are outcomes, never errors. When the signal aborts
   * after the transaction was sent, the coordinator is asked to give it up, and the answer is what became of it.
   *
   * @throws NemconError where it was refused or could not be sent: nothing was begun; the signal's reason
   *   where it aborts before anything was sent
   */
  async submit(request: SubmitRequest): Promise<Outcome> {
    const { protocol = this.protocol, retryConflicts = false } = request;
    const deadline = this.deadline(request);
    const work = workOf(protocol, request.branches);
    this.budget.deposit();
    for (let failures = 1; ; failures += 1) {
      const coordinator = this.coordinators.next();
      const answer = await coordinator.pipeline.run(work, deadline);
      if (answer.kind === "outcome") this.coordinators.learn(answer.outcome.transaction, coordinator);
      const again =
        mayRunAgain(answer, retryConflicts) &&
        this.budget.withdraw() &&
        (await sleptOrCancelled(
          deadline,
          pauseMs(failures, answer.kind === "refused" ? answer.error.retryAfterMs : null),
        ));
      if (again) continue;
      if (answer.kind === "refused") throw answer.error;
      if (answer.kind === "unknown") return unknown(answer.transaction, answer.detail);
      return outcomeOf(answer.outcome, this.bigints);
    }
  }

  /** Opens an interactive transaction; `commit` or `abort` ends it. @throws NemconError DEADLINE_EXCEEDED, COORDINATOR_UNREACHABLE, OVERLOADED, … */
  async begin(options: BeginOptions = {}): Promise<Transaction> {
    return this.beginWithin(this.deadline(options), options, null);
  }

  /**
   * Runs `work` in a transaction and commits. Where `work` throws, the transaction is aborted and the error
   * thrown on. Where the transaction aborts for a reason that may pass (a conflict, a restart), `work` is run
   * again from the start: it may run more than once, and only the last run counts.
   *
   * @throws what `work` throws; NemconError where no transaction could be begun
   */
  async transact<T>(
    work: (transaction: Transaction) => Promise<T>,
    options: TransactOptions = {},
  ): Promise<Transacted<T>> {
    const { attempts = ATTEMPTS, retryConflicts = true } = options;
    const deadline = this.deadline(options);
    for (let attempt = 1; ; attempt += 1) {
      const transaction = await this.beginWithin(deadline, options, deadline);
      const outcome = await runOnce(transaction, work);
      const again =
        attempt < attempts &&
        mayPass(outcome, transaction, retryConflicts) &&
        this.budget.withdraw() &&
        (await sleptOrCancelled(deadline, pauseMs(attempt)));
      if (!again) return outcome;
    }
  }

  /** Reads committed data. @throws NemconError QUERY_REFUSED, QUERY_FAILED, UNKNOWN_PARTICIPANT, TOO_MANY_ROWS, DEADLINE_EXCEEDED, … */
  async query(
    participant: string,
    sql: string,
    parameters: Parameters = [],
    options: CallOptions = {},
  ): Promise<Result> {
    const deadline = this.deadline(options);
    const { sql: statement } = operationMessage({ sql, parameters });
    const request = () => ({ participant, sql: statement ?? null, timeoutMs: timeForServer(deadline.leftMs) });
    const { answer } = await this.coordinators.call(services.participant.Query, request, deadline, null);
    if (answer.result === null) throw new NemconError("INTERNAL", `${participant} answered without a result.`);
    return resultOf(answer.result, this.bigints);
  }

  /** What is known of a transaction. @throws NemconError UNKNOWN_TRANSACTION, NOT_MINE, INVALID_TRANSACTION_ID, COORDINATOR_UNREACHABLE, DEADLINE_EXCEEDED */
  async transaction(id: string, options: CallOptions = {}): Promise<TransactionStatus> {
    const deadline = this.deadline(options);
    let trouble: NemconError | null = null;
    for (const coordinator of this.coordinators.mayKnow(id)) {
      try {
        const request = () => ({ transaction: id });
        const { answer } = await this.coordinators.call(
          services.coordinator.GetTransaction,
          request,
          deadline,
          coordinator,
        );
        if (answer.transaction === null)
          throw new NemconError("INTERNAL", "The coordinator answered without a transaction.");
        return statusOf(answer.transaction);
      } catch (thrown) {
        const others = NemconError.is(thrown, "NOT_MINE") || NemconError.is(thrown, "COORDINATOR_UNREACHABLE");
        if (!others) throw thrown;
        // That one can't be reached says more than that another one knows nothing.
        if (trouble === null || trouble.reason === "NOT_MINE") trouble = thrown;
      }
    }
    throw trouble ?? new NemconError("UNKNOWN_TRANSACTION", `No coordinator was asked for ${id}.`);
  }

  /** Open transactions first, then finished ones, the newest first; of every coordinator in turn. The time is each page's. */
  async *transactions(
    options: CallOptions & { readonly state?: string } = {},
  ): AsyncGenerator<TransactionStatus, void, undefined> {
    const { state = "" } = options;
    for (const coordinator of this.coordinators.all) {
      let pageToken = "";
      do {
        const page = { state, pageSize: PAGE, pageToken };
        const { ListTransactions } = services.coordinator;
        const { answer } = await this.coordinators.call(
          ListTransactions,
          () => page,
          this.deadline(options),
          coordinator,
        );
        yield* answer.transactions.map(statusOf);
        pageToken = answer.nextPageToken;
      } while (pageToken !== "");
    }
  }

  /**
   * Every change of state from now on, the open transactions first; of all coordinators. Ends when the loop is
   * left, or with an error when a coordinator is lost: changes may have been missed, so begin anew.
   *
   * @throws NemconError COORDINATOR_UNREACHABLE, OVERLOADED where the reader was too slow; the signal's reason
   */
  async *watch(
    options: CallOptions & { readonly transaction?: string } = {},
  ): AsyncGenerator<TransactionStatus, void, undefined> {
    yield* watch(this.coordinators, options.transaction ?? "", this.deadline(options));
  }

  /**
   * Ends all calls at once: submits and commits that were sent become `unknown` and go on at the coordinator,
   * other calls are thrown as CLIENT_CLOSED. Open interactive transactions end by their idle time.
   */
  close(): void {
    this.closed = true;
    this.coordinators.close();
  }

  private async beginWithin(
    deadline: Deadline,
    { protocol = this.protocol, initiator = "" }: BeginOptions,
    whole: Deadline | null,
  ): Promise<Transaction> {
    const { coordinators, defaultTimeoutMs, bigints } = this;
    const request = () => ({ protocol, initiator, timeoutMs: timeForServer(deadline.leftMs) });
    const { answer, from } = await coordinators.call(services.coordinator.Begin, request, deadline, null);
    coordinators.learn(answer.transaction, from);
    const context = { coordinators, coordinator: from, defaultTimeoutMs, bigints, deadline: whole };
    return new Transaction(answer.transaction, context);
  }

  private deadline({ timeoutMs, signal }: CallOptions): Deadline {
    if (this.closed) throw closedError();
    return new Deadline(timeoutMs ?? this.defaultTimeoutMs, signal ?? null);
  }
}

/** Nothing was begun, or provably nothing was done, and it makes sense to try again. */
function mayRunAgain(answer: Answer, retryConflicts: boolean): boolean {
  if (answer.kind === "refused") return answer.error.retryable;
  if (answer.kind !== "outcome" || answer.outcome.kind !== "OUTCOME_KIND_ABORTED") return false;
  const { reason } = answer.outcome;
  return reason === "COORDINATOR_RESTARTED" || (retryConflicts && reason === "CONFLICT");
}

/** Where the signal aborts while a retry waits, the last answer stands. */
async function sleptOrCancelled(deadline: Deadline, ms: number): Promise<boolean> {
  try {
    return await deadline.sleep(ms);
  } catch {
    return false;
  }
}
