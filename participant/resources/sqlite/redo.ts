/** What a branch would change, as bytes: final images, locks and high marks. The journal keeps them in the prepare record. */

import { Reader, UnreadableBytes, Writer } from "../../../runtime/packing/index.ts";
import { readValue, type Value, writeValue } from "../../../runtime/values/index.ts";
import { isSame } from "./keys.ts";
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

/** What a branch would change. */
export interface Changes {
  /** Signatures of the tables that `rows` name: images mean nothing under another one. */
  readonly signatures: ReadonlyMap<string, string>;
  readonly rows: readonly RowChange[];
  /** AUTOINCREMENT marks by table name; the larger of this and what is there holds. */
  readonly marks: ReadonlyMap<string, bigint>;
}

export interface Redo extends Changes {
  readonly locks: readonly Lock[];
}

export const noChanges: Changes = { signatures: new Map(), rows: [], marks: new Map() };

const VERSION = 2;

/** How a row is packed: of an update, the columns that differ. */
const shape = { none: 0, insert: 1, delete: 2, whole: 3, update: 4 } as const;

function writeValues(out: Writer, values: readonly Value[]): void {
  out.varint(values.length);
  for (const value of values) writeValue(out, value);
}

function readValues(from: Reader): Value[] {
  return many(from, () => readValue(from));
}

function writeImages(out: Writer, { before, after }: RowChange): void {
  if (before === null || after === null) {
    out.byte(before !== null ? shape.delete : after !== null ? shape.insert : shape.none);
    const image = before ?? after;
    if (image !== null) writeValues(out, image);
    return;
  }
  if (before.length !== after.length) {
    out.byte(shape.whole);
    writeValues(out, before);
    writeValues(out, after);
    return;
  }
  out.byte(shape.update);
  writeValues(out, before);
  const changed = changedAt(before, after);
  out.varint(changed.length);
  for (const at of changed) writeValue(out.varint(at), after[at] ?? null);
}

function readImages(from: Reader): Pick<RowChange, "before" | "after"> {
  const kind = from.byte();
  switch (kind) {
    case shape.none:
      return { before: null, after: null };
    case shape.insert:
      return { before: null, after: readValues(from) };
    case shape.delete:
      return { before: readValues(from), after: null };
    case shape.whole:
      return { before: readValues(from), after: readValues(from) };
    case shape.update: {
      const before = readValues(from);
      const after = [...before];
      for (let left = from.varint(); left > 0; left -= 1) {
        const at = from.varint();
        if (at >= before.length) throw new UnreadableBytes(`column ${at} of ${before.length} in a row of redo`);
        after[at] = readValue(from);
      }
      return { before, after };
    }
    default:
      throw new UnreadableBytes(`no row of redo has the shape ${kind}`);
  }
}

/** Positions at which two images of one row differ. */
export function changedAt(before: Image, after: Image): number[] {
  const changed: number[] = [];
  for (let at = 0; at < after.length; at += 1) if (!isSame(before[at] ?? null, after[at] ?? null)) changed.push(at);
  return changed;
}

const out = new Writer();

export function packRedo(changes: Changes, locks: readonly Lock[]): Buffer {
  out.clear();
  const tables = [...changes.signatures.keys()];
  out.byte(VERSION).varint(tables.length);
  for (const [table, signature] of changes.signatures) out.text(table).text(signature);
  out.varint(changes.rows.length);
  for (const row of changes.rows) {
    out.varint(tables.indexOf(row.table));
    writeValues(out, row.key);
    writeImages(out, row);
  }
  out.varint(changes.marks.size);
  for (const [table, mark] of changes.marks) out.text(table).int64(mark);
  out.varint(locks.length);
  for (const lock of locks) out.byte(modes.indexOf(lock.mode)).text(lock.resource);
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
    if (table === undefined) throw new UnreadableBytes("a row of redo without a table");
    return { table, key: readValues(from), ...readImages(from) };
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
