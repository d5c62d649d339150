/** Two branches of one file at once: who must wait for whom, and who need not. */

import { afterEach, describe, expect, test } from "vitest";
import { Bench, describeAnswer, id, redoOf, sql, type Sql, voteOf } from "./bench.ts";

let bench: Bench | null = null;
afterEach(() => {
  bench?.close();
  bench = null;
});
function open(schema: string): Bench {
  bench = new Bench(schema);
  return bench;
}

const schema = `
  CREATE TABLE a(id INTEGER PRIMARY KEY, v UNIQUE, n);
  CREATE TABLE words(w TEXT COLLATE NOCASE UNIQUE, r TEXT COLLATE RTRIM UNIQUE, n);
  CREATE TABLE auto(id INTEGER PRIMARY KEY AUTOINCREMENT, n);
  CREATE TABLE part(id INTEGER PRIMARY KEY, v, live); CREATE UNIQUE INDEX part_live ON part(v) WHERE live;
  CREATE TABLE pair(x, y, n, PRIMARY KEY (x, y)) WITHOUT ROWID;
  CREATE TABLE p(id INTEGER PRIMARY KEY, n); CREATE TABLE c(id INTEGER PRIMARY KEY, p REFERENCES p, n);
  CREATE TABLE log(what); CREATE TABLE watched(id INTEGER PRIMARY KEY, n);
  CREATE TRIGGER watch AFTER UPDATE ON watched BEGIN INSERT INTO log SELECT count(*) FROM a; END;
  INSERT INTO a VALUES (1, 'one', 0), (2, 'two', 0), (3, 'three', 0);
  INSERT INTO words VALUES ('x', 'x', 0); INSERT INTO part VALUES (1, 1, 1), (2, 2, 0);
  INSERT INTO pair VALUES (1, 1, 0), (1, 2, 0); INSERT INTO p VALUES (1, 0), (2, 0), (3, 0);
  INSERT INTO c VALUES (1, 1, 0); INSERT INTO watched VALUES (1, 0)`;

