/**
 * Processes killed with SIGKILL at random under load. `SEED=… KILLS=…` runs other ones; the whole count runs
 * with CI=true.
 */

import { afterAll, beforeAll, expect, test } from "vitest";
import { answerTo, readBooks, SeededRandom, SmallBank, type Answered } from "../../lab/index.ts";
import { holdsAfterRecovery } from "./checks.ts";
import { Cluster, type Server } from "./processes.ts";

const inCi = process.env["CI"] === "true";
const seed = Number(process.env["SEED"] ?? 1);
const kills = Number(process.env["KILLS"] ?? (inCi ? 180 : 8));
const CONCURRENCY = 16;
const TRANSACTION_MS = 15_000;
const BOUND_MS = 40_000;

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.open({ banks: 3, customers: 100 });
  await cluster.start();
}, BOUND_MS);
afterAll(() => cluster.close());

test(
  `${kills} kills at random under load lose and invent nothing (SEED=${seed})`,
  { timeout: BOUND_MS * kills },
  async () => {
    const random = new SeededRandom(seed);
    let done = 0;
    while (done < kills) {
      const victims = pick(random);
      await round(
        random,
        victims,
        `SEED=${seed} KILLS=${done + victims.length} npx vitest run test/system/kill-at-random.test.ts`,
      );
      done += victims.length;
    }
    expect(done).toBeGreaterThanOrEqual(kills);
  },
);

/** One process, or two at once. */
function pick(random: SeededRandom): Server[] {
  const first = cluster.servers[random.between(0, cluster.servers.length - 1)];
  const second = cluster.servers[random.between(0, cluster.servers.length - 1)];
  const both = random.next() < 0.25 ? [first, second] : [first];
  return [...new Set(both)].filter((server) => server !== undefined);
}

/** Load, the kill after so many answers, the restart while load goes on, the end of the load, the checks. */
async function round(random: SeededRandom, victims: readonly Server[], where: string): Promise<void> {
  const before = readBooks(cluster.banks);
  const workload = new SmallBank({
    banks: cluster.banks.map(({ name }) => name),
    customers: 100,
    seed: random.between(1, 1e9),
    firstNumber: before.highestNumber + 1,
    theta: 0.5,
  });
  const answers: Answered[] = [];
  const killAfter = random.between(1, 120);
  let killed: Promise<unknown> | null = null;
  let left = killAfter + random.between(0, 60);
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      answers.push(await answerTo(workload.next(), cluster.client, TRANSACTION_MS));
      if (answers.length >= killAfter) killed ??= killAndRestart(victims);
      // Whoever is refused waits for the restart, as a client of some manners does.
      if (answers.at(-1)?.outcome.kind === "refused") await killed;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  await (killed ?? killAndRestart(victims));
  await holdsAfterRecovery(cluster, before, answers, where);
}

async function killAndRestart(victims: readonly Server[]): Promise<void> {
  await Promise.all(victims.map((server) => server.kill()));
  await cluster.start();
}
