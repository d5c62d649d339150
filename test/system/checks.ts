/** What must hold after every recovery. */

import { expect } from "vitest";
import { CoordinatorStub, channelCredentials } from "../../runtime/link/index.ts";
import { askAgain, judge, readBooks, type Answered, type Books } from "../../lab/index.ts";
import { describeJournal } from "../../runtime/journal/inspect.ts";
import type { Cluster } from "./processes.ts";

/**
 * No branch is open, every answer is true in every database, no money came or went, journals are sound; and a
 * retry under an answered id gives the same outcome and does nothing.
 */
export async function holdsAfterRecovery(
  cluster: Cluster,
  before: Books,
  answers: Answered[],
  where: string,
): Promise<void> {
  await cluster.settled();
  await askAgain(answers, cluster.client);
  await retried(cluster, answers, where);
  await cluster.settled();
  const verdict = judge(before, readBooks(cluster.banks), answers);
  expect(verdict.violations, where).toEqual([]);
  const stillUnknown = answers.filter(({ outcome }) => outcome.kind === "unknown" && outcome.transaction !== null);
  expect(stillUnknown, where).toEqual([]);
  for (const { file } of cluster.banks) expect(describeJournal(file).damages, where).toEqual([]);
}

/** With the same ids and other work, which would show in the books if it were ever done. */
async function retried(cluster: Cluster, answers: readonly Answered[], where: string): Promise<void> {
  const stub = new CoordinatorStub(cluster.coordinator.address, channelCredentials(null));
  const [bank] = cluster.banks;
  try {
    await Promise.all(
      answers.map(async ({ outcome }) => {
        if (outcome.kind !== "committed" && outcome.kind !== "aborted") return;
        const { transaction } = outcome;
        const branches = [
          {
            participant: bank?.name ?? "",
            operations: [{ sql: { statement: "UPDATE checking SET balance = balance + 1" } }],
          },
        ];
        const kind = await new Promise((resolve, reject) => {
          stub.Submit({ transaction, branches }, { deadline: Date.now() + 10_000 }, (error, answer) => {
            if (error === null) resolve(answer?.outcome?.kind);
            else reject(error);
          });
        });
        expect(kind, `${where}: ${transaction} again`).toBe(
          outcome.kind === "committed" ? "OUTCOME_KIND_COMMITTED" : "OUTCOME_KIND_ABORTED",
        );
      }),
    );
  } finally {
    stub.close();
  }
}
