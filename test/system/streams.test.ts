/** Streams of clients that heed nothing: more submits at once than are taken, and answers that nobody reads. */

import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { channelCredentials, CoordinatorStub, type SubmitStreamRead } from "../../runtime/link/index.ts";
import { memoryMib } from "./memory.ts";
import { Cluster, eventually } from "./processes.ts";

const inCi = process.env["CI"] !== undefined;
const MOST_MIB = 512;
const IN_A_MESSAGE = 500;
/** For all of them, on a machine that does other things too. */
const ANSWERED_MS = 240_000;

let cluster: Cluster;
let next = 0;
beforeAll(async () => {
  cluster = await Cluster.open({ banks: 2 });
  await cluster.start();
});
afterAll(() => cluster.close());

interface Heedless {
  /** By tag; twice is an error. */
  readonly answers: Map<number, SubmitStreamRead["answers"][number]>;
  readonly ended: Promise<void>;
  pause(): void;
  resume(): void;
}

/** Writes so many submits at once, whatever flow control says; each puts a number into one bank's ledger. */
function heedless(count: number, timeoutMs: number): Heedless {
  const stub = new CoordinatorStub(cluster.coordinator.address, channelCredentials(null));
  onTestFinished(() => stub.close());
  const stream = stub.SubmitStream();
  const answers: Heedless["answers"] = new Map();
  stream.on("data", (message: SubmitStreamRead) => {
    for (const answer of message.answers) {
      if (answers.has(answer.tag)) throw new Error(`${answer.tag} was answered twice`);
      answers.set(answer.tag, answer);
    }
  });
  const ended = new Promise<void>((resolve, reject) => stream.once("end", resolve).once("error", reject));
  for (let from = 0; from < count; from += IN_A_MESSAGE) {
    const submits = Array.from({ length: Math.min(IN_A_MESSAGE, count - from) }, (_, index) => ({
      tag: 1 + from + index,
      submit: {
        timeoutMs,
        branches: [
          {
            participant: index % 2 === 0 ? "bank-a" : "bank-b",
            operations: [
              { sql: { statement: "INSERT INTO ledger VALUES (?, 0)", parameters: [{ integer: (next += 1) }] } },
            ],
          },
        ],
      },
    }));
    stream.write({ submits });
  }
  stream.end();
  return { answers, ended, pause: () => void stream.pause(), resume: () => void stream.resume() };
}

async function committedAtBanks(): Promise<number> {
  const counts = await Promise.all(
    ["bank-a", "bank-b"].map((bank) => cluster.client.query(bank, "SELECT count(*) FROM ledger")),
  );
  return counts.reduce((sum, { rows }) => sum + Number(rows[0]?.[0]), 0);
}

/** What is told committed is there, the rest was refused for load, with a time to come again; how many are committed. */
async function expectAnswers({ answers }: Heedless, count: number, before: number): Promise<number> {
  expect(answers.size).toBe(count);
  const refused = [...answers.values()].flatMap(({ refusal }) => (refusal ? [refusal] : []));
  const committed = [...answers.values()].filter(({ outcome }) => outcome?.kind === "OUTCOME_KIND_COMMITTED").length;
  expect(new Set(refused.map(({ code, reason }) => `${code} ${reason}`))).toEqual(
    new Set(refused.length > 0 ? [`${status.RESOURCE_EXHAUSTED} OVERLOADED`] : []),
  );
  expect(Math.min(1, ...refused.map(({ retryAfterMs }) => retryAfterMs))).toBeGreaterThan(0);
  expect((await committedAtBanks()) - before).toBe(committed);
  return committed;
}

test("very many submits at once: each is answered, most are refused, and memory stays bounded", async () => {
  const count = inCi ? 100_000 : 30_000;
  const before = await committedAtBanks();
  // Less time than all of them need, on any machine.
  const stream = heedless(count, 200);
  let most = 0;
  await eventually(
    () => `${stream.answers.size} of ${count} answered`,
    async () => {
      most = Math.max(most, memoryMib(cluster.coordinator.pid));
      // Others are heard meanwhile.
      await cluster.client.query("bank-a", "SELECT 1");
      return stream.answers.size === count;
    },
    ANSWERED_MS,
  );
  await stream.ended;
  await eventually("the log says so", () =>
    Promise.resolve(/requests were refused in 5 s/.test(cluster.coordinator.stderr)),
  );
  expect([...stream.answers.values()].some(({ refusal }) => refusal)).toBe(true);
  expect(most).toBeLessThan(MOST_MIB);
  await cluster.settled();
  expect(await expectAnswers(stream, count, before)).toBeGreaterThan(0);
}, 300_000);

test("answers that nobody reads: the stream is read no further, others go on, and later every answer comes", async () => {
  const count = 20_000;
  const before = await committedAtBanks();
  const stream = heedless(count, 60_000);
  stream.pause();
  // Until nothing more of it is begun.
  let [last, unchanged] = [-1, 0];
  await eventually(
    () => `${last} of ${count} are done`,
    async () => {
      const now = (await committedAtBanks()) - before;
      unchanged = now === last && now > 0 ? unchanged + 1 : 0;
      last = now;
      return unchanged >= 200;
    },
    60_000,
  );
  const other = await cluster.client.submit({
    branches: [{ participant: "bank-a", operations: [{ sql: "UPDATE savings SET balance = balance + 0" }] }],
  });
  expect(other.kind).toBe("committed");
  expect(memoryMib(cluster.coordinator.pid)).toBeLessThan(MOST_MIB);
  stream.resume();
  await stream.ended;
  await cluster.settled();
  expect(await expectAnswers(stream, count, before)).toBeGreaterThan(last);
});
