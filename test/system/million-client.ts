/**
 * A client as a process of its own: `node million-client.ts '{"address": …}'` runs so many transactions of the key-value
 * workload, writes a line of JSON for each hundredth of them, waits for the end of its stdin, and judges.
 */

import { connect } from "../../client/index.ts";
import { answerTo, askAgain, KeyValue, type Answered, type Bank } from "../../lab/index.ts";

export interface LoadOptions {
  readonly address: string;
  readonly banks: readonly Bank[];
  readonly seed: number;
  readonly records: number;
  readonly transactions: number;
  readonly concurrency: number;
}

export interface Progress {
  readonly done: number;
  readonly committed: number;
  /** Of those that committed, the id of the first and of the last. */
  readonly first: string;
  readonly last: string;
}

const LINES = 100;
const TRANSACTION_MS = 60_000;

export function workloadOf({ banks, seed, records }: LoadOptions): KeyValue {
  return new KeyValue({ participants: banks.map(({ name }) => name), seed, records });
}

async function main(options: LoadOptions): Promise<void> {
  const { address, banks, transactions, concurrency } = options;
  const client = connect(address, { retryBudget: { ratio: 1, reserve: 10_000 } });
  const workload = workloadOf(options);
  const judge = workload.begin(banks);
  const unknown: Answered[] = [];
  let [started, done, committed, first, last] = [0, 0, 0, "", ""];
  const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
  const work = async (): Promise<void> => {
    while (started < transactions) {
      started += 1;
      const answered = await answerTo(workload.next(), client, TRANSACTION_MS);
      judge.hear(answered);
      const { outcome } = answered;
      if (outcome.kind === "unknown") unknown.push(answered);
      if (outcome.kind === "committed") {
        committed += 1;
        last = outcome.transaction;
        first ||= last;
      }
      done += 1;
      if (done % Math.ceil(transactions / LINES) === 0 || done === transactions)
        say({ done, committed, first, last } satisfies Progress);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  for (const answered of await askAgain(unknown, client)) judge.hear(answered);
  client.close();
  await new Promise((resolve) => process.stdin.once("end", resolve).resume());
  say({ verdict: judge.verdict() });
}

if (import.meta.main) await main(JSON.parse(process.argv[2] ?? "") as LoadOptions);
