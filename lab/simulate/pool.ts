/** Schedules on all processors: threads that take batches in turn. What comes out does not depend on their number. */

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { addTallies, type Batch, type Tally } from "./batch.ts";
import type { Task } from "./worker.ts";

/** Small enough that progress shows and no thread is left with a long one at the end. */
const SCHEDULES = 100;

interface Result {
  readonly number: number;
  readonly tally?: Tally;
  readonly error?: string;
}

export interface PoolOptions {
  /** The name of a planted bug; null: none. */
  readonly bug: string | null;
  /** Threads; absent: one for each processor. */
  readonly workers?: number;
  readonly signal?: AbortSignal;
  /** Stops where a batch broke a rule: later seeds are not begun. */
  readonly stopAtFirst?: boolean;
  readonly progress?: (so: { readonly schedules: number; readonly events: number }) => void;
}

/**
 * @returns a tally for each batch: of all its schedules, or of the first ones where it was stopped
 * @throws Error what a run died of: a bug of the simulator, or an assertion of a machine
 */
export async function simulate(batches: readonly Batch[], options: PoolOptions): Promise<Tally[]> {
  const parts = batches.map((batch) => split(batch, options.bug));
  const tasks = parts.flat().map((task, number) => ({ ...task, number }));
  const tallies: (Tally | undefined)[] = [];
  let next = 0;
  let isBroken = false;
  const so = { schedules: 0, events: 0 };
  const take = (): Task | undefined => {
    if (options.signal?.aborted === true || (isBroken && options.stopAtFirst === true)) return undefined;
    next += 1;
    return tasks[next - 1];
  };
  const taken = ({ number, tally }: Result): void => {
    if (tally === undefined) return;
    tallies[number] = tally;
    if (tally.broken.length > 0) isBroken = true;
    so.schedules += tally.schedules;
    so.events += tally.events;
    options.progress?.(so);
  };
  const count = Math.min(options.workers ?? availableParallelism(), tasks.length);
  await Promise.all(Array.from({ length: count }, () => work(take, taken)));
  let begin = 0;
  return parts.map((part) => {
    const own = Array.from({ length: part.length }, (_, at) => tallies[begin + at]);
    begin += part.length;
    // Those before the first that is missing: a run that was stopped counts what is whole.
    const missing = own.indexOf(undefined);
    return addTallies((missing < 0 ? own : own.slice(0, missing)).filter((tally) => tally !== undefined));
  });
}

function split(batch: Batch, bug: string | null): Task[] {
  const tasks: Task[] = [];
  for (let done = 0; done < batch.schedules; done += SCHEDULES) {
    const schedules = Math.min(SCHEDULES, batch.schedules - done);
    tasks.push({ number: tasks.length, batch: { ...batch, seed: batch.seed + done, schedules }, bug });
  }
  return tasks;
}

/** Beside this file in the sources and in the package alike. */
const script = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

/** One thread, until there is nothing left. */
async function work(take: () => Task | undefined, taken: (result: Result) => void): Promise<void> {
  const worker = new Worker(script);
  try {
    await new Promise<void>((resolve, reject) => {
      const give = (): void => {
        const task = take();
        if (task === undefined) resolve();
        else worker.postMessage(task);
      };
      worker.on("message", (result: Result) => {
        if (result.error !== undefined) {
          reject(new Error(result.error));
          return;
        }
        taken(result);
        give();
      });
      worker.once("error", reject);
      give();
    });
  } finally {
    await worker.terminate();
  }
}
