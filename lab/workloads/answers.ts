/** Runs jobs and keeps what clients were told. */

import {
  NemconError,
  type AbortReason,
  type Client,
  type Outcome,
  type TransactionStatus,
} from "../../client/index.ts";
import type { Answered, Job } from "./workload.ts";

/** The answer to one job; an error of operation is a refusal. */
export async function answerTo(job: Job, client: Client, timeoutMs: number): Promise<Answered> {
  try {
    return await job.run(client, timeoutMs);
  } catch (thrown) {
    if (!(thrown instanceof NemconError)) throw thrown;
    return {
      type: job.type,
      number: job.number,
      outcome: { kind: "refused", reason: thrown.reason },
      deltas: new Map(),
    };
  }
}

/** Asks for outcomes that were not known when their time was over, by their ids; gives those that were learned, which replace the unknown ones. */
export async function askAgain(answers: Answered[], client: Client): Promise<Answered[]> {
  const learned: Answered[] = [];
  for (const [index, answered] of answers.entries()) {
    const { outcome } = answered;
    if (outcome.kind !== "unknown" || outcome.transaction === null) continue;
    const known = await outcomeNow(client, outcome.transaction);
    if (known === null) continue;
    const now = { ...answered, outcome: known };
    learned.push(now);
    answers[index] = now;
  }
  return learned;
}

/** null: it can't be told now, so that it stays unknown. */
async function outcomeNow(client: Client, id: string): Promise<Outcome | null> {
  try {
    return outcomeOf(await client.transaction(id));
  } catch (thrown) {
    if (thrown instanceof NemconError) return null;
    throw thrown;
  }
}

function outcomeOf({ transaction, state, reason, detail }: TransactionStatus): Outcome | null {
  if (state === "committed") return { kind: "committed", transaction, results: {}, heuristic: false };
  if (state === "aborted")
    return { kind: "aborted", transaction, reason: reason as AbortReason, detail, participant: null };
  return null;
}
