/**
 * Which statements can be planned: what they would change is computed by a SELECT, and nothing is written before the
 * commit. From the text, the schema and SQLite's bytecode, once a text and schema version. Whatever is not plainly of
 * this sort is tried out on the work connection instead.
 */

import { type Operand, operandOf, type Pattern } from "./point.ts";
import { indexOfParameter } from "./parameters.ts";
import type { Analysis } from "./reads.ts";
import { type Column, has, type Schema, type Table } from "./schema.ts";
import { type Statement, targetAt } from "./statement.ts";
import { depthsOf, isSymbol, isWord, nameOf, quoteName, type Token, tokensOf } from "./tokens.ts";

/** A parameter of the planned SELECT: one of the statement's own, or the value that an INSERT has for a column. */
export type Source = { readonly parameter: number } | { readonly excluded: number };

interface Planned {
  readonly table: Table;
  /** The SELECT: all columns of the row, the rowid where it is no column, then `sets`' new values. */
  readonly sql: string;
  readonly sources: readonly Source[];
  /** What RETURNING names, as positions in the row; null: nothing is returned. */
  readonly returning: readonly number[] | null;
}

export type Plan =
  | {
      readonly kind: "select";
      readonly table: Table;
      readonly pattern: Pattern;
      /** A row comes back whether or not one was found. */
      readonly isAggregate: boolean;
    }
  | (Planned & { readonly kind: "update"; readonly pattern: Pattern; readonly sets: readonly number[] })
  | (Planned & { readonly kind: "delete"; readonly pattern: Pattern })
  | (Planned & {
      readonly kind: "insert";
      /** A value for every column, its default where the statement names none. */
      readonly values: readonly Operand[];
      /** The rowid is left to SQLite: `sql` asks for the largest one. */
      readonly isAutomatic: boolean;
      /** ON CONFLICT on the primary key DO UPDATE; null: a row in the way is an error. */
      readonly sets: readonly number[] | null;
    });

/** Scalar functions that depend on their arguments, and on the time of the statement. */
const functions = new Set(
  "abs ceil ceiling char coalesce concat date datetime floor format hex ifnull iif instr julianday length like likely lower ltrim mod nullif octet_length printf quote replace round rtrim sign strftime substr substring time trim trunc typeof unhex unicode unixepoch unlikely upper zeroblob".split(
    " ",
  ),
);
const aggregates = new Set("avg count group_concat max min sum total".split(" "));
/** Words that may stand before a parenthesis without calling anything. */
const operators = new Set(
  "AND AS BETWEEN BY CASE CAST CONFLICT DISTINCT ELSE ESCAPE FROM GLOB IN IS LIKE NOT NULL ON OR RETURNING SELECT SET THEN VALUES WHEN WHERE".split(
    " ",
  ),
);
/** With these there is more to a statement than its row. */
const beyond =
  "EXCEPT EXISTS FILTER GROUP HAVING INDEXED INTERSECT JOIN LIMIT MATCH OFFSET ORDER OVER RAISE REGEXP UNION WINDOW WITH".split(
    " ",
  );

/** @returns null: to be tried out */
export function planOf(statement: Statement, analysis: Analysis, schema: Schema, pattern: Pattern | null): Plan | null {
  const { tokens, verb } = statement;
  const table = verb === "select" || verb === "delete" ? pattern?.table : schema.tables.get(statement.target ?? "");
  if (table === undefined || table.refusal !== null || beyondOneTable(statement, analysis, table)) return null;
  if (verb === "select" && pattern !== null && analysis.isReadonly) {
    const isAggregate = tokens.some(
      (token, at) => isSymbol(tokens[at + 1], "(") && aggregates.has(nameOf(token) ?? ""),
    );
    return { kind: "select", table, pattern, isAggregate };
  }
  if (tokens.filter((token) => isWord(token, "SELECT")).length > 0) return null;
  // What a write would evaluate or set off besides, a SELECT does not.
  if (table.triggers.length > 0 || table.evaluates) return null;
  // Whether a row was left alone tells what else was there.
  if (table.tokens.some((token) => isWord(token, "IGNORE"))) return null;
  const depths = depthsOf(tokens);
  const at = (word: string, from = 0): number =>
    tokens.findIndex((token, index) => index >= from && depths[index] === 0 && isWord(token, word));
  const returningAt = at("RETURNING");
  const end = returningAt === -1 ? tokens.length : returningAt;
  const returning = returningAt === -1 ? null : columnsNamed(table, tokens.slice(returningAt + 1));
  if (returning === undefined) return null;
  const clauses = { statement, table, end, at, returning, depths };
  if (verb === "insert") return insertOf(clauses);
  if (pattern === null || pattern.table !== table) return null;
  return verb === "update" ? updateOf(clauses, pattern) : deleteOf(clauses, pattern);
}

