/** Which way a statement goes, and the traps of each: what is stored and returned is what plain SQLite does. */

import SqliteDatabase from "better-sqlite3";
import { afterEach, expect, test } from "vitest";
import type { Way } from "../../../participant/resources/sqlite/resource.ts";
import { Bench, describeAnswer, id, redoOf, resultsOf, sql, type Sql, voteOf, type Ways } from "./bench.ts";
import { contents, openPlain, runPlain, showResult } from "./plain.ts";

let bench: Bench | null = null;
afterEach(() => {
  bench?.close();
  bench = null;
});
function open(schema: string, ways: Ways = "cheapest"): Bench {
  bench = new Bench(schema, ways);
  return bench;
}

function wayOf(at: Bench, act: () => void): Way {
  const before = { ...at.resource.ways };
  act();
  const [way] = (["planned", "grouped", "alone"] as const).filter((each) => at.resource.ways[each] > before[each]);
  return way!;
}

const tables = `
  CREATE TABLE t(id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c, d REAL, n INTEGER NOT NULL DEFAULT 0);
  CREATE INDEX plain ON t(a, c);
  CREATE TABLE w(k TEXT COLLATE NOCASE PRIMARY KEY, a INTEGER, b) WITHOUT ROWID;
  CREATE TABLE two(x INTEGER, y TEXT, a, PRIMARY KEY (x, y)) WITHOUT ROWID;
  CREATE TABLE named(k TEXT PRIMARY KEY, a);
  CREATE TABLE p(id INTEGER PRIMARY KEY, code UNIQUE, n); CREATE TABLE c(id INTEGER PRIMARY KEY, p REFERENCES p, n);
  CREATE TABLE auto(id INTEGER PRIMARY KEY AUTOINCREMENT, n);
  CREATE TABLE checked(id INTEGER PRIMARY KEY, n CHECK (n < 9)); CREATE TABLE strict(id INTEGER PRIMARY KEY, n INT, r REAL, t TEXT, o ANY) STRICT;
  CREATE TABLE u(id INTEGER PRIMARY KEY, x UNIQUE, y TEXT COLLATE NOCASE UNIQUE, z DEFAULT (1 + 1));
  CREATE TABLE tree(id INTEGER PRIMARY KEY, up REFERENCES tree); INSERT INTO tree VALUES (1, NULL);
  INSERT INTO u VALUES (1, 'a', 'one', 0), (2, 'B', 'two', 0);
  CREATE TABLE made(id INTEGER PRIMARY KEY, n, g AS (n + 1)); CREATE TABLE part(id INTEGER PRIMARY KEY, n);
  CREATE INDEX part_n ON part(n) WHERE n > 3;
  CREATE TABLE ex(id INTEGER PRIMARY KEY, n); CREATE INDEX ex_n ON ex(abs(n));
  CREATE TABLE log(what); CREATE TABLE watched(id INTEGER PRIMARY KEY, n);
  CREATE TRIGGER watch AFTER UPDATE ON watched BEGIN INSERT INTO log VALUES (new.n); END;
  INSERT INTO t VALUES (1, 1, 'b', x'00ff', 1.5, 0), (2, 2, 'two', NULL, NULL, 0);
  INSERT INTO w VALUES ('Key', 1, 'x'); INSERT INTO two VALUES (1, 'a', 0), (1, 'b', 0); INSERT INTO named VALUES ('k', 1);
  INSERT INTO p VALUES (1, 'one', 0), (2, 'two', 0); INSERT INTO c VALUES (1, 1, 0); INSERT INTO auto(n) VALUES (1);
  INSERT INTO checked VALUES (1, 1); INSERT INTO strict(id, n) VALUES (1, 1); INSERT INTO made(id, n) VALUES (1, 1);
  INSERT INTO part VALUES (1, 1); INSERT INTO ex VALUES (1, 1); INSERT INTO watched VALUES (1, 1)`;

