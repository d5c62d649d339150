/** What the user's schema says: tables, keys, indexes, foreign keys and triggers of one schema version. */

import { createHash } from "node:crypto";
import type Database from "better-sqlite3";
import SqliteDatabase from "better-sqlite3";
import { type Token, isSymbol, isWord, quoteName, tokensOf } from "./tokens.ts";

export type Affinity = "integer" | "numeric" | "real" | "text" | "blob";
export type Collation = "BINARY" | "NOCASE" | "RTRIM";

export interface Column {
  readonly name: string;
  readonly affinity: Affinity;
  readonly generated: boolean;
  readonly notNull: boolean;
  /** The type that a STRICT table checks, in upper case; null: it checks none. */
  readonly strictType: string | null;
  /** Its DEFAULT as written; null: none. */
  readonly default: string | null;
}

export interface UniqueIndex {
  readonly name: string;
  /** Positions among the table's columns. */
  readonly columns: readonly number[];
  readonly collations: readonly Collation[];
  /** Partial or on an expression: its values are not ours to compute, so it is locked as a whole. */
  readonly whole: boolean;
}

export interface ForeignKey {
  readonly child: string;
  readonly columns: readonly number[];
  /** In lower case; may not exist. */
  readonly parent: string;
  readonly parentColumns: readonly string[];
}

export interface Table {
  /** As written, for SQL and for people. */
  readonly name: string;
  /** In lower case, for locks and look-ups. */
  readonly id: string;
  /** Generated ones included. */
  readonly columns: readonly Column[];
  /** Positions of the columns that are not generated: what an image holds. */
  readonly stored: readonly number[];
  /** How SQL calls the rowid: the INTEGER PRIMARY KEY column or a name that no column hides; null: WITHOUT ROWID. */
  readonly rowid: string | null;
  /** Position of the INTEGER PRIMARY KEY. */
  readonly rowidColumn: number | null;
  /** WITHOUT ROWID: positions and collations of the primary key; else empty. */
  readonly key: readonly number[];
  readonly keyCollations: readonly Collation[];
  /** The declared primary key's columns, in its order; empty where there is none. */
  readonly primary: readonly number[];
  readonly autoincrement: boolean;
  readonly strict: boolean;
  /** Whether a write evaluates expressions of the schema, which may fail: CHECK, generated columns, indexes on expressions and partial ones. */
  readonly evaluates: boolean;
  readonly unique: readonly UniqueIndex[];
  readonly foreignKeys: readonly ForeignKey[];
  /** Foreign keys of other tables, or its own, that refer to this one. */
  readonly referencedBy: readonly ForeignKey[];
  readonly tokens: readonly Token[];
  /** The user's triggers on it, as written. */
  readonly triggers: readonly (readonly Token[])[];
  /** Why no branch may write to it; null where all is well. */
  readonly refusal: string | null;
  /** Changes when images of rows would mean something else: a digest of names, types and key. */
  readonly signature: string;
}

export interface Schema {
  readonly version: number;
  readonly tables: ReadonlyMap<string, Table>;
  /** Root page of a table or an index to the table's id. */
  readonly roots: ReadonlyMap<number, string>;
  /** Whether the file has AUTOINCREMENT marks. */
  readonly hasSequences: boolean;
  readonly virtualTables: ReadonlySet<string>;
  /** Views and their triggers: what a statement reaches that names one. */
  readonly views: ReadonlyMap<string, readonly Token[]>;
}

interface Entry {
  readonly type: string;
  readonly name: string;
  readonly tbl_name: string;
  readonly rootpage: number | null;
  readonly sql: string | null;
}
interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly dflt_value: string | null;
  readonly pk: number;
  readonly hidden: number;
}
interface IndexRow {
  readonly name: string;
  readonly unique: number;
  readonly origin: string;
  readonly partial: number;
}
interface IndexColumnRow {
  readonly cid: number;
  readonly coll: string;
  readonly key: number;
}
interface ForeignKeyRow {
  readonly id: number;
  readonly table: string;
  readonly from: string;
  readonly to: string | null;
}

