/**
 * The same history through every way of preparing a branch: votes, reasons, results, redo, locks and contents are equal
 * to the bit. On random schemas, and on plain ones where most statements can be planned.
 */

import SqliteDatabase from "better-sqlite3";
import { expect, test } from "vitest";
import type { ResourceAnswer } from "../../../runtime/engine/index.ts";
import { Bench, describeAnswer, id, sql, voteOf } from "./bench.ts";
import { Dice, randomShape, randomStatement, randomValue, type RandomStatement, type Shape } from "./generate.ts";
import { contents, openPlain, show } from "./plain.ts";

const runs = Number(process.env["NEMCON_WAYS_RUNS"] ?? (process.env["CI"] === "true" ? 100 : 12));
const firstSeed = Number(process.env["NEMCON_WAYS_SEED"] ?? 1);

const plainTables = [
  "t(id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c)",
  "t(id INTEGER PRIMARY KEY, a REAL NOT NULL, b NUMERIC, c BLOB)",
  "t(a INTEGER, id INTEGER PRIMARY KEY, b VARCHAR(9) COLLATE NOCASE, c INT NOT NULL ON CONFLICT REPLACE DEFAULT 3)",
  "t(id TEXT PRIMARY KEY, a INTEGER, b TEXT, c) WITHOUT ROWID",
  "t(id TEXT COLLATE NOCASE PRIMARY KEY, a REAL, b TEXT, c NUMERIC) WITHOUT ROWID",
  "t(id TEXT PRIMARY KEY, a INTEGER, b TEXT, c UNIQUE)",
  "t(id PRIMARY KEY, a INTEGER, b TEXT, c) WITHOUT ROWID",
  "t(id REAL, a INTEGER, b TEXT, c, PRIMARY KEY (b, id)) WITHOUT ROWID",
  "t(id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER, b TEXT, c)",
  "t(id INTEGER PRIMARY KEY, a INTEGER UNIQUE, b TEXT, c REFERENCES p)",
  "t(id INTEGER PRIMARY KEY, a INTEGER CHECK (a <> 3), b AS (a + 1), c)",
  "t(id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c ANY) STRICT",
];

function plainShape(dice: Dice): { shape: Shape; key: readonly string[]; textKey: boolean } {
  const table = dice.one(plainTables);
  const more = dice.chance(0.3) ? "; CREATE INDEX plain ON t(a, c)" : "";
  const partial = dice.chance(0.1) ? "; CREATE INDEX partly ON t(a) WHERE c > 2" : "";
  const watched = dice.chance(0.1)
    ? "; CREATE TABLE l(x); CREATE TRIGGER w AFTER UPDATE ON t BEGIN INSERT INTO l VALUES (new.a); END"
    : "";
  const script = `CREATE TABLE p(id INTEGER PRIMARY KEY, n); INSERT INTO p VALUES (1, 0), (2, 0), (3, 0); CREATE TABLE ${table}${more}${partial}${watched}`;
  const key = table.includes("(b, id)") ? ["b", "id"] : ["id"];
  return {
    key,
    textKey: table.includes("id TEXT"),
    shape: {
      script,
      largest: 2n ** 62n,
      tables: [{ name: "t", columns: ["id", "a", "b", "c"], key, unique: [], isExplicit: false }],
    },
  };
}

