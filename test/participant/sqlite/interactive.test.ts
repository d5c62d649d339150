/** Branches of several calls: each sees what those before it did, and nothing acts twice. */

import { afterEach, expect, test } from "vitest";
import { Bench, describeAnswer, id, redoOf, resultsOf, sql, type Sql, voteOf } from "./bench.ts";

let bench: Bench | null = null;
afterEach(() => {
  bench?.close();
  bench = null;
});
function open(schema: string): Bench {
  bench = new Bench(schema);
  return bench;
}

/** Works each statement as a call of its own, prepares and commits. */
function runAll(at: Bench, transaction: string, statements: readonly Sql[]): unknown[][][] {
  const rows = statements.map((statement, item) => resultsOf(at.work(transaction, item + 1, sql(statement)))[0]!.rows);
  if (voteOf(at.prepare(transaction, null)) === "yes") at.commit(transaction);
  return rows as unknown[][][];
}

interface Case {
  readonly rule: string;
  readonly schema: string;
  readonly calls: readonly Sql[];
  /** What the last call returned. */
  readonly last?: unknown[][];
  readonly select: string;
  readonly rows: unknown[][];
}

const cases: readonly Case[] = [
  {
    rule: "a call sees the changes of the calls before",
    schema: "CREATE TABLE t(id INTEGER PRIMARY KEY, n); INSERT INTO t VALUES (1, 1)",
    calls: ["UPDATE t SET n = n + 1", "INSERT INTO t SELECT id + 1, n * 10 FROM t", "SELECT * FROM t"],
    last: [
      [1n, 2n],
      [2n, 20n],
    ],
    select: "SELECT * FROM t",
    rows: [
      [1n, 2n],
      [2n, 20n],
    ],
  },
  {
    rule: "triggers of earlier calls do not fire again",
    schema: `CREATE TABLE t(a); CREATE TABLE log(a);
      CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.a); END;
      CREATE TRIGGER d AFTER DELETE ON t BEGIN INSERT INTO log VALUES ('deleted'); END`,
    calls: ["INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)", "SELECT a FROM log"],
    last: [[1n], [2n]],
    select: "SELECT a FROM log",
    rows: [[1n], [2n]],
  },
  {
    rule: "cascades of earlier calls do not act again",
    schema: `CREATE TABLE p(id INTEGER PRIMARY KEY, n);
      CREATE TABLE c(p INTEGER CONSTRAINT up REFERENCES p(id) ON DELETE CASCADE ON UPDATE CASCADE NOT NULL, n);
      INSERT INTO p VALUES (1, 0); INSERT INTO c VALUES (1, 'kept')`,
    calls: ["UPDATE p SET n = 1", "UPDATE p SET n = 2", "SELECT n FROM c"],
    last: [["kept"]],
    select: "SELECT p.n, c.n FROM p JOIN c ON c.p = p.id",
    rows: [[2n, "kept"]],
  },
  {
    rule: "triggers and cascades of the present call do act",
    schema: `CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE log(a);
      CREATE TABLE c(p, q, FOREIGN KEY (p) REFERENCES p(id) ON DELETE CASCADE, CHECK (q <> 9));
      CREATE TRIGGER r AFTER DELETE ON c BEGIN INSERT INTO log VALUES (old.q); END;
      INSERT INTO p VALUES (1); INSERT INTO c VALUES (1, 7)`,
    calls: ["INSERT INTO c VALUES (1, 8)", "DELETE FROM p"],
    select: "SELECT a FROM log",
    rows: [[7n], [8n]],
  },
  {
    rule: "RESTRICT does not see what an earlier call resolved",
    schema: `CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p ON DELETE RESTRICT);
      INSERT INTO p VALUES (1); INSERT INTO c VALUES (1)`,
    calls: ["DELETE FROM c", "DELETE FROM p", "SELECT count(*) FROM p"],
    last: [[0n]],
    select: "SELECT count(*) FROM p",
    rows: [[0n]],
  },
  {
    rule: "unique values that changed places stay so",
    schema: "CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE); INSERT INTO t VALUES (1, 'x'), (2, 'y')",
    calls: [
      "UPDATE t SET a = 'z' WHERE id = 1",
      "UPDATE t SET a = 'x' WHERE id = 2",
      "UPDATE t SET a = 'y' WHERE id = 1",
      "SELECT a FROM t ORDER BY id",
    ],
    last: [["y"], ["x"]],
    select: "SELECT a FROM t ORDER BY id",
    rows: [["y"], ["x"]],
  },
  {
    rule: "AUTOINCREMENT goes on, also after its row is gone",
    schema: "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, a)",
    calls: ["INSERT INTO t(a) VALUES ('x')", "DELETE FROM t", "INSERT INTO t(a) VALUES ('y') RETURNING id"],
    last: [[2n]],
    select: "SELECT id, (SELECT seq FROM sqlite_sequence) FROM t",
    rows: [[2n, 2n]],
  },
  {
    rule: "last_insert_rowid() lasts from call to call",
    schema: "CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (40, 0)",
    calls: ["INSERT INTO t(a) VALUES (1)", "SELECT 1", "INSERT INTO t(a) VALUES (last_insert_rowid())"],
    select: "SELECT a FROM t WHERE id = 42",
    rows: [[41n]],
  },
  {
    rule: "what a later call undoes is no change",
    schema: "CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (1, 'x')",
    calls: ["DELETE FROM t", "INSERT INTO t VALUES (1, 'x')"],
    select: "SELECT * FROM t",
    rows: [[1n, "x"]],
  },
  {
    rule: "a deferred key may be broken between calls",
    schema: "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p DEFERRABLE INITIALLY DEFERRED)",
    calls: ["INSERT INTO c VALUES (1)", "SELECT * FROM c", "INSERT INTO p VALUES (1)"],
    select: "SELECT p FROM c",
    rows: [[1n]],
  },
];

