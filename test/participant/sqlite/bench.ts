/** A participant's SQLite resource without a participant: a file, a journal that is only BEGIN and COMMIT, short words for calls. */

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import SqliteDatabase from "better-sqlite3";
import {
  openSqliteResource,
  type SqliteResource,
  type SqliteResourceOptions,
} from "../../../participant/resources/sqlite/index.ts";
import type { ResourceResult } from "../../../protocols/index.ts";
import type { ResourceAnswer } from "../../../runtime/engine/index.ts";
import {
  type OperationResult,
  packWork,
  type SqlOperation,
  unpackResults,
  type Value,
} from "../../../runtime/values/index.ts";

export type Parameters = SqlOperation["parameters"];
export type Sql = string | readonly [string, Parameters?, number?];

export function sql(...statements: readonly Sql[]): SqlOperation[] {
  return statements.map((given) => {
    const [statement, parameters = [], expectRows = null] = typeof given === "string" ? [given] : given;
    return { kind: "sql", statement, parameters, expectRows };
  });
}

/** Ids in the order of age: `id(1)` is older than `id(2)`. */
export function id(number: number): string {
  return `c.0001.${number.toString(36).padStart(8, "0")}`;
}

export type Ways = NonNullable<SqliteResourceOptions["ways"]>;

export class Bench {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "nemcon-sqlite-"));
  readonly file = path.join(this.folder, "data.db");
  readonly alarms: { transaction: string; detail: string }[] = [];
  journal: SqliteDatabase.Database;
  resource: SqliteResource;

  private readonly ways: Ways;

  /** @param ways in which branches may be prepared */
  constructor(schema: string, ways: Ways = "cheapest") {
    this.ways = ways;
    const user = new SqliteDatabase(this.file);
    user.pragma("journal_mode = WAL");
    user.exec(schema);
    user.close();
    [this.journal, this.resource] = this.open();
  }

  private open(): [SqliteDatabase.Database, SqliteResource] {
    const journal = new SqliteDatabase(this.file);
    for (const pragma of ["journal_mode = WAL", "synchronous = FULL", "foreign_keys = OFF"]) journal.pragma(pragma);
    journal.exec("CREATE TABLE IF NOT EXISTS nemcon_journal(sequence INTEGER PRIMARY KEY, entries BLOB)");
    const resource = openSqliteResource({
      file: this.file,
      journalDatabase: journal,
      busyMs: 50,
      ways: this.ways,
      onOutsideWrite: (transaction, detail) => this.alarms.push({ transaction, detail }),
    });
    return [journal, resource];
  }

  /** As after a crash: what was prepared is adopted from the redo given. */
  restart(redo: Readonly<Record<string, Uint8Array>> = {}): void {
    this.resource.close();
    this.journal.close();
    [this.journal, this.resource] = this.open();
    const calls = Object.entries(redo).map(([transaction, bytes]) => ({
      transaction,
      request: { act: "adopt", redo: bytes } as const,
      mayWait: false,
    }));
    this.resource.execute(calls);
    this.resource.restored();
  }

  prepare(transaction: string, operations: readonly SqlOperation[] | null, mayWait = false): ResourceAnswer {
    const work = operations === null ? null : packWork(operations);
    const [answer] = this.resource.execute([{ transaction, request: { act: "prepare", work }, mayWait }]);
    return answer!;
  }

  /** One of several branches whose work comes with the request: what it read stays locked. */
  prepareHolding(transaction: string, operations: readonly SqlOperation[]): ResourceAnswer {
    const request = { act: "prepare", work: packWork(operations), holds: true } as const;
    const [answer] = this.resource.execute([{ transaction, request, mayWait: false }]);
    return answer!;
  }

  /** One turn's calls. */
  prepareAll(
    branches: readonly { readonly transaction: string; readonly operations: readonly SqlOperation[] }[],
    mayWait = false,
  ): readonly ResourceAnswer[] {
    const answers = this.resource.execute(
      branches.map(({ transaction, operations }) => ({
        transaction,
        request: { act: "prepare", work: packWork(operations) },
        mayWait,
      })),
    );
    return answers.map((answer) => answer!);
  }

  work(transaction: string, item: number, operations: readonly SqlOperation[], mayWait = false): ResourceAnswer {
    const [answer] = this.resource.execute([
      { transaction, request: { act: "work", item, work: packWork(operations) }, mayWait },
    ]);
    return answer!;
  }

  /** One turn's journal transaction, as runtime/journal runs it. */
  private turn(act: "commit" | "abort", transactions: readonly string[]): (ResourceResult | null)[] {
    this.journal.exec("BEGIN IMMEDIATE");
    while (!this.resource.guard.valid()) {
      this.journal.exec("ROLLBACK");
      this.resource.guard.renew();
      this.journal.exec("BEGIN IMMEDIATE");
    }
    const results = this.resource.apply(
      transactions.map((transaction) => ({ transaction, request: { act }, mayWait: false })),
    );
    this.journal.prepare("INSERT INTO nemcon_journal(entries) VALUES (x'')").run();
    this.journal.exec("COMMIT");
    this.resource.applied();
    return [...results];
  }

  commit(...transactions: readonly string[]): (ResourceResult | null)[] {
    return this.turn("commit", transactions);
  }

  abort(...transactions: readonly string[]): void {
    this.turn("abort", transactions);
  }

  /** Prepares and commits in one go; throws for anything but a yes or a read-only vote. */
  run(transaction: string, operations: readonly SqlOperation[]): OperationResult[] {
    const answer = this.prepare(transaction, operations);
    const results = resultsOf(answer);
    if (answer.kind === "prepared" && answer.vote === "yes") this.commit(transaction);
    return results;
  }

  /** What any program sees in the file. */
  rows(query: string, ...parameters: Value[]): unknown[][] {
    const reader = new SqliteDatabase(this.file, { readonly: true });
    try {
      return reader
        .prepare<unknown[], unknown[]>(query)
        .raw(true)
        .safeIntegers(true)
        .all(...parameters);
    } finally {
      reader.close();
    }
  }

  /** A program outside nemcon. */
  outside(script: string): void {
    const other = new SqliteDatabase(this.file, { timeout: 0 });
    try {
      other.exec(script);
    } finally {
      other.close();
    }
  }

  close(): void {
    this.resource.close();
    this.journal.close();
    fs.rmSync(this.folder, { recursive: true });
  }
}

export function resultsOf(answer: ResourceAnswer): OperationResult[] {
  if ("result" in answer) return unpackResults(answer.result);
  throw new Error(describeAnswer(answer));
}

export function redoOf(answer: ResourceAnswer): Uint8Array {
  if ("redo" in answer) return answer.redo;
  throw new Error(describeAnswer(answer));
}

/** yes, read-only, ok, blocked, or the reason of a no. */
export function voteOf(answer: ResourceAnswer): string {
  if (answer.kind === "blocked") return "blocked";
  if ("reason" in answer) return answer.reason;
  return answer.kind === "prepared" ? answer.vote : answer.kind === "worked" ? "ok" : answer.outcome;
}

export function describeAnswer(answer: ResourceAnswer): string {
  return "detail" in answer ? `${voteOf(answer)}: ${answer.detail}` : voteOf(answer);
}
