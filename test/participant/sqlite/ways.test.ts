/**
 * The same history through every way of preparing a branch: votes, reasons, results, redo, locks and contents are equal
 * to the bit. On random schemas, and on plain ones where most statements can be planned.
 */

import SqliteDatabase from "better-sqlite3";
import { expect, test } from "vitest";
import type { ResourceAnswer } from "../../../runtime/engine/index.ts";
import { Bench, describeAnswer, id, sql, voteOf } from "./bench.ts";
import { Dice, randomShape, type RandomStatement, randomStatement, type Shape } from "./generate.ts";
import { plainShape, plainStatement } from "./generate-points.ts";
import { contents, openPlain, show } from "./plain.ts";

const runs = Number(process.env["NEMCON_WAYS_RUNS"] ?? (process.env["CI"] === "true" ? 100 : 12));
const firstSeed = Number(process.env["NEMCON_WAYS_SEED"] ?? 1);

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
      plain === null ? randomStatement(dice, shape) : plainStatement(dice, plain),
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
