/**
 * Transactions and values as JSON, in both directions, without losing a bit: an integer past 2^53 is
 * `{"integer":"9223372036854775807"}`, a blob `{"blob":"<base64>"}`, a real that JSON would take for an
 * integer `{"real":1}` (or `{"real":"-Infinity"}`, which JSON has no number for).
 */

import { NemconError, suggestion } from "../runtime/errors/index.ts";
import type { Operation, OperationResult, SqlOperation, Value } from "../runtime/values/index.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A whole transaction, as `nemcon tx submit` and the HTTP gateway take it. */
export interface TransactionDocument {
  /** null: the coordinator's default. */
  readonly protocol: string | null;
  /** How long votes may take, in milliseconds; null: the coordinator's default. */
  readonly timeoutMs: number | null;
  readonly branches: readonly BranchDocument[];
}

export interface BranchDocument {
  readonly participant: string;
  readonly operations: readonly Operation[];
}

const INTEGER_MIN = -(2n ** 63n);
const INTEGER_MAX = 2n ** 63n - 1n;
const LARGEST_TIMEOUT_MS = 2 ** 32 - 1;
const WHOLE = /^-?\d+$/;
/** What JSON has no number for, or would not give back as it was. */
const odd = new Map(
  [Infinity, -Infinity, Number.NaN, -0].map((real) => [Object.is(real, -0) ? "-0" : String(real), real]),
);