/** Names that belong to nemcon's journal or to SQLite. */
export function isReserved(name: string): boolean {
  return /^(nemcon|sqlite)_/i.test(name);
}

/** Rows of a statement without parameters, integers as numbers whatever the connection's default. */
function all<Row>(db: Database.Database, sql: string): Row[] {
  return db.prepare<[], Row>(sql).safeIntegers(false).all();
}

const versions = new WeakMap<Database.Database, Database.Statement<[], number>>();

/** Changes with every change of the schema, by anyone. */
export function schemaVersion(db: Database.Database): number {
  const known = versions.get(db) ?? db.prepare<[], number>("PRAGMA main.schema_version").pluck().safeIntegers(false);
  versions.set(db, known);
  return known.get() ?? 0;
}

/** Nothing is written. */
export function readSchema(db: Database.Database): Schema {
  const version = schemaVersion(db);
  const entries = all<Entry>(db, "SELECT type, name, tbl_name, rootpage, sql FROM main.sqlite_schema");
  const listed = all<{ name: string; type: string; wr: number; strict: number }>(
    db,
    "SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main'",
  );
  const bare = new Map<string, Table>();
  for (const { name, type, wr, strict } of listed) {
    if (type !== "table" || isReserved(name)) continue;
    bare.set(name.toLowerCase(), readTable(db, name, wr === 1, strict === 1, entries));
  }
  const roots = new Map<number, string>();
  for (const { rootpage, tbl_name } of entries) if (rootpage) roots.set(rootpage, tbl_name.toLowerCase());
  return {
    version,
    tables: withParents(bare),
    roots,
    hasSequences: entries.some(({ name }) => name === "sqlite_sequence"),
    virtualTables: new Set(
      listed.filter(({ type }) => type === "virtual" || type === "shadow").map(({ name }) => name.toLowerCase()),
    ),
    views: new Map(
      listed
        .filter(({ type }) => type === "view")
        .map(({ name }) => [
          name.toLowerCase(),
          entries
            .filter(({ tbl_name }) => tbl_name.toLowerCase() === name.toLowerCase())
            .flatMap(({ sql }) => tokensOf(sql ?? "")),
        ]),
    ),
  };
}

function readTable(
  db: Database.Database,
  name: string,
  withoutRowid: boolean,
  strict: boolean,
  entries: readonly Entry[],
): Table {
  const id = name.toLowerCase();
  const own = entries.filter(({ tbl_name }) => tbl_name.toLowerCase() === id);
  const tokens = tokensOf(own.find(({ type }) => type === "table")?.sql ?? "");
  const triggers = own.filter(({ type }) => type === "trigger").map(({ sql }) => tokensOf(sql ?? ""));
  const rows = all<ColumnRow>(db, `PRAGMA main.table_xinfo(${quoteName(name)})`);
  const columns = rows.map((row) => ({
    name: row.name,
    affinity: affinityOf(row.type, strict),
    generated: row.hidden >= 2,
    // A key of a table WITHOUT ROWID holds no NULL, declared or not.
    notNull: row.notnull === 1 || (withoutRowid && row.pk > 0),
    strictType: strict && row.type.toUpperCase() !== "ANY" ? row.type.toUpperCase() : null,
    default: row.dflt_value,
  }));
  const listed = all<IndexRow>(db, `PRAGMA main.index_list(${quoteName(name)})`);
  const indexes = listed.filter((index) => index.unique === 1);
  const primary = rows.map((row, at) => ({ at, ...row })).filter((row) => row.pk > 0);
  const isAlias =
    !withoutRowid &&
    primary.length === 1 &&
    primary[0]?.type.toUpperCase() === "INTEGER" &&
    !indexes.some((index) => index.origin === "pk");
  const rowidColumn = isAlias ? (primary[0]?.at ?? null) : null;
  const names = new Set(columns.map((column) => column.name.toLowerCase()));
  const free = ["rowid", "_rowid_", "oid"].find((word) => !names.has(word));
  const rowid = withoutRowid ? null : rowidColumn === null ? (free ?? null) : (columns[rowidColumn]?.name ?? null);
  const read = indexes.map((index) => ({ origin: index.origin, ...readIndex(db, index) }));
  const key = withoutRowid ? read.find((index) => index.origin === "pk") : undefined;
  const foreign = readForeignKeys(db, id, name, columns);
  return {
    name,
    id,
    columns,
    stored: columns.flatMap((column, at) => (column.generated ? [] : [at])),
    rowid,
    rowidColumn,
    key: key?.index.columns ?? [],
    keyCollations: key?.index.collations ?? [],
    primary: primary.toSorted((a, b) => a.pk - b.pk).map(({ at }) => at),
    autoincrement: tokens.some((token) => isWord(token, "AUTOINCREMENT")),
    strict,
    evaluates:
      tokens.some((token) => isWord(token, "CHECK")) ||
      columns.some((column) => column.generated) ||
      listed.some((index) => readIndex(db, index).index.whole),
    unique: read.map(({ index }) => index),
    foreignKeys: foreign,
    referencedBy: [],
    tokens,
    triggers,
    refusal: whyRefused(name, rowid, withoutRowid, read, tokens, triggers),
    signature: createHash("sha256")
      .update(JSON.stringify([rows.map((row) => [row.name, row.type, row.pk, row.hidden]), withoutRowid, strict]))
      .digest("base64")
      .slice(0, 22),
  };
}