test.each(cases)("$rule", ({ schema, calls, last, select, rows }) => {
  const at = open(schema);
  const returned = runAll(at, id(1), calls);
  if (last !== undefined) expect(returned.at(-1)).toEqual(last);
  expect(at.rows(select)).toEqual(rows);
  expect(at.resource.openBranches).toEqual([]);
});

const people = "CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE, n); INSERT INTO t VALUES (1, 'x', 0), (2, 'y', 0)";

test("a deferred key that is broken at the end is a no", () => {
  const at = open(
    "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p DEFERRABLE INITIALLY DEFERRED)",
  );
  at.work(id(1), 1, sql("INSERT INTO c VALUES (1)"));
  expect(describeAnswer(at.prepare(id(1), null))).toMatch(/^CONSTRAINT: FOREIGN KEY.*no row of p for c\(p\) = \(1\)/);
  expect(at.resource.openBranches).toEqual([]);
});

test("a branch that waits on a deferred key holds the parents of its other rows", () => {
  const at = open(
    "CREATE TABLE p(id INTEGER PRIMARY KEY); INSERT INTO p VALUES (7); CREATE TABLE c(p REFERENCES p DEFERRABLE INITIALLY DEFERRED)",
  );
  at.work(id(1), 1, sql("INSERT INTO c VALUES (1), (7)"));
  expect(voteOf(at.prepare(id(2), sql("DELETE FROM p WHERE id = 7")))).toBe("CONFLICT");
});

test("locks are held from the first call", () => {
  const at = open(people);
  at.work(id(1), 1, sql("UPDATE t SET n = 1 WHERE id = 1", "SELECT n FROM t WHERE id = 2"));
  expect(voteOf(at.prepare(id(2), sql("UPDATE t SET n = 2 WHERE id = 1")))).toBe("CONFLICT");
  expect(voteOf(at.prepare(id(3), sql("UPDATE t SET n = 2 WHERE id = 2")))).toBe("CONFLICT");
  at.abort(id(1));
  expect(voteOf(at.prepare(id(4), sql("UPDATE t SET n = 2")))).toBe("yes");
});

test("a failed call is undone alone, all its statements, and the branch goes on", () => {
  const at = open(people);
  at.work(id(1), 1, sql("UPDATE t SET n = 1 WHERE id = 1"));
  const failed = at.work(id(1), 2, sql("UPDATE t SET n = 5 WHERE id = 2", "INSERT INTO t VALUES (3, 'x', 0)"));
  expect(failed).toMatchObject({ kind: "worked", item: 2, ok: false, reason: "CONSTRAINT", usable: true });
  const unmet = at.work(id(1), 3, sql(["UPDATE t SET n = 5 WHERE id = 2", [], 2]));
  expect(unmet).toMatchObject({ reason: "EXPECTATION_FAILED", usable: true });
  expect(resultsOf(at.work(id(1), 4, sql("SELECT n FROM t ORDER BY id")))[0]!.rows).toEqual([[1n], [0n]]);
  at.prepare(id(1), null);
  at.commit(id(1));
  expect(at.rows("SELECT n FROM t ORDER BY id")).toEqual([[1n], [0n]]);
});