/** A number as it was written, where JavaScript's own would be another one. */
class Literal {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function wrong(where: string, message: string): never {
  throw new NemconError("INVALID_REQUEST", `${where === "" ? "the document" : where}: ${message}`);
}

function seen(json: unknown): string {
  if (json instanceof Literal) return json.source;
  const text = JSON.stringify(json) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/**
 * Reads JSON text; whole numbers past 2^53 keep all their digits.
 * @throws INVALID_REQUEST where it is not JSON
 */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text, (_key: string, value: unknown, context?: { readonly source?: string }) =>
      typeof value === "number" &&
      Number.isInteger(value) &&
      !Number.isSafeInteger(value) &&
      context?.source !== undefined
        ? new Literal(context.source)
        : value,
    );
  } catch (error) {
    return wrong(where, `not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function fieldsOf(json: unknown, where: string, known: readonly string[]): Fields {
  if (json === null || typeof json !== "object" || Array.isArray(json) || json instanceof Literal)
    return wrong(where, `expected an object with ${known.join(", ")}, got ${seen(json)}`);
  for (const key of Object.keys(json)) {
    if (known.includes(key)) continue;
    const meant = suggestion(key, known);
    wrong(
      where === "" ? key : `${where}.${key}`,
      `unknown key${meant === null ? `; there is ${known.join(", ")}` : `; did you mean ${meant}?`}`,
    );
  }
  return json as Fields;
}

function listOf(json: unknown, where: string, what: string): readonly unknown[] {
  return Array.isArray(json) ? json : wrong(where, `expected a list of ${what}, got ${seen(json)}`);
}

function textOf(json: unknown, where: string): string {
  if (typeof json !== "string" || json === "") return wrong(where, `expected text, got ${seen(json)}`);
  return wellFormed(json, where);
}

function wellFormed(text: string, where: string): string {
  return text.isWellFormed() ? text : wrong(where, "half of a surrogate pair is no text; use a blob for bytes");
}

function wholeOf(json: unknown, where: string, largest: number): number {
  if (typeof json === "number" && Number.isInteger(json) && json >= 0 && json <= largest) return json;
  return wrong(where, `expected a whole number from 0 to ${largest}, got ${seen(json)}`);
}

function integerFrom(text: string, where: string): bigint {
  const integer = WHOLE.test(text) ? BigInt(text) : wrong(where, `expected a whole number, got ${seen(text)}`);
  if (integer < INTEGER_MIN || integer > INTEGER_MAX) return wrong(where, `${text} does not fit into 64 bits`);
  return integer;
}

function realFrom(json: unknown, where: string): number {
  if (typeof json === "number") return json;
  if (json instanceof Literal) return Number(json.source);
  const real = typeof json === "string" ? odd.get(json) : undefined;
  return real ?? wrong(where, `expected a number or one of ${[...odd.keys()].join(", ")}, got ${seen(json)}`);
}

function blobFrom(json: unknown, where: string): Uint8Array {
  if (typeof json !== "string") return wrong(where, `expected base64, got ${seen(json)}`);
  const bytes = Buffer.from(json, "base64");
  // Node skips what is no base64; a blob that silently lacks bytes is worse than a refusal.
  if (bytes.toString("base64") !== json) return wrong(where, `not base64 (with padding): ${seen(json)}`);
  return new Uint8Array(bytes);
}

function numberFrom(json: number | Literal, where: string): bigint | number {
  if (json instanceof Literal) return WHOLE.test(json.source) ? integerFrom(json.source, where) : Number(json.source);
  if (!Number.isInteger(json)) return json;
  if (Number.isSafeInteger(json)) return BigInt(json);
  return wrong(where, `${json} is past 2^53 and may have lost digits; write {"integer":"…"} or {"real":…}`);
}

/**
 * One SQL value.
 * @param where the place in the document, for the message
 * @throws INVALID_REQUEST
 */
export function valueFromJson(json: unknown, where: string): Value {
  if (json === null) return null;
  if (typeof json === "string") return wellFormed(json, where);
  if (typeof json === "number" || json instanceof Literal) return numberFrom(json, where);
  if (typeof json === "boolean") return wrong(where, `SQLite has no booleans: write ${json ? 1 : 0}`);
  const fields = fieldsOf(json, where, ["integer", "real", "blob"]);
  const [key, ...more] = Object.keys(fields);
  if (more.length > 0) return wrong(where, `expected one of integer, real, blob, got ${seen(json)}`);
  switch (key) {
    case "integer":
      return typeof fields[key] === "string"
        ? integerFrom(fields[key], where)
        : wrong(where, 'write the integer as text: {"integer":"1"}');
    case "real":
      return realFrom(fields[key], where);
    case "blob":
      return blobFrom(fields[key], where);
    default:
      return wrong(where, `expected a value, got ${seen(json)}`);
  }
}

/** The inverse of `valueFromJson`. */
export function valueToJson(value: Value): Json {
  if (value === null || typeof value === "string") return value;
  if (typeof value === "bigint") {
    const small = Number(value);
    return Number.isSafeInteger(small) ? small : { integer: value.toString() };
  }
  if (typeof value === "number") {
    if (Object.is(value, -0)) return { real: "-0" };
    if (!Number.isFinite(value)) return { real: String(value) };
    return Number.isInteger(value) ? { real: value } : value;
  }
  return { blob: Buffer.from(value).toString("base64") };
}

/**
 * Parameters of a statement: a list for `?`, an object for `:name`.
 * @throws INVALID_REQUEST
 */
export function parametersFromJson(json: unknown, where: string): SqlOperation["parameters"] {
  if (Array.isArray(json)) return json.map((item, index) => valueFromJson(item, `${where}[${index}]`));
  if (json === null || typeof json !== "object" || json instanceof Literal)
    return wrong(where, `expected a list, or an object for named parameters, got ${seen(json)}`);
  return Object.fromEntries(
    Object.entries(json).map(([name, item]) => [name, valueFromJson(item, `${where}.${name}`)]),
  );
}

function parametersToJson(parameters: SqlOperation["parameters"]): Json {
  if (Array.isArray(parameters)) return (parameters as readonly Value[]).map(valueToJson);
  const named = Object.entries(parameters as Readonly<Record<string, Value>>);
  return Object.fromEntries(named.map(([name, value]) => [name, valueToJson(value)]));
}

/** @throws INVALID_REQUEST */
export function operationFromJson(json: unknown, where: string): Operation {
  const fields = fieldsOf(json, where, ["sql", "parameters", "expect"]);
  const expect = fields["expect"] === undefined ? null : fieldsOf(fields["expect"], `${where}.expect`, ["rows"]);
  return {
    kind: "sql",
    statement: textOf(fields["sql"], `${where}.sql`),
    parameters:
      fields["parameters"] === undefined ? [] : parametersFromJson(fields["parameters"], `${where}.parameters`),
    expectRows: expect === null ? null : wholeOf(expect["rows"], `${where}.expect.rows`, Number.MAX_SAFE_INTEGER),
  };
}

/** The inverse of `operationFromJson`. */
export function operationToJson(operation: Operation): Json {
  const json: Record<string, Json> = { sql: operation.statement, parameters: parametersToJson(operation.parameters) };
  if (operation.expectRows !== null) json["expect"] = { rows: operation.expectRows };
  return json;
}

function branchFromJson(json: unknown, where: string): BranchDocument {
  const fields = fieldsOf(json, where, ["participant", "operations"]);
  const operations = listOf(fields["operations"], `${where}.operations`, "operations");
  return {
    participant: textOf(fields["participant"], `${where}.participant`),
    operations: operations.map((item, index) => operationFromJson(item, `${where}.operations[${index}]`)),
  };
}

/**
 * A whole transaction.
 * @throws INVALID_REQUEST, naming the place in the document
 */
export function documentFromJson(json: unknown): TransactionDocument {
  const fields = fieldsOf(json, "", ["protocol", "timeout", "branches"]);
  const branches = listOf(fields["branches"], "branches", "branches");
  return {
    protocol: fields["protocol"] === undefined ? null : textOf(fields["protocol"], "protocol"),
    timeoutMs: fields["timeout"] === undefined ? null : wholeOf(fields["timeout"], "timeout", LARGEST_TIMEOUT_MS),
    branches: branches.map((item, index) => branchFromJson(item, `branches[${index}]`)),
  };
}

/** The inverse of `documentFromJson`. */
export function documentToJson(document: TransactionDocument): Json {
  const json: Record<string, Json> = {};
  if (document.protocol !== null) json["protocol"] = document.protocol;
  if (document.timeoutMs !== null) json["timeout"] = document.timeoutMs;
  json["branches"] = document.branches.map(({ participant, operations }) => ({
    participant,
    operations: operations.map(operationToJson),
  }));
  return json;
}

/** What an operation gave back. */
export function resultToJson({ rowsAffected, columns, rows }: OperationResult): Json {
  return { rowsAffected, columns, rows: rows.map((row) => row.map(valueToJson)) };
}
