/** The door: what an application imports as "nemcon". */

import { Client, type ConnectOptions } from "./client.ts";

/**
 * A client of the coordinator at `host:port`, or of several: new transactions go to them in turn, and each
 * stays with the one that began it. Nothing is sent before the first call.
 */
export function connect(addresses: string | readonly string[], options: ConnectOptions = {}): Client {
  return new Client(typeof addresses === "string" ? [addresses] : addresses, options);
}

export { NemconError } from "../runtime/errors/index.ts";
export type { BudgetOptions } from "./budget.ts";
export type { BeginOptions, Client, ConnectOptions, SubmitRequest, TransactOptions } from "./client.ts";
export { TransactionAborted } from "./outcome.ts";
export type { Aborted, AbortReason, Committed, Forgotten, Outcome, Unknown } from "./outcome.ts";
export type { TransactionStatus } from "./status.ts";
export type { Transacted } from "./transact.ts";
export type { Branch, CallOptions, Transaction } from "./transaction.ts";
export { Real, real, Result } from "./values.ts";
export type { Expectation, Operation, Parameter, Parameters, Value } from "./values.ts";
