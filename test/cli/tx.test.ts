/** `nemcon tx` against a cluster of real processes: a coordinator and two participants. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshDirectory, logged, nemcon, serving, start, type Finished } from "./nemcon.ts";

const done: (() => void | Promise<void>)[] = [];
let directory: string;
let address: string;

beforeAll(async () => {
  const cleanUp = (work: () => void | Promise<void>): void => void done.unshift(work);
  directory = freshDirectory(cleanUp);
  const coordinator = await serving(["coordinator", "--node", "c1", "--directory", join(directory, "c1")], cleanUp);
  ({ address } = coordinator);
  const linked = logged(coordinator, "Linked with participant", 2);
  for (const name of ["bank-a", "bank-b"]) {
    const file = join(directory, `${name}.db`);
    const database = new Database(file);
    database.exec("create table account (id integer primary key, balance integer check (balance >= 0), seal blob)");
    database.exec("insert into account values (1, 100, x'00ff'), (2, 9223372036854775807, null)");
    database.close();
    await serving(["participant", "--node", name, "--database", file, "--coordinators", address], cleanUp);
  }
  await linked;
}, 30_000);

afterAll(async () => {
  for (const work of done) await work();
});

function tx(...args: string[]): Promise<Finished> {
  return nemcon(["tx", ...args], { environment: { NEMCON_COORDINATOR: address } });
}

async function txJson(...args: string[]): Promise<Record<string, unknown> & { readonly code: number | null }> {
  const { code, stdout } = await tx(...args, "--json");
  return { ...(JSON.parse(stdout) as Record<string, unknown>), code };
}

async function begun(): Promise<string> {
  return (await tx("begin")).stdout.trim();
}

const take = ["--on", "bank-a", "UPDATE account SET balance = balance - 10 WHERE id = 1"];
const give = ["--on", "bank-b", "UPDATE account SET balance = balance + 10 WHERE id = 1"];

describe("submit", () => {
  test("commits over two participants and exits 0", async () => {
    expect(await txJson("submit", ...take, "--expect-rows", "1", ...give)).toMatchObject({
      code: 0,
      outcome: "committed",
    });
  });

  test("aborts and exits 1, with the reason and who gave it", async () => {
    const poor = [
      "--on",
      "bank-a",
      "UPDATE account SET balance = balance - ? WHERE id = ?",
      "--parameters",
      "[1000, 1]",
    ];
    expect(await txJson("submit", ...poor, ...give)).toMatchObject({
      code: 1,
      outcome: "aborted",
      reason: "CONSTRAINT",
      participant: "bank-a",
    });
    const { stdout } = await tx("submit", ...poor, ...give);
    expect(stdout).toMatch(/^aborted  c1\.\S+\n  CONSTRAINT at bank-a: CHECK/);
  });

  test("another number of rows than expected is a no", async () => {
    const nobody = ["--on", "bank-a", "UPDATE account SET balance = 0 WHERE id = 7", "--expect-rows", "1"];
    expect(await txJson("submit", ...nobody)).toMatchObject({ code: 1, reason: "EXPECTATION_FAILED" });
  });

  test("takes a document from a file or stdin, and gives rows back with every bit", async () => {
    const operations = [
      {
        sql: "SELECT balance, seal FROM account WHERE id = ? OR balance = ? ORDER BY id DESC",
        parameters: [1, { integer: "9223372036854775807" }],
      },
    ];
    const document = JSON.stringify({
      protocol: "2pc",
      timeout: 4000,
      branches: [{ participant: "bank-b", operations }],
    });
    const file = join(directory, "read.json");
    writeFileSync(file, document);
    const fromFile = await txJson("submit", file);
    expect(fromFile).toMatchObject({ code: 0, outcome: "committed" });
    const rows = [
      [{ integer: "9223372036854775807" }, null],
      [expect.any(Number), { blob: "AP8=" }],
    ];
    expect(fromFile["branches"]).toEqual([
      { participant: "bank-b", results: [{ rowsAffected: 2, columns: ["balance", "seal"], rows }] },
    ]);
    const environment = { NEMCON_COORDINATOR: address };
    const fromStdin = await nemcon(["tx", "submit", "-", "--json"], { input: document, environment });
    expect(JSON.parse(fromStdin.stdout)).toMatchObject({ outcome: "committed", branches: fromFile["branches"] });
  });

  test("an id that was used before gives the same outcome again, and nothing runs twice", async () => {
    const first = await txJson("submit", ...give);
    const balance = ["submit", "--on", "bank-b", "SELECT balance FROM account WHERE id = 1"];
    const before = await txJson(...balance);
    const again = await txJson("submit", ...give, "--id", String(first["transaction"]));
    expect(again).toMatchObject({ code: 0, transaction: first["transaction"], outcome: "committed" });
    expect((await txJson(...balance))["branches"]).toEqual(before["branches"]);
  });

  test("a participant that nobody knows is an error, not an abort", async () => {
    const { code, error } = await txJson("submit", "--on", "bank-z", "SELECT 1");
    expect({ code, error }).toMatchObject({ code: 1, error: { reason: "UNKNOWN_PARTICIPANT" } });
  });
});

describe("an interactive transaction", () => {
  test("is begun by its initiator's last work, which tells the outcome", async () => {
    const { stdout } = await tx("begin", "--initiator", "bank-a");
    const id = stdout.trim();
    await tx("exec", id, ...give);
    const ended = await txJson("exec", id, "--last", ...take);
    expect(ended).toMatchObject({ code: 0, transaction: id, outcome: "committed" });
    expect((await tx("commit", id)).code).toBe(0);
  });

  test("of a protocol that is not there is refused, with those that are", async () => {
    const { code, error } = await txJson("begin", "--protocol", "4pc");
    expect([code, error]).toEqual([64, expect.objectContaining({ reason: "UNKNOWN_PROTOCOL" })]);
  });

  test("reads its own writes, and commits", async () => {
    const id = await begun();
    expect(await tx("exec", id, ...take, ...give)).toMatchObject({ code: 0 });
    expect(await tx("show", id)).toMatchObject({ code: 2, stdout: expect.stringMatching(/^state +active$/m) });
    expect(await txJson("commit", id)).toMatchObject({ code: 0, outcome: "committed" });
    expect(await txJson("show", id)).toMatchObject({ code: 0, state: "committed" });
  });

  test("is given up: abort exits 0, and asking afterwards 1", async () => {
    const id = await begun();
    await tx("exec", id, ...take);
    expect(await txJson("abort", id)).toMatchObject({ code: 0, outcome: "aborted", reason: "CANCELLED" });
    expect(await txJson("show", id)).toMatchObject({ code: 1, state: "aborted" });
    expect(await txJson("commit", id)).toMatchObject({ code: 1, outcome: "aborted" });
  });
});

test("list has what was submitted, newest first, and says when there is more", async () => {
  const ids = [];
  for (let count = 0; count < 2; count += 1) ids.unshift((await txJson("submit", ...give))["transaction"]);
  const { transactions, more } = await txJson("list", "--limit", "2", "--state", "committed");
  expect((transactions as { transaction: string }[]).map(({ transaction }) => transaction)).toEqual(ids);
  expect(more).toBe(true);
});

test("watch with an id ends with the transaction, and its exit code is the outcome", async () => {
  const id = await begun();
  const watching = start(["tx", "watch", id, "--json"], { NEMCON_COORDINATOR: address });
  expect(JSON.parse(await watching.line())).toMatchObject({ transaction: id, state: "active" });
  await tx("abort", id);
  const { code, stdout } = await watching.finished;
  expect(code).toBe(1);
  expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({ state: "aborted", reason: "CANCELLED" });
});

test("watch of a transaction that is over does not wait", async () => {
  const { transaction } = await txJson("submit", ...give);
  expect(await tx("watch", String(transaction))).toMatchObject({ code: 0 });
});

test("Ctrl-C ends a watch cleanly", async () => {
  const id = await begun();
  const watching = start(["tx", "watch", "--json"], { NEMCON_COORDINATOR: address });
  expect(JSON.parse(await watching.line())).toHaveProperty("transaction");
  watching.child.kill("SIGINT");
  expect(await watching.finished).toMatchObject({ code: 0, signal: null });
  await tx("abort", id);
});

describe("is no verdict:", () => {
  test("an id of another coordinator", async () => {
    expect(await txJson("show", "c9.0001.00000001")).toMatchObject({ code: 1, error: { reason: "NOT_MINE" } });
  });

  test("an id that was never given out", async () => {
    expect(await txJson("show", "c1.0001.zzzzzzzz")).toMatchObject({
      code: 2,
      error: { reason: "UNKNOWN_TRANSACTION" },
    });
  });

  test("what is no id", async () => {
    expect(await txJson("show", "c1")).toMatchObject({ code: 64, error: { reason: "INVALID_TRANSACTION_ID" } });
  });
});
