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

function bytesOf(answer: unknown): string {
  return JSON.stringify(answer, (_name, value: unknown) =>
    typeof value === "object" && value !== null && "type" in value && value.type === "Buffer" && "data" in value
      ? Buffer.from(value.data as number[]).toString("latin1")
      : value,
  );
}

interface Counts {
  planned: number;
  grouped: number;
  all: number;
}

/** One history, at once through benches of every way. */
class Histories {
  private readonly dice: Dice;
  private readonly statementOf: () => RandomStatement;
  private readonly benches: readonly [Bench, Bench, Bench];
  private readonly story: string[];
  /** Whether it is prepared. */
  private readonly open = new Map<string, boolean>();
  private last = 0;

  constructor(dice: Dice, { script }: Shape, statementOf: () => RandomStatement) {
    this.dice = dice;
    this.statementOf = statementOf;
    this.benches = [new Bench(script, "alone"), new Bench(script, "grouped"), new Bench(script)];
    this.story = [script];
  }

  close(): void {
    for (const bench of this.benches) bench.close();
  }

  step(): void {
    const { dice } = this;
    const names = [...this.open.keys()];
    const one = names.length > 0 && dice.chance(0.5) ? dice.one(names) : null;
    if (one !== null && this.open.get(one) === true) this.finish(one);
    else if (one !== null && dice.chance(0.4))
      this.note(
        one,
        this.each((bench) => bench.prepare(one, null)),
      );
    else if (one !== null || dice.chance(0.2)) this.work(one ?? this.next());
    else this.turn();
    this.compare();
  }

  private next(): string {
    this.last += 1;
    return id(this.last);
  }

  private operations(what: string): ReturnType<typeof sql> {
    const statements = Array.from({ length: 1 + this.dice.below(2) }, this.statementOf);
    const list = statements.map(({ statement, parameters }) => `${statement} -- ${parameters.map(show).join(", ")}`);
    this.story.push(`${what} ${list.join("; ")}`);
    const expects = this.dice.chance(0.15);
    return sql(
      ...statements.map(({ statement, parameters }) =>
        expects ? ([statement, parameters, this.dice.below(2)] as const) : ([statement, parameters] as const),
      ),
    );
  }

  /** Several one-shot branches at once. */
  private turn(): void {
    const branches = Array.from({ length: 1 + this.dice.below(5) }, () => {
      const transaction = this.next();
      return { transaction, operations: this.operations(transaction) };
    });
    const mayWait = this.dice.chance(0.5);
    const answers = this.each((bench) => bench.prepareAll(branches, mayWait));
    for (const [at, { transaction }] of branches.entries()) this.note(transaction, answers[at]!);
  }

  private work(transaction: string): void {
    const operations = this.operations(`${transaction} works`);
    const mayWait = this.dice.chance(0.5);
    this.note(
      transaction,
      this.each((bench) => bench.work(transaction, 1, operations, mayWait)),
    );
  }

  private note(transaction: string, answer: ResourceAnswer): void {
    this.story.push(`${transaction}: ${describeAnswer(answer)}`);
    const vote = voteOf(answer);
    if (vote === "yes") this.open.set(transaction, true);
    else if (vote === "ok" || ("usable" in answer && answer.usable)) this.open.set(transaction, false);
    else if (vote === "blocked") return;
    else {
      for (const bench of this.benches) if (answer.kind === "worked") bench.abort(transaction);
      this.open.delete(transaction);
    }
  }

  private finish(transaction: string): void {
    this.open.delete(transaction);
    const act = this.dice.chance(0.8) ? "commit" : "abort";
    this.story.push(`${transaction} ${act}`);
    for (const bench of this.benches)
      if (act === "abort") bench.abort(transaction);
      else expect(bench.commit(transaction), this.text).toEqual([{ kind: "applied", outcome: "ok" }]);
  }

  private get text(): string {
    return this.story.join("\n");
  }

  private each<T>(call: (bench: Bench) => T): T {
    const [alone, grouped, cheapest] = this.benches.map(call);
    expect(bytesOf(grouped), `${this.text}\ngrouped`).toBe(bytesOf(alone));
    expect(bytesOf(cheapest), `${this.text}\ncheapest`).toBe(bytesOf(alone));
    return alone!;
  }

  private compare(): void {
    for (const transaction of this.open.keys())
      this.each((bench) => ({ open: bench.resource.openBranches, locks: bench.resource.locks(transaction) }));
    const found = this.benches.map(({ file }) => {
      const db = new SqliteDatabase(file, { readonly: true });
      try {
        return contents(db);
      } finally {
        db.close();
      }
    });
    expect(found[1], this.text).toEqual(found[0]);
    expect(found[2], this.text).toEqual(found[0]);
  }

  /** Ways that were forbidden were not taken. */
  count(counts: Counts): void {
    const [alone, grouped, cheapest] = this.benches.map(({ resource }) => resource.ways);
    expect([alone!.planned, alone!.grouped, grouped!.planned]).toEqual([0, 0, 0]);
    counts.planned += cheapest!.planned;
    counts.grouped += grouped!.grouped;
    counts.all += alone!.alone;
  }
}

test.each([
  ["random schemas", 0],
  ["plain schemas and statements on one row", 0.1],
] as const)("every way gives the same: %s", { timeout: 3_600_000 }, (what, least) => {
  const counts: Counts = { planned: 0, grouped: 0, all: 0 };
  for (let seed = firstSeed; seed < firstSeed + runs; seed += 1) {
    const dice = new Dice(seed);
    const plain = what.startsWith("plain") ? plainShape(dice) : null;
    const shape = plain?.shape ?? randomShape(dice);
    if (!isSchema(shape)) continue;
    const histories = new Histories(dice, shape, () =>
      plain !== null && dice.chance(0.85)
        ? pointStatement(dice, plain.key, plain.textKey)
        : randomStatement(dice, shape),
    );
    try {
      for (let step = 0; step < 40; step += 1) histories.step();
      histories.count(counts);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    } finally {
      histories.close();
    }
  }
  const enough = runs >= 12 ? least : 0;
  expect(counts.planned / counts.all, JSON.stringify(counts)).toBeGreaterThanOrEqual(enough);
  expect(counts.grouped / counts.all, JSON.stringify(counts)).toBeGreaterThanOrEqual(enough);
});