const statements: readonly (readonly [rule: string, way: Way, ...work: Sql[]])[] = [
  ["an update by its rowid", "planned", ["UPDATE t SET a = a + ? WHERE id = ?", [2n, 1n]]],
  ["a look at a row", "planned", ["SELECT * FROM t WHERE id = ?", [1n]]],
  ["an aggregate over no row", "planned", ["SELECT count(*), max(a) FROM t WHERE id = ?", [99n]]],
  ["a look by another unique key", "planned", ["SELECT n FROM p WHERE code = ?", ["two"]]],
  ["a row that is not there", "planned", ["UPDATE t SET a = 1 WHERE id = ?", [99n]]],
  [
    "a condition besides the key",
    "planned",
    ["UPDATE t SET a = a - :by WHERE id = :id AND a >= :by", { by: 1n, id: 1n }],
  ],
  ["parameters by name", "planned", ["UPDATE t SET a = :a, b = :b WHERE id = :id", { id: 1n, a: 7n, b: "x" }]],
  ["an alias", "planned", ["UPDATE t AS x SET a = x.a + 1 WHERE x.id = ?", [1n]]],
  ["RETURNING of columns", "planned", ["UPDATE t SET d = ?, a = 3 WHERE id = ? RETURNING d, ID AS key, *", [4n, 1n]]],
  ["RETURNING of more", "grouped", ["UPDATE t SET a = 3 WHERE id = ? RETURNING a + 1", [1n]]],
  ["an integer into REAL", "planned", ["UPDATE t SET d = ? WHERE id = 1", [2n ** 53n + 1n]]],
  ["a text of digits into INTEGER", "grouped", ["UPDATE t SET a = ? WHERE id = 1", ["5"]]],
  ["5.0 into INTEGER", "grouped", ["UPDATE t SET a = ? WHERE id = 1", [5]]],
  ["an integer into TEXT", "grouped", ["UPDATE t SET b = ? WHERE id = 1", [5n]]],
  ["-0.0 into REAL", "grouped", ["UPDATE t SET d = ? WHERE id = 1", [-0]]],
  ["-0.0 into a column without a type", "grouped", ["UPDATE t SET c = ? WHERE id = 1", [-0]]],
  ["infinity", "planned", ["UPDATE t SET d = ?, a = ? WHERE id = 1", [Infinity, -Infinity]]],
  ["all 64 bits", "planned", ["UPDATE t SET a = ?, c = ? WHERE id = 1", [2n ** 63n - 1n, -(2n ** 63n)]]],
  [
    "text with a NUL, and a blob",
    "planned",
    ["UPDATE t SET b = ?, c = ? WHERE id = 1", ["x\0y", Buffer.from([0, 255])]],
  ],
  ["an overflow", "grouped", ["UPDATE t SET a = abs(?) WHERE id = 1", [-(2n ** 63n)]]],
  ["a sum that overflows becomes real", "grouped", ["UPDATE t SET a = a + ? WHERE id = 1", [2n ** 63n - 1n]]],
  ["a column twice in SET", "grouped", "UPDATE t SET a = 1, a = 2 WHERE id = 1"],
  ["NULL where none may be", "grouped", "UPDATE t SET n = NULL WHERE id = 1"],
  ["the key itself", "grouped", "UPDATE t SET id = 5 WHERE id = 1"],
  ["a column that children may refer to", "planned", "UPDATE p SET code = 'uno' WHERE id = 1"],
  ["a unique value", "planned", "UPDATE u SET x = 'A' WHERE id = 1"],
  ["a unique value that another row has", "grouped", "UPDATE u SET x = 'B' WHERE id = 1"],
  ["a unique value in another spelling", "grouped", "UPDATE u SET y = 'ONE' WHERE id = 1"],
  ["a unique value in a spelling that another row has", "grouped", "UPDATE u SET y = 'TWO' WHERE id = 1"],
  ["no unique value", "planned", "UPDATE u SET x = NULL WHERE id = 1"],
  [
    "unique values that change places",
    "grouped",
    "UPDATE u SET x = NULL WHERE id = 1",
    "UPDATE u SET x = 'a' WHERE id = 2",
  ],
  ["a column beside a unique one", "planned", "UPDATE p SET n = 1 WHERE id = 1"],
  ["a foreign key", "planned", "UPDATE c SET p = 2 WHERE id = 1"],
  ["a foreign key to nothing", "grouped", "UPDATE c SET p = 7 WHERE id = 1"],
  ["no foreign key", "planned", "UPDATE c SET p = NULL WHERE id = 1"],
  [
    "a child of a parent that came with it",
    "grouped",
    "INSERT INTO p(id) VALUES (7)",
    "INSERT INTO c(id, p) VALUES (7, 7)",
  ],
  ["a row that refers to itself", "grouped", "INSERT INTO tree VALUES (5, 5)"],
  ["a row that refers to another", "planned", "INSERT INTO tree VALUES (5, 1)"],
  ["a column beside a foreign key", "planned", "UPDATE c SET n = 2 WHERE id = 1"],
  ["CHECK", "grouped", "UPDATE checked SET n = 10 WHERE id = 1"],
  ["STRICT", "planned", ["UPDATE strict SET n = ?, r = ?, t = ?, o = ? WHERE id = 1", [1n, 1n, "x", 5]]],
  ["STRICT, of another type", "grouped", ["UPDATE strict SET n = ? WHERE id = 1", ["x"]]],
  ["STRICT, a blob as text", "grouped", ["UPDATE strict SET t = ? WHERE id = 1", [Buffer.from("x")]]],
  ["a generated column", "grouped", "UPDATE made SET n = 5 WHERE id = 1"],
  ["a look at a generated column", "planned", "SELECT g FROM made WHERE id = 1"],
  ["a partial index", "grouped", "UPDATE part SET n = 5 WHERE id = 1"],
  ["an index on an expression", "grouped", ["UPDATE ex SET n = ? WHERE id = 1", [-(2n ** 63n)]]],
  ["a trigger", "alone", "UPDATE watched SET n = 5 WHERE id = 1"],
  ["a subquery", "alone", "UPDATE t SET a = (SELECT max(n) FROM p) WHERE id = 1"],
  ["a random value", "alone", "UPDATE t SET a = random() % 1 WHERE id = 1"],
  ["what the connection did before", "alone", "SELECT last_insert_rowid(), id FROM t WHERE id = 1"],
  ["a scan", "alone", "UPDATE t SET a = 1 WHERE a = 2"],
  ["OR", "alone", "UPDATE t SET a = 1 WHERE id = 1 OR a = 2"],
  ["a key of another kind", "grouped", ["UPDATE t SET a = 1 WHERE id = ?", ["1"]]],
  ["OR IGNORE", "alone", "UPDATE OR IGNORE t SET a = 1 WHERE id = 1"],
  ["a text key in another spelling", "planned", ["UPDATE w SET a = a + 1 WHERE k = ?", ["kEY"]]],
  ["a key of two columns", "planned", ["UPDATE two SET a = 1 WHERE y = ? AND x = ?", ["b", 1n]]],
  ["half a key", "alone", ["UPDATE two SET a = 1 WHERE x = ?", [1n]]],
  ["a text key beside the rowid", "planned", ["UPDATE named SET a = 2 WHERE k = ?", ["k"]]],
  ["an insert with its key", "planned", ["INSERT INTO t(id, a, b) VALUES (?, ?, 'x')", [9n, 5n]]],
  ["an insert of all columns", "planned", ["INSERT INTO t VALUES (9, 1, 'x', NULL, ?, 4) RETURNING d, n", [1n]]],
  ["an insert under a key that is taken", "grouped", ["INSERT INTO t(id) VALUES (?)", [1n]]],
  ["an insert without a key", "planned", ["INSERT INTO t(a) VALUES (?)", [1n]]],
  ["an insert into a table without a key", "planned", ["INSERT INTO log VALUES (?) RETURNING what", [1n]]],
  ["two inserts without a key", "planned", "INSERT INTO t(a) VALUES (1)", "INSERT INTO t(id, a) VALUES (NULL, 2)"],
  ["an insert after a delete", "grouped", "DELETE FROM t WHERE id = 2", "INSERT INTO t(a) VALUES (1)"],
  ["an insert whose default is more than a value", "grouped", "INSERT INTO u(id) VALUES (9)"],
  ["an insert of two rows", "grouped", "INSERT INTO t(id) VALUES (8), (9)"],
  ["an insert with a converted value", "grouped", ["INSERT INTO t(id, a) VALUES (9, ?)", ["12"]]],
  ["an insert with a unique value", "planned", "INSERT INTO p VALUES (9, 'nine', 0)"],
  ["an insert with a unique value that is taken", "grouped", "INSERT INTO p VALUES (9, 'one', 0)"],
  [
    "two inserts with unique values",
    "grouped",
    "INSERT INTO p VALUES (9, 'nine', 0)",
    "INSERT INTO p VALUES (10, 'nine', 0)",
  ],
  ["AUTOINCREMENT", "grouped", "INSERT INTO auto(id, n) VALUES (50, 1)"],
  ["an insert without a rowid", "planned", ["INSERT INTO w(k, a) VALUES (?, 1)", ["new"]]],
  ["an insert under a key of another spelling", "grouped", ["INSERT INTO w(k, a) VALUES (?, 1)", ["KEY"]]],
  [
    "an upsert of a row that is there",
    "planned",
    ["INSERT INTO t(id, a) VALUES (?, ?) ON CONFLICT(id) DO UPDATE SET a = excluded.a + t.a, d = excluded.a", [1n, 5n]],
  ],
  [
    "an upsert of a row that is not",
    "planned",
    ["INSERT INTO t(id, a) VALUES (?, ?) ON CONFLICT(id) DO UPDATE SET a = excluded.a", [9n, 5n]],
  ],
  [
    "an upsert in another spelling keeps the old one",
    "planned",
    ["INSERT INTO w(k, a) VALUES (?, 5) ON CONFLICT(k) DO UPDATE SET a = excluded.a, b = excluded.k", ["KEY"]],
  ],
  [
    "an upsert whose row would not do",
    "grouped",
    ["INSERT INTO t(id, n) VALUES (?, NULL) ON CONFLICT(id) DO UPDATE SET a = 1", [1n]],
  ],
  [
    "an upsert that compares",
    "grouped",
    ["INSERT INTO w(k, b) VALUES (?, 'x') ON CONFLICT(k) DO UPDATE SET a = (excluded.k = 'key')", ["KEY"]],
  ],
  [
    "an upsert that may leave the row alone",
    "grouped",
    "INSERT INTO t(id, a) VALUES (1, 1) ON CONFLICT(id) DO UPDATE SET a = 5 WHERE t.a > 3",
  ],
  ["a delete", "planned", ["DELETE FROM t WHERE id = ? AND a < 5 RETURNING *", [1n]]],
  ["a delete of a child", "planned", "DELETE FROM c WHERE id = 1"],
  ["a delete of a parent", "alone", "DELETE FROM p WHERE id = 2"],
  ["two rows", "planned", "UPDATE t SET a = 5 WHERE id = 1", "UPDATE t SET a = 6 WHERE id = 2"],
  ["one row twice", "grouped", "UPDATE t SET a = a + 1 WHERE id = 1", "UPDATE t SET a = a * 5 WHERE id = 1"],
  [
    "a look at what the branch changed",
    "grouped",
    "UPDATE t SET a = a + 1 WHERE id = 1",
    "SELECT a FROM t WHERE id = 1",
  ],
  ["a change of what it looked at", "planned", "SELECT a FROM t WHERE id = 1", "UPDATE t SET a = a + 1 WHERE id = 1"],
  ["an inserted row, changed", "grouped", "INSERT INTO t(id) VALUES (9)", "UPDATE t SET a = 1 WHERE id = 9"],
  ["a deleted row, inserted", "grouped", "DELETE FROM t WHERE id = 1", "INSERT INTO t(id) VALUES (1)"],
  [
    "a look by another key than the one that was inserted",
    "grouped",
    "DELETE FROM named WHERE k = 'k'",
    "SELECT a FROM named WHERE k = 'k'",
  ],
];