/** The second branch while the first is prepared. */
const table: readonly (readonly [rule: string, first: Sql, second: Sql, vote: string])[] = [
  ["one row", "UPDATE a SET n = 1 WHERE id = 1", "UPDATE a SET n = 2 WHERE id = 1", "CONFLICT"],
  ["two rows", "UPDATE a SET n = 1 WHERE id = 1", "UPDATE a SET n = 2 WHERE id = 2", "yes"],
  ["a read of the row", "UPDATE a SET n = 1 WHERE id = 1", "SELECT n FROM a WHERE id = 1", "CONFLICT"],
  ["a read of another row", "UPDATE a SET n = 1 WHERE id = 1", "SELECT n FROM a WHERE id = 2", "read-only"],
  [
    "a predicate on the row that fails",
    "UPDATE a SET n = 1 WHERE id = 1",
    "UPDATE a SET n = 2 WHERE id = 1 AND n = 9",
    "CONFLICT",
  ],
  ["a scan", "UPDATE a SET n = 1 WHERE id = 1", "UPDATE a SET n = 2 WHERE n = 7", "CONFLICT"],
  [
    "a scan prepared, an insert after it (phantom)",
    ["UPDATE a SET n = 2 WHERE v = 'one' OR n = 7", [], 1],
    "INSERT INTO a VALUES (9, 'nine', 7)",
    "CONFLICT",
  ],
  ["a scan of another table", "UPDATE a SET n = 1 WHERE id = 1", "SELECT count(*) FROM p", "read-only"],
  [
    "a row read and not found, then inserted",
    ["DELETE FROM a WHERE id = 1 AND n = 0", [], 1],
    "INSERT INTO a VALUES (1, 'x', 0)",
    "CONFLICT",
  ],
  [
    "an insert, then a look at its key",
    "INSERT INTO a VALUES (9, 'nine', 0)",
    "SELECT * FROM a WHERE id = 9",
    "CONFLICT",
  ],
  [
    "an insert, then a look at its unique value",
    "INSERT INTO a VALUES (9, 'nine', 0)",
    "UPDATE a SET n = 5 WHERE v = 'nine'",
    "CONFLICT",
  ],
  [
    "an insert, then a look at another unique value",
    "INSERT INTO a VALUES (9, 'nine', 0)",
    "UPDATE a SET n = 5 WHERE v = 'two'",
    "yes",
  ],
  [
    "two inserts with keys of their own",
    "INSERT INTO a VALUES (9, 'nine', 0)",
    "INSERT INTO a VALUES (10, 'ten', 0)",
    "yes",
  ],
  ["one key", "INSERT INTO a VALUES (9, 'nine', 0)", "INSERT INTO a VALUES (9, 'ten', 0)", "CONFLICT"],
  ["one unique value", "INSERT INTO a VALUES (9, 'nine', 0)", "INSERT INTO a VALUES (10, 'nine', 0)", "CONFLICT"],
  [
    "a unique value that is being given up",
    "UPDATE a SET v = 'uno' WHERE id = 1",
    "INSERT INTO a VALUES (10, 'one', 0)",
    "CONFLICT",
  ],
  [
    "a unique value whose row is being deleted",
    "DELETE FROM a WHERE id = 1",
    "INSERT INTO a VALUES (10, 'one', 0)",
    "CONFLICT",
  ],
  [
    "a unique value that nobody gives up",
    "INSERT INTO a VALUES (9, 'nine', 0)",
    "INSERT INTO a VALUES (10, 'one', 0)",
    "CONSTRAINT",
  ],
  [
    "a unique value, moved there by an update",
    "INSERT INTO a VALUES (9, 'nine', 0)",
    "UPDATE a SET v = 'nine' WHERE id = 2",
    "CONFLICT",
  ],
  ["an automatic rowid", "INSERT INTO a(v) VALUES ('nine')", "INSERT INTO a(v) VALUES ('ten')", "yes"],
  [
    "an automatic rowid and a unique value",
    "INSERT INTO a(v) VALUES ('nine')",
    "INSERT INTO a(v) VALUES ('nine')",
    "CONFLICT",
  ],
  [
    "an automatic rowid, where the value is taken",
    "INSERT INTO a(v) VALUES ('nine')",
    "INSERT INTO a(v) VALUES ('one')",
    "CONSTRAINT",
  ],
  ["automatic rowids of children", "INSERT INTO c(p) VALUES (1)", "INSERT INTO c(p) VALUES (2), (2)", "yes"],
  ["automatic rowids of parents", "INSERT INTO p(n) VALUES (1)", "INSERT INTO p(n) VALUES (2)", "yes"],
  [
    "the rowid that an automatic one would get",
    "INSERT INTO a(v) VALUES ('nine')",
    "INSERT INTO a(id, v) VALUES (4, 'ten')",
    "CONFLICT",
  ],
  [
    "an automatic rowid that a subquery decides",
    "INSERT INTO a(v) VALUES ('nine')",
    "INSERT INTO a(v) SELECT 'ten'",
    "CONFLICT",
  ],
  ["an AUTOINCREMENT id", "INSERT INTO auto(n) VALUES (1)", "INSERT INTO auto(n) VALUES (2)", "yes"],
  ["NOCASE", "INSERT INTO words(w) VALUES ('Word')", "INSERT INTO words(w) VALUES ('wORD')", "CONFLICT"],
  ["RTRIM", "INSERT INTO words(r) VALUES ('word ')", "INSERT INTO words(r) VALUES ('word')", "CONFLICT"],
  [
    "NOCASE is not for other letters",
    "INSERT INTO words(w) VALUES ('Ä')",
    "INSERT INTO words(rowid, w) VALUES (50, 'ä')",
    "yes",
  ],
  ["1 and 1.0", ["INSERT INTO a(id, v) VALUES (9, ?)", [1n]], ["INSERT INTO a(id, v) VALUES (10, ?)", [1]], "CONFLICT"],
  ["1 and '1'", ["INSERT INTO a(id, v) VALUES (9, ?)", [1n]], ["INSERT INTO a(id, v) VALUES (10, ?)", ["1"]], "yes"],
  ["two NULLs", "INSERT INTO a(id) VALUES (9)", "INSERT INTO a(id) VALUES (10)", "yes"],
  ["a partial index, as a whole", "INSERT INTO part VALUES (8, 8, 1)", "INSERT INTO part VALUES (9, 9, 1)", "CONFLICT"],
  [
    "keys of several columns",
    "UPDATE pair SET n = 1 WHERE x = 1 AND y = 1",
    "UPDATE pair SET n = 1 WHERE y = 1 AND x = 1",
    "CONFLICT",
  ],
  [
    "other keys of several columns",
    "UPDATE pair SET n = 1 WHERE x = 1 AND y = 1",
    "UPDATE pair SET n = 1 WHERE y = 2 AND x = 1",
    "yes",
  ],
  ["half a key is a scan", "UPDATE pair SET n = 1 WHERE x = 1 AND y = 1", "SELECT * FROM pair WHERE x = 2", "CONFLICT"],
  [
    "a child of a parent that is being deleted",
    "DELETE FROM p WHERE id = 2",
    "INSERT INTO c VALUES (9, 2, 0)",
    "CONFLICT",
  ],
  [
    "a parent of a child that is being inserted",
    "INSERT INTO c VALUES (9, 2, 0)",
    "DELETE FROM p WHERE id = 2",
    "CONFLICT",
  ],
  [
    "a child of a parent that is being inserted",
    "INSERT INTO p VALUES (9, 0)",
    "INSERT INTO c VALUES (9, 9, 0)",
    "CONFLICT",
  ],
  [
    "a parent whose last child is being deleted",
    "DELETE FROM c WHERE id = 1",
    "DELETE FROM p WHERE id = 1",
    "CONFLICT",
  ],
  [
    "a parent whose child is being moved away",
    "UPDATE c SET p = 2 WHERE id = 1",
    "DELETE FROM p WHERE id = 1",
    "CONFLICT",
  ],
  ["two children of one parent", "INSERT INTO c VALUES (9, 2, 0)", "INSERT INTO c VALUES (10, 2, 0)", "yes"],
  [
    "a child, and its parent's other columns",
    "INSERT INTO c VALUES (9, 2, 0)",
    "UPDATE p SET n = 1 WHERE id = 2",
    "yes",
  ],
  ["what a trigger reads", "UPDATE watched SET n = 1 WHERE id = 1", "INSERT INTO a VALUES (9, 'nine', 0)", "CONFLICT"],
  [
    "an upsert of another key",
    "UPDATE a SET n = 1 WHERE id = 1",
    "INSERT INTO a VALUES (2, 'z', 0) ON CONFLICT(id) DO UPDATE SET n = 9",
    "yes",
  ],
  [
    "an upsert that does nothing",
    "UPDATE a SET n = 1 WHERE id = 1",
    "INSERT INTO a VALUES (2, 'z', 0) ON CONFLICT DO NOTHING",
    "CONFLICT",
  ],
  [
    "an expectation on a row that is being changed",
    "UPDATE a SET n = 1 WHERE id = 1",
    ["UPDATE a SET n = 2 WHERE id = 1 AND n = 1", [], 1],
    "CONFLICT",
  ],
  [
    "a rowid written as text locks the table",
    "UPDATE a SET n = 1 WHERE id = 1",
    "SELECT * FROM a WHERE id = '2'",
    "CONFLICT",
  ],
  ["an alias", "UPDATE a SET n = 1 WHERE id = 1", "UPDATE a AS x SET n = 2 WHERE x.id = 2", "yes"],
  [
    "a join is a scan",
    "UPDATE a SET n = 1 WHERE id = 1",
    "SELECT * FROM a JOIN p ON p.id = a.id WHERE a.id = 2",
    "CONFLICT",
  ],
  [
    "a condition inside CASE names no key",
    "UPDATE a SET n = 1 WHERE id = 1",
    "UPDATE a SET n = 2 WHERE CASE WHEN n = 1 AND id = 2 AND n = 1 THEN 1 ELSE 1 END",
    "CONFLICT",
  ],
];

