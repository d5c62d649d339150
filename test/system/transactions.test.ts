/** What a coordinator tells of its transactions: page by page, one by one, and as they change. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Cluster, eventually } from "./processes.ts";
import { call, Stubs } from "./stubs.ts";

let cluster: Cluster;
let stubs: Stubs;
beforeAll(async () => {
  cluster = await Cluster.open();
  await cluster.start();
  stubs = new Stubs(cluster.coordinator.address);
});
afterAll(async () => {
  stubs.close();
  await cluster.close();
});

const add = (participant: string, by: number, more = "") => ({
  participant,
  operations: [
    {
      sql: `UPDATE checking SET balance = balance + ? WHERE customer = 1 ${more}`,
      parameters: [by],
      expect: { rows: 1 },
    },
  ],
});

async function pay(more = ""): Promise<string> {
  const outcome = await cluster.client.submit({ branches: [add("bank-a", -1), add("bank-b", 1, more)] });
  if (outcome.kind !== "committed" && outcome.kind !== "aborted") throw new Error(outcome.kind);
  return outcome.transaction;
}

/** A commit is told before its participants have acknowledged it; until then it is an open transaction. */
async function over(transaction: string): Promise<string> {
  await eventually(`${transaction} is over`, async () =>
    ["committed", "aborted"].includes((await cluster.client.transaction(transaction)).state),
  );
  return transaction;
}

const abort = (transaction: string): Promise<unknown> =>
  call((options, done) => stubs.coordinator.Abort({ transaction }, options, done));

describe("pages", () => {
  test("every transaction is on one of them: the open ones first, then the newest", async () => {
    const ended: string[] = [];
    for (let index = 0; index < 11; index += 1)
      ended.push(await over(await pay(index % 3 === 0 ? "AND balance < 0" : "")));
    const open = [await stubs.begin(), await stubs.begin(), await stubs.begin()];
    const ids = (await stubs.rest(4)).map(({ transaction }) => transaction);
    expect(ids.slice(0, 3)).toEqual(open.toReversed());
    expect(ids.slice(3, 3 + ended.length)).toEqual(ended.toReversed());
    expect(new Set(ids).size).toBe(ids.length);
    const refused = await stubs.rest(2, "", "aborted");
    expect(refused.map(({ transaction }) => transaction)).toEqual(
      ended.filter((_, index) => index % 3 === 0).toReversed(),
    );
    expect(new Set(refused.map(({ reason }) => reason))).toEqual(new Set(["EXPECTATION_FAILED"]));
    expect((await stubs.rest(2, "", "active")).length).toBe(3);
    await Promise.all(open.map(abort));
  });

  test("a transaction that ends between two pages hides none", async () => {
    const open: string[] = [];
    for (let index = 0; index < 6; index += 1) open.push(await stubs.begin());
    const { transactions, nextPageToken } = await stubs.page(2);
    expect(transactions.map(({ transaction }) => transaction)).toEqual([open[5], open[4]]);
    await abort(open[4] ?? "");
    const later = (await stubs.rest(2, nextPageToken)).map(({ transaction }) => transaction);
    expect(later).toEqual(expect.arrayContaining(open.slice(0, 4)));
    await Promise.all(
      open
        .slice(0, 4)
        .concat(open[5] ?? "")
        .map(abort),
    );
  });

  test("a token that no page had is refused", async () => {
    await expect(stubs.page(2, "next, please")).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
  });

  test("a state that there is not is refused, and says which there are", async () => {
    await expect(stubs.page(2, "", "commited")).rejects.toMatchObject({
      reason: "INVALID_REQUEST",
      message: expect.stringMatching(/"commited".*committed/),
    });
  });
});