test.each(statements.map(([rule, way, ...work]) => ({ rule, way, work })))("$way: $rule", ({ way, work }) => {
  const at = open(tables);
  const plain = openPlain(tables);
  try {
    const operations = sql(...work);
    const expected = runPlain(
      plain,
      operations.map(({ statement, parameters }) => ({
        statement,
        parameters: (Array.isArray(parameters) ? parameters : [parameters]) as never,
      })),
    );
    let answer = at.prepare(id(99), []);
    expect(
      wayOf(at, () => (answer = at.prepare(id(1), operations))),
      describeAnswer(answer),
    ).toBe(expected.failed && way === "grouped" ? "alone" : way);
    expect(["yes", "read-only"].includes(voteOf(answer)), describeAnswer(answer)).toBe(!expected.failed);
    if (!expected.failed) expect(resultsOf(answer).map(showResult)).toEqual(expected.results.map(showResult));
    if (voteOf(answer) === "yes") {
      at.restart({ [id(1)]: redoOf(answer) });
      expect(at.commit(id(1))).toEqual([{ kind: "applied", outcome: "ok" }]);
    }
    const served = new SqliteDatabase(at.file, { readonly: true });
    expect(contents(served)).toEqual(contents(plain));
    served.close();
  } finally {
    plain.close();
  }
});

