/** Each trap of design/sqlite-resource.md, one row a trap. */

import SqliteDatabase from "better-sqlite3";
import { afterEach, expect, test } from "vitest";
import { openSqliteResource } from "../../../participant/resources/sqlite/index.ts";
import { Bench, id, sql, type Sql, voteOf, describeAnswer } from "./bench.ts";

let bench: Bench | null = null;
afterEach(() => {
  bench?.close();
  bench = null;
});
function open(schema: string): Bench {
  bench = new Bench(schema);
  return bench;
}

interface Kept {
  readonly rule: string;
  readonly schema: string;
  readonly work: readonly Sql[];
  readonly select: string;
  readonly rows: unknown[][];
}

const kept: readonly Kept[] = [
  {
    rule: "text keeps what follows a NUL",
    schema: "CREATE TABLE t(a)",
    work: [["INSERT INTO t VALUES (?)", ["a\0b"]]],
    select: "SELECT hex(a) FROM t",
    rows: [["610062"]],
  },
  {
    rule: "integers keep all 64 bits and differ from reals",
    schema: "CREATE TABLE t(a)",
    work: [["INSERT INTO t VALUES (?), (?), (?), (?)", [2n ** 63n - 1n, -(2n ** 63n), 1n, 1]]],
    select: "SELECT typeof(a), a FROM t",
    rows: [
      ["integer", 2n ** 63n - 1n],
      ["integer", -(2n ** 63n)],
      ["integer", 1n],
      ["real", 1],
    ],
  },
  {
    rule: "infinities, blobs and NULL",
    schema: "CREATE TABLE t(a)",
    work: [["INSERT INTO t VALUES (?), (?), (?), (?)", [Infinity, -Infinity, Buffer.from([0, 255]), null]]],
    select: "SELECT typeof(a), hex(a) FROM t",
    rows: [
      ["real", "496E66"],
      ["real", "2D496E66"],
      ["blob", "00FF"],
      ["null", ""],
    ],
  },
  {
    rule: "a change of key moves the row",
    schema: "CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (1, 'x'), (2, 'y')",
    work: ["UPDATE t SET id = id + 10"],
    select: "SELECT id, a FROM t ORDER BY id",
    rows: [
      [11n, "x"],
      [12n, "y"],
    ],
  },
  {
    rule: "rows that REPLACE deletes are gone",
    schema: "CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE, b UNIQUE); INSERT INTO t VALUES (1, 1, 1), (2, 2, 2)",
    work: ["REPLACE INTO t VALUES (3, 1, 2)"],
    select: "SELECT * FROM t",
    rows: [[3n, 1n, 2n]],
  },
  {
    rule: "cascades are part of the branch",
    schema: `CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p ON DELETE CASCADE ON UPDATE CASCADE);
      INSERT INTO p VALUES (1), (2); INSERT INTO c VALUES (1), (1), (2)`,
    work: ["DELETE FROM p WHERE id = 2", "UPDATE p SET id = 9 WHERE id = 1"],
    select: "SELECT p FROM c",
    rows: [[9n], [9n]],
  },
  {
    rule: "a user trigger fires once",
    schema: `CREATE TABLE t(a); CREATE TABLE log(a);
      CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.a); END`,
    work: ["INSERT INTO t VALUES (1)"],
    select: "SELECT count(*) FROM log",
    rows: [[1n]],
  },
  {
    rule: "a trigger that changes the same row has the last word",
    schema: `CREATE TABLE t(id INTEGER PRIMARY KEY, a, n DEFAULT 0);
      CREATE TRIGGER tr AFTER INSERT ON t BEGIN UPDATE t SET n = n + 1 WHERE id = new.id; END`,
    work: ["INSERT INTO t(a) VALUES ('x')", "UPDATE t SET a = 'y'"],
    select: "SELECT * FROM t",
    rows: [[1n, "y", 1n]],
  },
  {
    rule: "INSTEAD OF triggers of views work",
    schema: `CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t;
      CREATE TRIGGER tr INSTEAD OF INSERT ON v BEGIN INSERT INTO t VALUES (new.a * 2); END`,
    work: ["INSERT INTO v VALUES (4)"],
    select: "SELECT a FROM t",
    rows: [[8n]],
  },
  {
    rule: "unique values may change places",
    schema: "CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE); INSERT INTO t VALUES (1, 'x'), (2, 'y')",
    work: [
      "UPDATE t SET a = '-' WHERE id = 1",
      "UPDATE t SET a = 'x' WHERE id = 2",
      "UPDATE t SET a = 'y' WHERE id = 1",
    ],
    select: "SELECT a FROM t ORDER BY id",
    rows: [["y"], ["x"]],
  },
  {
    rule: "a NOCASE primary key may change its spelling",
    schema: "CREATE TABLE t(a TEXT COLLATE NOCASE PRIMARY KEY) WITHOUT ROWID; INSERT INTO t VALUES ('ab')",
    work: ["UPDATE t SET a = 'AB'"],
    select: "SELECT a FROM t",
    rows: [["AB"]],
  },
  {
    rule: "an explicit update of the rowid leaves AUTOINCREMENT's mark alone",
    schema: "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, a); INSERT INTO t(a) VALUES ('x')",
    work: ["UPDATE t SET id = 1000"],
    select: "SELECT name, seq FROM sqlite_sequence",
    rows: [["t", 1n]],
  },
  {
    rule: "last_insert_rowid() is the branch's",
    schema: "CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (41, NULL)",
    work: ["INSERT INTO t(a) VALUES (last_insert_rowid())", "INSERT INTO t(a) VALUES (last_insert_rowid())"],
    select: "SELECT * FROM t WHERE id > 41",
    rows: [
      [42n, 0n],
      [43n, 42n],
    ],
  },
  {
    rule: "parameters bind by position, number and name",
    schema: "CREATE TABLE t(a, b)",
    work: [
      ["INSERT INTO t VALUES (?2, ?1)", ["b", "a"]],
      ["INSERT INTO t VALUES (:a, @b)", { a: 1n, b: 2n }],
      ["INSERT INTO t VALUES (?, ?3)", ["x", null, "z"]],
    ],
    select: "SELECT * FROM t",
    rows: [
      ["a", "b"],
      [1n, 2n],
      ["x", "z"],
    ],
  },
  {
    rule: "a deferred foreign key may be broken on the way",
    schema: `CREATE TABLE p(id INTEGER PRIMARY KEY);
      CREATE TABLE c(p REFERENCES p DEFERRABLE INITIALLY DEFERRED)`,
    work: ["INSERT INTO c VALUES (1)", "INSERT INTO p VALUES (1)"],
    select: "SELECT count(*) FROM c",
    rows: [[1n]],
  },
  {
    rule: "generated columns follow, stored or not",
    schema: "CREATE TABLE t(a, b AS (a + 1), c AS (a * 2) STORED UNIQUE)",
    work: ["INSERT INTO t(a) VALUES (3)"],
    select: "SELECT a, b, c FROM t",
    rows: [[3n, 4n, 6n]],
  },
  {
    rule: "a deleted and reinserted row is the one row",
    schema: "CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (1, 'x')",
    work: ["DELETE FROM t", "INSERT INTO t VALUES (1, 'y')"],
    select: "SELECT * FROM t",
    rows: [[1n, "y"]],
  },
  {
    rule: "lists come as JSON",
    schema: "CREATE TABLE t(a)",
    work: [["INSERT INTO t SELECT value FROM json_each(?)", ["[1,2]"]]],
    select: "SELECT a FROM t",
    rows: [[1n], [2n]],
  },
  {
    rule: "text with a replacement character of its own",
    schema: "CREATE TABLE t(a)",
    work: [["INSERT INTO t VALUES (?)", ["\uFFFD"]]],
    select: "SELECT hex(a) FROM t",
    rows: [["EFBFBD"]],
  },
  {
    rule: "names that need quotes",
    schema: `CREATE TABLE "a ""b"(" x y" INTEGER PRIMARY KEY, [select], rowid)`,
    work: [`INSERT INTO "a ""b" VALUES (1, 2, 3)`],
    select: `SELECT * FROM "a ""b"`,
    rows: [[1n, 2n, 3n]],
  },
];

