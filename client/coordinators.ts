/** The coordinators of a client: who gets the next transaction, whose an id is, and calls that may be made twice. */

import { NemconError } from "../runtime/errors/index.ts";
import { channelCredentials, hostOf, isLoopback, services } from "../runtime/link/index.ts";
import type { RetryBudget } from "./budget.ts";
import { Deadline } from "./deadline.ts";
import { Endpoint, type Method } from "./endpoint.ts";
import { coordinatorOf } from "./ids.ts";
import { pauseMs } from "./pace.ts";
import { Pipeline } from "./pipeline.ts";

export interface Coordinator {
  readonly endpoint: Endpoint;
  readonly pipeline: Pipeline;
}

export interface CoordinatorsOptions {
  readonly budget: RetryBudget;
  /** Submits sent and not answered, at most, at each coordinator. */
  readonly inFlight: number;
}

/** How long the abort of a transaction that nobody waits for any more is tried, in milliseconds. */
const GIVE_UP_MS = 5_000;

export class Coordinators {
  readonly all: readonly [Coordinator, ...Coordinator[]];
  private readonly budget: RetryBudget;
  /** Whom the first part of an id names, as far as it was seen. */
  private readonly owners = new Map<string, Coordinator>();
  private turn = 0;

  /** @throws NemconError INVALID_REQUEST, ADDRESS_INVALID, ADDRESS_NOT_LOOPBACK */
  constructor(addresses: readonly string[], { budget, inFlight }: CoordinatorsOptions) {
    this.budget = budget;
    const [first, ...others] = addresses.map((address): Coordinator => {
      checkAddress(address);
      const endpoint = new Endpoint(address, channelCredentials(null));
      const cancel = (transaction: string): void => this.giveUp(endpoint, transaction);
      return { endpoint, pipeline: new Pipeline(endpoint, { inFlight, cancel }) };
    });
    if (first === undefined)
      throw new NemconError("INVALID_REQUEST", "connect needs the address of at least one coordinator.");
    this.all = [first, ...others];
  }

  /** In turn, those that are down left out as long as there are others. */
  next(): Coordinator {
    const [first] = this.all;
    if (this.all.length === 1) return first;
    const up = this.all.filter(({ endpoint }) => !endpoint.isDown);
    const from = up.length === 0 ? this.all : up;
    if (up.length > 0) for (const { endpoint } of this.all) if (endpoint.isDown) endpoint.probe();
    this.turn += 1;
    return from[this.turn % from.length] ?? first;
  }

  /** Remembers who gave an id. */
  learn(id: string, coordinator: Coordinator): void {
    this.owners.set(coordinatorOf(id), coordinator);
  }

  /** Those that may know of an id: the one that gave it, or all. */
  mayKnow(id: string): readonly Coordinator[] {
    const owner = this.owners.get(coordinatorOf(id));
    return owner === undefined ? this.all : [owner];
  }

  /**
   * A call that does no harm when it is made twice: tried again where the error says that it makes sense.
   *
   * @param at null: any coordinator, another one at each try
   * @param request makes the request anew for each try
   */
  async call<Request, Answer>(
    method: Method<Request, Answer>,
    request: () => Request,
    deadline: Deadline,
    at: Coordinator | null,
  ): Promise<{ readonly answer: Answer; readonly from: Coordinator }> {
    this.budget.deposit();
    for (let failures = 1; ; failures += 1) {
      const from = at ?? this.next();
      try {
        const client = await deadline.race(from.endpoint.connected(), from.endpoint.address);
        return { answer: await from.endpoint.call(client, method, request(), deadline), from };
      } catch (thrown) {
        if (!NemconError.is(thrown) || !(await this.mayRetry(thrown, failures, deadline))) throw thrown;
      }
    }
  }

  /** Takes a retry from the budget and waits; false: this failure is the answer. */
  async mayRetry(error: NemconError, failures: number, deadline: Deadline): Promise<boolean> {
    return error.retryable && this.budget.withdraw() && deadline.sleep(pauseMs(failures, error.retryAfterMs));
  }

  /** Tells the coordinator that nobody wants the transaction any more. Where it can't be told, its own time ends it. */
  giveUp(endpoint: Endpoint, transaction: string): void {
    const deadline = new Deadline(GIVE_UP_MS);
    const at = this.all.find((each) => each.endpoint === endpoint) ?? null;
    this.call(services.coordinator.Abort, () => ({ transaction }), deadline, at).catch(() => undefined);
  }

  close(): void {
    for (const { endpoint, pipeline } of this.all) {
      pipeline.close();
      endpoint.close();
    }
  }
}

function checkAddress(address: string): void {
  if (isLoopback(hostOf(address))) return;
  throw new NemconError(
    "ADDRESS_NOT_LOOPBACK",
    `${address} is another machine's, and without TLS anyone on the way could read and change transactions. Use a coordinator on 127.0.0.1 or [::1].`,
    { details: { address } },
  );
}
