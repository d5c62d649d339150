import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import Database from "better-sqlite3";
import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";

import { journalFile, type JournalOptions, openJournal } from "../../../runtime/journal/index.ts";
import { RowSizes } from "../../../runtime/journal/sizes.ts";
import { prepared } from "./entries.ts";
import { coordinatorOptions, opened, refusal, temporaryDirectory, write, written } from "./journals.ts";

/** A participant's journal, in a database with a table of its users. */
function participantOptions(directory: string, schema: string): JournalOptions {
  const file = join(directory, "bank.db");
  const database = new Database(file);
  database.exec(schema);
  database.close();
  return { ...coordinatorOptions(directory), file, own: false, role: "participant", node: "bank-a" };
}

function reader(file: string): Database.Database {
  const database = new Database(file, { timeout: 0 });
  onTestFinished(() => void database.close());
  return database;
}

test("the incarnation is one more at each start, and the log's id stays", () => {
  const options = written(temporaryDirectory(), 0);
  const second = openJournal(options);
  second.journal.close();
  const third = opened(options);
  expect([second.incarnation, third.incarnation]).toEqual([2, 3]);
  expect(third.log).toBe(second.log);
});

test("every commit is forced, unless a planted fault says otherwise", () => {
  const synchronous = (faults: JournalOptions["faults"]) => {
    const { journal } = opened({ ...coordinatorOptions(temporaryDirectory()), faults: faults ?? {} });
    return journal.database.pragma("synchronous", { simple: true });
  };
  const FULL = 2;
  const OFF = 0;
  expect([synchronous({}), synchronous({ noSync: true })]).toEqual([FULL, OFF]);
});

test("entries that wait stand in front of the next row's, in order", () => {
  const { journal } = opened(coordinatorOptions(temporaryDirectory()));
  expect(journal.append([prepared(1)])).toBe(1);
  expect(journal.transact(() => ({ entries: [prepared(2)], force: true }))).toBe(1);
  expect(journal.append([prepared(3)])).toBe(2);
  expect(journal).toMatchObject({ durableSequence: 1, forcedWrites: 1, size: { firstSequence: 1, nextSequence: 2 } });
});

test("a large heap of waiting entries is written without being asked for", () => {
  const { journal } = opened(coordinatorOptions(temporaryDirectory()));
  for (let turn = 0; turn < 20; turn += 1) journal.append([prepared(turn, 100_000)]);
  expect(journal.durableSequence).toBe(1);
});

test("what the resource applies and the row are one transaction: a throw inside leaves neither", () => {
  const options = participantOptions(
    temporaryDirectory(),
    "CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER)",
  );
  const { journal } = opened(options);
  const apply = journal.database.prepare("INSERT INTO account (balance) VALUES (?)");
  const balances = journal.database.prepare<[], number>("SELECT balance FROM account").pluck();
  journal.append([prepared(1)]);
  expect(() =>
    journal.transact(() => {
      apply.run(1);
      throw new RangeError("a defect");
    }),
  ).toThrow(RangeError);
  expect(balances.all()).toEqual([]);
  journal.transact(() => {
    apply.run(2);
    return { entries: [prepared(2)], force: false };
  });
  expect(balances.all()).toEqual([2]);
  expect(journal).toMatchObject({ durableSequence: 1, forcedWrites: 0 });
});

test("a turn with nothing to write commits what was applied, without a row", () => {
  const options = participantOptions(temporaryDirectory(), "CREATE TABLE t (x)");
  const { journal } = opened(options);
  const sequence = journal.transact(() => {
    journal.database.exec("INSERT INTO t VALUES (1)");
    return { entries: [], force: false };
  });
  expect(sequence).toBe(0);
  expect(reader(options.file).prepare("SELECT count(*) FROM t").pluck().get()).toBe(1);
});

test("the journal is not used again from inside a turn, nor after its end", () => {
  const opening = opened(coordinatorOptions(temporaryDirectory()));
  expect(() => opening.journal.transact(() => ({ entries: [], force: write(opening, 1) === 1 }))).toThrow(
    "the journal is inside",
  );
  write(opening, 1);
  opening.journal.close();
  expect(() => write(opening, 2)).toThrow("the journal is closed");
});