/** Whether there is more to the statement than rows of the table and functions of them. */
export function beyondOneTable({ tokens, verb }: Statement, analysis: Analysis, table: Table): boolean {
  const stays = (names: ReadonlySet<string>): boolean => [...names].every((name) => name === table.id);
  return (
    analysis.readInside.size > 0 ||
    !stays(analysis.scanned) ||
    !stays(analysis.written) ||
    tokens.some((token) => isWord(token, ...beyond)) ||
    !callsOnly(tokens, verb === "select")
  );
}

interface Clauses {
  readonly statement: Statement;
  readonly table: Table;
  /** Where RETURNING begins, or the text ends. */
  readonly end: number;
  readonly at: (word: string, from?: number) => number;
  readonly depths: readonly number[];
  readonly returning: readonly number[] | null;
}

/** Whether every call is of a function that gives the same on any connection. */
function callsOnly(tokens: readonly Token[], withAggregates: boolean): boolean {
  return tokens.every((token, at) => {
    if (!isSymbol(tokens[at + 1], "(")) return true;
    const name = nameOf(token);
    if (name === null || (token.kind === "word" && operators.has(token.value))) return true;
    // INSERT INTO t(…): a table, not a call.
    if (isWord(tokens[at - 1], "INTO") || isSymbol(tokens[at - 1], ".")) return true;
    return functions.has(name) || (withAggregates && aggregates.has(name));
  });
}

function updateOf({ statement, table, end, at, returning, depths }: Clauses, pattern: Pattern): Plan | null {
  const { tokens } = statement;
  if (isWord(tokens[1], "OR") || at("FROM") !== -1) return null;
  const [set, where] = [at("SET"), at("WHERE")];
  const assignments = assignmentsOf(table, tokens, depths, set + 1, where);
  if (assignments === null) return null;
  const out = new Text(tokens);
  const selected = [...rowColumns(table), ...assignments.map(({ from, to }) => `(${out.expression(from, to)})`)];
  const alias = tokens[set - 1] !== undefined && set - 1 > targetAt(tokens, 0) ? nameOf(tokens[set - 1]) : null;
  const predicate = out.expression(where + 1, end);
  return {
    kind: "update",
    table,
    pattern,
    sql: `SELECT ${selected.join(", ")} FROM main.${quoteName(table.name)}${alias === null ? "" : ` AS ${quoteName(alias)}`} WHERE ${predicate}`,
    sources: out.sources,
    sets: assignments.map(({ column }) => column),
    returning,
  };
}

function deleteOf({ statement, table, end, at, returning }: Clauses, pattern: Pattern): Plan | null {
  // A parent's children would have to be asked, or would go along.
  if (table.referencedBy.length > 0) return null;
  const { tokens } = statement;
  const where = at("WHERE");
  const out = new Text(tokens);
  const name = targetAt(tokens, 0);
  const alias = where - 1 > name ? nameOf(tokens[where - 1]) : null;
  return {
    kind: "delete",
    table,
    pattern,
    sql: `SELECT ${rowColumns(table).join(", ")} FROM main.${quoteName(table.name)}${alias === null ? "" : ` AS ${quoteName(alias)}`} WHERE ${out.expression(where + 1, end)}`,
    sources: out.sources,
    returning,
  };
}

/** INSERT of one row of plain values. */
function insertOf({ statement, table, end, at, returning, depths }: Clauses): Plan | null {
  const { tokens } = statement;
  if (statement.tuples !== 1 || !isWord(tokens[0], "INSERT") || isWord(tokens[1], "OR")) return null;
  if (table.autoincrement) return null;
  const values = at("VALUES");
  const conflict = at("ON");
  const named = columnsOfInsert(statement, table);
  const tuple = operandsOf(tokens, depths, values + 1, conflict === -1 ? end : conflict);
  if (named === null || tuple === null || named.length !== tuple.length) return null;
  const operands = table.columns.map((column, at) => tuple[named.indexOf(at)] ?? defaultOf(column));
  if (!operands.every((operand) => operand !== null)) return null;
  const insert = { kind: "insert", table, values: operands, returning } as const;
  const id = operands[table.rowidColumn ?? -1];
  if (table.rowid !== null && (id === undefined || ("value" in id && id.value === null))) {
    // Where others' rows could be met in another way, their rowids are not simply passed over (pass-over.ts).
    const isPlain = table.unique.length === 0 && table.foreignKeys.length === 0 && table.referencedBy.length === 0;
    if (!isPlain || conflict !== -1 || has(table.tokens, "ON", "CONFLICT")) return null;
    const sql = `SELECT max(${quoteName(table.rowid)}) FROM main.${quoteName(table.name)}`;
    return { ...insert, sql, sources: [], sets: null, isAutomatic: true };
  }
  const upsert = conflict === -1 ? null : upsertOf(table, tokens, depths, conflict, end);
  // Which of several keys is met first is SQLite's to say.
  if (upsert === undefined || (upsert !== null && table.unique.some((index) => !isKey(table, index.columns))))
    return null;
  const out = new Text(tokens, table);
  const selected = [...rowColumns(table), ...(upsert ?? []).map(({ from, to }) => `(${out.expression(from, to)})`)];
  if (out.isBeyond) return null;
  const key = keyOf(table);
  const where = key.map((column) => `${quoteName(table.columns[column]?.name ?? "")} = ?`).join(" AND ");
  return {
    ...insert,
    sql: `SELECT ${selected.join(", ")} FROM main.${quoteName(table.name)} WHERE ${where}`,
    sources: [...out.sources, ...key.map((excluded) => ({ excluded }))],
    sets: upsert === null ? null : upsert.map(({ column }) => column),
    isAutomatic: false,
  };
}

