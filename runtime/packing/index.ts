/**
 * Packed bytes: what journal rows, frames and redo images are made of. Integers are varints (LEB128),
 * signed ones zigzag; text and bytes carry their length in front. Everything is read back with bounds
 * checked, so that damaged or hostile bytes end in an `UnreadableBytes`, never in a wrong value.
 */

import { recentIdsOf, type RecentIds } from "./recent-ids.ts";

export { recentIdsOf, type RecentIds };

export class UnreadableBytes extends Error {
  override readonly name = "UnreadableBytes";
}

/** A writer that grew past this for one large message gives the memory back. */
const KEPT_BYTES = 8 * 1024 * 1024;

/** Eight bytes as a number of 64 bits, and back, without the steps that Buffer's methods take. */
const eightBytes = new Uint8Array(8);
const eight = new DataView(eightBytes.buffer);

/** At the end of a transaction's id. */
const SEQUENCE_DIGITS = 8;

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** Texts up to this many characters are written one by one, sooner than by a call out of JavaScript. */
const SHORT = 40;

/** Grows as needed; one is reused for a whole turn. */
export class Writer {
  private buffer: Buffer;
  private length = 0;
  private readonly capacityBytes: number;

  constructor(capacityBytes = 4096) {
    this.capacityBytes = capacityBytes;
    this.buffer = Buffer.allocUnsafe(capacityBytes);
  }

  get sizeBytes(): number {
    return this.length;
  }

  private reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }

  byte(value: number): this {
    this.reserve(1);
    this.buffer[this.length++] = value;
    return this;
  }

  /** A whole number from 0 to 2^53 - 1. */
  varint(value: number): this {
    this.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.buffer[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.buffer[this.length++] = rest;
    return this;
  }

  /** Any 64-bit integer, 8 bytes. */
  int64(value: bigint): this {
    if (BigInt.asIntN(64, value) !== value) throw new RangeError(`${value} has more than 64 bits`);
    eight.setBigInt64(0, value, true);
    return this.eight();
  }

  float64(value: number): this {
    eight.setFloat64(0, value, true);
    return this.eight();
  }

  private eight(): this {
    this.reserve(8);
    this.buffer.set(eightBytes, this.length);
    this.length += 8;
    return this;
  }

  bytes(value: Uint8Array): this {
    this.varint(value.length);
    this.reserve(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
    return this;
  }

  text(value: string): this {
    if (value.length <= SHORT && this.shortText(value)) return this;
    const size = Buffer.byteLength(value, "utf8");
    this.varint(size);
    this.reserve(size);
    this.length += this.buffer.write(value, this.length, size, "utf8");
    return this;
  }

  /** @returns false, and nothing is written, where it is not plain ASCII */
  private shortText(value: string): boolean {
    this.reserve(value.length + 1);
    const start = this.length + 1;
    for (let at = 0; at < value.length; at += 1) {
      const code = value.charCodeAt(at);
      if (code > 0x7f) return false;
      this.buffer[start + at] = code;
    }
    this.buffer[this.length] = value.length;
    this.length = start + value.length;
    return true;
  }

  /** A copy of what was written; the writer is empty afterwards. */
  take(): Buffer {
    const out = Buffer.allocUnsafe(this.length);
    this.buffer.copy(out, 0, 0, this.length);
    this.clear();
    return out;
  }

  /** Forgets what was written. */
  clear(): void {
    this.length = 0;
    if (this.buffer.length > KEPT_BYTES) this.buffer = Buffer.allocUnsafe(this.capacityBytes);
  }
}

export class Reader {
  private readonly buffer: Buffer;
  private offset = 0;
  /** Of the last id. */
  private lastPrefix: { readonly start: number; readonly size: number; readonly recent: RecentIds } | null = null;

  constructor(bytes: Uint8Array) {
    this.buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.left <= 0;
  }

  /** Bytes that were not read yet. */
  get left(): number {
    return this.buffer.length - this.offset;
  }

  private need(bytes: number): void {
    if (bytes > this.left)
      throw new UnreadableBytes(`${bytes} bytes wanted at ${this.offset}, ${this.buffer.length} in all`);
  }

  byte(): number {
    this.need(1);
    return this.buffer[this.offset++] ?? 0;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count += 1) {
      const next = this.byte();
      value += (next & 0x7f) * scale;
      if (next < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 0x80;
    }
    throw new UnreadableBytes(`a number past ${MAX_SAFE} at ${this.offset}`);
  }

  int64(): bigint {
    this.eight();
    return eight.getBigInt64(0, true);
  }

  float64(): number {
    this.eight();
    return eight.getFloat64(0, true);
  }

  private eight(): void {
    this.need(8);
    for (let at = 0; at < 8; at += 1) eightBytes[at] = this.buffer[this.offset + at] ?? 0;
    this.offset += 8;
  }

  /** A view into the bytes given, not a copy. */
  bytes(): Uint8Array {
    const size = this.varint();
    this.need(size);
    const value = this.buffer.subarray(this.offset, this.offset + size);
    this.offset += size;
    return value;
  }

  text(): string {
    const size = this.varint();
    this.need(size);
    const value = this.buffer.toString("utf8", this.offset, this.offset + size);
    this.offset += size;
    return value;
  }
  /** A text that most often is a transaction's id, and often one that was read before: then it is the same string. */
  idText(): string {
    const start = this.offset;
    const size = this.varint();
    this.need(size);
    const sequence = this.sequenceIn(this.offset + size - SEQUENCE_DIGITS, this.offset + size);
    if (size <= SEQUENCE_DIGITS || sequence < 0) {
      this.offset = start;
      return this.text();
    }
    const recent = this.recentBehind(this.offset, this.offset + size - SEQUENCE_DIGITS);
    const known = recent.get(sequence);
    if (known !== undefined) {
      this.offset += size;
      return known;
    }
    this.offset = start;
    const id = this.text();
    recent.keep(sequence, id);
    return id;
  }

  /** Ids that begin with the same bytes as these; those of one row mostly all do. */
  private recentBehind(start: number, end: number): RecentIds {
    const { buffer, lastPrefix } = this;
    if (lastPrefix !== null && lastPrefix.size === end - start) {
      let at = 0;
      while (at < lastPrefix.size && buffer[lastPrefix.start + at] === buffer[start + at]) at += 1;
      if (at === lastPrefix.size) return lastPrefix.recent;
    }
    const recent = recentIdsOf(buffer.toString("utf8", start, end));
    this.lastPrefix = { start, size: end - start, recent };
    return recent;
  }

  /** The number that the digits are in base 36; -1 where they are none. */
  private sequenceIn(start: number, end: number): number {
    let value = 0;
    for (let at = Math.max(0, start); at < end; at += 1) {
      const byte = this.buffer[at] ?? 0;
      if (byte >= 48 && byte <= 57) value = value * 36 + byte - 48;
      else if (byte >= 97 && byte <= 122) value = value * 36 + byte - 87;
      else return -1;
    }
    return value;
  }
}
