/** The packed form of a branch's work and of its results: opaque bytes to machines, journals and links. */

import { Reader, UnreadableBytes, Writer } from "../packing/index.ts";
import type { Operation, OperationResult, Value } from "./values.ts";

/** The version of the packed form, which public API messages name; the peer link's frame version covers it too. */
export const PACKING = 1;

const tag = { null: 0, integer: 1, real: 2, text: 3, blob: 4 } as const;

/** Appends one value, its kind in front: resources pack their redo images with it. */
export function writeValue(out: Writer, value: Value): void {
  if (value === null) out.byte(tag.null);
  else if (typeof value === "bigint") out.byte(tag.integer).int64(value);
  else if (typeof value === "number") out.byte(tag.real).float64(value);
  else if (typeof value === "string") out.byte(tag.text).text(value);
  else out.byte(tag.blob).bytes(value);
}

/** @throws UnreadableBytes */
export function readValue(from: Reader): Value {
  const kind = from.byte();
  switch (kind) {
    case tag.null:
      return null;
    case tag.integer:
      return from.int64();
    case tag.real:
      return from.float64();
    case tag.text:
      return from.text();
    case tag.blob:
      return from.bytes();
    default:
      throw new UnreadableBytes(`no value has the tag ${kind}`);
  }
}

function many<T>(from: Reader, read: (from: Reader) => T): T[] {
  const count = from.varint();
  // Each takes a byte at least: a row of no columns is none, and would be read 2^53 times.
  if (count > from.left) throw new UnreadableBytes(`${count} items in ${from.left} bytes`);
  const items: T[] = [];
  for (let index = 0; index < count; index += 1) items.push(read(from));
  return items;
}

/** Packing is synchronous and leaves with a copy, so one writer serves the whole process. */
const out = new Writer(4096);

/** Packs a branch's operations. */
export function packWork(operations: readonly Operation[]): Buffer {
  out.clear();
  out.varint(operations.length);
  for (const operation of operations) {
    out.text(operation.statement);
    out.varint(operation.expectRows === null ? 0 : operation.expectRows + 1);
    if (Array.isArray(operation.parameters)) {
      out.byte(0).varint(operation.parameters.length);
      for (const value of operation.parameters as readonly Value[]) writeValue(out, value);
    } else {
      const named = Object.entries(operation.parameters as Readonly<Record<string, Value>>);
      out.byte(1).varint(named.length);
      for (const [name, value] of named) {
        out.text(name);
        writeValue(out, value);
      }
    }
  }
  return out.take();
}

/** How many operations packed work says that it has; 0 where it says nothing that can be read. Its reader finds out the rest. */
export function countOperations(bytes: Uint8Array): number {
  try {
    return new Reader(bytes).varint();
  } catch (thrown) {
    if (thrown instanceof UnreadableBytes) return 0;
    throw thrown;
  }
}

/** @throws UnreadableBytes */
export function unpackWork(bytes: Uint8Array): Operation[] {
  return many(new Reader(bytes), readOperation);
}

function readOperation(from: Reader): Operation {
  const statement = from.text();
  const expect = from.varint();
  const named = from.byte() === 1;
  const parameters = named
    ? Object.fromEntries(many(from, () => [from.text(), readValue(from)] as const))
    : many(from, readValue);
  return { kind: "sql", statement, parameters, expectRows: expect === 0 ? null : expect - 1 };
}

/** Packs what the operations of a branch gave back. */
export function packResults(results: readonly OperationResult[]): Buffer {
  out.clear();
  out.varint(results.length);
  for (const result of results) {
    out.varint(result.rowsAffected).varint(result.columns.length);
    for (const column of result.columns) out.text(column);
    out.varint(result.rows.length);
    for (const row of result.rows) for (const value of row) writeValue(out, value);
  }
  return out.take();
}

/** @throws UnreadableBytes */
export function unpackResults(bytes: Uint8Array): OperationResult[] {
  if (bytes.length === 0) return [];
  return many(new Reader(bytes), readResult);
}

const NONE: readonly never[] = [];

function readResult(from: Reader): OperationResult {
  const rowsAffected = from.varint();
  const columns = many(from, readText);
  const rows = many(from, () => columns.map(() => readValue(from)));
  // Most statements give back no rows: then nothing is kept for them.
  return { rowsAffected, columns: columns.length === 0 ? NONE : columns, rows: rows.length === 0 ? NONE : rows };
}

function readText(from: Reader): string {
  return from.text();
}