/** Positions of the columns that an INSERT … VALUES gives values for; null: not plainly said. */
export function columnsOfInsert({ tokens }: Statement, table: Table): readonly number[] | null {
  const depths = depthsOf(tokens);
  const values = tokens.findIndex((token, at) => depths[at] === 0 && isWord(token, "VALUES"));
  return values === -1 ? null : namesOf(table, tokens, targetAt(tokens, 0) + 1, values);
}

/** What a column holds that an INSERT leaves out; null: only SQLite can tell. */
function defaultOf(column: Column): Operand | null {
  const tokens = tokensOf(column.default ?? "NULL");
  return tokens.length === 1 && isWord(tokens[0], "NULL") ? { value: null } : plainOperand(tokens, tokens);
}

function keyOf(table: Table): readonly number[] {
  return table.rowidColumn === null ? table.key : [table.rowidColumn];
}

/** Whether the columns are the row's own key. */
export function isKey(table: Table, columns: readonly number[]): boolean {
  const key = keyOf(table);
  return columns.length === key.length && columns.every((column) => key.includes(column));
}

interface Assignment {
  /** Position among the table's columns. */
  readonly column: number;
  /** Its expression's tokens. */
  readonly from: number;
  readonly to: number;
}

/** ON CONFLICT (whole primary key) DO UPDATE SET …; undefined: more than that. */
function upsertOf(
  table: Table,
  tokens: readonly Token[],
  depths: readonly number[],
  conflict: number,
  end: number,
): Assignment[] | undefined {
  if (!isWord(tokens[conflict + 1], "CONFLICT")) return undefined;
  const close = tokens.findIndex((token, at) => at > conflict && depths[at] === 0 && isSymbol(token, ")"));
  const named = namesOf(table, tokens, conflict + 2, close + 1);
  if (named === null || !isKey(table, named)) return undefined;
  const isUpdate = ["DO", "UPDATE", "SET"].every((word, at) => isWord(tokens[close + 1 + at], word));
  if (!isUpdate || tokens.slice(close, end).some((token) => isWord(token, "WHERE", "ON"))) return undefined;
  return assignmentsOf(table, tokens, depths, close + 4, end) ?? undefined;
}

/** `a = …, b = …` of columns that are part of no key; null: anything else. */
function assignmentsOf(
  table: Table,
  tokens: readonly Token[],
  depths: readonly number[],
  from: number,
  to: number,
): Assignment[] | null {
  const found: Assignment[] = [];
  for (const [start, end] of parts(tokens, depths, from, to)) {
    const column = table.columns.findIndex(({ name }) => name.toLowerCase() === nameOf(tokens[start]));
    if (column === -1 || !isSymbol(tokens[start + 1], "=") || end - start < 3) return null;
    if (isBound(table, column) || found.some((other) => other.column === column)) return null;
    found.push({ column, from: start + 2, to: end });
  }
  return found.length === 0 ? null : found;
}

/** Whether a change of the column would move the row, or its children. */
function isBound(table: Table, column: number): boolean {
  const name = table.columns[column]?.name.toLowerCase() ?? "";
  return (
    table.rowidColumn === column ||
    table.primary.includes(column) ||
    table.referencedBy.some((key) => key.parentColumns.includes(name))
  );
}

/** Stretches between commas of the outermost depth. */
function* parts(
  tokens: readonly Token[],
  depths: readonly number[],
  from: number,
  to: number,
): Generator<[number, number]> {
  const depth = depths[from] ?? 0;
  let start = from;
  for (let at = from; at <= to; at += 1) {
    if (at < to && !(depths[at] === depth && isSymbol(tokens[at], ","))) continue;
    yield [start, at];
    start = at + 1;
  }
}