test("the time that begin names is the time that commit has", async () => {
  const [, stopped] = cluster.participants;
  const transaction = await stubs.begin(700);
  for (const participant of ["bank-a", "bank-b"])
    await call((options, done) =>
      stubs.participant.Execute(
        {
          transaction,
          participant,
          operations: [{ sql: { statement: "UPDATE checking SET balance = balance + 0 WHERE customer = 2" } }],
        },
        options,
        done,
      ),
    );
  stopped?.signal("SIGSTOP");
  const startMs = performance.now();
  try {
    const answer = await call<{ outcome: { kind: string; reason: string } | null }>((options, done) =>
      stubs.coordinator.Commit({ transaction }, options, done),
    );
    expect(answer.outcome).toMatchObject({ kind: "OUTCOME_KIND_ABORTED", reason: "TIMEOUT" });
    // The coordinator's own default is 5 s.
    expect(performance.now() - startMs).toBeLessThan(4_000);
  } finally {
    stopped?.signal("SIGCONT");
  }
  await cluster.settled();
});

describe("states", () => {
  test("a watch tells each state in order, and of the asked transaction alone", async () => {
    const transaction = await cluster.client.begin();
    const [all, one] = [stubs.watch(), stubs.watch(transaction.id)];
    const open = (told: readonly { readonly transaction: string }[]): boolean =>
      told.some((each) => each.transaction === transaction.id);
    await Promise.all([all.until(open), one.until(open)]);
    await transaction.on("bank-a").sql("UPDATE checking SET balance = balance - 1 WHERE customer = 2");
    await transaction.on("bank-b").sql("UPDATE checking SET balance = balance + 1 WHERE customer = 2");
    const other = await pay();
    expect((await transaction.commit()).kind).toBe("committed");
    await Promise.all([all, one].map((watch) => watch.until(() => watch.states(transaction.id).includes("committed"))));
    await all.until(() => all.states(other).includes("committed"));
    expect(one.states(transaction.id).filter((state, index, states) => state !== states[index - 1])).toEqual([
      "active",
      "preparing",
      "committing",
      "committed",
    ]);
    expect(one.told.every((each) => each.transaction === transaction.id)).toBe(true);
    expect(one.told.at(-1)).toMatchObject({ protocol: "2pc", reason: "" });
    all.cancel();
    one.cancel();
  });

  test("committing lasts until the last participant has applied it; the client was told before", async () => {
    const [victim] = cluster.participants;
    await victim?.kill();
    // Its first forced write is the vote, its second one applies the decision.
    await victim?.start(["--fault-kill-before-write", "2"]);
    await cluster.linked();
    const transaction = await pay();
    await victim?.ended;
    expect(await stubs.get(transaction)).toMatchObject({ state: "committing", participants: ["bank-a", "bank-b"] });
    const watch = stubs.watch(transaction);
    await watch.until(() => watch.states(transaction).includes("committing"));
    await cluster.start();
    await watch.until(() => watch.states(transaction).includes("committed"));
    watch.cancel();
    await cluster.settled();
  });

  test("in doubt at the participants while the coordinator is gone, with locks; then aborted, since its log is silent", async () => {
    await cluster.coordinator.kill();
    await cluster.coordinator.start(["--fault-kill-before-write", "1"]);
    await cluster.linked();
    const answer = cluster.client.submit({ branches: [add("bank-a", -1), add("bank-b", 1)] });
    await cluster.coordinator.ended;
    const branches = await cluster.open();
    expect(branches.map(({ state }) => state)).toEqual(["in-doubt", "in-doubt"]);
    expect(branches.every(({ locks }) => locks.length > 0)).toBe(true);
    await cluster.start();
    // The client submits again, as a new transaction.
    expect((await answer).kind).toBe("committed");
    await cluster.settled();
    expect(await stubs.get(branches[0]?.transaction ?? "")).toMatchObject({ state: "aborted" });
  });
});

test("watchers that go away in the middle are in nobody's way", async () => {
  const watches = Array.from({ length: 50 }, () => stubs.watch());
  await pay();
  for (const watch of watches) watch.cancel();
  const last = stubs.watch();
  const transaction = await pay();
  await last.until(() => last.states(transaction).includes("committed"));
  expect(cluster.coordinator.stderr).not.toContain("INTERNAL");
  last.cancel();
});
