/**
 * Packed bytes: what journal rows, frames and redo images are made of. Integers are varints (LEB128),
 * signed ones zigzag; text and bytes carry their length in front. Everything is read back with bounds
 * checked, so that damaged or hostile bytes end in an `UnreadableBytes`, never in a wrong value.
 */

export class UnreadableBytes extends Error {
  override readonly name = "UnreadableBytes";
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** Grows as needed; one is reused for a whole turn. */
export class Writer {
  private buffer: Buffer;
  private length = 0;

  constructor(capacityBytes = 4096) {
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
    this.reserve(8);
    this.buffer.writeBigInt64LE(value, this.length);
    this.length += 8;
    return this;
  }

  float64(value: number): this {
    this.reserve(8);
    this.buffer.writeDoubleLE(value, this.length);
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
    const size = Buffer.byteLength(value, "utf8");
    this.varint(size);
    this.reserve(size);
    this.length += this.buffer.write(value, this.length, size, "utf8");
    return this;
  }

  /** A copy of what was written; the writer is empty afterwards. */
  take(): Buffer {
    const out = Buffer.from(this.buffer.subarray(0, this.length));
    this.length = 0;
    return out;
  }
}

export class Reader {
  private readonly buffer: Buffer;
  private offset = 0;

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
    this.need(8);
    const value = this.buffer.readBigInt64LE(this.offset);
    this.offset += 8;
    return value;
  }

  float64(): number {
    this.need(8);
    const value = this.buffer.readDoubleLE(this.offset);
    this.offset += 8;
    return value;
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
}