test("a plan lasts as long as the schema: a trigger that came acts", () => {
  const at = open(tables);
  const work = sql(["UPDATE t SET a = a + ? WHERE id = ?", [1n, 1n]]);
  expect(wayOf(at, () => at.run(id(1), work))).toBe("planned");
  at.outside("CREATE TRIGGER late AFTER UPDATE ON t BEGIN INSERT INTO log VALUES (new.a); END");
  expect(wayOf(at, () => at.run(id(2), work))).toBe("alone");
  expect(at.rows("SELECT what FROM log")).toEqual([[3n]]);
});

test("a row that is written as it was is looked at, and the vote is read-only", () => {
  const at = open(tables);
  expect(resultsOf(at.work(id(1), 1, sql("UPDATE t SET a = 1 WHERE id = 1")))[0]!.rowsAffected).toBe(1);
  expect(at.resource.locks(id(1))).toEqual(["share: the row 1 of t"]);
  expect(voteOf(at.prepare(id(2), sql("UPDATE t SET a = 9 WHERE id = 1")))).toBe("CONFLICT");
  expect(voteOf(at.prepare(id(1), null))).toBe("read-only");
});

test("calls of one transaction: other rows are planned, its own changes are seen", () => {
  const at = open(tables);
  const call = (item: number, work: Sql): Way => wayOf(at, () => resultsOf(at.work(id(1), item, sql(work))));
  expect(call(1, "UPDATE t SET a = 5 WHERE id = 1")).toBe("planned");
  expect(call(2, "UPDATE t SET a = 6 WHERE id = 2")).toBe("planned");
  expect(call(3, "INSERT INTO t(id, a) VALUES (9, 7)")).toBe("planned");
  expect(call(4, "SELECT a FROM t WHERE id = 1")).toBe("alone");
  expect(resultsOf(at.work(id(1), 5, sql("SELECT sum(a) FROM t")))[0]!.rows).toEqual([[18n]]);
  expect(voteOf(at.prepare(id(1), null))).toBe("yes");
  at.commit(id(1));
  expect(at.rows("SELECT a FROM t ORDER BY id")).toEqual([[5n], [6n], [7n]]);
});