/** Statements on one row by its key, in many spellings. */
function pointStatement(dice: Dice, key: readonly string[], textKey: boolean): RandomStatement {
  const parameters: RandomStatement["parameters"][number][] = [];
  const put = (value: RandomStatement["parameters"][number]): string => {
    parameters.push(value);
    return "?";
  };
  const few = (): RandomStatement["parameters"][number] =>
    dice.chance(0.85) ? dice.one([1n, 2n, 3n, "a", "B", "b", "A"]) : randomValue(dice);
  // Mostly what the column takes as it is, sometimes what it converts or refuses.
  const fitting = (name: string): RandomStatement["parameters"][number] => {
    if (dice.chance(0.12)) return randomValue(dice);
    const isText = name === "b" || (name === "id" && textKey);
    return isText ? dice.one(["a", "B", "b"]) : BigInt(1 + dice.below(3));
  };
  const column = (): string => dice.one(["a", "b", "c"]);
  const expression = (name: string): string =>
    dice.one([
      () => put(fitting(name)),
      () => put(fitting(name)),
      () => (name === "b" ? `b || ${put("x")}` : `${name} + ${put(1n)}`),
      () => (name === "b" ? `b || ${put("x")}` : `${name} + ${put(1n)}`),
      () => put(randomValue(dice)),
      () => put(few()),
      () => `${column()} + ${put(BigInt(dice.below(4)))}`,
      () => `${column()} || ${put("x")}`,
      column,
      () => `coalesce(${column()}, ${put(few())})`,
      () => `max(a, 1)`,
      () => `CASE WHEN a > ${put(2n)} THEN 'high' ELSE b END`,
      () => `abs(${column()})`,
      () => `(SELECT count(*) FROM p)`,
      () => `t.a * 2`,
      () => "1.5",
      () => "NULL",
      () => "'5'",
    ])();
  const sets = (): string =>
    [...new Set([column(), column()])].map((name) => `${name} = ${expression(name)}`).join(", ");
  const where = (): string =>
    `WHERE ${key.map((name) => `${name} = ${dice.chance(0.1) ? dice.one(["1", "'a'", "2.0", "-1"]) : put(fitting(name))}`).join(" AND ")}${dice.one(["", "", "", "", () => ` AND a > ${put(1n)}`, () => " AND c IS NOT NULL", () => (dice.chance(0.3) ? " OR a = 2" : "")].map((each) => (typeof each === "string" ? () => each : each)))()}`;
  const returning = (): string => dice.one(["", "", "", " RETURNING *", " RETURNING a, id AS x", " RETURNING a + 1"]);
  const roll = dice.next();
  if (roll < 0.35) return { statement: `UPDATE t SET ${sets()} ${where()}${returning()}`, parameters };
  if (roll < 0.5)
    return {
      statement: `SELECT ${dice.one(["*", "a, c", "count(*), max(a)", "t.a + 1 AS n", "last_insert_rowid()"])} FROM t ${where()}`,
      parameters,
    };
  if (roll < 0.6) return { statement: `DELETE FROM t ${where()}${returning()}`, parameters };
  const named = dice.chance(0.2) ? [...new Set([...key, "a", "c"])] : ["id", "a", "b", "c"];
  const values = named.map((name) =>
    dice.chance(0.1) ? dice.one(["NULL", "'5'", "7", "abs(-3)"]) : put(fitting(name)),
  );
  const insert = `INSERT INTO t(${named.join(", ")}) VALUES (${values.join(", ")})`;
  const free = ["a", "b", "c"].filter((name) => !key.includes(name));
  const update = (): string =>
    `${dice.one(free)} = ${dice.one([`excluded.${dice.one(free)}`, `excluded.a + coalesce(t.a, 0)`, `nullif(excluded.b, t.b)`, `${put(few())} || excluded.c`, "a + 1"])}`;
  const conflict = dice.one([
    "",
    "",
    () => ` ON CONFLICT(${key.join(", ")}) DO UPDATE SET ${update()}`,
    " ON CONFLICT DO NOTHING",
  ]);
  return { statement: `${insert}${typeof conflict === "string" ? conflict : conflict()}${returning()}`, parameters };
}

function isSchema({ script }: Shape): boolean {
  try {
    openPlain(script).close();
    return true;
  } catch {
    return false;
  }
}

function bytesOf(answer: ResourceAnswer): unknown {
  return JSON.stringify(answer, (_name, value: unknown) =>
    typeof value === "object" && value !== null && "type" in value && value.type === "Buffer" && "data" in value
      ? Buffer.from(value.data as number[]).toString("latin1")
      : value,
  );
}

/** Two benches, one history. */
class Pair {
  readonly fast: Bench;
  readonly slow: Bench;
  readonly story: string[];

  constructor(script: string) {
    this.fast = new Bench(script);
    this.slow = new Bench(script, "alone");
    this.story = [script];
  }

