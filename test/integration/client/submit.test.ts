/** Submits against real servers in this process. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { real, type Client, type Outcome, type SubmitRequest } from "../../../client/index.ts";
import { Cluster, type ClusterOptions } from "./cluster.ts";

let cluster: Cluster;
let client: Client;

async function start(options: ClusterOptions = {}): Promise<void> {
  cluster = await Cluster.start(options);
  client = cluster.client();
}
afterEach(() => cluster.close());

const transfer = (amount: number): SubmitRequest["branches"] => [
  {
    participant: "bank-a",
    operations: [
      { sql: "UPDATE account SET balance = balance - ? WHERE id = 1", parameters: [amount], expect: { rows: 1 } },
    ],
  },
  {
    participant: "bank-b",
    operations: [
      {
        sql: "UPDATE account SET balance = balance + :amount WHERE id = :id",
        parameters: { amount, id: 1 },
        expect: { rows: 1 },
      },
    ],
  },
];
/** A row with this number at both. */
const entry = (number: number): SubmitRequest["branches"] =>
  ["bank-a", "bank-b"].map((participant) => ({
    participant,
    operations: [{ sql: "INSERT INTO entry (number) VALUES (?)", parameters: [number] }],
  }));
/** Decided; whether every participant has said that it is done comes later. */
const done: unknown = expect.stringMatching(/^commit/);
const balances = (): unknown[] =>
  (["bank-a", "bank-b"] as const).map((name) => cluster.read(name, "SELECT balance FROM account WHERE id = 1")[0]);

describe("a submit", () => {
  beforeEach(() => start());

  test("commits at every participant, and gives what the statements gave", async () => {
    const branches = [
      { participant: "bank-a", operations: [{ sql: "SELECT id, balance FROM account ORDER BY id" }] },
      ...transfer(10).slice(1),
    ];
    const outcome = await client.submit({ branches });
    expect(outcome).toMatchObject({ kind: "committed", heuristic: false });
    if (outcome.kind !== "committed") return;
    expect(outcome.results["bank-a"]?.[0]?.objects()).toEqual([
      { id: 1, balance: 100 },
      { id: 2, balance: 100 },
    ]);
    expect(outcome.results["bank-b"]?.[0]).toMatchObject({ rowsAffected: 1, columns: [], rows: [] });
    await cluster.settled();
    expect(balances()).toEqual([[100], [110]]);
  });

  test.each<[reason: string, branches: () => SubmitRequest["branches"]]>([
    ["CONSTRAINT", () => transfer(1_000)],
    [
      "EXPECTATION_FAILED",
      () => [
        ...transfer(10).slice(1),
        { participant: "bank-a", operations: [{ sql: "DELETE FROM account WHERE id = 9", expect: { rows: 1 } }] },
      ],
    ],
    [
      "STATEMENT_FAILED",
      () => [...transfer(10).slice(1), { participant: "bank-a", operations: [{ sql: "UPDATE nothing SET x = 1" }] }],
    ],
  ])("aborts at every participant where one can't: %s", async (reason, branches) => {
    const outcome = await client.submit({ branches: branches() });
    expect(outcome).toMatchObject({ kind: "aborted", reason, participant: "bank-a" });
    await cluster.settled();
    expect(balances()).toEqual([[100], [100]]);
  });

  test("keeps 64 bits, bytes, text, REAL and NULL", async () => {
    const values = [
      2n ** 63n - 1n,
      -(2n ** 63n),
      2 ** 53 - 1,
      real(1),
      0.5,
      true,
      null,
      "żółć\0",
      new Uint8Array([0, 255]),
    ];
    const insert = {
      sql: `INSERT INTO entry (value) VALUES ${values.map(() => "(?)").join()} RETURNING typeof(value), value`,
      parameters: values,
    };
    const outcome = await client.submit({ branches: [{ participant: "bank-a", operations: [insert] }] });
    const expected = [
      ["integer", 2n ** 63n - 1n],
      ["integer", -(2n ** 63n)],
      ["integer", 2 ** 53 - 1],
      ["real", 1],
      ["real", 0.5],
      ["integer", 1],
      ["null", null],
      ["text", "żółć\0"],
      ["blob", new Uint8Array([0, 255])],
    ];
    expect(outcome.kind === "committed" && outcome.results["bank-a"]?.[0]?.rows).toEqual(expected);
    const read = await client.query("bank-a", "SELECT typeof(value), value FROM entry ORDER BY key");
    expect(read.rows).toEqual(expected);
    const exact = await cluster.client({ bigint: true }).query("bank-a", "SELECT ?", [7]);
    expect(exact.rows).toEqual([[7n]]);
  });

  test("that is refused at the door throws, and was not begun", async () => {
    const branches = [{ participant: "bank-z", operations: [{ sql: "SELECT 1" }] }];
    await expect(client.submit({ branches })).rejects.toMatchObject({ reason: "UNKNOWN_PARTICIPANT" });
    await expect(client.submit({ branches: [] })).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
    await expect(client.submit({ branches: transfer(1), protocol: "none" })).rejects.toMatchObject({
      reason: "UNKNOWN_PROTOCOL",
    });
    expect(await client.submit({ branches: transfer(1) })).toMatchObject({ kind: "committed" });
  });

  test("that is too large is refused, and the others on the stream do not notice", async () => {
    const large = (bytes: number): SubmitRequest["branches"] => [
      {
        participant: "bank-a",
        operations: [{ sql: "INSERT INTO entry (value) VALUES (?)", parameters: [new Uint8Array(bytes)] }],
      },
    ];
    const openBlock = vi.spyOn(cluster.coordinator.coordinator, "openBlock");
    const all = [
      client.submit({ branches: large(5 * 1024 * 1024) }),
      ...[1, 2, 3].map((n) => client.submit({ branches: entry(n) })),
    ];
    const [first, ...others] = await Promise.allSettled(all);
    expect(first).toMatchObject({ status: "rejected", reason: { reason: "MESSAGE_TOO_LARGE" } });
    expect(others.map((each) => each.status === "fulfilled" && each.value.kind)).toEqual(Array(3).fill("committed"));
    expect(openBlock).toHaveBeenCalledTimes(1);
    expect(await client.submit({ branches: large(3 * 1024 * 1024) })).toMatchObject({ kind: "committed" });
  });
});

