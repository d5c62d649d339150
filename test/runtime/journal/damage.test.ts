/** Protocols W6: a journal that lost anything refuses to serve; it never opens as a shorter one. */
import { copyFileSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";

import Database from "better-sqlite3";
import { expect, test } from "vitest";

import { journalFile, type JournalOptions, openJournal } from "../../../runtime/journal/index.ts";
import { loadJournal, readOnly, replayOf } from "../../../runtime/journal/load.ts";
import { MetaWriter, readMeta } from "../../../runtime/journal/meta.ts";
import { readWitness, witnessFile } from "../../../runtime/journal/witness.ts";
import { prepared } from "./entries.ts";
import {
  coordinatorOptions,
  fingerprint,
  opened,
  refusal,
  runChild,
  tamper,
  temporaryDirectory,
  write,
  written,
} from "./journals.ts";

const ROWS = 5;

function bodyOf(file: string, sequence: number): Buffer {
  const database = new Database(file, { readonly: true });
  try {
    const body = database
      .prepare<[number], Buffer>("SELECT body FROM nemcon_journal WHERE sequence = ?")
      .pluck()
      .get(sequence);
    return body ?? Buffer.alloc(0);
  } finally {
    database.close();
  }
}

function replaceBody(file: string, sequence: number, body: Buffer): void {
  tamper(file, (database) =>
    database.prepare("UPDATE nemcon_journal SET body = ? WHERE sequence = ?").run(body, sequence),
  );
}

function flipped(body: Buffer, offset: number): Buffer {
  const copy = Buffer.from(body);
  copy[offset]! ^= 0x10;
  return copy;
}

function inSql(sql: string): (file: string) => void {
  return (file) => tamper(file, (database) => database.exec(sql));
}

function spoilSlots(file: string, slots: readonly number[]): void {
  const bytes = readFileSync(witnessFile(file));
  for (const slot of slots) bytes[slot * 4096 + 38]! ^= 1;
  writeFileSync(witnessFile(file), bytes);
}

/** A row as a newer version would write it: whole, and of a format that is not known here. */
function asFormat2(body: Buffer): Buffer {
  const newer = Buffer.from(body);
  newer[0] = 2;
  newer.writeUInt32LE(crc32(newer.subarray(5), 2), 1);
  return newer;
}

const damages: readonly {
  readonly name: string;
  readonly damage: (file: string) => void;
  readonly reason: string;
  readonly says: RegExp;
}[] = [
  {
    name: "the last row deleted",
    damage: inSql(`DELETE FROM nemcon_journal WHERE sequence = ${ROWS}`),
    reason: "JOURNAL_SHORTENED",
    says: /ends with row 4, and .* saw row 5/,
  },
  {
    name: "all rows deleted",
    damage: inSql("DELETE FROM nemcon_journal"),
    reason: "JOURNAL_SHORTENED",
    says: /ends with row 0/,
  },
  {
    name: "a row in the middle deleted",
    damage: inSql("DELETE FROM nemcon_journal WHERE sequence = 3"),
    reason: "JOURNAL_DAMAGED",
    says: /row 3 is missing/,
  },
  {
    name: "the first rows deleted",
    damage: inSql("DELETE FROM nemcon_journal WHERE sequence < 3"),
    reason: "JOURNAL_DAMAGED",
    says: /rows 1 to 2 are missing/,
  },
  {
    name: "two rows swapped",
    damage: (file) => {
      const [second, third] = [bodyOf(file, 2), bodyOf(file, 3)];
      replaceBody(file, 2, third);
      replaceBody(file, 3, second);
    },
    reason: "JOURNAL_DAMAGED",
    says: /row 2 holds what was written as row 3/,
  },
  {
    name: "a row twice",
    damage: inSql("INSERT INTO nemcon_journal SELECT 6, body FROM nemcon_journal WHERE sequence = 5"),
    reason: "JOURNAL_DAMAGED",
    says: /row 6 holds what was written as row 5/,
  },
  {
    name: "a row cut short",
    damage: (file) => replaceBody(file, 4, bodyOf(file, 4).subarray(0, 20)),
    reason: "JOURNAL_DAMAGED",
    says: /row 4 fails its checksum/,
  },
  {
    name: "an empty row",
    damage: (file) => replaceBody(file, 4, Buffer.alloc(0)),
    reason: "JOURNAL_DAMAGED",
    says: /row 4 fails its checksum/,
  },
  {
    name: "a row of another journal",
    damage: (file) => {
      const other = temporaryDirectory();
      written(other, ROWS);
      replaceBody(file, 3, bodyOf(journalFile(other), 3));
    },
    reason: "JOURNAL_DAMAGED",
    says: /row 3 does not follow the row before it/,
  },
  {
    name: "nemcon_meta emptied",
    damage: inSql("DELETE FROM nemcon_meta"),
    reason: "JOURNAL_DAMAGED",
    says: /nemcon_meta is empty/,
  },
  {
    name: "a key of nemcon_meta missing",
    damage: inSql("DELETE FROM nemcon_meta WHERE key = 'anchorChain'"),
    reason: "JOURNAL_DAMAGED",
    says: /keys are missing/,
  },
  {
    name: "an older incarnation",
    damage: inSql("UPDATE nemcon_meta SET value = '0' WHERE key = 'incarnation'"),
    reason: "JOURNAL_DAMAGED",
    says: /fails its checksum/,
  },
  {
    name: "another node's name",
    damage: inSql("UPDATE nemcon_meta SET value = 'c-2' WHERE key = 'node'"),
    reason: "JOURNAL_DAMAGED",
    says: /fails its checksum/,
  },
  {
    name: "the anchor moved",
    damage: inSql(
      "UPDATE nemcon_meta SET value = '2' WHERE key = 'anchorSequence'; DELETE FROM nemcon_journal WHERE sequence = 1",
    ),
    reason: "JOURNAL_DAMAGED",
    says: /fails its checksum/,
  },
  {
    name: "a newer format",
    damage: inSql("UPDATE nemcon_meta SET value = '2' WHERE key = 'format'"),
    reason: "JOURNAL_FORMAT",
    says: /format 2, and this version reads 1/,
  },
  {
    name: "a row of a newer format",
    damage: (file) => replaceBody(file, ROWS, asFormat2(bodyOf(file, ROWS))),
    reason: "JOURNAL_FORMAT",
    says: /row 5 has format 2/,
  },
  {
    name: "a table dropped",
    damage: inSql("DROP TABLE nemcon_journal"),
    reason: "JOURNAL_DAMAGED",
    says: /tables is missing/,
  },
  {
    name: "both tables dropped",
    damage: inSql("DROP TABLE nemcon_journal; DROP TABLE nemcon_meta"),
    reason: "JOURNAL_SHORTENED",
    says: /the journal is gone/,
  },
  {
    name: "the witness missing",
    damage: (file) => rmSync(witnessFile(file)),
    reason: "JOURNAL_SHORTENED",
    says: /-witness is missing.*--accept/,
  },
  {
    name: "the witness torn in both slots",
    damage: (file) => spoilSlots(file, [0, 1]),
    reason: "JOURNAL_SHORTENED",
    says: /-witness is unreadable/,
  },
  {
    name: "the witness empty",
    damage: (file) => truncateSync(witnessFile(file)),
    reason: "JOURNAL_SHORTENED",
    says: /-witness is unreadable/,
  },
  {
    name: "the witness of another journal",
    damage: (file) => {
      const other = temporaryDirectory();
      written(other, ROWS);
      copyFileSync(witnessFile(journalFile(other)), witnessFile(file));
    },
    reason: "JOURNAL_FOREIGN",
    says: /belongs to the log/,
  },
  {
    name: "the database deleted",
    damage: (file) => rmSync(file),
    reason: "JOURNAL_SHORTENED",
    says: /the journal is gone/,
  },
  {
    name: "the database emptied",
    damage: (file) => truncateSync(file),
    reason: "JOURNAL_SHORTENED",
    says: /the journal is gone/,
  },
  {
    name: "the database cut in half",
    damage: (file) => truncateSync(file, 4096),
    reason: "JOURNAL_DAMAGED",
    says: /pages damaged/,
  },
  {
    name: "the database overwritten with text",
    damage: (file) => writeFileSync(file, "once upon a time\n".repeat(100)),
    reason: "JOURNAL_DAMAGED",
    says: /pages damaged/,
  },
];

test.each(damages)("$name: refused, and left as it was found", ({ damage, reason, says }) => {
  const options = written(temporaryDirectory(), ROWS);
  damage(options.file);
  const before = fingerprint(options.file);
  expect(refusal(() => openJournal(options))).toMatchObject({ reason, message: expect.stringMatching(says) as string });
  expect(fingerprint(options.file)).toBe(before);
});

test("a flipped bit in any byte of a row is a damaged row", () => {
  const options = written(temporaryDirectory(), ROWS);
  const body = bodyOf(options.file, 3);
  for (let offset = 0; offset < body.length; offset += 1) {
    replaceBody(options.file, 3, flipped(body, offset));
    expect(
      refusal(() => openJournal(options)),
      `byte ${offset}`,
    ).toMatchObject({ reason: "JOURNAL_DAMAGED", exitCode: 70 });
  }
  replaceBody(options.file, 3, body);
  expect(opened(options).replayed).toHaveLength(ROWS);
});

test("a flipped bit anywhere in the database is refused, or changes nothing of what is replayed", () => {
  const options = written(temporaryDirectory(), ROWS);
  const whole = readFileSync(options.file);
  const replayed = loaded(options);
  const reasons = new Set<string>();
  for (let offset = 0; offset < whole.length; offset += 23) {
    writeFileSync(options.file, flipped(whole, offset));
    const { reason } = refusal(() => expect(loaded(options), `byte ${offset}`).toEqual(replayed));
    reasons.add(reason);
  }
  expect(reasons).toContain("JOURNAL_DAMAGED");
  expect(reasons).toContain("none");
});

function loaded(options: JournalOptions): unknown {
  const journal = loadJournal({ ...options, acceptWitness: false });
  return journal === null
    ? null
    : { meta: journal.meta, rows: readOnly(options, (database) => [...replayOf(database)]) };
}

const foreign: readonly { readonly name: string; readonly change: Partial<JournalOptions> }[] = [
  { name: "another node", change: { node: "c-2" } },
  { name: "another cluster", change: { cluster: "production" } },
  { name: "another role", change: { role: "acceptor" } },
];

test.each(foreign)("a journal is refused by $name", ({ change }) => {
  const options = written(temporaryDirectory(), 1);
  expect(refusal(() => openJournal({ ...options, ...change }))).toMatchObject({
    reason: "JOURNAL_FOREIGN",
    exitCode: 78,
    message: expect.stringContaining("belongs to the coordinator c-1 of cluster demo") as string,
  });
});

const lostLogs: readonly { readonly name: string; readonly damage: (wal: string) => void }[] = [
  { name: "deleted", damage: (wal) => rmSync(wal) },
  { name: "emptied", damage: (wal) => truncateSync(wal) },
  { name: "cut short", damage: (wal) => truncateSync(wal, 40_000) },
  { name: "flipped in its first frames", damage: (wal) => writeFileSync(wal, flipped(readFileSync(wal), 5000)) },
];

test.each(lostLogs)("the -wal file of a killed process, $name, makes the journal shorter: refused", ({ damage }) => {
  const options = coordinatorOptions(temporaryDirectory());
  const child = runChild({ file: options.file, turns: 12, atEnd: "kill", redoBytes: 2_000, walBytes: 1024 * 1024 });
  expect(child).toMatchObject({ signal: "SIGKILL", reported: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] });
  damage(`${options.file}-wal`);
  expect(refusal(() => openJournal(options))).toMatchObject({
    reason: "JOURNAL_SHORTENED",
    message: expect.stringMatching(/saw row 12.*-wal file/) as string,
  });
});