  both(what: string, call: (bench: Bench) => ResourceAnswer): ResourceAnswer {
    const [fast, slow] = [call(this.fast), call(this.slow)];
    this.story.push(`${what} -> ${describeAnswer(slow)}`);
    expect(bytesOf(fast), this.story.join("\n")).toBe(bytesOf(slow));
    return fast;
  }

  compare(transactions: Iterable<string>): void {
    for (const transaction of transactions)
      expect(this.fast.resource.locks(transaction), this.story.join("\n")).toEqual(
        this.slow.resource.locks(transaction),
      );
    const [fast, slow] = [this.fast, this.slow].map((bench) => {
      const db = new SqliteDatabase(bench.file, { readonly: true });
      try {
        return contents(db);
      } finally {
        db.close();
      }
    });
    expect(fast, this.story.join("\n")).toEqual(slow);
  }

  close(): void {
    this.fast.close();
    this.slow.close();
  }
}

function oneRun(dice: Dice, shape: Shape, statementOf: () => RandomStatement): { planned: number; all: number } {
  const pair = new Pair(shape.script);
  const open = new Map<string, boolean>();
  let number = 0;
  try {
    for (let step = 0; step < 60; step += 1) {
      const names = [...open.keys()];
      const statements = Array.from({ length: 1 + dice.below(2) }, statementOf);
      const expected = dice.chance(0.15);
      const operations = sql(
        ...statements.map(({ statement, parameters }) =>
          expected ? ([statement, parameters, dice.below(2)] as const) : ([statement, parameters] as const),
        ),
      );
      const text = statements
        .map(({ statement, parameters }) => `${statement} -- ${parameters.map(show).join(", ")}`)
        .join("; ");
      const roll = dice.next();
      const one = names.length > 0 && roll < 0.5 ? dice.one(names) : id((number += 1));
      const mayWait = dice.chance(0.5);
      if (open.get(one) === true) {
        open.delete(one);
        const act = dice.chance(0.8) ? "commit" : "abort";
        pair.story.push(`${one} ${act}`);
        for (const bench of [pair.fast, pair.slow])
          if (act === "abort") bench.abort(one);
          else expect(bench.commit(one), pair.story.join("\n")).toEqual([{ kind: "applied", outcome: "ok" }]);
      } else if (open.has(one) && dice.chance(0.4)) {
        const answer = pair.both(`${one} prepares`, (bench) => bench.prepare(one, null));
        if (voteOf(answer) === "yes") open.set(one, true);
        else open.delete(one);
      } else if (open.has(one) || dice.chance(0.4)) {
        const answer = pair.both(`${one} works ${text}`, (bench) => bench.work(one, step + 1, operations, mayWait));
        if (voteOf(answer) === "ok" || ("usable" in answer && answer.usable)) open.set(one, false);
        else if (voteOf(answer) !== "blocked") {
          for (const bench of [pair.fast, pair.slow]) bench.abort(one);
          open.delete(one);
        }
      } else {
        const answer = pair.both(`${one} ${text}`, (bench) => bench.prepare(one, operations, mayWait));
        if (voteOf(answer) === "yes") open.set(one, true);
      }
      pair.compare(open.keys());
    }
    const { planned, alone } = pair.fast.resource.ways;
    expect(pair.slow.resource.ways.planned).toBe(0);
    return { planned, all: planned + alone };
  } finally {
    pair.close();
  }
}

test.each([
  ["random schemas", 0],
  ["plain schemas and statements on one row", 0.08],
] as const)("every way gives the same: %s", { timeout: 3_600_000 }, (what, least) => {
  let [planned, all] = [0, 0];
  for (let seed = firstSeed; seed < firstSeed + runs; seed += 1) {
    const dice = new Dice(seed);
    const plain = what.startsWith("plain") ? plainShape(dice) : null;
    const shape = plain?.shape ?? randomShape(dice);
    if (!isSchema(shape)) continue;
    try {
      const run = oneRun(dice, shape, () =>
        plain !== null && dice.chance(0.85)
          ? pointStatement(dice, plain.key, plain.textKey)
          : randomStatement(dice, shape),
      );
      planned += run.planned;
      all += run.all;
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  expect(planned / all, `${planned} of ${all} calls were planned`).toBeGreaterThanOrEqual(runs >= 12 ? least : 0);
});
