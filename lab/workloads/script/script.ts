/** A workload from a user's SQL file. Each transaction leaves its number in a ledger at each participant, as SmallBank's do. */

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import Database from "better-sqlite3";
import { NemconError } from "../../../runtime/errors/index.ts";
import { SeededRandom } from "../../random.ts";
import { compareLedgers, type Ledgers } from "../compare.ts";
import { readLedger, VIOLATIONS_SHOWN } from "../ledger.ts";
import { oneShot } from "../one-shot.ts";
import type { Answered, Bank, Job, Judge, Verdict, Workload } from "../workload.ts";
import type { Scope, Value } from "./expression.ts";
import { parseScript, type Operation, type Part, type Script, type Target, type Transaction } from "./parse.ts";
import { wrongAt, type Where } from "./where.ts";

export interface SqlScriptOptions {
  /** The file's path. */
  readonly file: string;
  readonly participants: readonly string[];
  readonly seed: number;
}

const LEDGER = "workload_ledger";
const enter = { sql: `INSERT INTO ${LEDGER}(number, delta) VALUES (?, 0)` };
const [ALL, ANY] = ["all", "any"];

interface State {
  readonly ledgers: Ledgers;
  readonly highestNumber: number;
  /** By the name of what is kept. */
  readonly sums: ReadonlyMap<string, number>;
}

export class SqlScript implements Workload {
  readonly name: string;
  readonly seed: number;
  private readonly participants: readonly string[];
  private readonly script: Script;
  private readonly weight: number;
  private readonly random: SeededRandom;
  private readonly kept = new Map<string, unknown>();
  private number = 1;

  /** @throws NemconError USAGE with file and line */
  constructor({ file, participants, seed }: SqlScriptOptions) {
    this.name = basename(file);
    this.seed = seed;
    this.participants = participants;
    this.script = parseScript(file, textOf(file));
    this.weight = this.script.transactions.reduce((sum, { weight }) => sum + weight, 0);
    if (this.weight === 0) throw new NemconError("USAGE", `${file}: no transaction has a weight above 0.`);
    this.random = new SeededRandom(seed);
    for (const { on } of this.script.setups) this.checkTarget(on, [ALL]);
    for (const { parts } of this.script.transactions) this.checkParts(parts);
  }

  /** Runs the setup where it was not run yet, and lets SQLite read every statement. @throws NemconError USAGE with file and line */
  prepare(banks: readonly Bank[]): void {
    for (const bank of banks)
      withDatabase(bank, {}, (database) => {
        database.pragma("journal_mode = WAL");
        if (!hasLedger(database)) database.transaction(() => this.setUp(bank.name, database))();
        this.check(bank.name, database);
      });
  }

  begin(banks: readonly Bank[]): Judge {
    const before = this.read(banks);
    this.number = Math.max(this.number, before.highestNumber + 1);
    const answers = new Map<number, Answered>();
    return {
      hear: (answered) => void answers.set(answered.number, answered),
      verdict: () => verdictOf(before, this.read(banks), [...answers.values()]),
    };
  }

  next(): Job {
    const transaction = this.drawn();
    const { number } = this;
    this.number += 1;
    const values = new Map<string, Value>([["number", number]]);
    const scope: Scope = { random: this.random, values, kept: this.kept };
    for (const { name, value } of transaction.sets) values.set(name, value(scope));
    const branches = new Map<string, Operation[]>();
    for (const { on, operations } of transaction.parts)
      for (const participant of this.targets(on, branches)) {
        const branch = branches.get(participant) ?? [];
        branch.push(...operations);
        branches.set(participant, branch);
      }
    return oneShot(
      transaction.name,
      number,
      [...branches].map(([participant, operations]) => ({
        participant,
        operations: [
          ...operations.map((operation) => bound(operation, values, participant)),
          { ...enter, parameters: [number] },
        ],
      })),
      new Map([...branches.keys()].map((participant) => [participant, 0])),
    );
  }

  private drawn(): Transaction {
    const { transactions } = this.script;
    let left = this.random.next() * this.weight;
    const found = transactions.find(({ weight }) => {
      left -= weight;
      return left < 0;
    });
    // The sum of weights is never reached: random is below 1.
    return found ?? (transactions[0] as Transaction);
  }

  private targets({ name }: Target, taken: ReadonlyMap<string, unknown>): readonly string[] {
    if (name === ALL) return this.participants;
    if (name !== ANY) return [name];
    const free = this.participants.filter((participant) => !taken.has(participant));
    return [free[this.random.between(0, free.length - 1)] ?? ""];
  }