test("an older copy, put in place of the journal, is noticed by its rows in one incarnation", async () => {
  const options = coordinatorOptions(temporaryDirectory());
  const journal = openJournal(options);
  write(journal, 1);
  await journal.journal.database.backup(`${options.file}.copy`);
  write(journal, 2);
  journal.journal.close();
  renameSync(`${options.file}.copy`, options.file);
  expect(refusal(() => openJournal(options)).reason).toBe("JOURNAL_SHORTENED");
});

test("an older copy is noticed by its incarnation, though no row is missing", () => {
  const options = written(temporaryDirectory(), 3);
  copyFileSync(options.file, `${options.file}.copy`);
  written("", 0, options);
  renameSync(`${options.file}.copy`, options.file);
  expect(refusal(() => openJournal(options))).toMatchObject({
    reason: "JOURNAL_RESTORED",
    message: expect.stringContaining("ends in incarnation 1 with row 3") as string,
  });
});

test("a copy that went on by itself is noticed when it meets the old witness", () => {
  const options = written(temporaryDirectory(), 3);
  copyFileSync(options.file, `${options.file}.copy`);
  copyFileSync(witnessFile(options.file), `${options.file}.copy-witness`);
  written("", 1, options);
  const fork = { ...options, file: `${options.file}.copy` };
  const journal = openJournal(fork);
  write(journal, 9);
  write(journal, 10);
  journal.journal.close();
  copyFileSync(fork.file, options.file);
  expect(refusal(() => openJournal(options))).toMatchObject({
    reason: "JOURNAL_RESTORED",
    message: expect.stringMatching(/row 4 is not the one/) as string,
  });
});