test("what made a call fail can't change while its branch is open", () => {
  const at = open(people);
  expect(at.work(id(1), 1, sql("INSERT INTO t VALUES (3, 'x', 0)"))).toMatchObject({
    reason: "CONSTRAINT",
    usable: true,
  });
  expect(voteOf(at.prepare(id(2), sql("DELETE FROM t WHERE id = 1")))).toBe("CONFLICT");
});

test("a call that fails where others are changing the table ends its branch", () => {
  const at = open(people);
  at.prepare(id(1), sql("INSERT INTO t VALUES (9, 'z', 0)"));
  expect(at.work(id(2), 1, sql("INSERT INTO t VALUES (3, 'x', 0)"))).toMatchObject({
    reason: "CONSTRAINT",
    usable: false,
  });
});

test("a row that was written as it was is still looked at", () => {
  const at = open(people);
  at.work(id(1), 1, sql("INSERT INTO t VALUES (1, 'q', 0) ON CONFLICT(id) DO UPDATE SET n = n"));
  expect(voteOf(at.prepare(id(2), sql("UPDATE t SET n = 9 WHERE id = 1")))).toBe("CONFLICT");
});

test("a row that came and went again keeps its key from others", () => {
  const at = open(people);
  at.work(id(1), 1, sql("INSERT INTO t VALUES (9, 'nine', 0)", "DELETE FROM t WHERE id = 9"));
  expect(voteOf(at.prepare(id(2), sql("INSERT INTO t VALUES (9, 'nine', 0)")))).toBe("CONFLICT");
});

test("a migrated table ends the open branches that changed it", () => {
  const at = open(people);
  at.work(id(1), 1, sql("UPDATE t SET n = 1 WHERE id = 1"));
  at.outside("ALTER TABLE t ADD COLUMN more");
  expect(describeAnswer(at.work(id(1), 2, sql("SELECT * FROM t")))).toMatch(
    /^RESOURCE_FAILED: .*columns of the table t/,
  );
});

test("redo of several calls is one, and survives a restart", () => {
  const at = open(
    `${people}; CREATE TABLE log(a); CREATE TRIGGER r AFTER UPDATE ON t BEGIN INSERT INTO log VALUES (new.n); END`,
  );
  at.work(id(1), 1, sql("UPDATE t SET n = 1 WHERE id = 1"));
  at.work(id(1), 2, sql("UPDATE t SET n = n + 1 WHERE id = 1", "DELETE FROM t WHERE id = 2"));
  const redo = redoOf(at.prepare(id(1), null));
  at.restart({ [id(1)]: redo });
  at.commit(id(1));
  expect(at.rows("SELECT id, n FROM t")).toEqual([[1n, 2n]]);
  expect(at.rows("SELECT a FROM log")).toEqual([[1n], [2n]]);
});

test("several branches take turns on one connection and see nothing of each other", () => {
  const at = open("CREATE TABLE t(id INTEGER PRIMARY KEY, n); INSERT INTO t VALUES (1, 0), (2, 0), (3, 0)");
  for (let round = 1; round <= 3; round += 1)
    for (const branch of [1, 2, 3])
      expect(
        resultsOf(
          at.work(id(branch), round, sql(`UPDATE t SET n = n + ${branch} WHERE id = ${branch} RETURNING n`)),
        )[0]!.rows,
      ).toEqual([[BigInt(round * branch)]]);
  for (const branch of [3, 1, 2]) at.prepare(id(branch), null);
  at.commit(id(2), id(3), id(1));
  expect(at.rows("SELECT n FROM t")).toEqual([[3n], [6n], [9n]]);
});

test("bytes that are no work are a no", () => {
  const at = open(people);
  const [answer] = at.resource.execute([
    { transaction: id(1), request: { act: "prepare", work: Buffer.from([255, 1]) }, mayWait: false },
  ]);
  expect(voteOf(answer!)).toBe("STATEMENT_FAILED");
});
