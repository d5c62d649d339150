/**
 * Several branches open at once, one-shot and interactive, committing and aborting in any order: everything that they
 * were told, and what remains, is what SQLite does when they run one after the other in the order of their
 * commits. A failure that left its branch usable must fail there too.
 */

import SqliteDatabase from "better-sqlite3";
import { expect, test } from "vitest";
import type { ResourceAnswer } from "../../../runtime/engine/index.ts";
import { Bench, describeAnswer, id, resultsOf, sql, voteOf, type Ways } from "./bench.ts";
import { Dice, randomShape, randomStatement, type RandomStatement, type Shape } from "./generate.ts";
import { plainShape, plainStatement } from "./generate-points.ts";
import { contents, openWatched, show, showResult } from "./plain.ts";

const runs = Number(process.env["NEMCON_SERIAL_RUNS"] ?? (process.env["CI"] === "true" ? 100 : 25));
const firstSeed = Number(process.env["NEMCON_SERIAL_SEED"] ?? 1);

/** One item of a branch, and what it was told; null: that it failed. */
interface Told {
  readonly statements: readonly RandomStatement[];
  readonly results: readonly string[] | null;
}

interface Open {
  readonly told: Told[];
  isPrepared: boolean;
}

/** What happened, by sort: a history of nothing but conflicts would show little. */
interface Counts {
  committed: number;
  conflicts: number;
  readonly: number;
  usable: number;
}

class History {
  private readonly dice: Dice;
  private readonly shape: Shape;
  private readonly statementOf: () => RandomStatement;
  private readonly bench: Bench;
  private readonly model: SqliteDatabase.Database;
  private readonly open = new Map<string, Open>();
  private readonly lines: string[] = [];
  private readonly counts: Counts;
  private last = 0;

  constructor(
    dice: Dice,
    shape: Shape,
    statementOf: () => RandomStatement,
    model: SqliteDatabase.Database,
    counts: Counts,
    ways: Ways,
  ) {
    this.dice = dice;
    this.shape = shape;
    this.statementOf = statementOf;
    this.model = model;
    this.counts = counts;
    this.bench = new Bench(shape.script, ways);
  }

  close(): void {
    this.bench.close();
    this.model.close();
  }

  get story(): string {
    return `${this.shape.script}\n${this.lines.join("\n")}`;
  }

  step(): void {
    const names = [...this.open.keys()];
    if (names.length > 4 || (names.length > 0 && this.dice.chance(0.45))) this.finish(this.dice.one(names));
    else if (names.length > 0 && this.dice.chance(0.4)) this.work(this.dice.one(names));
    else {
      this.last += 1;
      if (this.dice.chance(0.5)) this.turn();
      else this.work(id(this.last));
    }
  }

  private statements(): RandomStatement[] {
    return Array.from({ length: 1 + this.dice.below(2) }, this.statementOf);
  }

  private note(transaction: string, what: string, statements: readonly RandomStatement[]): void {
    const list = statements.map(({ statement, parameters }) => `${statement} -- ${parameters.map(show).join(", ")}`);
    this.lines.push(`${transaction} ${what}: ${list.join("; ")}`);
  }

  /** One-shot branches, several at once. */
  private turn(): void {
    const branches = Array.from({ length: 1 + this.dice.below(4) }, (_, at) => {
      if (at > 0) this.last += 1;
      return { transaction: id(this.last), statements: this.statements() };
    });
    const answers = this.bench.prepareAll(
      branches.map(({ transaction, statements }) => ({ transaction, operations: operations(statements) })),
    );
    for (const [at, { transaction, statements }] of branches.entries())
      this.prepared(transaction, statements, answers[at]!);
  }

  private prepared(transaction: string, statements: readonly RandomStatement[], answer: ResourceAnswer): void {
    this.note(transaction, describeAnswer(answer), statements);
    if (voteOf(answer) === "CONFLICT") this.counts.conflicts += 1;
    if (!("result" in answer)) return;
    const branch = { told: [{ statements, results: resultsOf(answer).map(showResult) }], isPrepared: true };
    if (voteOf(answer) === "yes") this.open.set(transaction, branch);
    else this.readonly(branch);
  }

