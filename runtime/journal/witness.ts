/**
 * The witness: a small file beside the journal that says how far the journal came. It is written in place
 * after each commit has returned, and never forced by itself: so it can lag behind what is durable, after a
 * power failure, but never lead. A journal that has less than its witness saw was shortened or restored.
 *
 * Two slots take turns, a disk sector or more apart, so that a torn write spoils one of them only.
 */

import { closeSync, existsSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";

import { syncDirectory } from "./directory.ts";

/** How far a journal came. */
interface Testimony {
  /** The log's id, a UUID. */
  readonly log: string;
  readonly incarnation: number;
  /** The last row; 0: none was ever written. */
  readonly sequence: number;
  /** That row's checksum; the log's origin where there is none. */
  readonly chain: number;
}

/** `torn`: a witness whose slots are both unreadable. */
export type Witnessed = Testimony | "missing" | "torn";

const MAGIC = 0x77_6d_65_6e; // "nemw"
const SLOT_BYTES = 64;
const SLOT_APART = 4096;
const AT = { magic: 0, count: 4, log: 12, incarnation: 28, sequence: 36, chain: 44, checksum: 60 } as const;

export function witnessFile(database: string): string {
  return `${database}-witness`;
}

/** Reads the newer of the two slots that is whole. */
export function readWitness(database: string): Witnessed {
  const file = witnessFile(database);
  if (!existsSync(file)) return "missing";
  const descriptor = openSync(file, "r");
  try {
    const slots = [0, 1].map((slot) => readSlot(descriptor, slot)).filter((slot) => slot !== null);
    slots.sort((a, b) => b.count - a.count);
    return slots[0]?.testimony ?? "torn";
  } finally {
    closeSync(descriptor);
  }
}

function readSlot(descriptor: number, slot: number): { readonly count: number; readonly testimony: Testimony } | null {
  const bytes = Buffer.alloc(SLOT_BYTES);
  if (readSync(descriptor, bytes, 0, SLOT_BYTES, slot * SLOT_APART) < SLOT_BYTES) return null;
  if (bytes.readUInt32LE(AT.magic) !== MAGIC) return null;
  if (crc32(bytes.subarray(0, AT.checksum)) !== bytes.readUInt32LE(AT.checksum)) return null;
  return {
    count: bytes.readDoubleLE(AT.count),
    testimony: {
      log: uuidText(bytes.subarray(AT.log, AT.incarnation)),
      incarnation: bytes.readDoubleLE(AT.incarnation),
      sequence: bytes.readDoubleLE(AT.sequence),
      chain: bytes.readUInt32LE(AT.chain),
    },
  };
}

/** The witness of a journal that is open for writing. */
export class Witness {
  private readonly descriptor: number;
  private readonly slot = Buffer.alloc(SLOT_BYTES);
  private count: number;

  /** Opens it, or makes it; `log` is the id that it will speak for. */
  constructor(database: string, log: string) {
    const file = witnessFile(database);
    const isNew = !existsSync(file);
    this.descriptor = openSync(file, isNew ? "w+" : "r+", 0o600);
    this.count = Math.max(0, ...[0, 1].map((slot) => readSlot(this.descriptor, slot)?.count ?? 0));
    this.slot.writeUInt32LE(MAGIC, AT.magic);
    this.slot.set(uuidBytes(log), AT.log);
    if (isNew) syncDirectory(dirname(file));
  }

  /** Says how far the journal durably is. @throws on I/O trouble */
  write(incarnation: number, sequence: number, chain: number): void {
    const { slot } = this;
    this.count += 1;
    slot.writeDoubleLE(this.count, AT.count);
    slot.writeDoubleLE(incarnation, AT.incarnation);
    slot.writeDoubleLE(sequence, AT.sequence);
    slot.writeUInt32LE(chain, AT.chain);
    slot.writeUInt32LE(crc32(slot.subarray(0, AT.checksum)), AT.checksum);
    writeSync(this.descriptor, slot, 0, SLOT_BYTES, (this.count % 2) * SLOT_APART);
  }

  /** Makes it durable: at start, at a checkpoint and at the end. @throws on I/O trouble */
  sync(): void {
    fsyncSync(this.descriptor);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

function uuidBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll("-", ""), "hex");
}

function uuidText(bytes: Buffer): string {
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
