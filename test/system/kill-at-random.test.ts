/**
 * Processes killed with SIGKILL at random, two at once now and then, and again as they come back, under concurrent transfers over three banks.
 * `SEED=… KILLS=…` runs other ones; with CI=true as many as make, with kill-at-write.test.ts, at least 200.
 */

import { afterEach, expect, test } from "vitest";
import { judgeTrace, SeededRandom } from "../../lab/index.ts";
import { readBooks } from "./books.ts";
import { holdsAfterRecovery, replayable, tracesOf } from "./checks.ts";
import { Cluster, type Server } from "./processes.ts";
import { safeProtocols, settingFor } from "./settings.ts";
import { anyOne, type Transfer } from "./transfers.ts";

const inCi = process.env["CI"] === "true";
const seed = Number(process.env["SEED"] ?? 1);
const kills = Number(process.env["KILLS"] ?? (inCi ? 120 : 9));
const CONCURRENCY = 16;
const RUN_MS = 40_000;

/** All safe ones with CI=true, else one of each family. */
const protocols = safeProtocols(inCi ? null : ["2pc", "3pc", "paxos-commit"]);
const each = Math.ceil(kills / protocols.length);

let cluster: Cluster;
let number = 1;
const random = new SeededRandom(seed);
afterEach(() => cluster.close());

test.each(protocols)(
  `%s: ${each} kills at random lose and invent nothing (SEED=${seed})`,
  { timeout: RUN_MS * (each + 1) },
  async (protocol) => {
    cluster = await Cluster.open({ banks: 3, trace: true, ...settingFor(protocol) });
    await cluster.start();
    const told = new Map<string, number>();
    let done = 0;
    while (done < each) {
      const deaths = pick();
      const count = deaths.victims.length * (deaths.twice ? 2 : 1);
      const command = `SEED=${seed} KILLS=${kills} npx vitest run test/system/kill-at-random.test.ts`;
      for (const { what, told: outcome } of await replayable(cluster, command, () => round(deaths)))
        told.set(`${what}: ${outcome}`, (told.get(`${what}: ${outcome}`) ?? 0) + 1);
      done += count;
    }
    process.stdout.write(
      `${done} kills at random under ${protocol} (SEED=${seed}): ${JSON.stringify(Object.fromEntries(told))}\n`,
    );
    expect(done).toBeGreaterThanOrEqual(each);
    for (const what of ["two banks", "three banks", "one phase", "read only", "interactive"])
      expect(told.get(`${what}: OUTCOME_KIND_COMMITTED`) ?? 0, what).toBeGreaterThan(0);
    expect(told.get("refused by one: OUTCOME_KIND_COMMITTED")).toBeUndefined();
    const { violations, inDoubt, transactions } = judgeTrace(tracesOf(cluster));
    expect({ violations, inDoubt }).toEqual({ violations: [], inDoubt: [] });
    expect(transactions).toBeGreaterThan(each);
  },
);

interface Deaths {
  /** At once. */
  readonly victims: readonly Server[];
  /** Killed again as soon as they serve, before they are linked. */
  readonly twice: boolean;
}

function pick(): Deaths {
  const one = (): Server => cluster.servers[random.between(0, cluster.servers.length - 1)] ?? cluster.coordinator;
  const [first, second] = [one(), one()];
  const victims = random.next() < 0.25 ? [...new Set([first, second])] : [first];
  return { victims, twice: random.next() < 0.2 };
}

/** Transfers, the kill after so many of them, the restart while the others go on, the checks. */
async function round(deaths: Deaths): Promise<Transfer[]> {
  const before = readBooks(cluster.banks);
  const killAfter = random.between(1, 80);
  const transfers = Array.from({ length: killAfter + random.between(CONCURRENCY, 80) }, () => {
    number += 1;
    return anyOne(number, random);
  });
  const left = transfers.values();
  let ended = 0;
  const restarted: Promise<void>[] = [];
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      for (const transfer of left) {
        await cluster.caller.run(transfer);
        ended += 1;
        if (ended === killAfter) restarted.push(killAndRestart(deaths));
      }
    }),
  );
  await Promise.all(restarted);
  await holdsAfterRecovery(cluster, before, transfers);
  return transfers;
}

async function killAndRestart({ victims, twice }: Deaths): Promise<void> {
  await Promise.all(victims.map((server) => server.kill()));
  if (twice) {
    await Promise.all(victims.map((server) => server.start()));
    await Promise.all(victims.map((server) => server.kill()));
  }
  await cluster.start();
}