describe("the stream", () => {
  test("is one for all submits, over one connection", async () => {
    await start();
    const proxy = await cluster.proxy();
    const openBlock = vi.spyOn(cluster.coordinator.coordinator, "openBlock");
    const shared = cluster.client({}, proxy.address);
    const outcomes = await Promise.all(Array.from({ length: 400 }, (_, n) => shared.submit({ branches: entry(n) })));
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(["committed"]));
    expect(new Set(outcomes.map(({ transaction }) => transaction)).size).toBe(400);
    expect([proxy.connections, openBlock.mock.calls.length]).toEqual([1, 1]);
  });

  test("takes more submits than may be in flight, and more than a block has ids", async () => {
    await start();
    const narrow = cluster.client({ inFlight: 64, defaultTimeoutMs: 25_000 });
    const outcomes = await Promise.all(
      Array.from({ length: 1_100 }, (_, number) => narrow.submit({ branches: entry(number).slice(1) })),
    );
    expect(outcomes.filter(({ kind }) => kind === "committed").length).toBe(1_100);
    await cluster.settled();
    expect(cluster.read("bank-b", "SELECT count(*), count(DISTINCT number) FROM entry")).toEqual([[1_100, 1_100]]);
  });

  test("ends when nothing uses it, and its ids with it; the next submit opens another", async () => {
    await start();
    const retire = vi.spyOn(cluster.coordinator.coordinator, "retire");
    expect(await client.submit({ branches: entry(1) })).toMatchObject({ kind: "committed" });
    await vi.waitFor(() => expect(retire).toHaveBeenCalledTimes(1), { timeout: 9_000 });
    expect(await client.submit({ branches: entry(2) })).toMatchObject({ kind: "committed" });
  });
});