test.each(table)("%s: %s, then %s", (_rule, first, second, vote) => {
  const at = open(schema);
  const one = at.prepare(id(1), sql(first));
  expect(describeAnswer(one)).toBe("yes");
  const two = at.prepare(id(2), sql(second));
  expect(voteOf(two), describeAnswer(two)).toBe(vote);
  if (vote === "CONFLICT") expect(describeAnswer(two)).toContain(id(1));
  // Whatever was promised can be kept, in either order.
  if (vote === "yes")
    expect(at.commit(id(2), id(1))).toEqual([
      { kind: "applied", outcome: "ok" },
      { kind: "applied", outcome: "ok" },
    ]);
  else at.commit(id(1));
  expect(at.rows("PRAGMA integrity_check")).toEqual([["ok"]]);
  expect(at.rows("PRAGMA foreign_key_check")).toEqual([]);
});

test("AUTOINCREMENT passes over ids that others hold, whoever commits first", () => {
  const at = open(schema);
  at.prepare(id(1), sql("INSERT INTO auto(n) VALUES ('one')"));
  at.prepare(id(2), sql("INSERT INTO auto(n) VALUES ('two')"));
  at.commit(id(2));
  at.abort(id(1));
  at.run(id(3), sql("INSERT INTO auto(n) VALUES ('three')"));
  expect(at.rows("SELECT * FROM auto")).toEqual([
    [2n, "two"],
    [3n, "three"],
  ]);
  expect(at.rows("SELECT seq FROM sqlite_sequence")).toEqual([[3n]]);
});

