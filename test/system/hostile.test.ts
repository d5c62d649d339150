/** What comes over a peer link that no server of ours would say: the link ends or it is of no use, nothing else does. */

import { createServer } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { SeededRandom } from "../../lab/index.ts";
import { encodeEnvelopes } from "../../runtime/link/codec.ts";
import type { Hello } from "../../runtime/link/gen/nemcon/v1/Hello.ts";
import type { Envelope } from "../../runtime/engine/index.ts";
import { Cluster } from "./processes.ts";
import { Stranger } from "./stranger.ts";
import { Stubs } from "./stubs.ts";

let cluster: Cluster;
let stubs: Stubs;
const strangers: Stranger[] = [];
beforeAll(async () => {
  cluster = await Cluster.open({ coordinatorArgs: ["--limits-peers", "3"] });
  await cluster.start();
  stubs = new Stubs(cluster.coordinator.address);
});
afterAll(async () => {
  stubs.close();
  await cluster.close();
});

const add = (participant: string, by: number) => ({
  participant,
  operations: [{ sql: "UPDATE checking SET balance = balance + ? WHERE customer = 1", parameters: [by] }],
});

afterEach(async () => {
  for (const stranger of strangers.splice(0)) stranger.close();
  expect((await cluster.client.submit({ branches: [add("bank-a", -1), add("bank-b", 1)] })).kind).toBe("committed");
  expect(cluster.servers.map(({ isAlive }) => isAlive)).toEqual([true, true, true]);
  expect(cluster.said()).not.toContain("INTERNAL");
});

function stranger(hello: Partial<Hello> = {}): Stranger {
  const made = new Stranger(cluster.coordinator.address, hello);
  strangers.push(made);
  return made;
}

describe("a hello that is refused", () => {
  const hellos: readonly (readonly [what: string, reason: string, hello: Partial<Hello>])[] = [
    ["of another cluster", "CLUSTER_MISMATCH", { cluster: "other" }],
    ["of a version to come", "VERSION_MISMATCH", { versions: [4_242] }],
    ["of no version", "VERSION_MISMATCH", { versions: [] }],
    ["of another coordinator", "ROLE_NOT_ACCEPTED", { role: "coordinator" }],
    ["of no role", "LINK_BROKEN", { role: "emperor" }],
    ["with the coordinator's own name", "NODE_NAME_TAKEN", { node: "c" }],
    ["with a known bank's name and another journal", "IDENTITY_MISMATCH", { node: "bank-a" }],
    ["with a name that is none", "LINK_BROKEN", { node: "../../etc/passwd" }],
    ["with an address that is none", "LINK_BROKEN", { address: "nowhere" }],
    ["with an endless text", "LINK_BROKEN", { software: "x".repeat(100_000) }],
    ["with a number past all rows", "LINK_BROKEN", { sequence: "18446744073709551615" }],
  ];
  test.each(hellos)("%s: %s", async (_what, reason, hello) => {
    expect(await stranger(hello).link()).toBe(reason);
  });

  test("under ever new names: TOO_MANY_PEERS past the bound; names that are known link on, also after a restart", async () => {
    // Two banks, and one more.
    expect(await stranger().link()).toBeNull();
    for (let index = 0; index < 20; index += 1)
      expect(await stranger({ node: `stranger-${index}` }).link()).toBe("TOO_MANY_PEERS");
    expect(await stranger().link()).toBeNull();
    await cluster.coordinator.kill();
    await cluster.start();
    expect(await stranger({ node: "stranger-0" }).link()).toBe("TOO_MANY_PEERS");
    expect(await stranger().link()).toBeNull();
  });

  test("a frame instead of it: LINK_BROKEN", async () => {
    const rude = stranger();
    rude.frame(Buffer.from("hello"));
    expect(await rude.refused()).toBe("LINK_BROKEN");
  });
});

const votes = (transaction: string): Envelope[] => {
  const nothing = new Uint8Array(0);
  const bodies: readonly Envelope["body"][] = [
    { kind: "vote", vote: "no", reason: "VOTED_NO", detail: "no" },
    { kind: "vote", vote: "yes", result: nothing },
    { kind: "ack", decision: "commit", heuristic: null },
    { kind: "decision", decision: "abort" },
    { kind: "decision", decision: "commit" },
    { kind: "one-phase-result", outcome: "aborted", reason: "VOTED_NO", detail: "no" },
    { kind: "one-phase-result", outcome: "committed", result: nothing },
    { kind: "work-failed", token: null, item: 1, reason: "VOTED_NO", detail: "no", usable: false },
    { kind: "worked", token: { incarnation: 1, number: 1 }, item: 1, result: nothing },
    { kind: "prepare", participants: ["c"], token: null, workCount: 0, work: nothing },
    { kind: "work", token: null, item: 1, work: nothing },
    { kind: "resolve-one-phase" },
    { kind: "inquire" },
    { kind: "pending" },
    { kind: "not-mine" },
  ];
  return bodies.map((body) => ({ transaction, protocol: "2pc", body }));
};

