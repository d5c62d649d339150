/** The door: what a test imports as "nemcon/testing". */

import { SimulatedCluster, type SimulatedClusterOptions } from "./cluster.ts";

/**
 * A cluster in virtual time, for tests: docs/testing.md. `close` it when the test is over.
 *
 * @throws NemconError INVALID_REQUEST; an SqliteError of a schema
 */
export async function simulatedCluster(options: SimulatedClusterOptions): Promise<SimulatedCluster> {
  const cluster = new SimulatedCluster(options);
  // Until its nodes have found each other.
  await cluster.run(100);
  return cluster;
}

export type { Fate, SentMessage, SimulatedCluster, SimulatedClusterOptions } from "./cluster.ts";
export type { SimulatedBranch, SimulatedClient, SimulatedSubmit, SimulatedTransaction } from "./client.ts";