describe("waiting", () => {
  test("the younger waits for the older, the older does not wait", () => {
    const at = open(schema);
    at.prepare(id(4), sql("UPDATE a SET n = 1 WHERE id = 1"));
    expect(at.prepare(id(5), sql("UPDATE a SET n = 2 WHERE id = 1"), true)).toEqual({ kind: "blocked", by: [id(4)] });
    expect(voteOf(at.prepare(id(3), sql("UPDATE a SET n = 2 WHERE id = 1"), true))).toBe("CONFLICT");
    expect(voteOf(at.prepare(id(5), sql("UPDATE a SET n = 2 WHERE id = 1"), false))).toBe("CONFLICT");
  });

  test("a blocked attempt leaves nothing behind and succeeds once the lock is gone", () => {
    const at = open(schema);
    at.prepare(id(4), sql("UPDATE a SET n = n + 1 WHERE id = 1"));
    at.prepare(id(5), sql("UPDATE a SET n = n + 1 WHERE id = 2", "UPDATE a SET n = n + 1 WHERE id = 1"), true);
    expect(at.resource.locks(id(5))).toEqual([]);
    at.commit(id(4));
    expect(
      voteOf(
        at.prepare(id(5), sql("UPDATE a SET n = n + 1 WHERE id = 2", "UPDATE a SET n = n + 1 WHERE id = 1"), true),
      ),
    ).toBe("yes");
    at.commit(id(5));
    expect(at.rows("SELECT n FROM a WHERE id < 3")).toEqual([[2n], [1n]]);
  });

  test("it waits for none where one of several holders is older", () => {
    const at = open(schema);
    at.prepare(id(3), sql("UPDATE a SET n = 1 WHERE id = 1"));
    at.prepare(id(5), sql("UPDATE a SET n = 1 WHERE id = 2"));
    expect(voteOf(at.prepare(id(4), sql("SELECT * FROM a"), true))).toBe("CONFLICT");
  });

  test("an abort frees the locks, at the end of the turn and not before", () => {
    const at = open(schema);
    at.prepare(id(1), sql("UPDATE a SET n = 1 WHERE id = 1"));
    at.abort(id(1));
    expect(voteOf(at.prepare(id(2), sql("UPDATE a SET n = 2 WHERE id = 1")))).toBe("yes");
  });
});

test.each<readonly [what: string, read: Sql, write: Sql, other: Sql]>([
  ["a row", "SELECT n FROM a WHERE id = 1", "UPDATE a SET n = 1 WHERE id = 1", "UPDATE a SET n = 1 WHERE id = 2"],
  ["a scan", "SELECT count(*) FROM a", "INSERT INTO a VALUES (9, 'nine', 0)", "UPDATE p SET n = 1 WHERE id = 1"],
])("a branch that only read %s and is to hold it votes yes, also across a restart", (_what, read, write, other) => {
  const at = open(schema);
  const answer = at.prepareHolding(id(1), sql(read));
  expect(voteOf(answer)).toBe("yes");
  expect(voteOf(at.prepare(id(2), sql(write)))).toBe("CONFLICT");
  at.restart({ [id(1)]: redoOf(answer) });
  expect(voteOf(at.prepare(id(3), sql(write)))).toBe("CONFLICT");
  expect(voteOf(at.prepare(id(4), sql(other)))).toBe("yes");
  expect(at.commit(id(1))).toEqual([{ kind: "applied", outcome: "ok" }]);
  expect(voteOf(at.prepare(id(5), sql(write)))).toBe("yes");
});

describe("after a restart", () => {
  test("prepared branches hold their locks again, and commit", () => {
    const at = open(schema);
    const redo = redoOf(
      at.prepare(id(1), sql("UPDATE a SET n = 1 WHERE id = 1", "INSERT INTO auto(n) VALUES (7)", "SELECT * FROM p")),
    );
    const locks = at.resource.locks(id(1)).toSorted();
    at.restart({ [id(1)]: redo });
    expect(at.resource.locks(id(1)).toSorted()).toEqual(locks);
    expect(voteOf(at.prepare(id(2), sql("UPDATE a SET n = 2 WHERE id = 1")))).toBe("CONFLICT");
    expect(voteOf(at.prepare(id(3), sql("UPDATE p SET n = 2 WHERE id = 1")))).toBe("CONFLICT");
    expect(at.run(id(4), sql("INSERT INTO auto(n) VALUES (8) RETURNING id"))[0]?.rows).toEqual([[2n]]);
    expect(at.commit(id(1))).toEqual([{ kind: "applied", outcome: "ok" }]);
    expect(at.rows("SELECT n FROM a WHERE id = 1")).toEqual([[1n]]);
    expect(at.alarms).toEqual([]);
  });

  test("what was not prepared is gone", () => {
    const at = open(schema);
    at.work(id(1), 1, sql("UPDATE a SET n = 1 WHERE id = 1"));
    at.restart();
    expect(voteOf(at.prepare(id(2), sql("UPDATE a SET n = 2 WHERE id = 1")))).toBe("yes");
  });

  test("two redos with one lock are no state to serve from", () => {
    const at = open(schema);
    const redo = redoOf(at.prepare(id(1), sql("UPDATE a SET n = 1 WHERE id = 1")));
    expect(() => at.restart({ [id(1)]: redo, [id(2)]: redo })).toThrow(/hold one lock/);
  });
});