  private work(transaction: string): void {
    const branch = this.open.get(transaction) ?? { told: [], isPrepared: false };
    if (branch.isPrepared) return this.finish(transaction);
    const statements = this.statements();
    const answer = this.bench.work(transaction, branch.told.length + 1, operations(statements));
    this.note(transaction, `works, ${describeAnswer(answer)}`, statements);
    if (voteOf(answer) === "CONFLICT") this.counts.conflicts += 1;
    if ("result" in answer) {
      branch.told.push({ statements, results: resultsOf(answer).map(showResult) });
      this.open.set(transaction, branch);
    } else if ("usable" in answer && answer.usable && voteOf(answer) !== "STATEMENT_REFUSED") {
      this.counts.usable += 1;
      branch.told.push({ statements, results: null });
      this.open.set(transaction, branch);
    } else {
      this.bench.abort(transaction);
      this.open.delete(transaction);
    }
    return undefined;
  }

  private finish(transaction: string): void {
    const branch = this.open.get(transaction)!;
    if (!branch.isPrepared) {
      const answer = this.bench.prepare(transaction, null);
      this.note(transaction, `prepares, ${describeAnswer(answer)}`, []);
      branch.isPrepared = voteOf(answer) === "yes";
      if (!branch.isPrepared) this.open.delete(transaction);
      if (voteOf(answer) === "read-only") this.readonly(branch);
      return;
    }
    this.open.delete(transaction);
    if (this.dice.chance(0.2)) {
      this.note(transaction, "aborts", []);
      this.bench.abort(transaction);
      return;
    }
    this.note(transaction, "commits", []);
    expect(this.bench.commit(transaction), this.story).toEqual([{ kind: "applied", outcome: "ok" }]);
    this.counts.committed += 1;
    this.replay(branch);
    const served = new SqliteDatabase(this.bench.file, { readonly: true });
    try {
      expect(contents(served), this.story).toEqual(contents(this.model));
    } finally {
      served.close();
    }
  }

  private readonly(branch: Open): void {
    this.counts.readonly += 1;
    this.replay(branch);
  }

  /** The branch alone, now. */
  private replay({ told }: Open): void {
    this.model.exec("BEGIN");
    for (const { statements, results } of told) {
      this.model.exec("SAVEPOINT item");
      let now: string[] | null;
      try {
        now = statements.map((statement) => showResult(runOne(this.model, statement)));
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        now = null;
      }
      if (now === null) this.model.exec("ROLLBACK TO item");
      // What plain SQLite would find broken at COMMIT only (a deferred key) may be in the item's own way here.
      this.model.exec("RELEASE item");
      expect(now, `${this.story}\n${statements.map(({ statement }) => statement).join("; ")}`).toEqual(results);
    }
    this.model.exec("COMMIT");
  }
}

function operations(statements: readonly RandomStatement[]): ReturnType<typeof sql> {
  return sql(...statements.map(({ statement, parameters }) => [statement, parameters] as const));
}

function runOne(plain: SqliteDatabase.Database, { statement, parameters }: RandomStatement): unknown {
  const prepared = plain.prepare<unknown[], unknown[]>(statement).safeIntegers(true);
  if (!prepared.reader) return { rowsAffected: prepared.run(...parameters).changes, columns: [], rows: [] };
  const rows = prepared.raw(true).all(...parameters);
  const rowsAffected = prepared.readonly ? rows.length : (plain.prepare("SELECT changes()").pluck().get() as number);
  return { rowsAffected, columns: prepared.columns().map((column) => column.name), rows };
}

function modelOf(shape: Shape): SqliteDatabase.Database | null {
  try {
    return openWatched(shape.script);
  } catch {
    return null;
  }
}

test.each([
  ["random", "cheapest"],
  ["plain", "cheapest"],
  ["plain", "grouped"],
  ["random", "alone"],
] as const)(
  "branches are as if they had run one after the other: %s schemas, %s way",
  { timeout: 3_600_000 },
  (kind, ways) => {
    const counts: Counts = { committed: 0, conflicts: 0, readonly: 0, usable: 0 };
    for (let seed = firstSeed; seed < firstSeed + runs; seed += 1) {
      const dice = new Dice(seed);
      const plain = kind === "plain" ? plainShape(dice, true) : null;
      const shape = plain?.shape ?? randomShape(dice, true);
      const model = modelOf(shape);
      if (model === null) continue;
      const history = new History(
        dice,
        shape,
        () => (plain === null ? randomStatement(dice, shape) : plainStatement(dice, plain)),
        model,
        counts,
        ways,
      );
      try {
        for (let step = 0; step < 60; step += 1) history.step();
      } catch (error) {
        throw new Error(`seed ${seed}\n${history.story}`, { cause: error });
      } finally {
        history.close();
      }
    }
    if (runs >= 25) {
      const { committed, conflicts, readonly, usable } = counts;
      expect(Math.min(committed, conflicts, readonly, usable), JSON.stringify(counts)).toBeGreaterThan(runs / 5);
    }
  },
);
