/** Bad input: each is a clear error, nothing is lost, and the process goes on serving where it can. */

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { status, type ServiceError } from "@grpc/grpc-js";
import Database from "better-sqlite3";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { NemconError, type SubmitRequest } from "../../client/index.ts";
import { channelCredentials, CoordinatorStub, type OutcomeMessageRead } from "../../runtime/link/index.ts";
import { packWork } from "../../runtime/values/index.ts";
import { Cluster, freePorts, Server } from "./processes.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.open();
  await cluster.start();
});
afterAll(() => cluster.close());

type Branches = SubmitRequest["branches"];
interface BranchToSend {
  readonly operations?: { readonly sql: { readonly statement: string } }[];
  readonly packedOperations?: Buffer;
}
type Parameters = NonNullable<Branches[number]["operations"][number]["parameters"]>;

const on = (participant: string, sql: string, parameters: Parameters = []): Branches[number] => ({
  participant,
  operations: [{ sql, parameters }],
});
const add = (bank: string, by: number): Branches[number] =>
  on(bank, "UPDATE checking SET balance = balance + ? WHERE customer = 1", [by]);

async function goodOneCommits(): Promise<void> {
  const outcome = await cluster.client.submit({ branches: [add("bank-a", -1), add("bank-b", 1)] });
  expect(outcome.kind).toBe("committed");
}
afterEach(goodOneCommits);

async function packedSubmit(packing: number, branch: BranchToSend): Promise<OutcomeMessageRead | null> {
  const stub = new CoordinatorStub(cluster.coordinator.address, channelCredentials(null));
  try {
    return await new Promise((resolve, reject) => {
      stub.Submit({ packing, branches: [{ ...branch, participant: "bank-a" }] }, (error, answer) =>
        error === null ? resolve(answer?.outcome ?? null) : reject(error),
      );
    });
  } finally {
    stub.close();
  }
}