  private checkTarget(on: Target, words: readonly string[]): void {
    if (words.includes(on.name) || this.participants.includes(on.name)) return;
    const there = [...this.participants, ...words].join(", ");
    throw wrongAt(on.where, `no participant is called "${on.name}"; there is ${there}`);
  }

  /** There is somebody left for each `any`. */
  private checkParts(parts: readonly Part[]): void {
    const taken = new Set<string>();
    let drawn = 0;
    for (const { on } of parts) {
      this.checkTarget(on, [ALL, ANY]);
      if (on.name === ALL) for (const participant of this.participants) taken.add(participant);
      else if (on.name !== ANY) taken.add(on.name);
      else if ((drawn += 1) + taken.size > this.participants.length)
        throw wrongAt(
          on.where,
          `"any" is one that has no part yet, and there may be none left of ${this.participants.length}`,
        );
    }
  }

  private setUp(name: string, database: Database.Database): void {
    database.exec(`CREATE TABLE ${LEDGER}(number INTEGER PRIMARY KEY, delta INTEGER NOT NULL)`);
    for (const { on, sql, where } of this.script.setups)
      if (on.name === ALL || on.name === name) tried(where, name, () => database.exec(sql));
  }

  private check(name: string, database: Database.Database): void {
    const { transactions, kept } = this.script;
    for (const { parts } of transactions)
      for (const { on, operations } of parts)
        if (on.name === ALL || on.name === ANY || on.name === name)
          for (const { sql, where } of operations) tried(where, name, () => database.prepare(sql));
    for (const { sql, where } of kept) tried(where, name, () => database.prepare(sql));
  }

  private read(banks: readonly Bank[]): State {
    const ledgers = new Map<string, ReadonlyMap<number, number>>();
    const sums = new Map(this.script.kept.map(({ name }) => [name, 0]));
    let highestNumber = 0;
    for (const bank of banks)
      withDatabase(bank, { readonly: true }, (database) =>
        // One read transaction, so that ledger and sums are of one moment.
        database.transaction(() => {
          const ledger = readLedger(database, LEDGER);
          ledgers.set(bank.name, ledger);
          for (const number of ledger.keys()) highestNumber = Math.max(highestNumber, number);
          for (const { name, sql, where } of this.script.kept) {
            const value = tried(where, bank.name, () => database.prepare<[]>(sql).pluck().get() ?? 0);
            if (typeof value !== "number")
              throw wrongAt(where, `at ${bank.name} this gives ${JSON.stringify(value)}, no number`);
            sums.set(name, (sums.get(name) ?? 0) + value);
          }
        })(),
      );
    return { ledgers, highestNumber, sums };
  }
}

function verdictOf(before: State, after: State, answers: readonly Answered[]): Verdict {
  const { violations } = compareLedgers(before.ledgers, after.ledgers, answers);
  for (const [name, sum] of after.sums) {
    const was = before.sums.get(name) ?? 0;
    if (sum !== was) violations.push(`${name} was ${was} over all participants and is ${sum}`);
  }
  const kept = [...after.sums.keys()];
  return {
    valid: violations.length === 0,
    compared: answers.length,
    basis: `each answer with the ledgers of all participants${kept.length === 0 ? "" : `, and that these sums are kept: ${kept.join(", ")}`}; not what its statements read or changed`,
    figures: Object.fromEntries(after.sums),
    violations: violations.slice(0, VIOLATIONS_SHOWN),
  };
}

function bound({ sql, names, rows }: Operation, values: ReadonlyMap<string, Value>, participant: string) {
  const parameters = Object.fromEntries(
    names.map((name) => [name, name === "participant" ? participant : (values.get(name) ?? null)]),
  );
  return { sql, parameters, ...(rows === null ? {} : { expect: { rows } }) };
}

function hasLedger(database: Database.Database): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(LEDGER) !== undefined;
}

function withDatabase({ file }: Bank, options: Database.Options, use: (database: Database.Database) => void): void {
  const database = new Database(file, options);
  try {
    use(database);
  } finally {
    database.close();
  }
}

function tried<T>(where: Where, participant: string, act: () => T): T {
  try {
    return act();
  } catch (thrown) {
    if (!(thrown instanceof Database.SqliteError)) throw thrown;
    throw wrongAt(where, `at ${participant} SQLite says: ${thrown.message}`);
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (thrown) {
    throw new NemconError(
      "USAGE",
      `Could not read the workload ${file}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    );
  }
}
