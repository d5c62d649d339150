/**
 * Each process killed right before and right after each of its forced writes in turn, in a short scenario that
 * has every kind of transaction: a fault point in the journal. All of them with CI=true, else a seeded sample.
 */

import { expect, test } from "vitest";
import { answerTo, readBooks, SeededRandom, type Answered, type Job } from "../../lab/index.ts";
import type { Client, Outcome } from "../../client/index.ts";
import { holdsAfterRecovery } from "./checks.ts";
import { Cluster, type Server } from "./processes.ts";

const inCi = process.env["CI"] === "true";
const seed = Number(process.env["SEED"] ?? 1);
const BOUND_MS = 40_000;
const SAMPLE = 8;
const one = { rows: 1 } as const;

type Run = (client: Client, number: number) => Promise<{ outcome: Outcome; deltas: [string, number][] }>;

const pay = (bank: string, number: number, delta: number, expect_ = "") => ({
  participant: bank,
  operations: [
    { sql: `UPDATE checking SET balance = balance + ? WHERE customer = 1${expect_}`, parameters: [delta], expect: one },
    { sql: "INSERT INTO ledger VALUES (?, ?)", parameters: [number, delta] },
  ],
});

const scenario: readonly (readonly [type: string, run: Run])[] = [
  [
    "two banks",
    async (client, number) => ({
      outcome: await client.submit({ branches: [pay("bank-a", number, -5), pay("bank-b", number, 5)] }),
      deltas: [
        ["bank-a", -5],
        ["bank-b", 5],
      ],
    }),
  ],
  [
    "refused by one",
    async (client, number) => ({
      outcome: await client.submit({
        branches: [pay("bank-a", number, -5), pay("bank-b", number, 5, " AND balance < 0")],
      }),
      deltas: [
        ["bank-a", -5],
        ["bank-b", 5],
      ],
    }),
  ],
  [
    "one phase",
    async (client, number) => ({
      outcome: await client.submit({ branches: [pay("bank-b", number, 7)] }),
      deltas: [["bank-b", 7]],
    }),
  ],
  [
    "interactive",
    async (client, number) => {
      const outcome = await client.transact(
        async (transaction) => {
          for (const [bank, delta] of [
            ["bank-a", 3],
            ["bank-b", -3],
          ] as const) {
            for (const { sql, parameters } of pay(bank, number, delta).operations)
              await transaction.on(bank).sql(sql, parameters);
          }
        },
        { attempts: 1 },
      );
      return {
        outcome,
        deltas: [
          ["bank-a", 3],
          ["bank-b", -3],
        ],
      };
    },
  ],
];

interface Point {
  readonly process: "coordinator" | "bank-a" | "bank-b";
  readonly when: "before" | "after";
}

const points: readonly Point[] = (["coordinator", "bank-a", "bank-b"] as const).flatMap((process) =>
  (["before", "after"] as const).map((when) => ({ process, when })),
);

const UNAVAILABLE = 14;

/** null when nothing is open any more; how the victim ended, where it died of its last writes, which come after the last answer. */
async function settledOrDead(cluster: Cluster, ended: Server["ended"]): Promise<Awaited<Server["ended"]> | null> {
  try {
    await cluster.settled();
    return null;
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : null;
    if (code !== UNAVAILABLE) throw thrown;
    return ended;
  }
}

/** Runs the scenario with the fault planted; false where it ended before that write came. */
async function survives({ process, when }: Point, write: number): Promise<boolean> {
  const cluster = await Cluster.open();
  try {
    const before = readBooks(cluster.banks);
    const victim = cluster.servers[["coordinator", "bank-a", "bank-b"].indexOf(process)] ?? cluster.coordinator;
    expect(await victim.start([`--fault-kill-${when}-write`, String(write)])).toBe(true);
    const { ended } = victim;
    await Promise.race([cluster.start(), ended]);
    const answers: Answered[] = [];
    const running = (async () => {
      for (const [index, [type, run]] of scenario.entries())
        answers.push(await answerTo(jobOf(type, index + 1, run), cluster.client, BOUND_MS));
    })();
    const early = await Promise.race([running.then(() => null), ended]);
    if (early !== null) await cluster.start();
    await running;
    const end = early ?? (await settledOrDead(cluster, ended));
    if (end !== null) expect(end.signal).toBe("SIGKILL");
    // Past its last write in the scenario, the point must not strike in the checks.
    else await victim.kill();
    await cluster.start();
    await holdsAfterRecovery(cluster, before, answers, `${process}, ${when} its write ${write}`);
    return end !== null;
  } finally {
    await cluster.close();
  }
}

if (inCi) {
  test.each(points)(
    "$process killed $when each of its forced writes in turn",
    { timeout: BOUND_MS * 30 },
    async (point) => {
      let write = 1;
      while (await survives(point, write)) write += 1;
      process.stdout.write(`${write - 1} kills of ${point.process} ${point.when} a forced write\n`);
      expect(write).toBeGreaterThan(3);
    },
  );
} else {
  test(`a sample of kills at forced writes (SEED=${seed})`, { timeout: BOUND_MS * SAMPLE }, async () => {
    const random = new SeededRandom(seed);
    let killed = 0;
    for (let index = 0; index < SAMPLE; index += 1) {
      const point = points[random.between(0, points.length - 1)] ?? { process: "coordinator", when: "before" };
      if (await survives(point, random.between(1, 6))) killed += 1;
    }
    expect(killed).toBeGreaterThan(2);
  });
}

function jobOf(type: string, number: number, run: Run): Job {
  return {
    type,
    number,
    run: async (client) => {
      const { outcome, deltas } = await run(client, number);
      return { type, number, outcome, deltas: new Map(deltas) };
    },
  };
}
