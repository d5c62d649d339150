/** Between the public API's messages and the values of the house. */

import { NemconError } from "../errors/index.ts";
import { limits, type Operation, type OperationResult, type Value } from "../values/index.ts";
import type { Operation as ProtoOperation, Operation__Output } from "./gen/nemcon/v1/Operation.ts";
import type { OperationResult as ProtoResult, OperationResult__Output } from "./gen/nemcon/v1/OperationResult.ts";
import type { SqlOperation as ProtoSql, SqlOperation__Output } from "./gen/nemcon/v1/SqlOperation.ts";
import type { Value as ProtoValue, Value__Output } from "./gen/nemcon/v1/Value.ts";

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** @throws NemconError INVALID_REQUEST for an integer of more than 64 bits, or NaN, which SQLite cannot hold */
export function valueToProto(value: Value): ProtoValue {
  if (value === null) return { null: true };
  if (typeof value === "bigint") {
    if (value < INT64_MIN || value > INT64_MAX)
      throw new NemconError("INVALID_REQUEST", `The integer ${value} has more than 64 bits.`);
    const number = Number(value);
    // A text is read digit by digit, with divisions of 64 bits.
    return { integer: Number.isSafeInteger(number) ? number : value.toString() };
  }
  if (typeof value === "number") return { real: value };
  return typeof value === "string" ? { text: value } : { blob: value };
}

/** @throws NemconError INVALID_REQUEST where no kind is set */
export function valueFromProto(value: Value__Output): Value {
  switch (value.kind) {
    case "null":
      return null;
    case "integer":
      return BigInt(value.integer ?? "0");
    case "real":
      return value.real ?? 0;
    case "text":
      return value.text ?? "";
    case "blob":
      return value.blob ?? new Uint8Array(0);
    case undefined:
      throw new NemconError("INVALID_REQUEST", "A parameter has no value: set null, integer, real, text or blob.");
    default:
      throw new NemconError("INVALID_REQUEST", `No kind of value is called ${String(value.kind satisfies never)}.`);
  }
}

export function operationToProto(operation: Operation): ProtoOperation {
  const { statement, parameters, expectRows } = operation;
  const sql: ProtoSql = { statement, expect: expectRows === null ? null : { rows: expectRows } };
  if (isList(parameters)) return { sql: { ...sql, parameters: parameters.map(valueToProto) } };
  const namedParameters = Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, valueToProto(value)]),
  );
  return { sql: { ...sql, namedParameters } };
}

/** @throws NemconError INVALID_REQUEST, TOO_MANY_OPERATIONS */
export function operationsFromProto(
  operations: readonly Operation__Output[],
  participant: string,
  most: number = limits.operationsPerBranch,
): Operation[] {
  checkOperations(operations.length, participant, most);
  return operations.map((operation, index) => {
    if (operation.kind !== "sql" || operation.sql === null || operation.sql === undefined) {
      throw new NemconError(
        "INVALID_REQUEST",
        `Operation ${index + 1} of ${participant} is of no known kind: this version runs sql.`,
      );
    }
    return sqlFromProto(operation.sql);
  });
}

/** @throws NemconError INVALID_REQUEST for none, TOO_MANY_OPERATIONS */
export function checkOperations(count: number, participant: string, most: number): void {
  if (count === 0) throw new NemconError("INVALID_REQUEST", `The branch of ${participant} has no operations.`);
  if (count <= most) return;
  throw new NemconError(
    "TOO_MANY_OPERATIONS",
    `The branch of ${participant} has ${count} operations, and it may have ${most}. Split the transaction, or combine statements.`,
  );
}

/** @throws NemconError INVALID_REQUEST */
export function sqlFromProto({ statement, parameters, namedParameters, expect }: SqlOperation__Output): Operation {
  const named = Object.entries(namedParameters);
  if (named.length > 0 && parameters.length > 0) {
    throw new NemconError(
      "INVALID_REQUEST",
      `"${statement}" has parameters by position and by name: use one of the two.`,
    );
  }
  const rows = expect?.rows;
  return {
    kind: "sql",
    statement,
    parameters:
      named.length > 0
        ? Object.fromEntries(named.map(([name, value]) => [name, valueFromProto(value)]))
        : parameters.map(valueFromProto),
    expectRows: rows === undefined || rows === null ? null : Number(rows),
  };
}

export function resultToProto({ rowsAffected, columns, rows }: OperationResult): ProtoResult {
  return { rowsAffected, columns: [...columns], rows: rows.map((row) => ({ values: row.map(valueToProto) })) };
}

export function resultFromProto({ rowsAffected, columns, rows }: OperationResult__Output): OperationResult {
  return { rowsAffected: Number(rowsAffected), columns, rows: rows.map((row) => row.values.map(valueFromProto)) };
}

function isList(parameters: Operation["parameters"]): parameters is readonly Value[] {
  return Array.isArray(parameters);
}
