/**
 * A yes can always be kept: branches of random SQL on random schemas, rowids chosen by SQLite included, prepared side
 * by side and committed in any order, some after a restart. Every commit is applied, and the file stays sound.
 */

import { expect, test } from "vitest";
import { Bench, describeAnswer, id, redoOf, sql, voteOf } from "./bench.ts";
import { Dice, randomShape, randomStatement, type Shape } from "./generate.ts";
import { openPlain } from "./plain.ts";

const runs = Number(process.env["NEMCON_PROMISE_RUNS"] ?? (process.env["CI"] === "true" ? 200 : 25));
const firstSeed = Number(process.env["NEMCON_PROMISE_SEED"] ?? 1);

function isSchema({ script }: Shape): boolean {
  try {
    openPlain(script).close();
    return true;
  } catch {
    return false;
  }
}

interface Counts {
  committed: number;
  together: number;
}

function oneRun(dice: Dice, shape: Shape, counts: Counts): void {
  const bench = new Bench(shape.script);
  const promised = new Map<string, Uint8Array>();
  const story: string[] = [shape.script];
  try {
    for (let number = 1; number <= 60; number += 1) {
      const transaction = id(number);
      const statements = Array.from({ length: 1 + dice.below(2) }, () => randomStatement(dice, shape));
      const operations = sql(...statements.map(({ statement, parameters }) => [statement, parameters] as const));
      const isOneShot = dice.chance(0.7);
      const worked = isOneShot ? null : bench.work(transaction, 1, operations);
      const answer = bench.prepare(transaction, isOneShot ? operations : null);
      story.push(
        `${transaction} ${worked === null ? "" : voteOf(worked)} ${describeAnswer(answer)}: ${statements.map(({ statement }) => statement).join("; ")}`,
      );
      if (voteOf(answer) === "yes") promised.set(transaction, redoOf(answer));
      if (dice.chance(0.05)) bench.restart(Object.fromEntries(promised));
      if (promised.size > 0 && (promised.size > 5 || dice.chance(0.3))) keep(dice, bench, promised, story, counts);
    }
    while (promised.size > 0) keep(dice, bench, promised, story, counts);
    expect(bench.rows("PRAGMA integrity_check"), story.join("\n")).toEqual([["ok"]]);
    expect(bench.rows("PRAGMA foreign_key_check"), story.join("\n")).toEqual([]);
    expect(bench.resource.openBranches).toEqual([]);
    expect(bench.alarms, story.join("\n")).toEqual([]);
  } finally {
    bench.close();
  }
}

/** Any one of the promised, or several in one turn, in any order; now and then an abort. */
function keep(dice: Dice, bench: Bench, promised: Map<string, Uint8Array>, story: string[], counts: Counts): void {
  const chosen = [...promised.keys()].filter(() => dice.chance(0.5)).toReversed();
  if (promised.size > 1) counts.together += 1;
  for (const transaction of chosen) promised.delete(transaction);
  if (dice.chance(0.15)) {
    story.push(`abort ${chosen.join(", ")}`);
    bench.abort(...chosen);
    return;
  }
  story.push(`commit ${chosen.join(", ")}`);
  expect(bench.commit(...chosen), story.join("\n")).toEqual(chosen.map(() => ({ kind: "applied", outcome: "ok" })));
  counts.committed += chosen.length;
}

test("a yes can always be kept", { timeout: 3_600_000 }, () => {
  const counts: Counts = { committed: 0, together: 0 };
  for (let seed = firstSeed; seed < firstSeed + runs; seed += 1) {
    const dice = new Dice(seed);
    const shape = randomShape(dice);
    if (!isSchema(shape)) continue;
    try {
      oneRun(dice, shape, counts);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  // Of a few runs nothing can be said.
  const least = runs >= 25 ? 2 : 0;
  expect(Math.min(counts.committed / runs, counts.together / runs), JSON.stringify(counts)).toBeGreaterThanOrEqual(
    least,
  );
});