test("rows below the low-water mark go in the turn's transaction, and the chain holds over it", () => {
  const options = coordinatorOptions(temporaryDirectory());
  const first = openJournal(options);
  for (let sequence = 1; sequence <= 5; sequence += 1) write(first, sequence);
  first.journal.transact(() => ({ entries: [prepared(6)], force: true, dropBelow: 4 }));
  expect(first.journal.size.firstSequence).toBe(4);
  first.journal.close();

  const second = openJournal(options);
  expect([...second.replayed].map(({ sequence }) => sequence)).toEqual([4, 5, 6]);
  second.journal.transact(() => ({ entries: [prepared(7)], force: true, dropBelow: 1_000 }));
  expect(second.journal.size).toMatchObject({ firstSequence: 7, nextSequence: 8 });
  second.journal.transact(() => ({ entries: [], force: false, dropBelow: 1_000 }));
  write(second, 8);
  second.journal.close();

  const third = opened(options);
  expect(third.replayed.map(({ sequence }) => sequence)).toEqual([7, 8]);
  expect(third.journal.size).toMatchObject({ firstSequence: 7, nextSequence: 9 });
});

test("kept bytes and sequences are those of a list of sizes", () => {
  const step = fc.oneof(
    fc.record({ push: fc.integer({ min: 0, max: 100 }) }),
    fc.record({ drop: fc.integer({ min: 0, max: 30 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 1_000 }), (steps, bytes) => {
      const sizes = new RowSizes(5);
      let model: { readonly sequence: number; readonly size: number }[] = [];
      let next = 5;
      for (const one of steps) {
        if ("push" in one) {
          sizes.push(one.push);
          model.push({ sequence: next, size: one.push });
          next += 1;
        } else {
          sizes.dropBelow(one.drop);
          model = model.filter(({ sequence }) => sequence >= one.drop);
        }
      }
      const first = model[0]?.sequence ?? next;
      const kept = (from: number): number =>
        model.filter(({ sequence }) => sequence >= from).reduce((sum, { size }) => sum + size, 0);
      const exceeding = model.filter(({ sequence }) => kept(sequence) > bytes).at(-1)?.sequence ?? first;
      expect([sizes.firstSequence, sizes.nextSequence, sizes.bytes]).toEqual([first, next, kept(0)]);
      expect(sizes.sequenceForBytes(bytes)).toBe(exceeding);
    }),
  );
});

test("a write that SQLite refuses is fatal, and the journal is dead afterwards", () => {
  const opening = opened(coordinatorOptions(temporaryDirectory()));
  const { database } = opening.journal;
  database.pragma(`max_page_count = ${String(database.pragma("page_count", { simple: true }))}`);
  const big = (): unknown => opening.journal.transact(() => ({ entries: [prepared(1, 100_000)], force: true }));
  expect(refusal(big)).toMatchObject({
    reason: "WRITE_FAILED",
    exitCode: 74,
    message: expect.stringContaining("SQLITE_FULL") as string,
  });
  expect(() => write(opening, 2)).toThrow("the journal is dead");
});

test("a full disk while the resource applies is fatal too; a failed statement is not", () => {
  const options = participantOptions(temporaryDirectory(), "CREATE TABLE t (x BLOB NOT NULL)");
  const { journal } = opened(options);
  const insert = journal.database.prepare("INSERT INTO t VALUES (?)");
  const apply = (value: Buffer | null) => (): unknown =>
    journal.transact(() => {
      insert.run(value);
      return { entries: [], force: false };
    });
  expect(apply(null)).toThrow("NOT NULL");
  journal.database.pragma(`max_page_count = ${String(journal.database.pragma("page_count", { simple: true }))}`);
  expect(refusal(apply(Buffer.alloc(100_000))).reason).toBe("WRITE_FAILED");
});

test("a transaction that ended inside the turn is fatal: half of it would be committed", () => {
  const opening = opened(coordinatorOptions(temporaryDirectory()));
  const turn = (): unknown =>
    opening.journal.transact(() => {
      opening.journal.database.exec("ROLLBACK");
      return { entries: [prepared(1)], force: true };
    });
  expect(refusal(turn)).toMatchObject({ reason: "WRITE_FAILED" });
});

test("a writer outside that never ends: warnings, then exit 75, and nothing was promised", () => {
  const warnings: string[] = [];
  const options = coordinatorOptions(temporaryDirectory());
  const opening = opened({ ...options, hooks: { ...options.hooks, warn: (message) => void warnings.push(message) } });
  const other = reader(options.file);
  other.exec("BEGIN IMMEDIATE");
  expect(refusal(() => write(opening, 1))).toMatchObject({ reason: "JOURNAL_LOCKED", exitCode: 75 });
  expect(warnings).toHaveLength(3);
  expect(warnings[0]).toMatch(/write lock.*an application, a shell or a backup/);
});

test("a guard that does not hold makes the turn compute again, with the lock let go in between", () => {
  const options = coordinatorOptions(temporaryDirectory());
  const opening = opened(options);
  const other = reader(options.file);
  const holds = [false, false, true];
  let renewals = 0;
  opening.journal.setGuard({
    valid: () => holds.shift() ?? true,
    renew: () => {
      renewals += 1;
      other.exec("BEGIN IMMEDIATE; ROLLBACK");
    },
  });
  expect(write(opening, 1)).toBe(1);
  expect(renewals).toBe(2);
  opening.journal.setGuard({ valid: () => false, renew: () => undefined });
  expect(refusal(() => write(opening, 2)).reason).toBe("JOURNAL_LOCKED");
});

test("forced writes are told, and only those", () => {
  const told: (readonly [number, number])[] = [];
  const options = coordinatorOptions(temporaryDirectory());
  const opening = opened({
    ...options,
    hooks: { ...options.hooks, onForcedWrite: (count, sequence) => void told.push([count, sequence]) },
  });
  write(opening, 1);
  opening.journal.transact(() => ({ entries: [prepared(2)], force: false }));
  write(opening, 3);
  expect(told).toEqual([
    [1, 1],
    [2, 3],
  ]);
});

test("a users' database keeps its tables, its page size, its encoding and its auto_vacuum", () => {
  const schema =
    "PRAGMA page_size = 1024; PRAGMA encoding = 'UTF-16le'; PRAGMA auto_vacuum = 1; CREATE TABLE account (name TEXT); INSERT INTO account VALUES ('Zoë');";
  const options = participantOptions(temporaryDirectory(), schema);
  const opening = openJournal(options);
  write(opening, 1);
  const settings = ["page_size", "encoding", "auto_vacuum"].map((name) =>
    opening.journal.database.pragma(name, { simple: true }),
  );
  expect(settings).toEqual([1024, "UTF-16le", 1]);
  opening.journal.close();
  const other = reader(options.file);
  expect(other.prepare("SELECT name FROM account").pluck().all()).toEqual(["Zoë"]);
  expect(other.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").pluck().all()).toEqual([
    "account",
    "nemcon_journal",
    "nemcon_meta",
  ]);
  expect(other.pragma("integrity_check", { simple: true })).toBe("ok");
});