describe("a lost connection", () => {
  beforeEach(() => start());

  /** Every answer is what the databases hold, and nothing was done twice. */
  async function expectTrue(outcomes: readonly Outcome[]): Promise<void> {
    await cluster.settled();
    const committed = outcomes.flatMap(({ kind }, number) => (kind === "committed" ? [[number]] : []));
    for (const name of ["bank-a", "bank-b"] as const)
      expect(cluster.read(name, "SELECT number FROM entry ORDER BY number")).toEqual(committed);
  }

  test("in the middle of many submits: each ends with the outcome that the databases hold, none is done twice", async () => {
    const proxy = await cluster.proxy();
    const cuttable = cluster.client({}, proxy.address);
    const submits: Promise<Outcome>[] = [];
    for (let round = 0; round < 5; round += 1) {
      const first = submits.length;
      for (let each = 0; each < 100; each += 1) submits.push(cuttable.submit({ branches: entry(submits.length) }));
      // Some of this round are answered, some are not.
      await Promise.race(submits.slice(first));
      proxy.cut();
    }
    const outcomes = await Promise.all(submits);
    expect(outcomes.filter(({ kind }) => kind === "committed" || kind === "aborted").length).toBe(500);
    await expectTrue(outcomes);
  });

  test("whose answer was lost: the same id tells the outcome, without the rows", async () => {
    const proxy = await cluster.proxy();
    const cuttable = cluster.client({}, proxy.address);
    // The stream and its ids are there.
    const before = await cuttable.submit({ branches: entry(0) });
    proxy.silence();
    const committed = cluster.changed((state, id) => state === "committing" && id !== before.transaction);
    const submit = cuttable.submit({ branches: entry(1) });
    const transaction = await committed;
    proxy.speak();
    proxy.cut();
    expect(await submit).toEqual({ kind: "committed", transaction, results: {}, heuristic: false });
    await expectTrue([before, await submit]);
  });

  test("that stays lost: what was sent is unknown at its deadline, and its id tells later", async () => {
    const proxy = await cluster.proxy();
    const cuttable = cluster.client({}, proxy.address);
    const before = await cuttable.submit({ branches: entry(0) });
    proxy.silence();
    const committed = cluster.changed((state, id) => state === "committing" && id !== before.transaction);
    const submit = cuttable.submit({ branches: entry(1), timeoutMs: 1_000 });
    const transaction = await committed;
    proxy.refuse();
    const outcome = await submit;
    expect(outcome).toMatchObject({ kind: "unknown", transaction });
    expect(outcome.kind === "unknown" && outcome.howToAsk).toContain(transaction);
    expect(await client.transaction(transaction)).toMatchObject({ state: done });
  });
});

describe("a deadline", () => {
  test("is no verdict: the outcome is unknown, and its id tells when the coordinator is heard again", async () => {
    await start();
    const proxy = await cluster.proxy();
    const deaf = cluster.client({}, proxy.address);
    await deaf.submit({ branches: entry(0) });
    proxy.silence();
    const outcome = await deaf.submit({ branches: entry(1), timeoutMs: 200 });
    expect(outcome).toMatchObject({ kind: "unknown", transaction: expect.stringMatching(/^coordinator-1\./) });
    proxy.speak();
    expect(await deaf.transaction(outcome.transaction ?? "")).toMatchObject({ state: done });
  });

  test("reaches the participants: work that waits for a lock is a verdict before the caller's time is over", async () => {
    await start({ participant: { "times.lockWaitMs": "60000" } });
    const holder = await client.begin();
    await holder.on("bank-a").sql("UPDATE account SET balance = 0 WHERE id = 1");
    const outcome = await client.submit({ branches: transfer(1), timeoutMs: 1_000 });
    expect(outcome).toMatchObject({ kind: "aborted", transaction: expect.any(String) });
    await holder.abort();
  });

  test("of which half has passed behind others in the client: refused, and never sent", async () => {
    await start();
    const proxy = await cluster.proxy();
    const narrow = cluster.client({ inFlight: 1, retryBudget: { ratio: 0, reserve: 0 } }, proxy.address);
    await narrow.submit({ branches: entry(0) });
    proxy.silence();
    const first = narrow.submit({ branches: entry(1), timeoutMs: 400 });
    const behind = narrow.submit({ branches: entry(2), timeoutMs: 600 });
    await expect(behind).rejects.toMatchObject({ reason: "OVERLOADED", retryAfterMs: expect.any(Number) });
    expect(await first).toMatchObject({ kind: "unknown" });
    proxy.speak();
    expect(await narrow.submit({ branches: entry(3) })).toMatchObject({ kind: "committed" });
    expect(cluster.read("bank-a", "SELECT number FROM entry WHERE number = 2")).toEqual([]);
  });

  test("that passes before anything was sent says so", async () => {
    await start();
    const proxy = await cluster.proxy();
    proxy.silence();
    const mute = cluster.client({}, proxy.address);
    const outcome = await mute.submit({ branches: entry(1), timeoutMs: 200 });
    expect(outcome).toMatchObject({ kind: "unknown", transaction: null });
    await expect(mute.query("bank-a", "SELECT 1", [], { timeoutMs: 200 })).rejects.toMatchObject({
      reason: "DEADLINE_EXCEEDED",
    });
  });
});