/** The columns in `(a, b)` at `from`; all of them where there are no parentheses; null: not plainly columns. */
function namesOf(table: Table, tokens: readonly Token[], from: number, to: number): number[] | null {
  if (from === to) return table.columns.map((_, at) => at);
  const inner = tokens.slice(from + 1, to - 1);
  if (!isSymbol(tokens[from], "(") || !isSymbol(tokens[to - 1], ")")) return null;
  const columns = inner.map((token, at) =>
    at % 2 === 1
      ? isSymbol(token, ",")
        ? -2
        : -1
      : table.columns.findIndex(({ name }) => name.toLowerCase() === nameOf(token)),
  );
  const named = columns.filter((column) => column !== -2);
  return columns.includes(-1) || new Set(named).size !== named.length ? null : named;
}

/** One tuple of plain values; null: anything else. */
function operandsOf(tokens: readonly Token[], depths: readonly number[], from: number, to: number): Operand[] | null {
  if (!isSymbol(tokens[from], "(") || !isSymbol(tokens[to - 1], ")")) return null;
  const operands: Operand[] = [];
  for (const [start, end] of parts(tokens, depths, from + 1, to - 1)) {
    const isNull = end - start === 1 && isWord(tokens[start], "NULL");
    const operand = isNull ? { value: null } : plainOperand(tokens, tokens.slice(start, end));
    if (operand === null) return null;
    operands.push(operand);
  }
  return operands;
}

/** Without reals: how a text of digits becomes one is SQLite's to say. */
function plainOperand(statement: readonly Token[], tokens: readonly Token[]): Operand | null {
  const operand = operandOf(statement, tokens);
  return operand !== null && "value" in operand && typeof operand.value === "number" ? null : operand;
}

/** What RETURNING lists, where it is columns; undefined: more than that. */
function columnsNamed(table: Table, tokens: readonly Token[]): number[] | undefined {
  const columns: number[] = [];
  for (const [start, end] of parts(tokens, depthsOf(tokens), 0, tokens.length)) {
    const [first, as, alias, more] = tokens.slice(start, end);
    if (isSymbol(first, "*") && as === undefined) {
      columns.push(...table.columns.keys());
      continue;
    }
    const isNamed = as === undefined || (isWord(as, "AS") && nameOf(alias) !== null && more === undefined);
    const column = table.columns.findIndex(({ name }) => name.toLowerCase() === nameOf(first));
    if (column === -1 || !isNamed) return undefined;
    columns.push(column);
  }
  return columns;
}

function rowColumns(table: Table): string[] {
  const columns = table.columns.map((column: Column) => quoteName(column.name));
  return table.rowid !== null && table.rowidColumn === null ? [...columns, quoteName(table.rowid)] : columns;
}

/** In an expression with `excluded`, these compare or call; there, a column's affinity and collation would be lost with its name. */
const plain = new Set(["+", "-", "*", "/", "%", "||", "(", ")", ".", ","]);

/** Tokens as the text of another statement, its parameters in the order in which they come. */
class Text {
  readonly sources: Source[] = [];
  isBeyond = false;
  private readonly tokens: readonly Token[];
  private readonly excluded: Table | null;

  /** @param excluded the table of an upsert: `excluded.column` becomes a parameter */
  constructor(tokens: readonly Token[], excluded: Table | null = null) {
    this.tokens = tokens;
    this.excluded = excluded;
  }

  expression(from: number, to: number): string {
    const text: string[] = [];
    const own = this.tokens.slice(from, to);
    for (let at = 0; at < own.length; at += 1) {
      const token = own[at];
      if (token === undefined) break;
      if (this.excluded !== null && nameOf(token) === "excluded" && isSymbol(own[at + 1], ".")) {
        const column = this.excluded.columns.findIndex(({ name }) => name.toLowerCase() === nameOf(own[at + 2]));
        if (column === -1 || !own.every(isPlain)) this.isBeyond = true;
        this.sources.push({ excluded: column });
        text.push("?");
        at += 2;
      } else if (token.kind === "parameter") {
        this.sources.push({ parameter: indexOfParameter(this.tokens, token) });
        text.push("?");
      } else text.push(token.text);
    }
    return text.join(" ");
  }
}

function isPlain(token: Token): boolean {
  if (token.kind === "symbol") return plain.has(token.value);
  return (
    nameOf(token) !== "nullif" && !isWord(token, "AND", "BETWEEN", "CASE", "GLOB", "IN", "IS", "LIKE", "NOT", "OR")
  );
}
