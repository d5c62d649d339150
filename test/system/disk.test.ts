/** Trouble with files under a running cluster: a full disk, a lock held by others, a directory that can't be written, a lost file. */

import { chmodSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Outcome } from "../../client/index.ts";
import { Cluster, eventually, Server } from "./processes.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.open();
  await cluster.start();
});
afterAll(() => cluster.close());

const at = (participant: string, sql: string, ...parameters: (number | string)[]) => ({
  participant,
  operations: [{ sql, parameters }],
});
const insert = (customer: number, bank: string, name = "") =>
  at(bank, "INSERT INTO account VALUES (?, ?)", customer, `${customer} ${name}`);
const insertInBoth = (customer: number, name = "") => ({
  branches: cluster.banks.map((bank) => insert(customer, bank.name, name)),
});

function idOf(outcome: Outcome): string {
  return "transaction" in outcome && outcome.transaction !== null ? outcome.transaction : "";
}

function customers(file: string): Set<number> {
  const database = new Database(file, { readonly: true });
  try {
    return new Set(database.prepare<[], number>("SELECT customer FROM account").pluck().all());
  } finally {
    database.close();
  }
}

async function written(server: Server, text: string): Promise<void> {
  await eventually(`${server.name} says "${text}"`, async () => {
    await setImmediate();
    return server.stderr.includes(text);
  });
}

test("a participant whose disk is full stops with 74, and with room again every answer holds", async () => {
  const [, victim] = cluster.participants;
  await victim?.kill();
  if (victim) victim.fileBlocks = 6_000;
  await victim?.start();
  await cluster.linked();
  const name = "x".repeat(40_000);
  const told = new Map<number, Outcome>();
  const isAlive = (): boolean => victim?.isAlive === true;
  let next = 100_000;
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      while (isAlive()) {
        next += 1;
        const customer = next;
        told.set(
          customer,
          await cluster.client.submit({
            ...insertInBoth(customer, name),
            timeoutMs: 4_000,
          }),
        );
      }
    }),
  );
  expect((await victim?.ended)?.code).toBe(74);
  expect(victim?.stderr).toMatch(/WRITE_FAILED.*free space or mend the disk/);
  if (victim) victim.fileBlocks = null;
  await cluster.start();
  await cluster.settled();
  const [first, second] = cluster.banks.map(({ file }) => customers(file));
  const kinds = new Set<string>();
  for (const [customer, outcome] of told) {
    const state = outcome.kind === "unknown" ? (await cluster.client.transaction(idOf(outcome))).state : outcome.kind;
    kinds.add(state);
    expect([customer, first?.has(customer), second?.has(customer)]).toEqual([
      customer,
      state === "committed",
      state === "committed",
    ]);
  }
  expect(kinds).toContain("committed");
  expect((await cluster.client.submit(insertInBoth(next + 1))).kind).toBe("committed");
});

test("a program that holds a participant's write lock for seconds delays it alone, and nothing is lost", async () => {
  const [bank, other] = cluster.banks;
  const [victim] = cluster.participants;
  const outside = new Database(bank?.file ?? "");
  outside.exec("BEGIN IMMEDIATE");
  const both = cluster.client.submit(insertInBoth(200_000));
  const alone = await cluster.client.submit({
    branches: [insert(200_001, other?.name ?? "")],
  });
  expect(alone.kind).toBe("committed");
  if (victim) await written(victim, "Trying again, 1 of");
  expect(victim?.stderr).toMatch(/another process holds the database's write lock.*Look for/);
  outside.exec("COMMIT");
  outside.close();
  const { kind } = await both;
  expect(["committed", "aborted"]).toContain(kind);
  await cluster.linked();
  await cluster.settled();
  expect(cluster.banks.map(({ file }) => customers(file).has(200_000))).toEqual([
    kind === "committed",
    kind === "committed",
  ]);
  expect((await cluster.client.submit(insertInBoth(200_002))).kind).toBe("committed");
});

// The participant waits ten seconds for it.
if (process.env["CI"] === "true")
  test("a program that never lets go of the write lock ends the participant with 75; what it had promised is kept", async () => {
    const [bank] = cluster.banks;
    const [victim] = cluster.participants;
    await cluster.coordinator.kill();
    // The coordinator dies before its commit is durable: both are in doubt.
    await cluster.coordinator.start(["--fault-kill-before-write", "1"]);
    await cluster.linked();
    const outcome = cluster.client.submit(insertInBoth(300_000));
    await cluster.coordinator.ended;
    const outside = new Database(bank?.file ?? "");
    outside.exec("BEGIN IMMEDIATE");
    await cluster.coordinator.start();
    const { code } = (await victim?.ended) ?? { code: 0 };
    expect(code).toBe(75);
    expect(victim?.stderr).toContain("JOURNAL_LOCKED");
    outside.exec("COMMIT");
    outside.close();
    await cluster.start();
    const { kind } = await outcome;
    await cluster.settled();
    const held = cluster.banks.map(({ file }) => customers(file).has(300_000));
    expect(new Set(held).size).toBe(1);
    if (kind !== "unknown") expect(held).toEqual([kind === "committed", kind === "committed"]);
  });

test("a directory that can't be written is named, and what to do", async () => {
  const closed = join(cluster.directory, "closed");
  mkdirSync(closed);
  chmodSync(closed, 0o500);
  // Nothing keeps the superuser out but a file system that takes no files.
  const directory = process.getuid?.() === 0 ? "/sys/nemcon" : join(closed, "c");
  const server = new Server("x", "127.0.0.1:0", ["coordinator", "--node", "x", "--directory", directory]);
  expect(await server.start()).toBe(false);
  expect((await server.ended).code).toBe(78);
  const { error } = JSON.parse(server.stdout) as { error: { reason: string; message: string } };
  expect(error.reason).toBe("DIRECTORY_UNWRITABLE");
  expect(error.message).toMatch(/right to write|another/);
  expect(error.message).toContain(directory);
});

test.each(["coordinator", "participant"] as const)(
  "a %s that lost its -wal file does not start on what is left, and does with the file",
  async (role) => {
    const kept = role === "coordinator" ? 400_000 : 500_000;
    const server = role === "coordinator" ? cluster.coordinator : cluster.participants[0];
    const file = role === "coordinator" ? join(cluster.directory, "c", "journal.db") : (cluster.banks[0]?.file ?? "");
    expect((await cluster.client.submit(insertInBoth(kept))).kind).toBe("committed");
    await cluster.settled();
    await server?.kill();
    renameSync(`${file}-wal`, `${file}-lost`);
    rmSync(`${file}-shm`, { force: true });
    expect(await server?.start()).toBe(false);
    expect((await server?.ended)?.code).toBe(70);
    const { error } = JSON.parse(server?.stdout.trim().split("\n").at(-1) ?? "{}") as {
      error: { reason: string; message: string };
    };
    expect(error.reason).toBe("JOURNAL_SHORTENED");
    expect(error.message).toMatch(/-wal|doctor/);
    for (const end of ["-wal", "-shm"]) rmSync(`${file}${end}`, { force: true });
    renameSync(`${file}-lost`, `${file}-wal`);
    await cluster.start();
    expect(cluster.banks.map((bank) => customers(bank.file).has(kept))).toEqual([true, true]);
    expect((await cluster.client.submit(insertInBoth(kept + 1))).kind).toBe("committed");
  },
);
