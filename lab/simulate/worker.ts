/** A thread of the simulator: runs the batches that it is sent, one after another. */

import { parentPort } from "node:worker_threads";
import { withBug } from "../bugs/plant.ts";
import { runBatch, type Batch } from "./batch.ts";

export interface Task {
  readonly number: number;
  readonly batch: Batch;
  /** The name of a planted bug; null: none. */
  readonly bug: string | null;
}

parentPort?.on("message", (task: Task) => {
  void answer(task);
});

async function answer({ number, batch, bug }: Task): Promise<void> {
  try {
    parentPort?.postMessage({
      number,
      tally: await withBug(bug, batch.protocol, (options) => runBatch(batch, options)),
    });
  } catch (error) {
    parentPort?.postMessage({ number, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