function whyRefused(
  name: string,
  rowid: string | null,
  withoutRowid: boolean,
  indexes: readonly { custom: string | null }[],
  tokens: readonly Token[],
  triggers: readonly (readonly Token[])[],
): string | null {
  if (rowid === null && !withoutRowid)
    return `Columns of ${name} hide all three names of its rowid, so its rows can't be named. Rename one of rowid, _rowid_ and oid.`;
  const custom = indexes.find((index) => index.custom !== null)?.custom;
  if (custom)
    return `A unique key of ${name} uses the collation ${custom}, which nemcon can't compare by. Use BINARY, NOCASE or RTRIM.`;
  if (has(tokens, "ON", "CONFLICT", "ROLLBACK"))
    return `A constraint of ${name} says ON CONFLICT ROLLBACK, which would end the work of other branches too. Use ABORT.`;
  if (triggers.some((trigger) => has(trigger, "OR", "ROLLBACK") || has(trigger, "RAISE", "(", "ROLLBACK")))
    return `A trigger on ${name} rolls back, which would end the work of other branches too. Use ABORT.`;
  return null;
}

/** Whether these words and symbols follow each other somewhere. */
export function has(tokens: readonly Token[], ...wanted: readonly string[]): boolean {
  return tokens.some((_, at) =>
    wanted.every((want, offset) => isWord(tokens[at + offset], want) || isSymbol(tokens[at + offset], want)),
  );
}

const collations: readonly string[] = ["BINARY", "NOCASE", "RTRIM"];

function readIndex(db: Database.Database, row: IndexRow): { index: UniqueIndex; custom: string | null } {
  const read = all<IndexColumnRow>(db, `PRAGMA main.index_xinfo(${quoteName(row.name)})`);
  const parts = read.filter((part) => part.key === 1);
  return {
    custom: parts.find((part) => !collations.includes(part.coll.toUpperCase()))?.coll ?? null,
    index: {
      name: row.name,
      columns: parts.map((part) => part.cid),
      collations: parts.map((part) => part.coll.toUpperCase() as Collation),
      whole: row.partial === 1 || parts.some((part) => part.cid < 0),
    },
  };
}

function readForeignKeys(db: Database.Database, id: string, name: string, columns: readonly Column[]): ForeignKey[] {
  const rows = all<ForeignKeyRow>(db, `PRAGMA main.foreign_key_list(${quoteName(name)})`);
  return [...Map.groupBy(rows, (row) => row.id).values()].map((parts) => ({
    child: id,
    columns: parts.map((part) => columns.findIndex((column) => column.name.toLowerCase() === part.from.toLowerCase())),
    parent: (parts[0]?.table ?? "").toLowerCase(),
    parentColumns: parts.flatMap((part) => (part.to === null ? [] : [part.to.toLowerCase()])),
  }));
}

