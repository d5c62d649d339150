/**
 * Reads a whole journal and proves it complete, through a connection that can't write: a journal that is
 * refused stays as it was found, down to its -wal file, which is evidence.
 */

import { existsSync, statSync } from "node:fs";

import Database from "better-sqlite3";

import { NemconError } from "../errors/index.ts";
import type { Entry } from "../engine/index.ts";
import { UnreadableBytes } from "../packing/index.ts";
import { readEntries } from "./codec.ts";
import { damaged, isBusy, isSqliteTrouble, messageOf, refused } from "./errors.ts";
import { readMeta, tablesOf, type Identity, type Meta } from "./meta.ts";
import { RowSizes } from "./sizes.ts";
import { endOf, judgeRow, rowsOf, WitnessCheck, type End } from "./verify.ts";
import { readWitness, witnessFile, type Witnessed } from "./witness.ts";

/** One row, as it was written by one turn. */
export interface Replayed {
  readonly sequence: number;
  readonly entries: readonly Entry[];
}

/** A journal that was proven complete. */
export interface Loaded {
  readonly meta: Meta;
  readonly end: End;
  readonly sizes: RowSizes;
  readonly witnessed: Witnessed;
}

export interface LoadOptions extends Identity {
  readonly file: string;
  /** The database is the journal's alone: other tables in it are refused. */
  readonly own: boolean;
  /** An operator's word that the journal is complete, whatever its witness says. */
  readonly acceptWitness: boolean;
}

/**
 * @returns null where there is no journal yet
 * @throws NemconError JOURNAL_DAMAGED, JOURNAL_SHORTENED, JOURNAL_RESTORED, JOURNAL_FOREIGN, JOURNAL_FORMAT,
 *   DIRECTORY_FOREIGN, DATABASE_UNUSABLE
 */
export function loadJournal(options: LoadOptions): Loaded | null {
  const { file } = options;
  const witnessed = readWitness(file);
  // Before SQLite looks: it would clear away the -wal file of a database that is not there.
  if (isEmpty(file)) return absent(options, witnessed);
  return readOnly(options, (database) => {
    const tables = tablesOf(database);
    if (!tables.has("nemcon_meta") && !tables.has("nemcon_journal")) {
      if (options.own && tables.size > 0) throw otherApplication(file, tables);
      return absent(options, witnessed);
    }
    if (!tables.has("nemcon_meta") || !tables.has("nemcon_journal"))
      throw damaged(file, "one of its two tables is missing");
    const meta = readMeta(database, file);
    if (meta === null) throw damaged(file, "nemcon_meta is empty");
    checkIdentity(options, meta);
    return { meta, witnessed, ...readRows(database, options, meta, witnessed) };
  });
}

function readRows(
  database: Database.Database,
  { file, acceptWitness }: LoadOptions,
  meta: Meta,
  witnessed: Witnessed,
): Pick<Loaded, "end" | "sizes"> {
  const sizes = new RowSizes(meta.anchor.sequence);
  const witness = new WitnessCheck(file, meta, witnessed);
  let end: End = { sequence: meta.anchor.sequence - 1, chain: meta.anchor.chain };
  for (const row of rowsOf(database)) {
    const trouble = judgeRow(file, end, row, meta.incarnation);
    if (trouble !== null) throw trouble;
    end = endOf(row);
    witness.at(end);
    sizes.push(row.body.length);
    // Only to know that it can be read: they are read again where they are used, so that they need not all be held.
    readEntries(row.body);
  }
  const trouble = witness.verdict(end.sequence);
  if (trouble !== null && !acceptWitness) throw trouble;
  return { end, sizes };
}

/** What the rows of a journal that was proven complete hold, in order, row by row. */
export function* replayOf(database: Database.Database): Generator<Replayed> {
  for (const { sequence, body } of rowsOf(database)) yield { sequence, entries: readEntries(body) };
}

/** Runs `read` in one snapshot of the database, which is not changed. @throws NemconError for all that SQLite throws */
export function readOnly<Result>(
  { file, own }: { readonly file: string; readonly own: boolean },
  read: (database: Database.Database) => Result,
): Result {
  let database: Database.Database | null = null;
  try {
    if (existsSync(`${file}-journal`)) rollBack(file);
    database = new Database(file, { readonly: true, fileMustExist: true });
    database.exec("BEGIN");
    return read(database);
  } catch (thrown) {
    throw asNemconError(file, own, thrown);
  } finally {
    database?.close();
  }
}

/** A database that was not in WAL mode and whose writer died: only a connection that may write can mend it. */
function rollBack(file: string): void {
  const database = new Database(file, { fileMustExist: true });
  try {
    tablesOf(database);
  } finally {
    database.close();
  }
}

function asNemconError(file: string, own: boolean, thrown: unknown): unknown {
  if (thrown instanceof NemconError) return thrown;
  if (thrown instanceof UnreadableBytes)
    return refused(
      "JOURNAL_FORMAT",
      file,
      `a row is whole and can't be read: ${thrown.message}. A newer version wrote it: run that one.`,
      thrown,
    );
  if (!isSqliteTrouble(thrown)) return thrown;
  if (thrown.code === "SQLITE_NOTADB" && readWitness(file) === "missing")
    return refused(
      own ? "DIRECTORY_FOREIGN" : "DATABASE_UNUSABLE",
      file,
      "this file is not a SQLite database, so it is not nemcon's. Name another directory or database, or move the file away.",
      thrown,
    );
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(thrown.code))
    return damaged(file, `SQLite finds its pages damaged: ${messageOf(thrown)}`, thrown);
  if (isBusy(thrown))
    return refused(
      "JOURNAL_LOCKED",
      file,
      `another process keeps the database to itself: ${messageOf(thrown)}. Stop it, or try again later.`,
      thrown,
    );
  return refused(
    own ? "DIRECTORY_UNWRITABLE" : "DATABASE_UNUSABLE",
    file,
    `could not open the database: ${messageOf(thrown)}. Check the path and this user's rights on the file and its directory.`,
    thrown,
  );
}

export function isEmpty(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

/** No journal: a new one may be made, unless there was one. */
function absent({ file, acceptWitness }: LoadOptions, witnessed: Witnessed): null {
  if (witnessed === "missing" || acceptWitness) return null;
  const saw = witnessed === "torn" ? "" : ` and saw row ${witnessed.sequence} of it`;
  throw refused(
    "JOURNAL_SHORTENED",
    file,
    `the journal is gone: ${witnessFile(file)} is there${saw}. Bring the database back, the -wal file too. ` +
      `Only if this node may begin with nothing, as another node under another name would: remove ${witnessFile(file)}`,
  );
}

function otherApplication(file: string, tables: ReadonlySet<string>): NemconError {
  return refused(
    "DIRECTORY_FOREIGN",
    file,
    `this database belongs to another application: it has the table ${[...tables][0]}. Name a directory of this node's own.`,
  );
}

function checkIdentity({ file, cluster, node, role }: LoadOptions, meta: Meta): void {
  if (meta.cluster === cluster && meta.node === node && meta.role === role) return;
  throw refused(
    "JOURNAL_FOREIGN",
    file,
    `the journal belongs to the ${meta.role} ${meta.node} of cluster ${meta.cluster}, and this is the ${role} ${node} of cluster ${cluster}. ` +
      "Start the node that it belongs to, or name another directory or database.",
  );
}
