/**
 * Each process killed right before and right after each of its forced writes in turn, alone or with all others
 * at that moment, in a short scenario that has every kind of transaction: a fault point in the journal. All of
 * them with CI=true, else a seeded sample. The traces of every run are judged, too.
 */

import { afterAll, expect, test } from "vitest";
import { judgeTrace, SeededRandom } from "../../lab/index.ts";
import { protocols, type ProtocolName } from "../../protocols/index.ts";
import { readBooks } from "./books.ts";
import { holdsAfterRecovery, replayable, tracesOf } from "./checks.ts";
import { Cluster } from "./processes.ts";
import { safeProtocols, settingFor } from "./settings.ts";
import { oneOfEach } from "./transfers.ts";

const inCi = process.env["CI"] === "true";
const seed = Number(process.env["SEED"] ?? 1);
const RUN_MS = 40_000;
const SAMPLE = 8;
/** Writes of every process that are met with CI=true, on each side. */
const LEAST_WRITES = 3;

interface Point {
  readonly protocol: ProtocolName;
  readonly process: string;
  readonly when: "before" | "after";
  readonly company: "alone" | "with all others";
}

/** Those that force something: where acceptors decide, the coordinator forces nothing. */
function processesOf(protocol: ProtocolName): readonly string[] {
  const deciding = protocols[protocol].acceptor === null ? ["c"] : ["acceptor-1", "acceptor-2"];
  return [...deciding, "bank-a", "bank-b"];
}

/** What all do when everything dies at once does not differ by protocol in more than the records: two are enough. */
const together: readonly ProtocolName[] = ["2pc", "paxos-commit"];

const points: readonly Point[] = safeProtocols(null).flatMap((protocol) =>
  processesOf(protocol).flatMap((process) =>
    (["before", "after"] as const).flatMap((when) =>
      (together.includes(protocol) ? (["alone", "with all others"] as const) : (["alone"] as const)).map((company) => ({
        protocol,
        process,
        when,
        company,
      })),
    ),
  ),
);

let cluster: Cluster;
let runs: ProtocolName | null = null;
let number = 1;
afterAll(() => cluster.close());

/** A cluster whose transactions run under the protocol; the one before is ended. */
async function under(protocol: ProtocolName): Promise<void> {
  if (runs === protocol) return;
  if (runs !== null) await cluster.close();
  cluster = await Cluster.open({ trace: true, ...settingFor(protocol) });
  runs = protocol;
  await cluster.start();
}

/** Runs the scenario with the fault planted; gives how many died, 0 where it ended before that write came. */
async function dies({ protocol, process: name, when, company }: Point, write: number): Promise<number> {
  await under(protocol);
  const before = readBooks(cluster.banks);
  const victim = cluster.servers.find((server) => server.name === name) ?? cluster.coordinator;
  await victim.kill();
  // A coordinator prefers acceptors that it sees: with the third one gone it needs the other two.
  if (cluster.acceptors.includes(victim)) await cluster.acceptors[2]?.kill();
  const transfers = oneOfEach(number);
  number += transfers.length;
  await victim.start([`--fault-kill-${when}-write`, String(write)]);
  const others = company === "alone" ? [] : cluster.servers.filter((server) => server !== victim);
  let [killed, over] = [0, false];
  const ended = victim.ended.then(async (end) => {
    if (!over) {
      await Promise.all(others.map((server) => server.kill()));
      killed = 1 + others.length;
    }
    return end;
  });
  const running = (async () => {
    for (const each of transfers) await cluster.caller.run(each);
  })();
  // Its last writes come after the last answer.
  const settled = running
    .then(() => cluster.settled())
    .then(() => {
      over = true;
      return null;
    });
  // Where it dies, this one may fail later than anybody looks.
  settled.catch(() => null);
  const end = await Promise.race([settled, ended]);
  if (end === null) await victim.kill();
  else expect(end.signal).toBe("SIGKILL");
  await cluster.start();
  await running;
  await holdsAfterRecovery(cluster, before, transfers);
  return killed;
}

/** What all servers of the cluster have done since it was opened keeps every rule of a trace. */
function expectTraces(): void {
  const { violations, inDoubt, transactions } = judgeTrace(tracesOf(cluster));
  expect({ violations, inDoubt }).toEqual({ violations: [], inDoubt: [] });
  expect(transactions).toBeGreaterThan(0);
}

function again(point: Point, write: number): Promise<number> {
  const { protocol, process: name, company, when } = point;
  const file = "npx vitest run test/system/kill-at-write.test.ts";
  const command = inCi
    ? `CI=true ${file} -t "${protocol}: ${name} killed ${company} ${when} each"`
    : `SEED=${seed} ${file}`;
  return replayable(cluster, `${command} # its write ${write}`, () => dies(point, write));
}

if (inCi) {
  test.each(points)(
    "$protocol: $process killed $company $when each of its forced writes in turn",
    { timeout: RUN_MS * 10 },
    async (point) => {
      let [write, met, kills, missed] = [1, 0, 0, 0];
      // One write more or less from run to run: what was written together may come apart.
      while (missed < 2) {
        const killed = await again(point, write);
        [met, missed] = killed > 0 ? [met + 1, 0] : [met, missed + 1];
        kills += killed;
        write += 1;
      }
      process.stdout.write(
        `${kills} kills: ${point.protocol}, ${point.process} ${point.company}, ${point.when} each of ${met} writes\n`,
      );
      expect(met).toBeGreaterThanOrEqual(LEAST_WRITES);
      expectTraces();
    },
  );
} else {
  test(`a sample of kills at forced writes (SEED=${seed})`, { timeout: RUN_MS * SAMPLE }, async () => {
    const random = new SeededRandom(seed);
    let [met, kills] = [0, 0];
    // By protocol, since each needs a cluster of its own.
    const sample = Array.from({ length: SAMPLE }, () => points[random.between(0, points.length - 1)] ?? points[0]!);
    for (const point of sample.toSorted((a, b) => (a.protocol < b.protocol ? -1 : 1))) {
      const killed = await again(point, random.between(1, 6));
      expectTraces();
      if (killed > 0) met += 1;
      kills += killed;
    }
    process.stdout.write(`${kills} kills at ${met} forced writes (SEED=${seed})\n`);
    expect(met).toBeGreaterThanOrEqual(SAMPLE / 2);
  });
}
