/**
 * Random schemas and SQL through the resource manager, each way of it, and through plain SQLite: results, errors and
 * contents equal to the bit. A few seconds of seeds here, more with CI=true, any with DIFFERENTIAL_SEED and DIFFERENTIAL_RUNS;
 * a failure names its seed.
 */

import SqliteDatabase from "better-sqlite3";
import { expect, test } from "vitest";
import { Bench, describeAnswer, id, resultsOf, sql, voteOf, type Ways } from "./sqlite/bench.ts";
import { Dice, randomShape, randomStatement, type Shape } from "./sqlite/generate.ts";
import { contents, holdsOtherText, openPlain, openWatched, runPlain, show, showResult } from "./sqlite/plain.ts";

const isWhole = process.env["CI"] === "true";
const runs = Number(process.env["DIFFERENTIAL_RUNS"] ?? (isWhole ? 200 : 40));
const firstSeed = Number(process.env["DIFFERENTIAL_SEED"] ?? 1);

function compare(bench: Bench, plain: SqliteDatabase.Database, at: string): void {
  const served = new SqliteDatabase(bench.file, { readonly: true });
  try {
    expect(contents(served), at).toEqual(contents(plain));
    expect(served.pragma("integrity_check", { simple: true }), at).toBe("ok");
  } finally {
    served.close();
  }
}

interface Opened {
  readonly shape: Shape;
  readonly bench: Bench;
  readonly plain: SqliteDatabase.Database;
  readonly watched: SqliteDatabase.Database;
}

function openAll(dice: Dice, ways: Ways): Opened | null {
  const shape = randomShape(dice);
  let plain: SqliteDatabase.Database;
  try {
    plain = openPlain(shape.script);
  } catch {
    // Not every random schema is one (a STRICT column with a DEFAULT of another type); the next seed has another.
    return null;
  }
  return { shape, bench: new Bench(shape.script, ways), plain, watched: openWatched(shape.script) };
}

function oneRun(seed: number, interactive: boolean, ways: Ways): { branches: number; failures: number } {
  const dice = new Dice(seed);
  const opened = openAll(dice, ways);
  if (opened === null) return { branches: 0, failures: 0 };
  const { shape, bench, plain, watched } = opened;
  let [branches, failures] = [0, 0];
  try {
    for (let number = 1; number <= 12; number += 1) {
      const statements = Array.from({ length: 1 + dice.below(4) }, () => randomStatement(dice, shape));
      const at = `seed ${seed}, branch ${number}: ${shape.script}\n${statements.map(({ statement, parameters }) => `${statement} -- ${parameters.map(show).join(", ")}`).join("\n")}`;
      const expected = runPlain(plain, statements);
      // Where the order in which SQLite visits rows decides, there is nothing to be equal to (see openWatched).
      if (showResult(runPlain(watched, statements)) !== showResult(expected)) break;
      const operations = sql(...statements.map(({ statement, parameters }) => [statement, parameters] as const));
      const transaction = id(number);
      branches += 1;
      // SQLite lets a REPLACE on a WITHOUT ROWID table that refers to itself break its own foreign key, and
      // foreign_key_check then finds it: nothing to be equal to. The resource must have refused it.
      if (!expected.failed && plain.pragma("foreign_key_check", { simple: true }) !== undefined) {
        expect(describeAnswer(bench.prepare(transaction, operations)), at).toMatch(/FOREIGN KEY/);
        break;
      }
      if (!expected.failed && holdsOtherText(plain)) {
        const answer = bench.prepare(transaction, operations);
        // Where only SQLite computes it, from what the row keeps, it is computed anew when the branch is committed.
        if (voteOf(answer) === "yes") bench.commit(transaction);
        else expect(describeAnswer(answer), at).toMatch(/not UTF-8/);
        if (voteOf(answer) === "yes") compare(bench, plain, at);
        break;
      }
      // Nor where a row refers to itself by a value of another type: SQLite does not see that, and refuses what its own
      // foreign_key_check finds whole.
      if (expected.unfounded) {
        expect(voteOf(bench.prepare(transaction, operations)), at).toBe("yes");
        break;
      }
      if (interactive) {
        const answers = [];
        for (const [item, operation] of operations.entries()) {
          answers.push(bench.work(transaction, item + 1, [operation]));
          if (voteOf(answers.at(-1)!) !== "ok") break;
        }
        const worked = voteOf(answers.at(-1)!) === "ok";
        const last = worked ? bench.prepare(transaction, null) : answers.at(-1)!;
        const refused = voteOf(last) !== "yes" && voteOf(last) !== "read-only";
        expect(refused, `${at}\n${describeAnswer(last)} / ${expected.results.map(showResult).join()}`).toBe(
          expected.failed,
        );
        if (expected.failed) failures += 1;
        else
          expect(answers.flatMap((answer) => resultsOf(answer)).map(showResult), at).toEqual(
            expected.results.map(showResult),
          );
        if (voteOf(last) === "yes") bench.commit(transaction);
        else if (!worked) bench.abort(transaction);
      } else {
        const answer = bench.prepare(transaction, operations);
        expect(
          voteOf(answer) !== "yes" && voteOf(answer) !== "read-only",
          `${at}\n${describeAnswer(answer)} / ${expected.results.map(showResult).join()}`,
        ).toBe(expected.failed);
        if (expected.failed) failures += 1;
        else expect(resultsOf(answer).map(showResult), at).toEqual(expected.results.map(showResult));
        if (voteOf(answer) === "yes") bench.commit(transaction);
      }
      expect(bench.resource.openBranches, at).toEqual([]);
      compare(bench, plain, at);
    }
  } finally {
    bench.close();
    plain.close();
    watched.close();
  }
  return { branches, failures };
}

test.each([
  ["one-shot", "cheapest"],
  ["interactive", "cheapest"],
  ["one-shot", "grouped"],
  ["interactive", "grouped"],
  ["one-shot", "alone"],
  ["interactive", "alone"],
] as const)("%s branches do what plain SQLite does, %s way", { timeout: 3_600_000 }, (mode, ways) => {
  let [branches, failures] = [0, 0];
  for (let seed = firstSeed; seed < firstSeed + runs; seed += 1) {
    const run = oneRun(seed, mode === "interactive", ways);
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
