/**
 * Transactions page by page: the open ones first, then the finished ones, each the newest first. A page's
 * token says where among them it ended, so that one that ends in between hides no other: it may be seen
 * twice, open and then finished. What was forgotten in between is passed over.
 */

import type { TransactionId } from "../protocols/index.ts";
import { NemconError } from "../runtime/errors/index.ts";
import type { TransactionStatus } from "./status.ts";

export interface Page {
  readonly transactions: readonly TransactionStatus[];
  /** Empty after the last. */
  readonly next: string;
}

export interface Listing {
  readonly open: Iterable<TransactionId>;
  /** The newest first; from the one before `last` on, and nothing where that was forgotten: so is all that is older. */
  finished(last: TransactionId | null): Iterable<TransactionId>;
  statusOf(id: TransactionId): TransactionStatus | null;
}

type Part = "open" | "finished";

const TOKEN = /^(open|finished):(\S+)$/;

const states: Readonly<Record<TransactionStatus["state"], true>> = {
  active: true,
  preparing: true,
  committing: true,
  aborting: true,
  committed: true,
  aborted: true,
  "in-doubt": true,
  heuristic: true,
  forgotten: true,
};

/** @throws NemconError INVALID_REQUEST */
export function pageOf(listing: Listing, state: string, count: number, token: string): Page {
  if (state !== "" && !Object.hasOwn(states, state))
    throw new NemconError(
      "INVALID_REQUEST",
      `There is no state "${state}"; there is ${Object.keys(states).join(", ")}, and no state for all of them.`,
    );
  const transactions: TransactionStatus[] = [];
  let next = "";
  for (const [part, id] of after(listing, token)) {
    const status = listing.statusOf(id);
    if (status === null || (state !== "" && status.state !== state)) continue;
    if (transactions.length === count) return { transactions, next };
    transactions.push(status);
    next = `${part}:${id}`;
  }
  return { transactions, next: "" };
}

function* after(listing: Listing, token: string): Generator<readonly [Part, TransactionId]> {
  const [, part, last = ""] = token === "" ? [] : (TOKEN.exec(token) ?? refuse(token));
  if (part !== "finished")
    for (const id of [...listing.open].toSorted().toReversed()) if (last === "" || id < last) yield ["open", id];
  for (const id of listing.finished(part === "finished" ? last : null)) yield ["finished", id];
}

function refuse(token: string): never {
  throw new NemconError(
    "INVALID_REQUEST",
    `"${token}" is no page token: take the one that the page before came with, or none for the first page.`,
  );
}
