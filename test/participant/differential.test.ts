/**
 * Random schemas and SQL through the resource manager and through plain SQLite: results, errors and contents equal to
 * the bit. A few seconds of seeds here, many thousand with CI=true. A failure names its seed: `seeds = [<seed>]` repeats it.
 */

import SqliteDatabase from "better-sqlite3";
import { expect, test } from "vitest";
import { type Value } from "../../runtime/values/index.ts";
import { Bench, describeAnswer, id, resultsOf, sql, voteOf } from "./sqlite/bench.ts";
import { Dice, randomShape, randomStatement, type RandomStatement, type Shape } from "./sqlite/generate.ts";

const isWhole = process.env["CI"] === "true";
const runs = Number(process.env["NEMCON_DIFFERENTIAL_RUNS"] ?? (isWhole ? 5000 : 40));
const firstSeed = Number(process.env["NEMCON_DIFFERENTIAL_SEED"] ?? 1);

/** Plain SQLite under the settings that docs/sqlite.md promises. */
function openPlain(script: string): SqliteDatabase.Database {
  const plain = new SqliteDatabase(":memory:");
  plain.pragma("foreign_keys = ON");
  plain.pragma("recursive_triggers = ON");
  plain.exec(script);
  return plain;
}

interface Outcome {
  readonly failed: boolean;
  readonly results: unknown[];
}

/** A branch in plain SQLite: a transaction, undone at the first failure. */
function runPlain(plain: SqliteDatabase.Database, statements: readonly RandomStatement[]): Outcome {
  plain.exec(
    "CREATE TEMP TABLE IF NOT EXISTS zero(id INTEGER PRIMARY KEY); INSERT OR REPLACE INTO temp.zero VALUES (0)",
  );
  plain.exec("BEGIN");
  try {
    const results = statements.map(({ statement, parameters }) => {
      const prepared = plain.prepare<unknown[], Value[]>(statement).safeIntegers(true);
      if (!prepared.reader) return { rowsAffected: prepared.run(...parameters).changes, columns: [], rows: [] };
      const rows = prepared.raw(true).all(...parameters);
      const changes = prepared.readonly ? rows.length : (plain.prepare("SELECT changes()").pluck().get() as number);
      return { rowsAffected: changes, columns: prepared.columns().map((column) => column.name), rows };
    });
    plain.exec("COMMIT");
    return { failed: false, results };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (plain.inTransaction) plain.exec("ROLLBACK");
    return { failed: true, results: [error.message] };
  }
}

const types = "typeof";