test("the log has its length from the start, the database does not grow for it, and the log is used again and again", () => {
  const options = { ...coordinatorOptions(temporaryDirectory()), walBytes: 256 * 1024 };
  const opening = opened(options);
  const size = (suffix: string): number => statSync(`${options.file}${suffix}`).size;
  const extended = size("-wal");
  expect(extended).toBeGreaterThanOrEqual(256 * 1024);
  expect(size("")).toBeLessThan(32 * 1024);
  for (let turn = 1; turn <= 1_000; turn += 1) write(opening, turn);
  expect(size("-wal")).toBe(extended);
  expect(size("")).toBeGreaterThan(32 * 1024);
});

test("a reader that holds the log: one warning with what to do, and the log is used again once it ends", () => {
  const warnings: string[] = [];
  const options = coordinatorOptions(temporaryDirectory());
  const opening = opened({ ...options, hooks: { ...options.hooks, warn: (message) => void warnings.push(message) } });
  const other = reader(options.file);
  write(opening, 1);
  other.exec("BEGIN; SELECT count(*) FROM nemcon_journal");
  for (let turn = 0; turn < 300; turn += 1) write(opening, turn);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/-wal grows past 65536 bytes.*read transaction/);
  other.exec("COMMIT");
  for (let turn = 0; turn < 300; turn += 1) write(opening, turn);
  const grown = statSync(`${options.file}-wal`).size;
  for (let turn = 0; turn < 300; turn += 1) write(opening, turn);
  expect(statSync(`${options.file}-wal`).size).toBe(grown);
  expect(warnings).toHaveLength(1);
});

