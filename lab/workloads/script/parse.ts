/** A workload file: SQL in sections that `-- nemcon:` lines begin, and `\set` lines as pgbench has them. docs/workloads.md shows one. */

import { parseExpression, type Expression } from "./expression.ts";
import { statementsOf, type Statement } from "./statements.ts";
import { wrongAt, type Where } from "./where.ts";

export interface Script {
  readonly file: string;
  readonly setups: readonly Section[];
  readonly transactions: readonly Transaction[];
  readonly kept: readonly KeptSum[];
}

/** A participant's name; `all`; or `any`, one that is drawn and has no part in the transaction yet. */
export interface Target {
  readonly name: string;
  readonly where: Where;
}

export interface Section {
  readonly on: Target;
  readonly sql: string;
  readonly where: Where;
}

export interface Transaction {
  readonly name: string;
  readonly weight: number;
  readonly where: Where;
  readonly sets: readonly { readonly name: string; readonly value: Expression }[];
  readonly parts: readonly Part[];
}

export interface Part {
  readonly on: Target;
  readonly operations: readonly Operation[];
}

export interface Operation extends Statement {
  /** null: any number. */
  readonly rows: number | null;
}

/** A query whose results, added up over the participants, are the same after a run. */
export interface KeptSum {
  readonly name: string;
  readonly sql: string;
  readonly where: Where;
}

/** These are there without being set: the transaction's number, and the name of the participant that a statement runs at. */
export const GIVEN = ["number", "participant"];

const DIRECTIVE = /^\s*--\s*nemcon:\s*(.*?)\s*$/;
const COMMAND = /^\s*\\(\S*)\s*(.*)$/;
const SET = /^([A-Za-z_]\w*)\s+(\S.*)$/;
const TRANSACTION = /^([\w-]+)(?:\s+weight\s+(\d+))?$/;
const directives = "setup on P, transaction NAME weight N, on P, expect N, keep NAME";

/** What is being read: where SQL goes until the next directive. */
type Reading =
  | { readonly kind: "nothing" }
  | { readonly kind: "setup"; readonly on: Target }
  | { readonly kind: "part"; readonly operations: Operation[] }
  | { readonly kind: "keep"; readonly name: string };

interface Draft {
  readonly name: string;
  readonly weight: number;
  readonly where: Where;
  readonly sets: { name: string; value: Expression }[];
  readonly parts: { on: Target; operations: Operation[] }[];
  readonly known: Set<string>;
}

/** @param file its name, for messages. @throws NemconError USAGE with file and line */
export function parseScript(file: string, text: string): Script {
  return new Reader(file).read(text);
}

class Reader {
  private readonly file: string;
  private readonly setups: Section[] = [];
  private readonly drafts: Draft[] = [];
  private readonly kept: KeptSum[] = [];
  private reading: Reading = { kind: "nothing" };
  private draft: Draft | null = null;
  private lines: string[] = [];
  private linesFrom = 1;
  /** For the next statement. */
  private expected: { readonly rows: number; readonly where: Where } | null = null;

  constructor(file: string) {
    this.file = file;
  }

  read(text: string): Script {
    const lines = text.split(/\r?\n/);
    for (const [index, line] of lines.entries()) {
      const where = { file: this.file, line: index + 1 };
      const [, directive] = DIRECTIVE.exec(line) ?? [];
      const [, command, rest = ""] = COMMAND.exec(line) ?? [];
      if (directive !== undefined) this.direct(directive, where);
      else if (command !== undefined && this.isBetweenStatements()) this.command(command, rest, where);
      else this.lines.push(line);
      if (directive !== undefined || (command !== undefined && this.lines.length === 0)) this.linesFrom = index + 2;
    }
    this.finish();
    if (this.expected !== null) throw wrongAt(this.expected.where, "no statement follows this one");
    const end = { file: this.file, line: lines.length };
    if (this.drafts.length === 0) throw wrongAt(end, 'there is no "-- nemcon: transaction NAME" in it');
    for (const { name, where, parts } of this.drafts)
      if (!parts.some(({ operations }) => operations.length > 0))
        throw wrongAt(where, `the transaction ${name} has no statement: begin a part with "-- nemcon: on P"`);
    const { file, setups, drafts, kept } = this;
    return { file, setups, transactions: drafts, kept };
  }

