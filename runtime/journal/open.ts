/** Opens a node's journal: locks it, proves it complete, and forces the next incarnation before anything is served. */

import { randomInt, randomUUID } from "node:crypto";
import { writeSync } from "node:fs";
import { dirname, join } from "node:path";

import type Database from "better-sqlite3";

import { NemconError } from "../errors/index.ts";
import { BUSY_TRIES, connect } from "./connect.ts";
import { makeDirectory, realFile } from "./directory.ts";
import { isBusy, messageOf, refused, writeFailed } from "./errors.ts";
import { SqliteJournal, type Hooks, type JournalFaults } from "./journal.ts";
import { loadJournal, replayOf, type Loaded, type Replayed } from "./load.ts";
import { lockJournal } from "./lock.ts";
import { createTables, JOURNAL_FORMAT, MetaWriter, origin, type Identity, type Meta } from "./meta.ts";
import { RowSizes } from "./sizes.ts";
import type { End } from "./verify.ts";
import { Wal } from "./wal.ts";
import { readWitness, Witness, type Witnessed } from "./witness.ts";

export interface JournalOptions extends Identity {
  /** The SQLite database: a coordinator's own (`journalFile`), or the one that a participant keeps its users' tables in. */
  readonly file: string;
  /** true: the database is the journal's alone. Another application's is refused. */
  readonly own: boolean;
  /** What the -wal file is extended to at start, and about what it is bounded by. Default: 32 MiB, and 8 MiB for a users' database. */
  readonly walBytes?: number;
  /** How long another writer may hold the database before the process gives up, in milliseconds. Default: 10,000. */
  readonly busyMs?: number;
  /** The journal is complete, whatever its witness says: an operator's word. */
  readonly acceptWitness?: boolean;
  readonly faults?: JournalFaults;
  readonly hooks?: Partial<Hooks>;
}

export interface OpenedJournal {
  readonly journal: SqliteJournal;
  /** What the rows hold, in order: to be gone through once, before anything is written. */
  readonly replayed: Iterable<Replayed>;
  readonly incarnation: number;
  /** The log's id, a UUID: another one is another journal. */
  readonly log: string;
  /** The row that comes next. */
  readonly startSequence: number;
}

const MIB = 1024 * 1024;
const BUSY_MS = 10_000;
/** After an operator's acceptance: past any boot that the lost part may have seen, so that no id or token is handed out twice. */
const ACCEPTED_INCARNATIONS = 1_000;

/** Begins that are kept: who restarts more often than that between two links to a peer is not held against what it saw. */
const STARTS = 100;

/** The journal in a directory of a node's own. */
export function journalFile(directory: string): string {
  return join(directory, "journal.db");
}

/**
 * @throws NemconError JOURNAL_LOCKED, JOURNAL_DAMAGED, JOURNAL_SHORTENED, JOURNAL_RESTORED, JOURNAL_FOREIGN,
 *   JOURNAL_FORMAT, DIRECTORY_UNWRITABLE, DIRECTORY_FOREIGN, DATABASE_UNUSABLE, WRITE_FAILED
 */
export function openJournal(asked: JournalOptions): OpenedJournal {
  makeDirectory(dirname(asked.file));
  const options = { ...asked, file: realFile(asked.file) };
  const lock = lockJournal(options.file);
  try {
    const { acceptWitness = false } = options;
    const loaded = loadJournal({ ...options, acceptWitness });
    const { busyMs = BUSY_MS, faults = {} } = options;
    const database = connect(options.file, { busyMs, unsynced: faults.noSync === true });
    try {
      return start(options, database, loaded, () => lock.release());
    } catch (thrown) {
      database.close();
      throw thrown;
    }
  } catch (thrown) {
    lock.release();
    throw thrown;
  }
}

function start(
  options: JournalOptions,
  database: Database.Database,
  loaded: Loaded | null,
  unlock: () => void,
): OpenedJournal {
  const { file, own, walBytes = own ? 32 * MIB : 8 * MIB, faults = {} } = options;
  const hooks = { ...defaultHooks, ...options.hooks };
  let witness: Witness | null = null;
  try {
    const found = loaded ?? create(database, options);
    const seen = (witness = new Witness(file, found.meta.log));
    const isNew = found.meta.incarnation === 0;
    // Durable before the first incarnation is: from then on a missing witness is a lost one.
    if (isNew) testify(seen, found.meta, found.end);
    const wal = new Wal(database, {
      bytes: walBytes,
      warn: (message) => hooks.warn(message),
      checkpointed: () => seen.sync(),
    });
    wal.extend();
    const meta = nextIncarnation(database, found, options.acceptWitness === true ? found.witnessed : null);
    wal.run();
    testify(seen, meta, found.end);
    const release = (): void => {
      seen.sync();
      database.close();
      seen.close();
      unlock();
    };
    const { end, sizes } = found;
    const journal = new SqliteJournal({
      database,
      meta,
      end,
      sizes,
      witness: seen,
      wal,
      hooks,
      faults,
      busyTries: BUSY_TRIES,
      release,
    });
    const { incarnation, log } = meta;
    return { journal, replayed: replayOf(database), incarnation, log, startSequence: end.sequence + 1 };
  } catch (thrown) {
    witness?.close();
    if (thrown instanceof NemconError) throw thrown;
    throw isBusy(thrown)
      ? refused(
          "JOURNAL_LOCKED",
          file,
          `another process holds the database's write lock: ${messageOf(thrown)}. Stop it, or try again later.`,
          thrown,
        )
      : writeFailed(file, "begin the next incarnation", thrown);
  }
}

function testify(witness: Witness, { incarnation }: Meta, { sequence, chain }: End): void {
  witness.write(incarnation, sequence, chain);
  witness.sync();
}

function create(database: Database.Database, { file, cluster, node, role }: JournalOptions): Loaded {
  const log = randomUUID();
  const anchor = { sequence: 1, chain: origin(log) };
  const meta: Meta = {
    format: JOURNAL_FORMAT,
    cluster,
    node,
    role,
    log,
    incarnation: 0,
    starts: [],
    anchor,
    createdMs: Date.now(),
  };
  database
    .transaction(() => {
      createTables(database);
      new MetaWriter(database).write(meta);
    })
    .immediate();
  const end = { sequence: 0, chain: anchor.chain };
  return { meta, end, sizes: new RowSizes(anchor.sequence), witnessed: readWitness(file) };
}

function nextIncarnation(
  database: Database.Database,
  { meta, end }: Pick<Loaded, "meta" | "end">,
  accepted: Witnessed | null,
): Meta {
  const seen = typeof accepted === "object" && accepted !== null ? accepted.incarnation : 0;
  const incarnation =
    accepted === null ? meta.incarnation + 1 : Math.max(meta.incarnation, seen) + ACCEPTED_INCARNATIONS;
  // Accepted: where an incarnation that a peer saw on another copy began does not count any more.
  const before = accepted === null ? meta.starts : [];
  const starts = [...before, { incarnation, boot: randomInt(2 ** 32), sequence: end.sequence }].slice(-STARTS);
  const next = { ...meta, incarnation, starts };
  database.transaction(() => new MetaWriter(database).write(next)).immediate();
  return next;
}

const defaultHooks: Hooks = {
  onFatal: (error) => {
    // The process ends in the next line: nothing asynchronous would get through.
    writeSync(2, `${error.message}\n`);
    process.exit(error.exitCode);
  },
  warn: (message) => {
    writeSync(2, `${message}\n`);
  },
  onForcedWrite: () => undefined,
};