test("a torn slot of the witness leaves the other one, which is enough", () => {
  for (const slot of [0, 1]) {
    const options = written(temporaryDirectory(), 3);
    spoilSlots(options.file, [slot]);
    expect(opened(options).replayed).toHaveLength(3);
  }
});

test("a witness that lags behind, as after a power failure, is enough", () => {
  const options = written(temporaryDirectory(), 3);
  copyFileSync(witnessFile(options.file), `${options.file}.old`);
  const journal = openJournal(options);
  write(journal, 4);
  journal.journal.close();
  renameSync(`${options.file}.old`, witnessFile(options.file));
  expect(opened(options).replayed).toHaveLength(4);
  expect(readWitness(options.file)).toMatchObject({ incarnation: 3, sequence: 4 });
});

test("a missing witness can be accepted: then no incarnation is used twice, and damaged rows are still refused", () => {
  const options = written(temporaryDirectory(), 3);
  rmSync(witnessFile(options.file));
  const { incarnation, journal, replayed } = openJournal({ ...options, acceptWitness: true });
  expect(incarnation).toBeGreaterThan(1_000);
  expect([...replayed]).toHaveLength(3);
  journal.close();
  expect(opened(options).incarnation).toBe(incarnation + 1);

  const other = written(temporaryDirectory(), 3);
  rmSync(witnessFile(other.file));
  replaceBody(other.file, 2, flipped(bodyOf(other.file, 2), 30));
  expect(refusal(() => openJournal({ ...other, acceptWitness: true })).reason).toBe("JOURNAL_DAMAGED");
});