test("missing directories are made, for their owner alone", () => {
  const directory = join(temporaryDirectory(), "data", "c-1");
  opened(coordinatorOptions(directory));
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(statSync(join(directory, "..")).mode & 0o777).toBe(0o700);
});

const places: readonly {
  readonly name: string;
  readonly make: (directory: string) => string;
  readonly reason: string;
  readonly says: RegExp;
}[] = [
  {
    name: "a file where the directory should be",
    make: (directory) => {
      writeFileSync(join(directory, "data"), "");
      return join(directory, "data");
    },
    reason: "DIRECTORY_UNWRITABLE",
    says: /could not make this directory/,
  },
  {
    name: "a directory where the database should be",
    make: (directory) => {
      mkdirSync(journalFile(directory));
      return directory;
    },
    reason: "DIRECTORY_UNWRITABLE",
    says: /could not open the database/,
  },
  {
    name: "a directory where the lock should be",
    make: (directory) => {
      mkdirSync(`${journalFile(directory)}-lock`);
      return directory;
    },
    reason: "DIRECTORY_UNWRITABLE",
    says: /could not make the lock file/,
  },
  {
    name: "a file that is not a database",
    make: (directory) => {
      writeFileSync(journalFile(directory), "a diary\n".repeat(1_000));
      return directory;
    },
    reason: "DIRECTORY_FOREIGN",
    says: /not a SQLite database/,
  },
  {
    name: "another application's database",
    make: (directory) => {
      const database = new Database(journalFile(directory));
      database.exec("CREATE TABLE recipes (name TEXT)");
      database.close();
      return directory;
    },
    reason: "DIRECTORY_FOREIGN",
    says: /has the table recipes/,
  },
];

test.each(places)("$name: refused, with what to do, and nothing held on to", ({ make, reason, says }) => {
  const directory = make(temporaryDirectory());
  const options = coordinatorOptions(directory);
  for (let again = 0; again < 2; again += 1)
    expect(refusal(() => openJournal(options))).toMatchObject({
      reason,
      exitCode: 78,
      message: expect.stringMatching(says) as string,
    });
});

test("a database that stays out of WAL mode is refused", () => {
  const options = participantOptions(temporaryDirectory(), "CREATE TABLE t (x)");
  const other = reader(options.file);
  other.exec("BEGIN; SELECT * FROM t");
  expect(refusal(() => openJournal(options))).toMatchObject({
    reason: "JOURNAL_LOCKED",
    message: expect.stringContaining("WAL mode") as string,
  });
  other.exec("COMMIT");
  expect(opened(options).incarnation).toBe(1);
});

test("a journal behind a symbolic link is the same journal, with the same lock and witness", () => {
  const directory = temporaryDirectory();
  const options = written(directory, 2);
  const link = join(temporaryDirectory(), "data");
  symlinkSync(directory, link);
  const behind = { ...options, file: journalFile(link) };
  const first = openJournal(options);
  expect(refusal(() => openJournal(behind)).reason).toBe("JOURNAL_LOCKED");
  first.journal.close();
  expect(opened(behind).replayed).toHaveLength(2);
});

test("a closed journal leaves its database, its witness and its lock, and no log", () => {
  const directory = temporaryDirectory();
  written(directory, 3);
  expect(readdirSync(directory).sort()).toEqual(["journal.db", "journal.db-lock", "journal.db-witness"]);
  expect(existsSync(`${journalFile(directory)}-wal`)).toBe(false);
});