  private direct(text: string, where: Where): void {
    const [word = "", ...others] = text.split(/\s+/);
    const rest = others.join(" ");
    this.finish();
    if (this.expected !== null) throw wrongAt(this.expected.where, "no statement follows this one");
    switch (word) {
      case "expect":
        return this.expect(rest, where);
      case "setup":
        if (others[0] !== "on" || others.length !== 2)
          throw wrongAt(where, 'a setup is "setup on P" or "setup on all"');
        this.draft = null;
        this.reading = { kind: "setup", on: { name: others[1] ?? "", where } };
        return;
      case "transaction":
        return this.transaction(rest, where);
      case "on": {
        if (this.draft === null) throw wrongAt(where, '"on" belongs to a transaction: begin one before it');
        if (others.length !== 1) throw wrongAt(where, '"on" takes one participant, or all, or any');
        const part = { on: { name: rest, where }, operations: [] };
        this.draft.parts.push(part);
        this.reading = { kind: "part", operations: part.operations };
        return;
      }
      case "keep":
        if (rest === "") throw wrongAt(where, 'a sum that is kept has a name: "keep money"');
        this.draft = null;
        this.reading = { kind: "keep", name: rest };
        return;
      default:
        throw wrongAt(where, `"${word}" is none of these: ${directives}`);
    }
  }

  private transaction(text: string, where: Where): void {
    const [, name, weight = "1"] = TRANSACTION.exec(text) ?? [];
    if (name === undefined) throw wrongAt(where, 'a transaction is "transaction NAME" or "transaction NAME weight N"');
    if (this.drafts.some((each) => each.name === name)) throw wrongAt(where, `there is a transaction ${name} already`);
    this.draft = { name, weight: Number(weight), where, sets: [], parts: [], known: new Set(GIVEN) };
    this.drafts.push(this.draft);
    this.reading = { kind: "nothing" };
  }

  private expect(rest: string, where: Where): void {
    if (this.reading.kind !== "part" || !/^\d+$/.test(rest))
      throw wrongAt(where, '"expect N" says how many rows the statement after it changes or gives, in a transaction');
    this.expected = { rows: Number(rest), where };
  }

  private command(command: string, rest: string, where: Where): void {
    if (command !== "set") throw wrongAt(where, `there is no \\${command}; there is \\set`);
    if (this.draft === null) throw wrongAt(where, "\\set belongs to a transaction: begin one before it");
    const [, name, value] = SET.exec(rest) ?? [];
    if (name === undefined || value === undefined) throw wrongAt(where, 'it is "\\set name expression"');
    if (GIVEN.includes(name)) throw wrongAt(where, `:${name} is there already and can't be set`);
    this.finish();
    const { sets, known } = this.draft;
    sets.push({ name, value: parseExpression(value, where, known) });
    known.add(name);
  }

  /** A line that begins with a backslash may be inside a string. */
  private isBetweenStatements(): boolean {
    return !/[^;\s]\s*$/.test(this.lines.join("\n").replaceAll(/--[^\n]*/g, ""));
  }

  /** What was gathered goes where it belongs. */
  private finish(): void {
    const sql = this.lines.join("\n");
    const where = { file: this.file, line: this.linesFrom };
    this.lines = [];
    const { reading } = this;
    switch (reading.kind) {
      case "nothing": {
        const [first] = statementsOf(sql, where);
        if (first !== undefined)
          throw wrongAt(first.where, 'SQL outside a section: begin one with a "-- nemcon:" line');
        return;
      }
      case "setup":
        if (sql.trim() !== "") this.setups.push({ on: reading.on, sql, where });
        return;
      case "keep": {
        const statements = statementsOf(sql, where);
        const [query] = statements;
        if (query === undefined || statements.length > 1)
          throw wrongAt(where, `what is kept as "${reading.name}" is one query, and here are ${statements.length}`);
        this.kept.push({ name: reading.name, sql: query.sql, where: query.where });
        this.reading = { kind: "nothing" };
        return;
      }
      case "part":
        return this.operations(statementsOf(sql, where), reading.operations);
      default:
        return reading satisfies never;
    }
  }

  private operations(statements: readonly Statement[], into: Operation[]): void {
    for (const [index, statement] of statements.entries()) {
      for (const name of statement.names)
        if (this.draft?.known.has(name) !== true)
          throw wrongAt(
            statement.where,
            `:${name} is not set before, and it is not ${GIVEN.map((each) => `:${each}`).join(" or ")}`,
          );
      into.push({ ...statement, rows: index === 0 ? (this.expected?.rows ?? null) : null });
    }
    if (statements.length > 0) this.expected = null;
  }
}
