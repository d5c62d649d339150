/** What a branch would change, as bytes: final images, locks and high marks. The journal keeps them in the prepare record. */

import { Reader, UnreadableBytes, Writer } from "../../../runtime/packing/index.ts";
import { readValue, type Value, writeValue } from "../../../runtime/values/index.ts";
import { type Lock, type Mode, modes } from "./locks.ts";
import type { Image, RowKey } from "./rows.ts";

export interface RowChange {
  /** The table's id. */
  readonly table: string;
  readonly key: RowKey;
  /** null: there was no row. */
  readonly before: Image | null;
  /** null: the row is gone. */
  readonly after: Image | null;
}

export interface Redo {
  /** Signatures of the tables that `rows` name: images mean nothing under another one. */
  readonly signatures: ReadonlyMap<string, string>;
  readonly rows: readonly RowChange[];
  /** AUTOINCREMENT marks by table name; the larger of this and what is there holds. */
  readonly marks: ReadonlyMap<string, bigint>;
  readonly locks: readonly Lock[];
}

export const emptyRedo: Redo = { signatures: new Map(), rows: [], marks: new Map(), locks: [] };

const VERSION = 1;

function writeValues(out: Writer, values: readonly Value[] | null): void {
  out.varint(values === null ? 0 : values.length + 1);
  for (const value of values ?? []) writeValue(out, value);
}

function readValues(from: Reader): Value[] | null {
  const count = from.varint();
  if (count === 0) return null;
  return Array.from({ length: count - 1 }, () => readValue(from));
}

export function packRedo(redo: Redo): Buffer {
  const out = new Writer(512);
  const tables = [...redo.signatures.keys()];
  out.byte(VERSION).varint(tables.length);
  for (const [table, signature] of redo.signatures) out.text(table).text(signature);
  out.varint(redo.rows.length);
  for (const row of redo.rows) {
    out.varint(tables.indexOf(row.table));
    writeValues(out, row.key);
    writeValues(out, row.before);
    writeValues(out, row.after);
  }
  out.varint(redo.marks.size);
  for (const [table, mark] of redo.marks) out.text(table).int64(mark);
  out.varint(redo.locks.length);
  for (const lock of redo.locks) out.byte(modes.indexOf(lock.mode)).text(lock.resource);
  return out.take();
}

/** @throws UnreadableBytes */
export function unpackRedo(bytes: Uint8Array): Redo {
  const from = new Reader(bytes);
  const version = from.byte();
  if (version !== VERSION) throw new UnreadableBytes(`redo of version ${version}, this build reads ${VERSION}`);
  const signatures = new Map(many(from, () => [from.text(), from.text()] as const));
  const tables = [...signatures.keys()];
  const rows = many(from, (): RowChange => {
    const table = tables[from.varint()];
    const key = readValues(from);
    if (table === undefined || key === null) throw new UnreadableBytes("a row of redo without a table or a key");
    return { table, key, before: readValues(from), after: readValues(from) };
  });
  const marks = new Map(many(from, () => [from.text(), from.int64()] as const));
  const locks = many(from, (): Lock => ({ mode: modeAt(from.byte()), resource: from.text() }));
  return { signatures, rows, marks, locks };
}

function modeAt(index: number): Mode {
  const mode = modes[index];
  if (mode === undefined) throw new UnreadableBytes(`no lock has the mode ${index}`);
  return mode;
}

function many<T>(from: Reader, read: () => T): T[] {
  const items: T[] = [];
  for (let left = from.varint(); left > 0; left -= 1) items.push(read());
  return items;
}