/** Joins foreign keys with the tables that they refer to. */
function withParents(bare: ReadonlyMap<string, Table>): Map<string, Table> {
  const foreign = [...bare.values()].flatMap((table) =>
    table.foreignKeys.map((key) => withParentColumns(key, bare.get(key.parent))),
  );
  return new Map(
    [...bare].map(([id, table]) => {
      const referencedBy = foreign.filter((key) => key.parent === id);
      // The row's own lock would do for uniqueness, but children share this one without shutting out updates of the row.
      const rowid: UniqueIndex[] =
        table.rowidColumn !== null && referencedBy.length > 0
          ? [{ name: "rowid", columns: [table.rowidColumn], collations: ["BINARY"], whole: false }]
          : [];
      return [
        id,
        {
          ...table,
          foreignKeys: foreign.filter((key) => key.child === id),
          referencedBy,
          unique: [...rowid, ...table.unique],
        },
      ];
    }),
  );
}

function withParentColumns(key: ForeignKey, parent: Table | undefined): ForeignKey {
  if (key.parentColumns.length > 0 || parent === undefined) return key;
  const positions = parent.rowidColumn === null ? parent.primary : [parent.rowidColumn];
  return { ...key, parentColumns: positions.map((at) => parent.columns[at]?.name.toLowerCase() ?? "") };
}

/** The unique index of the parent that a foreign key leans on; undefined where there is none (SQLite reports that itself). */
export function parentIndex(key: ForeignKey, parent: Table): UniqueIndex | undefined {
  const wanted = key.parentColumns.toSorted().join("\0");
  return parent.unique.find(
    (index) =>
      !index.whole &&
      index.columns
        .map((at) => parent.columns[at]?.name.toLowerCase() ?? "")
        .toSorted()
        .join("\0") === wanted,
  );
}

function affinityOf(type: string, strict: boolean): Affinity {
  const name = type.toUpperCase();
  if (strict && name === "ANY") return "blob";
  if (name.includes("INT")) return "integer";
  if (/CHAR|CLOB|TEXT/.test(name)) return "text";
  if (name === "" || name.includes("BLOB")) return "blob";
  if (/REAL|FLOA|DOUB/.test(name)) return "real";
  return "numeric";
}

const collationsOf = new WeakMap<Table, readonly Collation[]>();

/** The collations that comparisons with the table's columns use, by position. */
export function columnCollations(table: Table): readonly Collation[] {
  const known = collationsOf.get(table) ?? probeCollations(table);
  collationsOf.set(table, known);
  return known;
}

function probeCollations(table: Table): readonly Collation[] {
  if (!table.tokens.some((token) => isWord(token, "COLLATE"))) return table.columns.map(() => "BINARY");
  // No pragma tells a column's collation; an index on it, in a copy of the empty table, does.
  const copy = new SqliteDatabase(":memory:");
  try {
    copy.pragma("foreign_keys = OFF");
    copy.exec(sqlOf(table));
    return table.columns.map((column, at) => {
      copy.exec(`CREATE INDEX "nemcon_probe_${at}" ON ${quoteName(table.name)}(${quoteName(column.name)})`);
      const [part] = all<IndexColumnRow>(copy, `PRAGMA index_xinfo("nemcon_probe_${at}")`);
      return (part?.coll.toUpperCase() ?? "BINARY") as Collation;
    });
  } finally {
    copy.close();
  }
}

function sqlOf(table: Table): string {
  return table.tokens.map((token) => token.text).join(" ");
}

/** Tables that foreign keys join with these, over any number of steps, these included. */
export function familyOf(schema: Schema, ids: Iterable<string>): Set<string> {
  const family = new Set(ids);
  for (const id of family) {
    const table = schema.tables.get(id);
    for (const key of table?.foreignKeys ?? []) family.add(key.parent);
    for (const key of table?.referencedBy ?? []) family.add(key.child);
  }
  return family;
}

export function columnAt(table: Table, name: string): number {
  return table.columns.findIndex((column) => column.name.toLowerCase() === name);
}