describe("refused at the door", () => {
  const refused: readonly (readonly [what: string, reason: string, says: RegExp, branches: Branches])[] = [
    ["an unknown participant", "UNKNOWN_PARTICIPANT", /"bank-z".*bank-a, bank-b/, [add("bank-a", 1), add("bank-z", 1)]],
    ["no branches", "INVALID_REQUEST", /at least one branch/, []],
    ["two branches of one participant", "INVALID_REQUEST", /two branches/, [add("bank-a", 1), add("bank-a", 1)]],
    [
      "1,001 operations",
      "TOO_MANY_OPERATIONS",
      /1001 operations.*1000/,
      [{ participant: "bank-a", operations: Array.from({ length: 1_001 }, () => ({ sql: "SELECT 1" })) }],
    ],
    [
      "65 participants",
      "TOO_MANY_PARTICIPANTS",
      /65 branches.*64/,
      Array.from({ length: 65 }, (_, index) => add(`bank-${index}`, 1)),
    ],
  ];
  test.each(refused)("%s: %s", async (_what, reason, says, branches) => {
    const error: unknown = await cluster.client.submit({ branches }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NemconError);
    expect((error as NemconError).reason).toBe(reason);
    expect((error as NemconError).message).toMatch(says);
  });

  test("a request of more than 4 MiB", async () => {
    const big = on("bank-a", "INSERT INTO account VALUES (9999, ?)", ["x".repeat(4 * 1024 * 1024 + 1)]);
    const answer: unknown = await cluster.client
      .submit({ branches: [big], timeoutMs: 3_000 })
      .catch((thrown: unknown) => thrown);
    // The stream ends with it, so it may have to be asked for: never committed.
    const reason = answer instanceof NemconError ? answer.reason : (answer as { kind: string }).kind;
    expect(["MESSAGE_TOO_LARGE", "aborted", "unknown"]).toContain(reason);
    expect((await cluster.client.query("bank-a", "SELECT count(*) FROM account WHERE customer = 9999")).rows).toEqual([
      [0],
    ]);
  });

  test("a request of more than 4 MiB over a stub of one's own: told which bound, and the stub goes on", async () => {
    const stub = new CoordinatorStub(cluster.coordinator.address, channelCredentials(null));
    const submitted = (text: string): Promise<ServiceError | null> => {
      const statement = "UPDATE account SET name = ? WHERE customer = 3";
      const branches = [{ participant: "bank-a", operations: [{ sql: { statement, parameters: [{ text }] } }] }];
      return new Promise((resolve) => stub.Submit({ branches }, { deadline: Date.now() + 10_000 }, resolve));
    };
    const error = await submitted("x".repeat(4 * 1024 * 1024 + 1));
    expect(error).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringMatching(/4194304|4 MiB/) as string,
    });
    expect(await submitted("x".repeat(3 * 1024 * 1024))).toBeNull();
    stub.close();
  });

  const packed = packWork([{ kind: "sql", statement: "SELECT 1", parameters: [], expectRows: null }]);
  const unpacked = [{ sql: { statement: "SELECT 1" } }];
  test.each([
    ["of a version that is not known", /version 9.*reads 1/, 9, { packedOperations: packed }],
    ["beside operations", /form that the request's packing does not name/, 1, { operations: unpacked }],
    ["without saying so", /form that the request's packing does not name/, 0, { packedOperations: packed }],
    ["of none", /has no operations/, 1, { packedOperations: packWork([]) }],
    ["of nothing that can be read", /has no operations/, 1, { packedOperations: Buffer.alloc(20, 0xff) }],
  ])("packed operations %s", async (_what, says, packing, branch) => {
    const error = await packedSubmit(packing, branch).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringMatching(says) as string });
  });

  test("packed operations that end in the middle: the participant votes no", async () => {
    const outcome = await packedSubmit(1, { packedOperations: packed.subarray(0, 5) });
    expect(outcome).toMatchObject({ kind: "OUTCOME_KIND_ABORTED", reason: "STATEMENT_FAILED", participant: "bank-a" });
  });

  test("an id that nobody gave out, and text that is none", async () => {
    await expect(cluster.client.transaction("c.0001.0000zzzz")).rejects.toMatchObject({
      reason: "UNKNOWN_TRANSACTION",
    });
    await expect(cluster.client.transaction("c.zzzz.00000001")).rejects.toMatchObject({
      reason: "UNKNOWN_TRANSACTION",
    });
    await expect(cluster.client.transaction("hello")).rejects.toMatchObject({ reason: "INVALID_TRANSACTION_ID" });
    await expect(cluster.client.transaction("other.0001.00000001")).rejects.toMatchObject({ reason: "NOT_MINE" });
  });
});

describe("an abort with a reason", () => {
  const aborted: readonly (readonly [what: string, reason: string, branch: Branches[number]])[] = [
    ["malformed SQL", "STATEMENT_FAILED", on("bank-b", "UPDATE checking SETT balance = 0")],
    ["a table that is not there", "STATEMENT_FAILED", on("bank-b", "UPDATE nothing SET balance = 0")],
    ["too few parameters", "STATEMENT_FAILED", on("bank-b", "UPDATE checking SET balance = ?")],
    ["a NULL where none may be", "CONSTRAINT", on("bank-b", "UPDATE checking SET balance = NULL WHERE customer = 1")],
    [
      "text for an INTEGER PRIMARY KEY",
      "STATEMENT_FAILED",
      on("bank-b", "INSERT INTO ledger VALUES (?, 0)", ["seven"]),
    ],
    ["a key that is taken", "CONSTRAINT", on("bank-b", "INSERT INTO account VALUES (1, 'again')")],
    ["DDL", "STATEMENT_REFUSED", on("bank-b", "DROP TABLE checking")],
    ["ATTACH", "STATEMENT_REFUSED", on("bank-b", "ATTACH 'other.db' AS other")],
    ["nemcon's own tables", "STATEMENT_REFUSED", on("bank-b", "DELETE FROM nemcon_journal")],
  ];
  test.each(aborted)("%s: %s", async (_what, reason, branch) => {
    const outcome = await cluster.client.submit({ branches: [add("bank-a", 1), branch] });
    expect(outcome).toMatchObject({ kind: "aborted", reason, participant: "bank-b" });
    expect(outcome.kind === "aborted" && outcome.detail.length > 10).toBe(true);
  });
});