describe("a coordinator that is down", () => {
  test("gets no more tries than the budget has, and the first failure is the answer", async () => {
    await start();
    const proxy = await cluster.proxy();
    proxy.refuse();
    const retryBudget = { ratio: 0.1, reserve: 2 };
    const unlucky = cluster.client({ retryBudget, defaultTimeoutMs: 3_000 }, proxy.address);
    const all = await Promise.allSettled(Array.from({ length: 30 }, (_, n) => unlucky.submit({ branches: entry(n) })));
    expect(all.map((each) => each.status === "rejected" && (each.reason as { reason: string }).reason)).toEqual(
      Array(30).fill("COORDINATOR_UNREACHABLE"),
    );
    // One try for all, and at most 30 × 10 % + 2 retries beside what three seconds bring.
    expect(proxy.connections).toBeLessThanOrEqual(1 + 5 + 3);
  });

  test("is tried again, and the submit goes through when it is back", async () => {
    await start();
    const proxy = await cluster.proxy();
    proxy.refuse();
    const patient = cluster.client({}, proxy.address);
    const submit = patient.submit({ branches: entry(1) });
    await vi.waitFor(() => expect(proxy.connections).toBeGreaterThan(1), { timeout: 5_000 });
    proxy.accept();
    expect(await submit).toMatchObject({ kind: "committed" });
  });

  test("is left out as long as another one is there", async () => {
    await start({ coordinators: 2 });
    const [first = "", second = ""] = cluster.coordinators.map(({ address }) => address);
    const both = cluster.client({}, [first, second]);
    const owners = async (): Promise<Set<string | undefined>> => {
      const outcomes = await Promise.all([1, 2, 3, 4].map((n) => both.submit({ branches: entry(n) })));
      for (const { transaction } of outcomes)
        expect(await both.transaction(transaction ?? "")).toMatchObject({ state: done });
      return new Set(outcomes.map(({ transaction }) => transaction?.split(".")[0]));
    };
    expect(await owners()).toEqual(new Set(["coordinator-1", "coordinator-2"]));
    const stranger = cluster.client({}, [first, second]);
    const { transaction } = await cluster.client({}, second).submit({ branches: entry(5) });
    expect(await stranger.transaction(transaction ?? "")).toMatchObject({ state: done });
    await cluster.coordinators.shift()?.close();
    expect(await owners()).toEqual(new Set(["coordinator-2"]));
  });
});

describe("a signal", () => {
  beforeEach(() => start({ participant: { "times.lockWaitMs": "60000" } }));

  test("that aborts before anything was sent ends the call with its reason", async () => {
    const reason = new Error("enough");
    await expect(client.submit({ branches: entry(1), signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test("that aborts after that asks the coordinator to give up, and its word is the answer", async () => {
    const holder = await client.begin();
    await holder.on("bank-a").sql("UPDATE account SET balance = 0 WHERE id = 1");
    const stop = new AbortController();
    const preparing = cluster.changed((state) => state === "preparing");
    const submit = client.submit({ branches: transfer(1), signal: stop.signal });
    await preparing;
    stop.abort();
    expect(await submit).toMatchObject({ kind: "aborted", reason: "CANCELLED" });
    await holder.abort();
  });
});

test("CONFLICT is submitted again where that was asked for", async () => {
  await start({ participant: { "times.lockWaitMs": "20" } });
  const holder = await client.begin();
  await holder.on("bank-a").sql("UPDATE account SET balance = 50 WHERE id = 1");
  expect(await client.submit({ branches: transfer(10) })).toMatchObject({ kind: "aborted", reason: "CONFLICT" });
  const conflict = cluster.changed((state) => state === "aborted");
  const submit = client.submit({ branches: transfer(10), retryConflicts: true });
  await conflict;
  expect(await holder.commit()).toMatchObject({ kind: "committed" });
  expect(await submit).toMatchObject({ kind: "committed" });
  await cluster.settled();
  expect(balances()).toEqual([[40], [110]]);
});

test("close ends what is under way: sent is unknown, the rest is thrown", async () => {
  await start({ participant: { "times.lockWaitMs": "60000" } });
  const holder = await client.begin();
  await holder.on("bank-a").sql("UPDATE account SET balance = 0 WHERE id = 1");
  const other = cluster.client({ inFlight: 1 });
  const preparing = cluster.changed((state) => state === "preparing");
  const [sent, queued] = [other.submit({ branches: transfer(1) }), other.submit({ branches: entry(1) })];
  const transaction = await preparing;
  const begun = await other.begin();
  const work = begun.on("bank-a").sql("UPDATE account SET balance = 0 WHERE id = 1");
  other.close();
  const refused = await Promise.allSettled([queued, work, other.submit({ branches: entry(2) })]);
  for (const each of refused) expect(each).toMatchObject({ status: "rejected", reason: { reason: "CLIENT_CLOSED" } });
  expect(refused.length).toBe(3);
  expect(await sent).toMatchObject({ kind: "unknown", transaction });
  await holder.abort();
});
