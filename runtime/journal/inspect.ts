/** Describes and verifies a journal that is not ours to open: for `nemcon doctor --journal`, also beside a running process. */

import { existsSync, statSync } from "node:fs";

import type Database from "better-sqlite3";

import type { Entry } from "../engine/index.ts";
import { NemconError } from "../errors/index.ts";
import { checksumOf, formatOf, isWhole, readEntries, readHeader, ROW_FORMAT } from "./codec.ts";
import { realFile } from "./directory.ts";
import { messageOf, refused } from "./errors.ts";
import { isEmpty, readOnly } from "./load.ts";
import { readMeta, tablesOf, type Meta } from "./meta.ts";
import { journalFile, openJournal, type OpenedJournal } from "./open.ts";
import { judgeRow, rowsOf, WitnessCheck, type End, type Row } from "./verify.ts";
import { readWitness, witnessFile, type Witnessed } from "./witness.ts";

/** The same value with bytes as hexadecimal text. */
export type Json<T> = T extends Uint8Array
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Json<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Json<T[Key]> }
      : T;

interface DescribedRow {
  readonly sequence: number;
  /** null, and no entries: the row is unreadable. */
  readonly incarnation: number | null;
  readonly bytes: number;
  readonly entries: readonly Json<Entry>[];
}

interface OpenTransaction {
  readonly transaction: string;
  readonly protocol: string;
  /** Its records, in order. */
  readonly records: readonly string[];
  /** The row of the first one that is kept. */
  readonly sequence: number;
}

interface Damage {
  readonly reason: string;
  readonly message: string;
}

/** All of it can be written as JSON. null: unreadable, and then `damages` says why. */
export interface JournalDescription {
  readonly file: string;
  readonly format: number | null;
  readonly cluster: string | null;
  readonly node: string | null;
  readonly role: string | null;
  readonly log: string | null;
  readonly incarnation: number | null;
  /** ISO 8601. */
  readonly created: string | null;
  readonly firstSequence: number | null;
  readonly lastSequence: number | null;
  readonly bytes: number;
  readonly witness: Witnessed;
  readonly rows: readonly DescribedRow[];
  readonly openTransactions: readonly OpenTransaction[];
  /** Empty: the journal would be opened. */
  readonly damages: readonly Damage[];
}

/**
 * Reads a whole journal, and goes on after a damage.
 * @param target a node's directory, or the database itself
 * @throws NemconError DATABASE_UNUSABLE, JOURNAL_FORMAT, JOURNAL_LOCKED where there is nothing that can be read
 */
export function describeJournal(target: string): JournalDescription {
  const file = existing(target);
  // Before the snapshot: a running process moves its witness on.
  const witness = readWitness(file);
  return readOnly({ file, own: false }, (database) => {
    const tables = tablesOf(database);
    if (!tables.has("nemcon_journal")) throw noJournal(file);
    const damages: Damage[] = [];
    const meta = attempt(damages, () => readMeta(database, file));
    const rows = describeRows(database, file, meta, witness, damages);
    return {
      file,
      format: meta?.format ?? null,
      cluster: meta?.cluster ?? null,
      node: meta?.node ?? null,
      role: meta?.role ?? null,
      log: meta?.log ?? null,
      incarnation: meta?.incarnation ?? null,
      created: meta === null ? null : new Date(meta.createdMs).toISOString(),
      firstSequence: rows[0]?.sequence ?? null,
      lastSequence: rows.at(-1)?.sequence ?? null,
      bytes: rows.reduce((sum, row) => sum + row.bytes, 0),
      witness,
      rows,
      openTransactions: openTransactions(rows),
      damages,
    };
  });
}

/**
 * An operator's word that a journal is complete although its witness is missing or disagrees. Damaged rows
 * stay refused. Incarnations jump ahead, so that no id or token of a lost part is handed out again.
 * @throws NemconError as `openJournal` does
 */