describe("a server that can't start", () => {
  const refusedStart = async (
    args: readonly string[],
    address = "127.0.0.1:0",
  ): Promise<{ code: number | null; error: { reason: string; message: string } }> => {
    const server = new Server("x", address, args);
    expect(await server.start()).toBe(false);
    const { code } = await server.ended;
    return {
      code,
      error: (
        JSON.parse(server.stdout.trim().split("\n").at(-1) ?? "{}") as { error: { reason: string; message: string } }
      ).error,
    };
  };
  const coordinator = (directory: string): string[] => ["coordinator", "--node", "x", "--directory", directory];

  test("a taken port names its holder", async () => {
    const { code, error } = await refusedStart(
      coordinator(join(cluster.directory, "taken")),
      cluster.coordinator.address,
    );
    expect([code, error.reason]).toEqual([75, "PORT_TAKEN"]);
    if (process.platform === "linux") expect(error.message).toContain(String(cluster.coordinator.pid));
  });

  test("an address that others reach, and faults there", async () => {
    const { code, error } = await refusedStart(coordinator(join(cluster.directory, "open")), "0.0.0.0:0");
    expect([code, error.reason]).toEqual([78, "ADDRESS_NOT_LOOPBACK"]);
    const planted = await refusedStart(
      [...coordinator(join(cluster.directory, "open")), "--fault-kill-before-write", "1"],
      "0.0.0.0:0",
    );
    expect([planted.code, ["FAULTS_NOT_ALLOWED", "ADDRESS_NOT_LOOPBACK"].includes(planted.error.reason)]).toEqual([
      78,
      true,
    ]);
  });

  test.each([
    ["paxos-commit", "1, 3 or 5 of them in acceptors"],
    ["3pc-plain", "protocol.unsafe: allowed"],
  ])("the default protocol %s, which it does not have what it takes for", async (protocol, says) => {
    const directory = join(cluster.directory, "default");
    const { code, error } = await refusedStart([...coordinator(directory), "--protocol-default", protocol]);
    expect([code, error.reason]).toEqual([78, "CONFIG_INVALID"]);
    expect(error.message).toContain("--protocol-default");
    expect(error.message).toContain(says);
    expect(existsSync(directory)).toBe(false);
  });

  test("a directory that is a file, and one with another application's database", async () => {
    const file = join(cluster.directory, "a-file");
    writeFileSync(file, "no directory");
    expect((await refusedStart(coordinator(file))).code).toBe(78);
    const foreign = join(cluster.directory, "foreign");
    mkdirSync(foreign);
    const database = new Database(join(foreign, "journal.db"));
    database.exec("CREATE TABLE theirs(a)");
    database.close();
    const { code, error } = await refusedStart(coordinator(foreign));
    expect([code, error.reason]).toEqual([78, "DIRECTORY_FOREIGN"]);
  });

  test("a database that is none", async () => {
    const file = join(cluster.directory, "text.db");
    writeFileSync(file, "this is not a database, and it is long enough to be looked at as one".repeat(20));
    const { code, error } = await refusedStart([
      "participant",
      "--node",
      "x",
      "--database",
      file,
      "--coordinators",
      cluster.coordinator.address,
    ]);
    expect([code, error.reason]).toEqual([78, "DATABASE_UNUSABLE"]);
    expect(readFileSync(file, "utf8")).toMatch(/^this is not/);
  });

  test("another node's journal", async () => {
    await cluster.participants[1]?.kill("SIGTERM");
    const { code, error } = await refusedStart([
      "participant",
      "--node",
      "x",
      "--database",
      cluster.banks[1]?.file ?? "",
      "--coordinators",
      cluster.coordinator.address,
    ]);
    expect([code, error.reason]).toEqual([78, "JOURNAL_FOREIGN"]);
    await cluster.start();
  });

  test("a damaged journal is refused, says what to do, and serves again when it is whole", async () => {
    const victim = cluster.participants[1];
    const { file = "" } = cluster.banks[1] ?? {};
    await victim?.kill("SIGTERM");
    const database = new Database(file);
    const { sequence, body } = database
      .prepare<[], { sequence: number; body: Buffer }>(
        "SELECT sequence, body FROM nemcon_journal ORDER BY sequence DESC LIMIT 1",
      )
      .get() ?? { sequence: 0, body: Buffer.alloc(0) };
    const flipped = Buffer.from(body);
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    const write = database.prepare("UPDATE nemcon_journal SET body = ? WHERE sequence = ?");
    write.run(flipped, sequence);
    const { code, error } = await refusedStart([
      "participant",
      "--node",
      "bank-b",
      "--database",
      file,
      "--coordinators",
      cluster.coordinator.address,
    ]);
    expect([code, error.reason]).toEqual([70, "JOURNAL_DAMAGED"]);
    expect(error.message).toMatch(/doctor|[Rr]estore/);
    write.run(body, sequence);
    database.close();
    await cluster.start();
  });

  test("a coordinator's damaged journal is refused, and serves again when it is whole", async () => {
    const directory = join(cluster.directory, "c");
    await cluster.coordinator.kill("SIGTERM");
    const file = join(directory, "journal.db");
    const whole = readFileSync(file);
    const database = new Database(file);
    database.exec("UPDATE nemcon_journal SET body = x'00' WHERE sequence = (SELECT max(sequence) FROM nemcon_journal)");
    database.close();
    const { code, error } = await refusedStart(["coordinator", "--node", "c", "--directory", directory]);
    expect([code, error.reason]).toEqual([70, "JOURNAL_DAMAGED"]);
    expect(error.message).toMatch(/doctor|[Rr]estore/);
    for (const end of ["-wal", "-shm"]) rmSync(`${file}${end}`, { force: true });
    writeFileSync(file, whole);
    await cluster.start();
  });

  test("a directory that can't be made", async () => {
    const file = join(cluster.directory, "in-the-way");
    writeFileSync(file, "no directory");
    const { code, error } = await refusedStart(coordinator(join(file, "x")));
    expect([code, error.reason]).toEqual([78, "DIRECTORY_UNWRITABLE"]);
    expect(error.message).toMatch(/in-the-way.*name another directory/);
    expect(readFileSync(file, "utf8")).toBe("no directory");
  });

  test("two processes on one journal", async () => {
    const [port = 0] = await freePorts(1);
    const { code, error } = await refusedStart(
      ["coordinator", "--node", "c", "--directory", join(cluster.directory, "c")],
      `127.0.0.1:${port}`,
    );
    expect([code, error.reason]).toEqual([75, "JOURNAL_LOCKED"]);
  });
});