describe("frames", () => {
  test("of random bytes, and of good ones with a bit turned, end the link or are of no use", async () => {
    const seed = Number(process.env["SEED"] ?? 1);
    const random = new SeededRandom(seed);
    const [good] = encodeEnvelopes(votes("c.0001.00000001"));
    for (let index = 0; index < 60; index += 1) {
      const fuzzer = stranger();
      expect(await fuzzer.link(), `SEED=${seed}`).toBeNull();
      const bytes =
        index % 2 === 0
          ? Buffer.from(Array.from({ length: random.between(1, 300) }, () => random.between(0, 255)))
          : Buffer.from(good ?? []);
      if (index % 2 === 1) {
        const at = random.between(0, bytes.length - 1);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.between(0, 7));
      }
      fuzzer.frame(bytes);
      // The last word of each: if the one before was read, this one can't be.
      fuzzer.frame(Buffer.from([255]));
      expect(await fuzzer.refused(), `SEED=${seed}`).toBe("LINK_BROKEN");
    }
  });

  test("of another version than was agreed", async () => {
    const newer = stranger();
    await newer.link();
    newer.frame(encodeEnvelopes(votes("c.0001.00000001"))[0] ?? Buffer.alloc(0), 2);
    expect(await newer.refused()).toBe("LINK_BROKEN");
  });

  test("of a node that has no part in a transaction decide nothing about it", async () => {
    const [, slow] = cluster.participants;
    const liar = stranger();
    await liar.link();
    slow?.signal("SIGSTOP");
    const watch = stubs.watch();
    const outcome = cluster.client.submit({ branches: [add("bank-a", -1), add("bank-b", 1)] });
    await watch.until((told) => told.some(({ state }) => state === "preparing"));
    const { transaction = "" } = watch.told.find(({ state }) => state === "preparing") ?? {};
    liar.say(votes(transaction));
    liar.say(votes("c.0001.zzzzzzzz"));
    liar.say(votes("other.0001.00000001"));
    slow?.signal("SIGCONT");
    expect(await outcome).toMatchObject({ kind: "committed", transaction });
    watch.cancel();
    await cluster.settled();
  });
});

describe("a participant that is not one of ours", () => {
  test.each([
    ["of any bytes", Buffer.from("these are no results")],
    // One result of no columns, and of 2^48 rows without a byte.
    ["that would take for ever", Buffer.from([1, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40])],
  ])("and votes with results %s: the commit is told, and the coordinator goes on", async (_what, result) => {
    const odd = stranger();
    await odd.link();
    const outcome = cluster.client.submit({ branches: [add("bank-a", 0), add("stranger", 0)] });
    const { transaction } = await odd.hear("prepare");
    odd.say([{ transaction, protocol: "2pc", body: { kind: "vote", vote: "yes", result } }]);
    await odd.hear("decision");
    odd.say([{ transaction, protocol: "2pc", body: { kind: "ack", decision: "commit", heuristic: null } }]);
    expect(await outcome).toMatchObject({ kind: "committed", transaction });
  });

  test("and answers work with results that can't be read: an error, and the transaction can be aborted", async () => {
    const odd = stranger();
    await odd.link();
    const transaction = await cluster.client.begin();
    const done = transaction.on("stranger").sql("SELECT 1");
    const { body } = await odd.hear("work");
    expect(body).toMatchObject({ item: 1, token: null });
    odd.say([
      {
        transaction: transaction.id,
        protocol: "2pc",
        body: { kind: "worked", token: { incarnation: 1, number: 1 }, item: 1, result: Buffer.from("no results") },
      },
    ]);
    await expect(done).rejects.toThrow(/read|results/i);
    await transaction.abort();
  });
});

test("a coordinator's address where something else answers keeps a participant from nothing", async () => {
  const random = new SeededRandom(1);
  const rubbish = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end(Buffer.from(Array.from({ length: 1_000 }, () => random.between(0, 255))));
  });
  const asked = new Promise((resolve) => rubbish.once("connection", resolve));
  await new Promise<void>((resolve) => rubbish.listen(0, "127.0.0.1", resolve));
  const address = rubbish.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const [bank] = cluster.participants;
  await bank?.kill();
  await bank?.start(["--coordinators", `127.0.0.1:${port},${cluster.coordinator.address}`]);
  await asked;
  await cluster.linked();
  const { kind } = await cluster.client.submit({ branches: [add("bank-a", 0), add("bank-b", 0)] });
  expect(kind).toBe("committed");
  await bank?.kill();
  await cluster.start();
  rubbish.close();
});
