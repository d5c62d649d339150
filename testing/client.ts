/** What an application does with the library, in a simulated cluster: the same outcomes, in virtual time. */

import { aborted, TransactionAborted, unknown, type Aborted, type Outcome } from "../client/outcome.ts";
import type { Transacted } from "../client/transact.ts";
import {
  houseOperation,
  resultFrom,
  type Expectation,
  type Operation,
  type Parameters,
  type Result,
} from "../client/values.ts";
import type { CoordinatorHost } from "../lab/index.ts";
import type { Answer } from "../protocols/index.ts";
import { NemconError } from "../runtime/errors/index.ts";
import { packWork, unpackResults } from "../runtime/values/index.ts";

/** One statement after the other in one participant's branch. */
export interface SimulatedBranch {
  /** @throws TransactionAborted where the transaction is over; NemconError OPERATION_FAILED where only the statement failed */
  sql(statement: string, parameters?: Parameters, options?: { readonly expect?: Expectation }): Promise<Result>;
}

export interface SimulatedTransaction {
  readonly id: string;
  on(participant: string): SimulatedBranch;
}

export interface SimulatedSubmit {
  readonly branches: readonly { readonly participant: string; readonly operations: readonly Operation[] }[];
  /** Default: the cluster's. */
  readonly protocol?: string;
  /** Virtual milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
}

/** What a client needs of its cluster. */
export interface Surroundings {
  readonly protocol: string;
  nowMs(): number;
  after(delayMs: number, run: () => void): void;
  /** A coordinator that lives, in turn; null: none does. */
  coordinator(): CoordinatorHost | null;
  /** Calls once when that process has died. */
  onDeath(host: CoordinatorHost, run: () => void): void;
  /** Somebody waits: time goes on only when what hangs on it has. */
  waiting<T>(promise: Promise<T>): Promise<T>;
}

const TIMEOUT_MS = 10_000;
/** Between two questions for an outcome. */
const ASK_MS = 200;

export class SimulatedClient {
  private readonly cluster: Surroundings;

  constructor(cluster: Surroundings) {
    this.cluster = cluster;
  }

  /** A whole transaction at once. An abort and a deadline are outcomes, never errors. @throws NemconError where it is refused */
  submit({ branches, protocol, timeoutMs = TIMEOUT_MS }: SimulatedSubmit): Promise<Outcome> {
    const { cluster } = this;
    const host = cluster.coordinator();
    if (host === null) return Promise.resolve(unknown(null, "no coordinator is up"));
    const untilMs = cluster.nowMs() + timeoutMs;
    const works = branches.map(({ participant, operations }) => {
      const work = packWork(operations.map(houseOperation));
      return { participant, work: () => work };
    });
    const request = {
      id: null,
      protocol: protocol ?? cluster.protocol,
      timeoutMs: 0,
      patienceMs: timeoutMs,
      branches: works,
    };
    return this.told(host, untilMs, (tell) => host.coordinator.submit(request, tell));
  }

  /**
   * Statements whose results decide what comes next: runs `work`, then commits.
   *
   * @throws what `work` throws, after the abort
   */
  async transact<T>(
    work: (transaction: SimulatedTransaction) => Promise<T>,
    { protocol, timeoutMs = TIMEOUT_MS }: Pick<SimulatedSubmit, "protocol" | "timeoutMs"> = {},
  ): Promise<Transacted<T>> {
    const { cluster } = this;
    const host = cluster.coordinator();
    if (host === null) return unknown(null, "no coordinator is up");
    const untilMs = cluster.nowMs() + timeoutMs;
    const { coordinator } = host;
    const { id } = coordinator.begin(protocol ?? cluster.protocol);
    let value: T;
    try {
      value = await work({ id, on: (participant) => this.branch(host, id, participant) });
    } catch (thrown) {
      if (thrown instanceof TransactionAborted && thrown.outcome.transaction === id) return thrown.outcome;
      if (host.isAlive && host.coordinator === coordinator) host.guard(() => coordinator.abort(id, () => undefined));
      throw thrown;
    }
    const outcome =
      host.isAlive && host.coordinator === coordinator
        ? await this.told(host, untilMs, (tell) => (coordinator.commit(id, 0, tell), id))
        : await this.learn(host, id, untilMs);
    return outcome.kind === "committed" ? { ...outcome, value } : outcome;
  }