test.each(kept)("$rule", ({ schema, work, select, rows }) => {
  const at = open(schema);
  at.run(id(1), sql(...work));
  expect(at.rows(select)).toEqual(rows);
});

const people =
  "CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE NOT NULL, CHECK (id < 100)); INSERT INTO t VALUES (1, 'x')";
const refusedWork: readonly (readonly [reason: string, work: Sql, schema?: string])[] = [
  ...[
    "CREATE TABLE u(a)",
    "DROP TABLE t",
    "ALTER TABLE t ADD b",
    "PRAGMA user_version = 3",
    "ATTACH 'x' AS y",
    "DETACH y",
    "VACUUM",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT s",
    "RELEASE s",
    "ANALYZE",
    "REINDEX",
    "EXPLAIN SELECT 1",
  ].map((text) => ["STATEMENT_REFUSED", text] as const),
  ["STATEMENT_REFUSED", "/* first */ -- then\n COMMIT"],
  ["STATEMENT_REFUSED", "DELETE FROM t; DELETE FROM t"],
  ["STATEMENT_REFUSED", "INSERT OR ROLLBACK INTO t VALUES (2, 'y')"],
  ["STATEMENT_REFUSED", "UPDATE OR ROLLBACK t SET a = 'y'"],
  ["STATEMENT_REFUSED", "DELETE FROM nemcon_journal"],
  ["STATEMENT_REFUSED", "SELECT * FROM nemcon_journal"],
  ["STATEMENT_REFUSED", "DELETE FROM sqlite_schema"],
  ["STATEMENT_REFUSED", "INSERT INTO t VALUES (2)", "CREATE TABLE t(a UNIQUE ON CONFLICT ROLLBACK)"],
  [
    "STATEMENT_REFUSED",
    "INSERT INTO t VALUES (2)",
    "CREATE TABLE t(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT RAISE(ROLLBACK, 'no'); END",
  ],
  ["STATEMENT_REFUSED", "INSERT INTO t VALUES ('x')", "CREATE VIRTUAL TABLE t USING fts5(a)"],
  ["STATEMENT_REFUSED", "SELECT * FROM t", "CREATE VIRTUAL TABLE t USING fts5(a)"],
  [
    "STATEMENT_REFUSED",
    "INSERT INTO u VALUES ('x')",
    "CREATE VIRTUAL TABLE t USING fts5(a); CREATE TABLE u(a); CREATE TRIGGER r AFTER INSERT ON u BEGIN INSERT INTO t VALUES (new.a); END",
  ],
  ["STATEMENT_REFUSED", "INSERT INTO t VALUES (1, 2, 3)", "CREATE TABLE t(rowid, _rowid_, oid)"],
  ["STATEMENT_REFUSED", "DELETE FROM t", "CREATE TABLE t(a); INSERT INTO t VALUES (CAST(x'ff' AS TEXT))"],
  [
    "STATEMENT_REFUSED",
    "DELETE FROM t",
    "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, a); INSERT INTO t(a) VALUES (1); CREATE TRIGGER r AFTER DELETE ON t BEGIN UPDATE sqlite_sequence SET seq = 0; END",
  ],
  ["STATEMENT_FAILED", "SELEC 1"],
  ["STATEMENT_FAILED", ""],
  ["STATEMENT_FAILED", "INSERT INTO nowhere VALUES (1)"],
  ["STATEMENT_FAILED", ["INSERT INTO t VALUES (?, ?)", [1n]]],
  ["STATEMENT_FAILED", ["INSERT INTO t VALUES (?, ?)", [1n, 2n, 3n]]],
  ["STATEMENT_FAILED", ["INSERT INTO t VALUES (:a, :b)", { a: 1n }]],
  ["STATEMENT_FAILED", ["INSERT INTO t VALUES (:a, :b)", { a: 1n, b: 1n, c: 1n }]],
  ["STATEMENT_FAILED", "INSERT INTO t VALUES ('no number')", "CREATE TABLE t(a INTEGER) STRICT"],
  ["CONSTRAINT", "INSERT INTO t VALUES (2, 'x')"],
  ["CONSTRAINT", "INSERT INTO t VALUES (1, 'y')"],
  ["CONSTRAINT", "INSERT INTO t VALUES (2, NULL)"],
  ["CONSTRAINT", "INSERT INTO t VALUES (100, 'y')"],
  ["CONSTRAINT", "INSERT INTO c VALUES (7)", "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p)"],
  [
    "CONSTRAINT",
    "INSERT INTO c VALUES (7)",
    "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p DEFERRABLE INITIALLY DEFERRED)",
  ],
  [
    "CONSTRAINT",
    "DELETE FROM p",
    "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p DEFERRABLE INITIALLY DEFERRED); INSERT INTO p VALUES (1); INSERT INTO c VALUES (1)",
  ],
  [
    "CONSTRAINT",
    "INSERT INTO t VALUES (1)",
    "CREATE TABLE t(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT RAISE(ABORT, 'not today'); END",
  ],
  ["EXPECTATION_FAILED", ["UPDATE t SET a = 'z' WHERE id = 2", [], 1]],
  ["EXPECTATION_FAILED", ["SELECT 1 FROM t", [], 0]],
  ["LIMIT_EXCEEDED", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"],
  ["LIMIT_EXCEEDED", "SELECT zeroblob(2000000)"],
];

test.each(refusedWork.map(([reason, work, schema = people]) => ({ reason, work, schema })))(
  "$reason: $work",
  ({ reason, work, schema }) => {
    const at = open(schema);
    const answer = at.prepare(id(1), sql(work));
    expect(describeAnswer(answer)).toMatch(new RegExp(`^${reason}: `));
    expect(at.resource.openBranches).toEqual([]);
    expect(at.resource.locks(id(1))).toEqual([]);
  },
);

test("a failing statement of several undoes all of them", () => {
  const at = open(people);
  expect(
    voteOf(at.prepare(id(1), sql("INSERT INTO t VALUES (2, 'y')", "INSERT OR FAIL INTO t VALUES (3, 'z'), (4, 'y')"))),
  ).toBe("CONSTRAINT");
  expect(voteOf(at.prepare(id(2), sql("INSERT INTO t VALUES (3, 'y')")))).toBe("yes");
});

test("readers outside see committed data only", () => {
  const at = open(people);
  at.prepare(id(1), sql("UPDATE t SET a = 'y'"));
  expect(at.rows("SELECT a FROM t")).toEqual([["x"]]);
  expect(at.resource.query(sql("SELECT a FROM t")[0]!).rows).toEqual([["x"]]);
  at.commit(id(1));
  expect(at.resource.query(sql("SELECT a FROM t")[0]!).rows).toEqual([["y"]]);
});

test("RETURNING and SELECT give back what SQLite gives", () => {
  const at = open(people);
  const [inserted, selected] = at.run(
    id(1),
    sql("INSERT INTO t VALUES (2, 'y') RETURNING id, upper(a) AS big", "SELECT count(*) AS n FROM t"),
  );
  expect(inserted).toEqual({ rowsAffected: 1, columns: ["id", "big"], rows: [[2n, "Y"]] });
  expect(selected).toEqual({ rowsAffected: 1, columns: ["n"], rows: [[2n]] });
});

test("a branch that changes nothing votes read-only and keeps no lock", () => {
  const at = open(people);
  expect(voteOf(at.prepare(id(1), sql("SELECT * FROM t", "UPDATE t SET a = a", "DELETE FROM t WHERE id = 9")))).toBe(
    "read-only",
  );
  expect(at.resource.locks(id(1))).toEqual([]);
});

test("triggers stay hidden after the schema changed under the participant", () => {
  const at = open(
    `${people}; CREATE TABLE log(a); CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.a); END`,
  );
  at.run(id(1), sql("INSERT INTO t VALUES (2, 'y')"));
  at.outside(
    "CREATE TRIGGER more AFTER INSERT ON t BEGIN INSERT INTO log VALUES ('more'); END; ALTER TABLE t ADD COLUMN b DEFAULT 5",
  );
  at.run(id(2), sql("INSERT INTO t(id, a) VALUES (3, 'z')"));
  expect(at.rows("SELECT a FROM log ORDER BY a")).toEqual([["more"], ["y"], ["z"]]);
  expect(at.rows("SELECT b FROM t WHERE id = 3")).toEqual([[5n]]);
});

test.each([
  ["UTF-16le", (db: SqliteDatabase.Database) => db.pragma("encoding = 'UTF-16le'"), /UTF-16le/],
  ["a rollback journal", (db: SqliteDatabase.Database) => db.pragma("journal_mode = DELETE"), /WAL/],
])("a file with %s is not served", (_what, set, complaint) => {
  const db = new SqliteDatabase(":memory:");
  set(db);
  db.exec("CREATE TABLE t(a)");
  expect(() => openSqliteResource({ file: ":memory:", journalDatabase: db, onOutsideWrite: () => {} })).toThrow(
    complaint,
  );
  db.close();
});