test("a program that holds the file's write lock does not hold up what is planned", () => {
  const at = open(tables);
  const other = new SqliteDatabase(at.file);
  other.exec("BEGIN IMMEDIATE");
  const [planned, tried, alone] = at.prepareAll([
    { transaction: id(1), operations: sql("UPDATE t SET a = 5 WHERE id = 1") },
    { transaction: id(2), operations: sql("UPDATE checked SET n = 5 WHERE id = 1") },
    { transaction: id(3), operations: sql("UPDATE t SET a = 5") },
  ]);
  other.exec("ROLLBACK");
  other.close();
  expect([planned, tried, alone].map((answer) => voteOf(answer!))).toEqual([
    "yes",
    "RESOURCE_FAILED",
    "RESOURCE_FAILED",
  ]);
  expect(at.commit(id(1))).toEqual([{ kind: "applied", outcome: "ok" }]);
});

test.each([
  ["its column", "UPDATE t SET a = 8 WHERE id = 1"],
  ["another column of its row", "UPDATE t SET b = 'y' WHERE id = 1"],
  ["its row, deleted", "DELETE FROM t WHERE id = 1"],
  ["a row under its key", "INSERT INTO t(id) VALUES (9)"],
  ["a column more", "ALTER TABLE t ADD COLUMN more"],
])("a planned branch and a writer outside: %s", (_what, script) => {
  const at = open(tables);
  at.prepare(id(1), sql("UPDATE t SET a = 5 WHERE id = 1", "INSERT INTO t(id, a) VALUES (9, 7)"));
  expect(at.resource.ways.planned).toBe(1);
  at.outside(script);
  const before = at.rows("SELECT * FROM t");
  expect(at.commit(id(1))).toMatchObject([{ kind: "applied", outcome: "damaged" }]);
  expect(at.rows("SELECT * FROM t")).toEqual(before);
  expect(at.alarms).toHaveLength(1);
});

