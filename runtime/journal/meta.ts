/**
 * What a journal says of itself: `nemcon_meta`, one row a key, all text so that any SQLite tool shows it. A
 * checksum over all keys is kept with them: a damaged incarnation would hand out tokens and ids twice.
 */

import type Database from "better-sqlite3";

import { crc32 } from "node:zlib";

import type { PeerRole, Start } from "../engine/index.ts";
import { damaged, refused } from "./errors.ts";

/** Of the tables; a row has a format of its own beside it (codec.ts). */
export const JOURNAL_FORMAT = 1;

export interface Identity {
  readonly cluster: string;
  readonly node: string;
  readonly role: PeerRole;
}

export interface Meta extends Identity {
  readonly format: number;
  /** UUID, made with the journal. */
  readonly log: string;
  /** Boots so far. */
  readonly incarnation: number;
  /** The begins of the last incarnations, the earliest first: what peers have seen is held against them. */
  readonly starts: readonly Start[];
  /** The first row that is kept, and the chain value in front of it. */
  readonly anchor: { readonly sequence: number; readonly chain: number };
  /** Milliseconds since 1970. */
  readonly createdMs: number;
}

const KEYS = [
  "anchorChain",
  "anchorSequence",
  "cluster",
  "created",
  "format",
  "incarnation",
  "log",
  "node",
  "role",
  "starts",
] as const;
type Key = (typeof KEYS)[number];

/** The chain value in front of a log's first row: rows of another log do not fit on it. */
export function origin(log: string): number {
  return crc32(log);
}

export function createTables(database: Database.Database): void {
  database.exec(
    `CREATE TABLE IF NOT EXISTS nemcon_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
     CREATE TABLE IF NOT EXISTS nemcon_journal (sequence INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;`,
  );
}

/** Which of the journal's tables the database has. */
export function tablesOf(database: Database.Database): ReadonlySet<string> {
  const names = database.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
  return new Set(names);
}

/** Writes all of it; the caller holds the transaction. */
export class MetaWriter {
  private readonly upsert: Database.Statement<[string, string]>;

  constructor(database: Database.Database) {
    this.upsert = database.prepare(
      "INSERT INTO nemcon_meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value <> excluded.value",
    );
  }

  write(meta: Meta): void {
    const values = valuesOf(meta);
    for (const key of KEYS) this.upsert.run(key, values[key]);
    this.upsert.run("checksum", checksum(values));
  }
}

/**
 * @returns null where there is none yet
 * @throws NemconError JOURNAL_FORMAT, JOURNAL_DAMAGED
 */
export function readMeta(database: Database.Database, file: string): Meta | null {
  const rows = database.prepare<[], { key: string; value: string }>("SELECT key, value FROM nemcon_meta").all();
  if (rows.length === 0) return null;
  const values: Partial<Record<string, string>> = Object.fromEntries(rows.map(({ key, value }) => [key, value]));
  const format = Number(values["format"]);
  if (format > JOURNAL_FORMAT)
    throw refused(
      "JOURNAL_FORMAT",
      file,
      `the journal has format ${format}, and this version reads ${JOURNAL_FORMAT} at most. Run the version that wrote it, or a newer one.`,
    );
  if (!isComplete(values)) throw damaged(file, "keys are missing from nemcon_meta");
  if (checksum(values) !== values.checksum) throw damaged(file, "nemcon_meta fails its checksum");
  return {
    format,
    cluster: values.cluster,
    node: values.node,
    role: values.role as PeerRole,
    log: values.log,
    incarnation: Number(values.incarnation),
    starts: startsOf(values.starts),
    anchor: { sequence: Number(values.anchorSequence), chain: Number(values.anchorChain) },
    createdMs: Date.parse(values.created),
  };
}

function valuesOf(meta: Meta): Record<Key, string> {
  return {
    anchorChain: String(meta.anchor.chain),
    anchorSequence: String(meta.anchor.sequence),
    cluster: meta.cluster,
    created: new Date(meta.createdMs).toISOString(),
    format: String(meta.format),
    incarnation: String(meta.incarnation),
    log: meta.log,
    node: meta.node,
    role: meta.role,
    starts: meta.starts.map(({ incarnation, boot, sequence }) => `${incarnation}:${boot}:${sequence}`).join(" "),
  };
}

function startsOf(text: string): Start[] {
  return text
    .split(" ")
    .filter((part) => part !== "")
    .map((part) => part.split(":").map(Number))
    .map(([incarnation = 0, boot = 0, sequence = 0]) => ({ incarnation, boot, sequence }));
}

function isComplete(values: Partial<Record<string, string>>): values is Record<Key | "checksum", string> {
  return [...KEYS, "checksum"].every((key) => values[key] !== undefined);
}

function checksum(values: Readonly<Record<Key, string>>): string {
  return crc32(KEYS.map((key) => `${key}=${values[key]}\n`).join(""))
    .toString(16)
    .padStart(8, "0");
}