export function acceptJournal(target: string): Pick<OpenedJournal, "log" | "incarnation" | "startSequence"> {
  const file = existing(target);
  const meta = readOnly({ file, own: false }, (database) =>
    tablesOf(database).has("nemcon_meta") ? readMeta(database, file) : null,
  );
  if (meta === null) throw noJournal(file);
  const { cluster, node, role } = meta;
  const opened = openJournal({ file, own: false, cluster, node, role, acceptWitness: true, walBytes: 0 });
  opened.journal.close();
  return { log: opened.log, incarnation: opened.incarnation, startSequence: opened.startSequence };
}

function existing(target: string): string {
  const named = statSync(target, { throwIfNoEntry: false })?.isDirectory() === true ? journalFile(target) : target;
  const file = existsSync(named) ? realFile(named) : named;
  if (!isEmpty(file)) return file;
  if (readWitness(file) === "missing") throw noJournal(file);
  throw refused(
    "JOURNAL_SHORTENED",
    file,
    `the journal is gone, and ${witnessFile(file)} shows that there was one. Bring the database back, the -wal file too.`,
  );
}

function noJournal(file: string): NemconError {
  return refused(
    "DATABASE_UNUSABLE",
    file,
    "there is no journal here. Name a node's directory, or the database that a participant keeps.",
  );
}

function describeRows(
  database: Database.Database,
  file: string,
  meta: Meta | null,
  witness: Witnessed,
  damages: Damage[],
): DescribedRow[] {
  const described: DescribedRow[] = [];
  const check = meta === null ? null : new WitnessCheck(file, meta, witness);
  let end: End | null = meta === null ? null : { sequence: meta.anchor.sequence - 1, chain: meta.anchor.chain };
  attempt(damages, () => {
    for (const row of rowsOf(database)) {
      const trouble = judgeRow(file, end ?? before(row), row, meta?.incarnation ?? Number.MAX_SAFE_INTEGER);
      if (trouble !== null) damages.push(damageOf(trouble));
      end = { sequence: row.sequence, chain: row.body.length > 4 ? checksumOf(row.body) : 0 };
      check?.at(end);
      described.push(describeRow(row, damages));
    }
  });
  const trouble = check?.verdict(end === null ? 0 : end.sequence) ?? null;
  if (trouble !== null) damages.push(damageOf(trouble));
  return described;
}

/** Where the meta is unreadable the first row is believed. */
function before({ sequence, body }: Row): End {
  return { sequence: sequence - 1, chain: isWhole(body) ? readHeader(body).chain : 0 };
}

function describeRow({ sequence, body }: Row, damages: Damage[]): DescribedRow {
  const readable = isWhole(body) && formatOf(body) === ROW_FORMAT;
  return {
    sequence,
    incarnation: readable ? readHeader(body).incarnation : null,
    bytes: body.length,
    entries: (readable ? attempt(damages, () => readEntries(body).map((entry) => json(entry))) : null) ?? [],
  };
}

function attempt<Result>(damages: Damage[], read: () => Result): Result | null {
  try {
    return read();
  } catch (thrown) {
    damages.push(damageOf(thrown));
    return null;
  }
}

function damageOf(thrown: unknown): Damage {
  return thrown instanceof NemconError
    ? { reason: thrown.reason, message: thrown.message }
    : { reason: "JOURNAL_DAMAGED", message: messageOf(thrown) };
}

/** JSON has no bytes: they become hexadecimal text. */
export function json<T>(value: T): Json<T> {
  const text = JSON.stringify(value, (_, part: unknown) =>
    part instanceof Uint8Array ? Buffer.from(part).toString("hex") : part,
  );
  return JSON.parse(text) as Json<T>;
}

function openTransactions(rows: readonly DescribedRow[]): OpenTransaction[] {
  const open = new Map<string, OpenTransaction>();
  for (const { sequence, entries } of rows)
    for (const entry of entries) {
      if (entry.kind === "closed" || entry.kind === "dropped") open.delete(entry.transaction);
      if (entry.kind !== "record") continue;
      const { transaction, protocol } = entry;
      const known = open.get(transaction) ?? { transaction, protocol, records: [], sequence };
      open.set(transaction, { ...known, records: [...known.records, entry.record.kind] });
    }
  return [...open.values()];
}