  private branch(host: CoordinatorHost, id: string, participant: string): SimulatedBranch {
    const { cluster } = this;
    const { coordinator } = host;
    return {
      sql: async (sql, parameters = [], { expect } = {}) => {
        const operation = expect === undefined ? { sql, parameters } : { sql, parameters, expect };
        const work = packWork([houseOperation(operation)]);
        if (!host.isAlive || host.coordinator !== coordinator) throw new TransactionAborted(lost(id));
        const done = await cluster.waiting(
          new Promise<Awaited<ReturnType<typeof coordinator.execute>>>((resolve, reject) => {
            cluster.onDeath(host, () => reject(new TransactionAborted(lost(id))));
            coordinator.execute(id, participant, work, 0).then(resolve, reject);
          }),
        );
        if (done.kind === "aborted") throw new TransactionAborted(aborted(id, done.reason, done.detail));
        const [result] = unpackResults(done.result);
        if (result === undefined) throw new NemconError("INTERNAL", `${participant} answered without a result.`);
        return resultFrom(result, false);
      },
    };
  }

  /** What the coordinator answers; where it dies before that, what it says when it is back. */
  private told(
    host: CoordinatorHost,
    untilMs: number,
    begin: (tell: (answer: Answer) => void) => string,
  ): Promise<Outcome> {
    const { cluster } = this;
    return cluster.waiting(
      new Promise((resolve, reject) => {
        let id: string | null = null;
        const early: Answer[] = [];
        const settle = (answer: Answer): void => {
          if (id === null) early.push(answer);
          else resolve(outcomeFrom(id, answer));
        };
        cluster.onDeath(host, () =>
          resolve(id === null ? unknown(null, `${host.name} died`) : this.learn(host, id, untilMs)),
        );
        host.guard(() => {
          try {
            id = begin(settle);
            for (const answer of early) settle(answer);
          } catch (thrown) {
            if (!NemconError.is(thrown)) throw thrown;
            reject(thrown);
          }
        });
        const begun = id;
        cluster.after(untilMs - cluster.nowMs(), () => resolve(unknown(begun, "no answer in time")));
      }),
    );
  }

  /** Asks for the outcome by the id, until the time is over. */
  private learn(host: CoordinatorHost, id: string, untilMs: number): Promise<Outcome> {
    const { cluster } = this;
    return cluster.waiting(
      new Promise((resolve) => {
        const ask = (): void => {
          if (cluster.nowMs() >= untilMs) {
            resolve(unknown(id, `${host.name} did not tell the outcome in time`));
            return;
          }
          cluster.after(ASK_MS, ask);
          if (!host.isAlive) return;
          host.guard(() => {
            host.coordinator.engine.ask(id, "2pc", (answer) => {
              if (answer.outcome !== "pending" && answer.outcome !== "not-mine") resolve(outcomeFrom(id, answer));
            });
          });
        };
        ask();
      }),
    );
  }
}

function lost(id: string): Aborted {
  return aborted(id, "COORDINATOR_RESTARTED", "the coordinator died while the transaction was open");
}

function outcomeFrom(id: string, answer: Answer): Outcome {
  switch (answer.outcome) {
    case "committed": {
      const results: Record<string, readonly Result[]> = {};
      for (const [participant, packed] of answer.results)
        results[participant] = packed.length === 0 ? [] : unpackResults(packed).map((each) => resultFrom(each, false));
      return { kind: "committed", transaction: id, results, heuristic: answer.heuristic };
    }
    case "aborted":
      return {
        kind: "aborted",
        transaction: id,
        reason: answer.reason,
        detail: answer.detail,
        participant: answer.participant,
      };
    case "forgotten":
      return { kind: "forgotten", transaction: id };
    default:
      return unknown(id, "not decided yet");
  }
}
