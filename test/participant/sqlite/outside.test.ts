/** Programs that write to the file behind nemcon's back: noticed, alarmed, never overwritten. */

import { afterEach, expect, test } from "vitest";
import { Bench, id, redoOf, sql, voteOf, describeAnswer } from "./bench.ts";

let bench: Bench | null = null;
afterEach(() => {
  bench?.close();
  bench = null;
});
function open(schema: string): Bench {
  bench = new Bench(schema);
  return bench;
}

const schema = `CREATE TABLE p(id INTEGER PRIMARY KEY); INSERT INTO p VALUES (1), (2);
  CREATE TABLE t(id INTEGER PRIMARY KEY, v UNIQUE, p REFERENCES p); INSERT INTO t VALUES (1, 'one', 1), (2, 'two', 1), (3, 'three', 1)`;

/** While `work` is prepared, `script` is run by another program. */
const damages: readonly (readonly [what: string, work: string, script: string])[] = [
  ["a changed row", "UPDATE t SET v = 'x' WHERE id = 1", "UPDATE t SET v = 'y' WHERE id = 1"],
  ["a deleted row", "UPDATE t SET v = 'x' WHERE id = 1", "DELETE FROM t WHERE id = 1"],
  ["a row under an inserted key", "INSERT INTO t VALUES (9, 'x', 1)", "INSERT INTO t VALUES (9, 'y', 1)"],
  ["a unique value that was taken", "UPDATE t SET v = 'x' WHERE id = 1", "INSERT INTO t VALUES (9, 'x', 1)"],
  ["a parent that is gone", "INSERT INTO t VALUES (9, 'x', 2)", "DELETE FROM p WHERE id = 2"],
  ["a column more", "UPDATE t SET v = 'x' WHERE id = 1", "ALTER TABLE t ADD COLUMN n"],
  ["a table that is gone", "UPDATE t SET v = 'x' WHERE id = 1", "DROP TABLE t"],
];

test.each(damages)("%s: nothing is applied, locks stay, the alarm says why", (_what, work, script) => {
  const at = open(schema);
  expect(voteOf(at.prepare(id(1), sql(work)))).toBe("yes");
  at.outside(script);
  const before = at.rows("SELECT * FROM sqlite_schema") && script.includes("DROP") ? [] : at.rows("SELECT * FROM t");
  const [result] = at.commit(id(1));
  expect(result).toMatchObject({
    kind: "applied",
    outcome: "damaged",
    detail: expect.stringMatching(/outside nemcon.*\bt\b|outside nemcon.*UNIQUE/) as string,
  });
  if (!script.includes("DROP")) expect(at.rows("SELECT * FROM t")).toEqual(before);
  expect(at.alarms).toHaveLength(1);
  expect(at.resource.locks(id(1)).length).toBeGreaterThan(0);
});

test.each(damages)("%s, while the participant was down", (_what, work, script) => {
  const at = open(schema);
  const redo = redoOf(at.prepare(id(1), sql(work)));
  at.resource.close();
  at.outside(script);
  at.restart({ [id(1)]: redo });
  expect(at.commit(id(1))).toMatchObject([{ kind: "applied", outcome: "damaged" }]);
  expect(at.alarms).toHaveLength(1);
});

test("the alarm comes with the next call, before any decision, and once", () => {
  const at = open(schema);
  at.prepare(id(1), sql("UPDATE t SET v = 'x' WHERE id = 1"));
  at.outside("UPDATE t SET v = 'y' WHERE id = 1");
  at.prepare(id(2), sql("SELECT * FROM p"));
  at.outside("UPDATE t SET v = 'z' WHERE id = 1");
  at.prepare(id(3), sql("SELECT * FROM p"));
  expect(at.alarms).toEqual([
    { transaction: id(1), detail: expect.stringContaining("the row 1 of t was changed") as string },
  ]);
});

test("writes to other rows harm nobody", () => {
  const at = open(schema);
  at.prepare(id(1), sql("UPDATE t SET v = 'x' WHERE id = 1", "INSERT INTO t VALUES (9, 'nine', 1)"));
  at.outside("UPDATE t SET v = 'y' WHERE id = 2; CREATE INDEX more ON t(p)");
  expect(at.commit(id(1))).toEqual([{ kind: "applied", outcome: "ok" }]);
  expect(at.rows("SELECT v FROM t ORDER BY id")).toEqual([["x"], ["y"], ["three"], ["nine"]]);
  expect(at.alarms).toEqual([]);
});

test("a damaged branch can be aborted; another in the same turn is applied", () => {
  const at = open(schema);
  at.prepare(id(1), sql("UPDATE t SET v = 'x' WHERE id = 1"));
  at.prepare(id(2), sql("UPDATE t SET v = 'z' WHERE id = 2"));
  at.outside("UPDATE t SET v = 'y' WHERE id = 1");
  expect(at.commit(id(1), id(2))).toMatchObject([{ outcome: "damaged" }, { outcome: "ok" }]);
  at.abort(id(1));
  expect(at.resource.openBranches).toEqual([]);
  expect(at.rows("SELECT v FROM t ORDER BY id")).toEqual([["y"], ["z"], ["three"]]);
});

test("a row put back as it was is not damage", () => {
  const at = open(schema);
  at.prepare(id(1), sql("UPDATE t SET v = 'x' WHERE id = 1"));
  at.outside("UPDATE t SET v = 'y' WHERE id = 1; UPDATE t SET v = 'one' WHERE id = 1");
  expect(at.commit(id(1))).toEqual([{ kind: "applied", outcome: "ok" }]);
});

test("an open branch whose rows were overtaken says no", () => {
  const at = open(schema);
  at.work(id(1), 1, sql("UPDATE t SET v = 'x' WHERE id = 1"));
  at.outside("UPDATE t SET v = 'y' WHERE id = 1");
  const answer = at.work(id(1), 2, sql("UPDATE t SET v = 'z' WHERE id = 2"));
  expect(describeAnswer(answer)).toMatch(/^RESOURCE_FAILED: .*row 1 of t/);
  expect(voteOf(at.prepare(id(1), null))).toBe("RESOURCE_FAILED");
  expect(at.resource.locks(id(1))).toEqual([]);
  expect(at.alarms).toEqual([]);
});

test("a writer that holds the file longer than the wait is a no, not a crash", () => {
  const at = open(schema);
  const holder = at.journal;
  holder.exec("BEGIN IMMEDIATE");
  expect(describeAnswer(at.prepare(id(1), sql("DELETE FROM t")))).toMatch(/^RESOURCE_FAILED: Another program/);
  holder.exec("ROLLBACK");
  expect(voteOf(at.prepare(id(1), sql("DELETE FROM t")))).toBe("yes");
});
