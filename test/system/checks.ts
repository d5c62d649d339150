/** What must hold after every recovery. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { describeJournal } from "../../runtime/journal/inspect.ts";
import { contradictions, readBooks, type Books } from "./books.ts";
import { mergeTraces, parseTrace, type TraceEvent } from "../../trace/index.ts";
import type { Cluster } from "./processes.ts";
import type { Transfer } from "./transfers.ts";

/**
 * No branch is open, every answer is true in every database, no money came or went, journals are sound; and a
 * retry under an id that was used gives the same outcome and does nothing.
 */
export async function holdsAfterRecovery(
  cluster: Cluster,
  before: Books,
  transfers: readonly Transfer[],
): Promise<void> {
  await cluster.settled();
  expectBooks(cluster, before, transfers);
  // Other work under the same id: it would show in the books.
  const [bank] = cluster.banks;
  const other = [
    {
      participant: bank?.name ?? "",
      operations: [{ sql: { statement: "UPDATE checking SET balance = balance + 1" } }],
    },
  ];
  const used = transfers.filter(({ transaction }) => transaction !== "");
  const kinds = await Promise.all(used.map(({ transaction }) => cluster.caller.retry(transaction, other)));
  const changed = used.flatMap(({ what, transaction, told }, index) =>
    kinds[index] === told ? [] : [`${what} (${transaction}): told ${told}, and to a retry ${kinds[index]}`],
  );
  expect(changed, changed.join("\n")).toEqual([]);
  await cluster.settled();
  expectBooks(cluster, before, transfers);
  for (const journal of [join(cluster.directory, "c"), ...cluster.banks.map(({ file }) => file)])
    expect(describeJournal(journal).damages).toEqual([]);
}

function expectBooks(cluster: Cluster, before: Books, transfers: readonly Transfer[]): void {
  const wrong = contradictions(before, readBooks(cluster.banks), transfers);
  expect(wrong, wrong.join("\n")).toEqual([]);
}

/** Runs it; a failure says how to run the same again, and what the servers wrote. */
export async function replayable<T>(cluster: Cluster, command: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${what}\nAgain: ${command}\n${cluster.said()}`, { cause });
  }
}

/** What the servers of a cluster that keeps traces have done so far. */
export function tracesOf({ servers, directory }: Pick<Cluster, "servers" | "directory">): TraceEvent[] {
  return mergeTraces(servers.map(({ name }) => parseTrace(readFileSync(join(directory, `${name}.trace`), "utf8"))));
}