function contents(db: SqliteDatabase.Database): Record<string, unknown[]> {
  const tables = db
    .prepare<[], { name: string; wr: number }>(
      "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table'",
    )
    .all()
    .filter(({ name }) => !/^(sqlite_schema|nemcon_)/.test(name));
  return Object.fromEntries(
    tables.map(({ name, wr }) => {
      const columns = (db.pragma(`table_xinfo(${name})`) as { name: string }[]).map((column) => column.name);
      const wanted = [...(wr === 0 && name !== "sqlite_sequence" ? ["rowid"] : []), ...columns];
      const list = wanted
        .flatMap((column) => [`${types}(${column})`, `hex(CAST(${column} AS BLOB))`, column])
        .join(", ");
      const rows = db.prepare<[], unknown[]>(`SELECT ${list} FROM ${name}`).raw(true).safeIntegers(true).all();
      return [name, rows.map((row) => row.map(show).join("|")).toSorted()];
    }),
  );
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString("hex")}`;
  return Object.is(value, -0) ? "-0" : String(value);
}

function compare(bench: Bench, plain: SqliteDatabase.Database, at: string): void {
  const served = new SqliteDatabase(bench.file, { readonly: true });
  try {
    expect(contents(served), at).toEqual(contents(plain));
    expect(served.pragma("integrity_check", { simple: true }), at).toBe("ok");
  } finally {
    served.close();
  }
}

function openBoth(dice: Dice): { shape: Shape; bench: Bench; plain: SqliteDatabase.Database } | null {
  const shape = randomShape(dice);
  let plain: SqliteDatabase.Database;
  try {
    plain = openPlain(shape.script);
  } catch {
    // Not every random schema is one (a STRICT column with a DEFAULT of another type); the next seed has another.
    return null;
  }
  return { shape, bench: new Bench(shape.script), plain };
}

function oneRun(seed: number, interactive: boolean): { branches: number; failures: number } {
  const dice = new Dice(seed);
  const opened = openBoth(dice);
  if (opened === null) return { branches: 0, failures: 0 };
  const { shape, bench, plain } = opened;
  let [branches, failures] = [0, 0];
  try {
    for (let number = 1; number <= 12; number += 1) {
      const statements = Array.from({ length: 1 + dice.below(4) }, () => randomStatement(dice, shape));
      const at = `seed ${seed}, branch ${number}: ${shape.script}\n${statements.map(({ statement, parameters }) => `${statement} -- ${parameters.map(show).join(", ")}`).join("\n")}`;
      const expected = runPlain(plain, statements);
      const operations = sql(...statements.map(({ statement, parameters }) => [statement, parameters] as const));
      const transaction = id(number);
      branches += 1;
      // SQLite lets a REPLACE on a WITHOUT ROWID table that refers to itself break its own foreign key, and
      // foreign_key_check then finds it: nothing to be equal to. The resource must have refused it.
      if (!expected.failed && plain.pragma("foreign_key_check", { simple: true }) !== undefined) {
        expect(describeAnswer(bench.prepare(transaction, operations)), at).toMatch(/FOREIGN KEY/);
        break;
      }
      if (interactive) {
        const answers = [];
        for (const [item, operation] of operations.entries()) {
          const answer = bench.work(transaction, item + 1, [operation]);
          answers.push(answer);
          if (voteOf(answer) !== "ok") break;
        }
        const last = answers.at(-1)!;
        const deferred = expected.failed && voteOf(last) === "ok";
        // A deferred key is looked at after each item here, and at COMMIT there: the items in between may differ.
        if (deferred || (!expected.failed && /FOREIGN KEY/.test(describeAnswer(last)))) {
          expect(shape.script, `${at}\n${describeAnswer(last)}`).toMatch(/DEFERRED/);
          bench.abort(transaction);
          if (!expected.failed) break;
          continue;
        }
        expect(voteOf(last) !== "ok", `${at}\n${describeAnswer(last)} / ${expected.results.map(String).join()}`).toBe(
          expected.failed,
        );
        if (expected.failed) {
          failures += 1;
          bench.abort(transaction);
        } else {
          expect(answers.flatMap((answer) => resultsOf(answer)).map(show2), at).toEqual(expected.results.map(show2));
          if (voteOf(bench.prepare(transaction, null)) === "yes") bench.commit(transaction);
        }
      } else {
        const answer = bench.prepare(transaction, operations);
        expect(
          voteOf(answer) !== "yes" && voteOf(answer) !== "read-only",
          `${at}\n${describeAnswer(answer)} / ${expected.results.map(show2).join()}`,
        ).toBe(expected.failed);
        if (expected.failed) failures += 1;
        else expect(resultsOf(answer).map(show2), at).toEqual(expected.results.map(show2));
        if (voteOf(answer) === "yes") bench.commit(transaction);
      }
      expect(bench.resource.openBranches, at).toEqual([]);
      compare(bench, plain, at);
    }
  } finally {
    bench.close();
    plain.close();
  }
  return { branches, failures };
}

/** Buffers and Uint8Arrays of the same bytes are the same. */
function show2(result: unknown): string {
  return JSON.stringify(result, (_key, value: unknown) => {
    if (typeof value === "bigint") return `${value}n`;
    if (value instanceof Uint8Array) return `x${Buffer.from(value).toString("hex")}`;
    if (typeof value === "object" && value !== null && "type" in value && value.type === "Buffer")
      return `x${Buffer.from((value as unknown as { data: number[] }).data).toString("hex")}`;
    return typeof value === "number" ? `${show(value)}f` : value;
  });
}

test.each(["one-shot", "interactive"])("%s branches do what plain SQLite does", { timeout: 3_600_000 }, (mode) => {
  let [branches, failures] = [0, 0];
  for (let seed = firstSeed; seed < firstSeed + runs; seed += 1) {
    const run = oneRun(seed, mode === "interactive");
    branches += run.branches;
    failures += run.failures;
  }
  // Both kinds of outcome must be common, or the test shows little.
  if (runs >= 40) {
    expect(branches).toBeGreaterThan(runs * 6);
    expect(failures / branches).toBeGreaterThan(0.15);
    expect(failures / branches).toBeLessThan(0.8);
  }
});
