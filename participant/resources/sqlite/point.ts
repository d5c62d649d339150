/** Statements that look at one row by its whole key: the row is locked, not the table. */

import type { Value } from "../../../runtime/values/index.ts";
import { type Bound, indexOfParameter } from "./parameters.ts";
import { type Affinity, columnCollations, type Schema, type Table } from "./schema.ts";
import { type Statement, targetAt } from "./statement.ts";
import { depthsOf, isSymbol, isWord, nameOf, type Token } from "./tokens.ts";

/** A unique key and the values that the statement asks for. */
export interface Point {
  readonly table: Table;
  /** null: the rowid itself. */
  readonly index: {
    readonly name: string;
    readonly columns: readonly number[];
    readonly collations: Table["keyCollations"];
  } | null;
  readonly values: readonly Value[];
}

/** A value that the text holds, or the place of one among the parameters. */
export type Operand = { readonly parameter: number } | { readonly value: Value };

/** What the text alone says of its point; which key it is by depends on the kinds of the values too. */
export interface Pattern {
  readonly table: Table;
  readonly candidates: readonly {
    readonly index: Point["index"];
    readonly parts: readonly { readonly operand: Operand; readonly affinity: Affinity }[];
  }[];
}

/** What `column = value` conjuncts say: column (as named) to its operand. */
type Equalities = ReadonlyMap<string, Operand>;

/** @returns null where the statement is not plainly of this sort: then its tables are locked */
export function patternOf(statement: Statement, schema: Schema): Pattern | null {
  const found = tableAndPredicate(statement);
  const table = found === null ? undefined : schema.tables.get(found.table);
  if (found === null || table === undefined) return null;
  const equalities = equalitiesOf(statement, found.predicate, new Set([found.table, found.alias]));
  if (equalities === null) return null;
  const candidates = [...byRowid(table, equalities), ...byIndex(table, equalities)];
  return candidates.length === 0 ? null : { table, candidates };
}

/** @returns null where no value is of a kind that the key compares as it is */
export function pointOf({ table, candidates }: Pattern, bound: Bound): Point | null {
  for (const { index, parts } of candidates) {
    const values: Value[] = [];
    for (const { operand, affinity } of parts) {
      const value = valueOf(operand, bound);
      if (index === null ? typeof value !== "bigint" : !comparesAsIs(value, affinity)) break;
      values.push(value);
    }
    if (values.length === parts.length) return { table, index, values };
  }
  return null;
}

export function valueOf(operand: Operand, bound: Bound): Value {
  return "value" in operand ? operand.value : (bound.values[operand.parameter] ?? null);
}

function tableAndPredicate({
  tokens,
  verb,
}: Statement): { table: string; alias: string; predicate: readonly Token[] } | null {
  if (
    verb === "insert" ||
    isWord(tokens[0], "WITH") ||
    tokens.filter((token) => isWord(token, "SELECT")).length > (verb === "select" ? 1 : 0)
  )
    return null;
  if (tokens.some((token) => isWord(token, "UNION", "INTERSECT", "EXCEPT", "JOIN", "BETWEEN", "VALUES"))) return null;
  const depths = depthsOf(tokens);
  const top = (from: number, ...words: string[]): number =>
    tokens.findIndex((token, at) => at >= from && depths[at] === 0 && isWord(token, ...words));
  const from = top(0, "FROM");
  if ((verb === "update") !== (from === -1)) return null;
  const name = targetAt(tokens, verb === "select" ? from : 0);
  const where = top(name, "WHERE");
  if (where === -1) return null;
  const end = top(where, "RETURNING", "ORDER", "GROUP", "LIMIT", "HAVING", "WINDOW");
  const table = nameOf(tokens[name]);
  const between = tokens
    .slice(name + 1, verb === "update" ? top(name, "SET") : where)
    .filter((token) => !isWord(token, "AS"));
  // Anything but an alias here (a comma, INDEXED BY, a call's parentheses) is more than this reads.
  if (table === null || between.length > 1 || (between.length === 1 && nameOf(between[0]) === null)) return null;
  return {
    table,
    alias: nameOf(between[0]) ?? table,
    predicate: tokens.slice(where + 1, end === -1 ? undefined : end),
  };
}