test("an accepted older copy begins past the incarnations that its witness saw", () => {
  const options = written(temporaryDirectory(), 1);
  copyFileSync(options.file, `${options.file}.copy`);
  for (let boots = 0; boots < 3; boots += 1) written("", 1, options);
  renameSync(`${options.file}.copy`, options.file);
  expect(openAccepted(options)).toBe(1_004);
});

function openAccepted(options: JournalOptions): number {
  return opened({ ...options, acceptWitness: true }).incarnation;
}

test("a process that died before it had made its tables left no journal: the next one makes it", () => {
  const options = written(temporaryDirectory(), 0);
  rmSync(witnessFile(options.file));
  tamper(options.file, (database) => database.exec("DROP TABLE nemcon_journal; DROP TABLE nemcon_meta"));
  expect(opened(options)).toMatchObject({ incarnation: 1, startSequence: 1, replayed: [] });
});

test("a process that died between its tables and its witness left a journal that never served: it goes on", () => {
  const options = written(temporaryDirectory(), 0);
  rmSync(witnessFile(options.file));
  tamper(options.file, (database) => {
    const meta = readMeta(database, options.file);
    if (meta !== null) new MetaWriter(database).write({ ...meta, incarnation: 0 });
  });
  expect(opened(options)).toMatchObject({ incarnation: 1, startSequence: 1, replayed: [] });
});

test("a whole journal replays its rows in order", () => {
  expect(opened(written(temporaryDirectory(), 2)).replayed).toEqual([
    { sequence: 1, entries: [prepared(1)] },
    { sequence: 2, entries: [prepared(2)] },
  ]);
});
