/** Clients that go away in the middle of everything: what they had begun ends, and holds nothing. */

import { Metadata } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SeededRandom } from "../../lab/index.ts";
import {
  channelCredentials,
  CoordinatorStub,
  ParticipantStub,
  type SubmitStreamRead,
} from "../../runtime/link/index.ts";
import { readBooks } from "./books.ts";
import { holdsAfterRecovery } from "./checks.ts";
import { Cluster } from "./processes.ts";
import { call, Stubs } from "./stubs.ts";
import { anyOne, type Transfer } from "./transfers.ts";

let cluster: Cluster;
let number = 1;
beforeAll(async () => {
  cluster = await Cluster.open({ banks: 3, coordinatorArgs: ["--times-idle-ms", "1000"] });
  await cluster.start();
});
afterAll(() => cluster.close());

const seed = Number(process.env["SEED"] ?? 1);
const random = new SeededRandom(seed);

function some(count: number): Transfer[] {
  return Array.from({ length: count }, () => anyOne((number += 1), random));
}

/** What became of them is asked for under their ids; those that never arrived never happen. */
async function expectOutcomesHold(before: ReturnType<typeof readBooks>, transfers: readonly Transfer[]): Promise<void> {
  for (const transfer of transfers)
    if (transfer.transaction !== "")
      transfer.told = await cluster.caller.retry(transfer.transaction, transfer.branches);
  await holdsAfterRecovery(cluster, before, transfers);
}

test(`streams that are cut with transactions under way (SEED=${seed})`, async () => {
  const before = readBooks(cluster.banks);
  const all: Transfer[] = [];
  for (let round = 0; round < 10; round += 1) {
    const transfers = some(random.between(1, 60));
    all.push(...transfers);
    const cutAfter = random.between(0, transfers.length);
    const stub = new CoordinatorStub(cluster.coordinator.address, channelCredentials(null));
    await new Promise<void>((resolve) => {
      const stream = stub.SubmitStream(new Metadata({ waitForReady: true }));
      let answered = 0;
      stream.on("data", ({ ids, answers }: SubmitStreamRead) => {
        if (ids)
          for (const [index, transfer] of transfers.entries()) {
            transfer.transaction = `${ids.prefix}${(Number(ids.first) + index).toString(36).padStart(8, "0")}`;
            const submit = { transaction: transfer.transaction, branches: [...transfer.branches] };
            stream.write({ submits: [{ tag: index, submit }] });
          }
        answered += answers.length;
        if (answered >= cutAfter) stream.cancel();
      });
      stream.on("error", () => resolve());
    });
    stub.close();
  }
  await expectOutcomesHold(before, all);
});

test("commits and aborts whose callers give up", async () => {
  const before = readBooks(cluster.banks);
  const stubs = new Stubs(cluster.coordinator.address);
  const transfers = some(30);
  await Promise.all(
    transfers.map(async (transfer, index) => {
      const transaction = await stubs.begin();
      transfer.transaction = transaction;
      for (const { participant, operations } of transfer.branches)
        await call<unknown>((options, done) =>
          stubs.participant.Execute({ transaction, participant, operations }, options, done),
        ).catch(() => null);
      await new Promise((resolve) => {
        const given =
          index % 3 === 0
            ? stubs.coordinator.Abort({ transaction }, resolve)
            : stubs.coordinator.Commit({ transaction }, resolve);
        given.cancel();
      });
    }),
  );
  stubs.close();
  await cluster.settled();
  await expectOutcomesHold(before, transfers);
});

test("open transactions whose client is gone abort after their idle time and hold no lock", async () => {
  const stubs = new Stubs(cluster.coordinator.address);
  const begun = await Promise.all(Array.from({ length: 10 }, () => stubs.begin()));
  await Promise.all(
    begun.map((transaction, index) =>
      call((options, done) =>
        stubs.participant.Execute(
          {
            transaction,
            participant: "bank-a",
            operations: [{ sql: { statement: `UPDATE savings SET balance = 0 WHERE customer = ${index + 1}` } }],
          },
          options,
          done,
        ),
      ),
    ),
  );
  expect((await cluster.open()).length).toBe(10);
  stubs.close();
  await cluster.settled();
  const after = await cluster.client.submit({
    branches: [{ participant: "bank-a", operations: [{ sql: "UPDATE savings SET balance = balance + 0" }] }],
  });
  expect(after.kind).toBe("committed");
  for (const transaction of begun)
    expect(await cluster.client.transaction(transaction)).toMatchObject({ state: "aborted", reason: "IDLE_TIMEOUT" });
});

test("work that is sent to the participant itself goes the same way, and is given up the same way", async () => {
  const stubs = new Stubs(cluster.coordinator.address);
  const own = new ParticipantStub(cluster.participants[0]?.address ?? "", channelCredentials(null));
  const transaction = await stubs.begin();
  const operations = [{ sql: { statement: "UPDATE savings SET balance = balance + 1 WHERE customer = 20" } }];
  await new Promise((resolve) => own.Execute({ transaction, participant: "bank-a", operations }, resolve).cancel());
  own.close();
  const answer = await call<{ outcome: { kind?: string } | null }>((options, done) =>
    stubs.coordinator.Abort({ transaction }, options, done),
  );
  expect(answer.outcome?.kind).toBe("OUTCOME_KIND_ABORTED");
  await cluster.settled();
  stubs.close();
});