function equalitiesOf(
  { tokens }: Statement,
  predicate: readonly Token[],
  qualifiers: ReadonlySet<string>,
): Equalities | null {
  const depths = depthsOf(predicate);
  if (predicate.some((token, at) => depths[at] === 0 && isWord(token, "OR"))) return null;
  const found = new Map<string, Operand>();
  let start = 0;
  for (let at = 0; at <= predicate.length; at += 1) {
    if (at < predicate.length && !(depths[at] === 0 && isWord(predicate[at], "AND"))) continue;
    const part = predicate.slice(start, at);
    start = at + 1;
    const sign = part.findIndex((token) => isSymbol(token, "=") || isSymbol(token, "=="));
    if (sign === -1) continue;
    const [left, right] = [part.slice(0, sign), part.slice(sign + 1)];
    const column = columnNamed(left, qualifiers) ?? columnNamed(right, qualifiers);
    const operand = operandOf(tokens, columnNamed(left, qualifiers) === null ? left : right);
    if (column !== null && operand !== null) found.set(column, operand);
  }
  return found;
}

function columnNamed(tokens: readonly Token[], qualifiers: ReadonlySet<string>): string | null {
  if (tokens.length === 1) return nameOf(tokens[0]);
  const qualifier = nameOf(tokens[0]);
  const isQualified =
    tokens.length === 3 && isSymbol(tokens[1], ".") && qualifier !== null && qualifiers.has(qualifier);
  return isQualified ? nameOf(tokens[2]) : null;
}

/** @param operand tokens of the statement @returns null where they are more than a value */
export function operandOf(statement: readonly Token[], operand: readonly Token[]): Operand | null {
  const [first, second] = operand;
  if (first === undefined || operand.length > 2) return null;
  if (second !== undefined) {
    const value = isSymbol(first, "-") && second.kind === "number" ? numberOf(second.value) : undefined;
    return value === undefined ? null : { value: -value };
  }
  if (first.kind === "parameter") return { parameter: indexOfParameter(statement, first) };
  if (first.kind === "string") return { value: first.value };
  if (first.kind === "blob") return { value: Buffer.from(first.value, "hex") };
  const value = first.kind === "number" ? numberOf(first.value) : undefined;
  return value === undefined ? null : { value };
}

function numberOf(text: string): bigint | number | undefined {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  // Hexadecimal, separators and what overflows are left to SQLite.
  return /^[\d.]+(?:[eE][+-]?\d+)?$/.test(text) && /[.eE]/.test(text) ? Number(text) : undefined;
}

/** Whether the column compares the value as it is: other kinds are converted first, by rules that only SQLite should apply. */
function comparesAsIs(value: Value, affinity: Affinity): boolean {
  if (value === null) return false;
  if (value instanceof Uint8Array || affinity === "blob") return true;
  return affinity === "text" ? typeof value === "string" : typeof value !== "string";
}

function byRowid(table: Table, equalities: Equalities): Pattern["candidates"] {
  if (table.rowid === null) return [];
  const shadowed = new Set(table.columns.map((column) => column.name.toLowerCase()));
  const names = [table.rowid.toLowerCase(), ...["rowid", "_rowid_", "oid"].filter((name) => !shadowed.has(name))];
  const operand = names.map((name) => equalities.get(name)).find((known) => known !== undefined);
  return operand === undefined ? [] : [{ index: null, parts: [{ operand, affinity: "integer" }] }];
}

function byIndex(table: Table, equalities: Equalities): Pattern["candidates"] {
  const compare = columnCollations(table);
  return table.unique.flatMap((index) => {
    if (index.whole || index.name === "rowid") return [];
    const parts = index.columns.flatMap((at, part) => {
      const column = table.columns[at];
      const operand = column === undefined ? undefined : equalities.get(column.name.toLowerCase());
      // An index that compares otherwise than the column would name other rows.
      const fits = operand !== undefined && column !== undefined && compare[at] === index.collations[part];
      return fits ? [{ operand, affinity: column.affinity }] : [];
    });
    return parts.length === index.columns.length ? [{ index, parts }] : [];
  });
}
