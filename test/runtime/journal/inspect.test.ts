import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

import { expect, test } from "vitest";

import type { Entry } from "../../../runtime/engine/index.ts";
import { acceptJournal, describeJournal, journalText, openJournal } from "../../../runtime/journal/index.ts";
import { witnessFile } from "../../../runtime/journal/witness.ts";
import { everyEntry, prepared } from "./entries.ts";
import {
  coordinatorOptions,
  fingerprint,
  opened,
  refusal,
  tamper,
  temporaryDirectory,
  write,
  written,
} from "./journals.ts";

function closed(sequence: number): Entry {
  const { transaction, protocol } = prepared(sequence) as Extract<Entry, { kind: "record" }>;
  const outcome = {
    outcome: "committed",
    reason: null,
    detail: "",
    result: null,
    participants: ["bank-a"],
    until: "retention",
  } as const;
  return { kind: "closed", transaction, protocol, outcome, atMs: 1_790_000_000_000 };
}

test("a running process's journal is described, and not changed by it", () => {
  const options = coordinatorOptions(temporaryDirectory());
  const running = opened(options);
  write(running, 1);
  write(running, 2);
  running.journal.transact(() => ({ entries: [closed(1)], force: false }));
  const before = fingerprint(options.file);
  const description = describeJournal(dirname(options.file));
  expect(fingerprint(options.file)).toBe(before);
  expect(description).toMatchObject({
    format: 1,
    cluster: "demo",
    node: "c-1",
    role: "coordinator",
    log: running.log,
    incarnation: 1,
    firstSequence: 1,
    lastSequence: 3,
    bytes: running.journal.size.bytes,
    witness: { sequence: 3, incarnation: 1 },
    openTransactions: [{ transaction: "c-1.0001.00000002", protocol: "2pc", records: ["prepare"], sequence: 2 }],
    damages: [],
  });
  write(running, 4);
});

test("the description is JSON, with bytes as hexadecimal", () => {
  const options = coordinatorOptions(temporaryDirectory());
  opened(options).journal.transact(() => ({ entries: everyEntry, force: true }));
  const description = describeJournal(options.file);
  expect(JSON.parse(JSON.stringify(description))).toEqual(description);
  expect(description.rows[0]?.entries[0]).toMatchObject({ record: { redo: "00017f80ff" } });
});

test("the text of a journal is that of the golden file", () => {
  const options = coordinatorOptions(temporaryDirectory());
  const { journal, log } = opened(options);
  journal.transact(() => ({ entries: everyEntry, force: true }));
  journal.transact(() => ({ entries: [prepared(20), closed(2)], force: true }));
  tamperedRow(options.file);
  const text = journalText(describeJournal(options.file))
    .replaceAll(dirname(options.file), "DIR")
    .replaceAll(log, "LOG")
    .replace(/made \S+/, "made TIME")
    // The chain starts from the log's id, and its packed size varies by a byte or two.
    .replace(/\d+ bytes$/m, "SIZE bytes");
  expect(text).toBe(readFileSync(new URL("../../golden/journal/description.txt", import.meta.url), "utf8"));
});

/** The journal's own connection still has the file open: a third row that is no row. */
function tamperedRow(file: string): void {
  tamper(file, (database) => database.exec("INSERT INTO nemcon_journal VALUES (3, x'0102030405060708')"));
}

test("after a damage the rest is still described, and every damage is named", () => {
  const options = written(temporaryDirectory(), 6);
  tamper(options.file, (database) => {
    database.exec("UPDATE nemcon_journal SET body = x'00' WHERE sequence = 2");
    database.exec("DELETE FROM nemcon_journal WHERE sequence IN (4, 6)");
  });
  const { rows, damages } = describeJournal(options.file);
  expect(rows.map(({ sequence, entries }) => [sequence, entries.length])).toEqual([
    [1, 1],
    [2, 0],
    [3, 1],
    [5, 1],
  ]);
  expect(damages.map(({ reason }) => reason)).toEqual([
    "JOURNAL_DAMAGED",
    "JOURNAL_DAMAGED",
    "JOURNAL_DAMAGED",
    "JOURNAL_SHORTENED",
  ]);
});

test("rows are described though nemcon_meta is unreadable", () => {
  const options = written(temporaryDirectory(), 2);
  tamper(options.file, (database) => database.exec("DELETE FROM nemcon_meta WHERE key = 'log'"));
  const description = describeJournal(options.file);
  expect(description).toMatchObject({ log: null, firstSequence: 1, lastSequence: 2 });
  expect(description.damages).toHaveLength(1);
  expect(journalText(description)).toContain("log      unreadable");
});

test("a closed journal is described, and leaves its three files and nothing of SQLite's with bytes in it", () => {
  const options = written(temporaryDirectory(), 2);
  const before = fingerprint(options.file);
  expect(describeJournal(options.file).damages).toEqual([]);
  expect(fingerprint(options.file)).toBe(before);
  expect(readdirSync(dirname(options.file))).toContain("journal.db-witness");
});

test("where there is no journal, that is said, and none is made", () => {
  const directory = temporaryDirectory();
  expect(refusal(() => describeJournal(directory))).toMatchObject({
    reason: "DATABASE_UNUSABLE",
    message: expect.stringContaining("no journal here") as string,
  });
  expect(refusal(() => describeJournal(join(directory, "nowhere")))).toMatchObject({ reason: "DATABASE_UNUSABLE" });
  expect(refusal(() => acceptJournal(directory))).toMatchObject({ reason: "DATABASE_UNUSABLE" });
  expect(readdirSync(directory)).toEqual([]);
});

test("a journal that is gone is told from one that never was", () => {
  const options = written(temporaryDirectory(), 2);
  rmSync(options.file);
  expect(refusal(() => describeJournal(options.file)).reason).toBe("JOURNAL_SHORTENED");
  expect(existsSync(options.file)).toBe(false);
});

test("an operator accepts a journal whose witness is missing, by its directory alone", () => {
  const options = written(temporaryDirectory(), 2);
  rmSync(witnessFile(options.file));
  expect(describeJournal(options.file).damages).toMatchObject([{ reason: "JOURNAL_SHORTENED" }]);
  expect(acceptJournal(dirname(options.file))).toMatchObject({ incarnation: 1_001, startSequence: 3 });
  expect(describeJournal(options.file).damages).toEqual([]);
  expect(opened(options)).toMatchObject({ incarnation: 1_002, startSequence: 3 });
});

test("a journal moved with its witness opens at its new place", () => {
  const options = written(temporaryDirectory(), 2);
  const moved = coordinatorOptions(temporaryDirectory());
  copyFileSync(options.file, moved.file);
  copyFileSync(witnessFile(options.file), witnessFile(moved.file));
  expect(opened(moved).replayed).toHaveLength(2);
});

test("a running process's journal is not accepted", () => {
  const options = coordinatorOptions(temporaryDirectory());
  const running = openJournal(options);
  expect(refusal(() => acceptJournal(options.file)).reason).toBe("JOURNAL_LOCKED");
  running.journal.close();
});