/** One turn: each branch's statement and its vote. */
const turns: readonly (readonly [rule: string, ...branches: (readonly [vote: string, ...work: Sql[]])[]])[] = [
  [
    "keys and unique values that others would take",
    ["yes", "INSERT INTO p VALUES (9, 'nine', 0)"],
    ["CONFLICT", "INSERT INTO p VALUES (9, 'ten', 0)"],
    ["CONFLICT", "INSERT INTO p VALUES (10, 'nine', 0)"],
    ["yes", "INSERT INTO p VALUES (11, 'eleven', 0)"],
  ],
  [
    "a failure takes nothing of others along, and leaves nothing behind",
    ["yes", "UPDATE checked SET n = 5 WHERE id = 1"],
    ["CONSTRAINT", "INSERT INTO checked VALUES (2, 2), (3, 10)"],
    ["EXPECTATION_FAILED", "INSERT INTO checked VALUES (4, 4)", ["UPDATE checked SET n = 3 WHERE id = 77", [], 1]],
    ["yes", "INSERT INTO checked VALUES (2, 2), (3, 3), (4, 4)"],
  ],
  [
    "the child of a parent that may never be",
    ["yes", "INSERT INTO p VALUES (9, 'nine', 0)"],
    ["CONFLICT", "INSERT INTO c VALUES (9, 9, 0)"],
    ["yes", "INSERT INTO c VALUES (10, 2, 0)"],
  ],
  [
    "a parent whose child is going",
    ["yes", "UPDATE c SET p = 2 WHERE id = 1"],
    ["CONFLICT", "DELETE FROM p WHERE id = 1"],
  ],
  [
    "a row that another inserts",
    ["yes", "INSERT INTO checked VALUES (5, 1)"],
    ["CONFLICT", "UPDATE checked SET n = 2 WHERE id = 5"],
    ["CONFLICT", "SELECT n FROM checked WHERE id = 5"],
    ["CONFLICT", "INSERT INTO checked VALUES (5, 2) ON CONFLICT(id) DO UPDATE SET n = 3"],
    ["CONFLICT", "INSERT INTO checked VALUES (5, 2) ON CONFLICT DO NOTHING"],
  ],
  [
    "a row that another deletes",
    ["yes", "DELETE FROM made WHERE id = 1"],
    ["CONFLICT", "UPDATE made SET n = 2 WHERE id = 1"],
    ["CONFLICT", "INSERT INTO made(id, n) VALUES (1, 5)"],
  ],
  [
    "a scan behind a change, and a change behind a scan",
    ["yes", "UPDATE strict SET n = 2 WHERE id = 1"],
    ["CONFLICT", "SELECT count(*) FROM strict"],
    ["yes", "UPDATE checked SET n = 2 WHERE n = 1"],
    ["CONFLICT", "INSERT INTO checked VALUES (7, 1)"],
  ],
  [
    "ids that SQLite chooses",
    ["yes", "INSERT INTO t(a) VALUES (1)"],
    ["yes", "INSERT INTO t(a) VALUES (2), (3)"],
    ["yes", "INSERT INTO auto(n) VALUES (2)"],
    ["yes", "INSERT INTO auto(n) VALUES (3)"],
    ["CONSTRAINT", "INSERT INTO auto(n) VALUES (4)", "UPDATE checked SET n = 9 WHERE id = 1"],
    ["yes", "INSERT INTO auto(n) VALUES (5)"],
  ],
];

const inTurns = turns.flatMap(([rule, ...branches]) =>
  (["cheapest", "grouped", "alone"] as const).map((ways) => ({ rule, branches, ways })),
);

test.each(inTurns)("in one turn, $ways way: $rule", ({ branches, ways }) => {
  const at = open(tables, ways);
  const answers = at.prepareAll(
    branches.map(([, ...work], index) => ({ transaction: id(index + 1), operations: sql(...work) })),
  );
  expect(answers.map(voteOf), answers.map(describeAnswer).join("\n")).toEqual(branches.map(([vote]) => vote));
  const promised = answers.flatMap((answer, index) => (voteOf(answer) === "yes" ? [id(index + 1)] : []));
  expect(at.commit(...promised.toReversed())).toEqual(promised.map(() => ({ kind: "applied", outcome: "ok" })));
  expect(at.rows("PRAGMA integrity_check")).toEqual([["ok"]]);
  expect(at.rows("PRAGMA foreign_key_check")).toEqual([]);
  if (ways === "grouped") expect(at.resource.ways.grouped).toBeGreaterThan(0);
});
