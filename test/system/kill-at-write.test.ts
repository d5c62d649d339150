/**
 * Each process killed right before and right after each of its forced writes in turn, in a short scenario that
 * has every kind of transaction: a fault point in the journal. All of them with CI=true, else a seeded sample.
 */

import { afterAll, beforeAll, expect, test } from "vitest";
import { SeededRandom } from "../../lab/index.ts";
import { readBooks } from "./books.ts";
import { holdsAfterRecovery, replayable } from "./checks.ts";
import { Cluster } from "./processes.ts";
import { oneOfEach } from "./transfers.ts";

const inCi = process.env["CI"] === "true";
const seed = Number(process.env["SEED"] ?? 1);
const RUN_MS = 40_000;
const SAMPLE = 10;
/** Of every process and side, with CI=true. */
const LEAST_KILLS = 4;
const processes = ["c", "bank-a", "bank-b"] as const;

interface Point {
  readonly process: (typeof processes)[number];
  readonly when: "before" | "after";
}

const points: readonly Point[] = processes.flatMap((process) =>
  (["before", "after"] as const).map((when) => ({ process, when })),
);

let cluster: Cluster;
let number = 1;
beforeAll(async () => {
  cluster = await Cluster.open();
  await cluster.start();
}, RUN_MS);
afterAll(() => cluster.close());

/** Runs the scenario with the fault planted; false where it ended before that write came. */
async function dies({ process: name, when }: Point, write: number): Promise<boolean> {
  const before = readBooks(cluster.banks);
  const victim = cluster.servers.find((server) => server.name === name) ?? cluster.coordinator;
  await victim.kill();
  const transfers = oneOfEach(number);
  number += transfers.length;
  await victim.start([`--fault-kill-${when}-write`, String(write)]);
  const { ended } = victim;
  const running = (async () => {
    for (const each of transfers) await cluster.caller.run(each);
  })();
  // Its last writes come after the last answer.
  const over = running.then(() => cluster.settled()).then(() => null);
  // Where it dies, this one may fail later than anybody looks.
  over.catch(() => null);
  const end = await Promise.race([over, ended]);
  if (end === null) await victim.kill();
  else expect(end.signal).toBe("SIGKILL");
  await cluster.start();
  await running;
  await holdsAfterRecovery(cluster, before, transfers);
  return end !== null;
}

function again(point: Point, write: number, command: string): Promise<boolean> {
  const where = `${point.process}, ${point.when} its write ${write}`;
  return replayable(cluster, `${command} npx vitest run test/system/kill-at-write.test.ts # ${where}`, () =>
    dies(point, write),
  );
}

if (inCi) {
  test.each(points)(
    "$process killed $when each of its forced writes in turn",
    { timeout: RUN_MS * 10 },
    async (point) => {
      let [write, kills, missed] = [1, 0, 0];
      // One write more or less from run to run: what was written together may come apart.
      while (missed < 2) {
        if (await again(point, write, "CI=true")) [kills, missed] = [kills + 1, 0];
        else missed += 1;
        write += 1;
      }
      process.stdout.write(`${kills} kills of ${point.process} ${point.when} a forced write\n`);
      expect(kills).toBeGreaterThanOrEqual(LEAST_KILLS);
    },
  );
} else {
  test(`a sample of kills at forced writes (SEED=${seed})`, { timeout: RUN_MS * SAMPLE }, async () => {
    const random = new SeededRandom(seed);
    let kills = 0;
    for (let index = 0; index < SAMPLE; index += 1) {
      const point = points[random.between(0, points.length - 1)] ?? { process: "c", when: "before" };
      if (await again(point, random.between(1, 7), `SEED=${seed}`)) kills += 1;
    }
    process.stdout.write(`${kills} kills at forced writes (SEED=${seed})\n`);
    expect(kills).toBeGreaterThan(SAMPLE / 2);
  });
}
