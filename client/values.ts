/** SQL values as JavaScript has them, in and out. */

import { NemconError } from "../runtime/errors/index.ts";
import { operationToProto, resultFromProto } from "../runtime/link/index.ts";
import type { Operation as HouseOperation, OperationResult, Value as HouseValue } from "../runtime/values/index.ts";

/** A number that is REAL even where it is whole: `real(1)`. */
export class Real {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** 1 and 1.0 are the same number in JavaScript and become INTEGER; this makes it REAL. */
export function real(value: number): Real {
  return new Real(value);
}

/**
 * What may be bound to a parameter. A safe integer becomes INTEGER, any other number REAL; a boolean becomes
 * 0 or 1; a bigint has at most 64 bits.
 */
export type Parameter = null | boolean | number | bigint | string | Uint8Array | Real;

/** By position for `?`, or by name for `:name`, without the sign. */
export type Parameters = readonly Parameter[] | Readonly<Record<string, Parameter>>;

/** What comes back. INTEGER is a number where that is exact, otherwise (or with the option `bigint`) a bigint. */
export type Value = null | number | bigint | string | Uint8Array;

export interface Expectation {
  /** The statement changes, or returns, exactly this many rows; otherwise the branch votes no. */
  readonly rows: number;
}

/** One statement of a branch. */
export interface Operation {
  readonly sql: string;
  readonly parameters?: Parameters;
  readonly expect?: Expectation;
}

/** What a statement gave back. */
export class Result {
  /** Rows changed by the statement, or returned by a query. */
  readonly rowsAffected: number;
  readonly columns: readonly string[];
  /** Values in the order of `columns`. */
  readonly rows: readonly (readonly Value[])[];

  constructor(rowsAffected: number, columns: readonly string[], rows: readonly (readonly Value[])[]) {
    this.rowsAffected = rowsAffected;
    this.columns = columns;
    this.rows = rows;
  }

  /** The rows as objects; of two columns of one name the last one counts. */
  objects(): Record<string, Value>[] {
    return this.rows.map((row) => Object.fromEntries(this.columns.map((column, at) => [column, row[at] ?? null])));
  }
}

type OperationMessage = ReturnType<typeof operationToProto>;
type ResultMessage = globalThis.Parameters<typeof resultFromProto>[0];

/** @throws NemconError INVALID_REQUEST for a value that SQLite cannot hold */
export function houseOperation({ sql, parameters = [], expect }: Operation): HouseOperation {
  return {
    kind: "sql",
    statement: sql,
    parameters: houseParameters(sql, parameters),
    expectRows: expect?.rows ?? null,
  };
}

/** @throws NemconError INVALID_REQUEST for a value that SQLite cannot hold */
export function operationMessage(operation: Operation): OperationMessage {
  return operationToProto(houseOperation(operation));
}

export function resultOf(message: ResultMessage, bigints: boolean): Result {
  return resultFrom(resultFromProto(message), bigints);
}

export function resultFrom({ rowsAffected, columns, rows }: OperationResult, bigints: boolean): Result {
  // Most statements give back no rows.
  const own = rows.length === 0 ? rows : rows.map((row) => row.map((value) => valueOf(value, bigints)));
  return new Result(rowsAffected, columns, own);
}

function houseParameters(sql: string, parameters: Parameters): HouseOperation["parameters"] {
  if (isList(parameters)) {
    const values: HouseValue[] = [];
    for (const value of parameters) values.push(houseValue(value, values.length + 1, sql));
    return values;
  }
  const named = Object.entries(parameters);
  return Object.fromEntries(named.map(([name, value]) => [name, houseValue(value, name, sql)]));
}

function isList(parameters: Parameters): parameters is readonly Parameter[] {
  return Array.isArray(parameters);
}

/** @param which the parameter's number, from 1, or its name */
function houseValue(value: Parameter, which: number | string, sql: string): HouseValue {
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  const plain = value instanceof Real ? value.value : value;
  if (typeof plain === "boolean") return plain ? 1n : 0n;
  if (typeof plain === "bigint" && BigInt.asIntN(64, plain) !== plain)
    throw new NemconError(
      "INVALID_REQUEST",
      `Parameter ${which} of "${sql}" is ${plain}, which has more than 64 bits.`,
    );
  const known = plain === null || plain instanceof Uint8Array || ["number", "bigint", "string"].includes(typeof plain);
  if (known && !Number.isNaN(plain)) return plain;
  const what = known ? "NaN" : typeof plain;
  throw new NemconError("INVALID_REQUEST", `Parameter ${which} of "${sql}" is ${what}, which is no SQL value.`);
}

function valueOf(value: HouseValue, bigints: boolean): Value {
  if (typeof value === "bigint") {
    const number = Number(value);
    return bigints || !Number.isSafeInteger(number) ? value : number;
  }
  // A copy: what protobuf gives is a view that keeps the whole message in memory.
  return value instanceof Uint8Array ? new Uint8Array(value) : value;
}