test("a write from outside to a locked row is alarmed, and never overwritten silently", async () => {
  const { client, banks, participants, coordinator } = cluster;
  const [bank] = banks;
  const transaction = await client.begin();
  await transaction.on("bank-a").sql("UPDATE savings SET balance = balance + 5 WHERE customer = 2");
  await transaction.on("bank-b").sql("UPDATE savings SET balance = balance - 5 WHERE customer = 2");
  const outside = new Database(bank?.file ?? "");
  outside.prepare("UPDATE savings SET balance = 1 WHERE customer = 2").run();
  const outcome = await transaction.commit();
  expect(outcome.kind).toBe("aborted");
  expect(outside.prepare("SELECT balance FROM savings WHERE customer = 2").pluck().get()).toBe(1);
  outside.close();
  expect([participants.length, coordinator.isAlive]).toEqual([2, true]);
});

test("a participant that is stopped holds nobody else up, and a deadline is no verdict", async () => {
  const [, stopped] = cluster.participants;
  stopped?.signal("SIGSTOP");
  try {
    const alone = await cluster.client.submit({ branches: [add("bank-a", 0)] });
    expect(alone.kind).toBe("committed");
    const both = await cluster.client.submit({ branches: [add("bank-a", 0), add("bank-b", 0)], timeoutMs: 1_500 });
    expect(["aborted", "unknown"]).toContain(both.kind);
  } finally {
    stopped?.signal("SIGCONT");
  }
  await cluster.linked();
  await cluster.settled();
});
