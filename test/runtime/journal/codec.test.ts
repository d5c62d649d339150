import { readFileSync } from "node:fs";

import * as fc from "fast-check";
import { expect, test } from "vitest";

import { abortReasons } from "../../../protocols/index.ts";
import type { Entry } from "../../../runtime/engine/index.ts";
import { isWhole, readEntries, readHeader, RowWriter } from "../../../runtime/journal/codec.ts";
import { json } from "../../../runtime/journal/inspect.ts";
import { entryText } from "../../../runtime/journal/text.ts";
import { UnreadableBytes } from "../../../runtime/packing/index.ts";
import { everyEntry } from "./entries.ts";

const golden = (name: string): URL => new URL(`../../golden/journal/${name}`, import.meta.url);
const header = { sequence: 7, incarnation: 3, chain: 0xfedcba98 };

function pack(entries: readonly Entry[], writer = new RowWriter()): Buffer {
  writer.begin(header);
  for (const entry of entries) writer.add(entry);
  return writer.finish().body;
}

function hexLines(body: Buffer): string {
  return `${(body.toString("hex").match(/.{1,64}/g) ?? []).join("\n")}\n`;
}

test("the bytes of a row are those of the golden file: a difference is a new format", () => {
  expect(hexLines(pack(everyEntry))).toBe(readFileSync(golden("row-format-1.hex"), "utf8"));
});

test("the golden file of this format is still read", () => {
  const body = Buffer.from(readFileSync(golden("row-format-1.hex"), "utf8").replaceAll("\n", ""), "hex");
  expect(isWhole(body)).toBe(true);
  expect(readHeader(body)).toEqual(header);
  expect(readEntries(body)).toEqual(everyEntry);
});

test("the text of every entry is that of the golden file", () => {
  const text = everyEntry.map((entry) => `${entryText(json(entry))}\n`).join("");
  expect(text).toBe(readFileSync(golden("entries.txt"), "utf8"));
});

test("every abort reason comes back", () => {
  const entries = abortReasons.map((reason): Entry => ({
    kind: "closed",
    transaction: "c-1.0001.00000001",
    protocol: "2pc",
    outcome: { outcome: "aborted", reason, detail: "", result: null, participants: [], until: "retention" },
    atMs: 0,
  }));
  expect(readEntries(pack(entries))).toEqual(entries);
});

test.each(["retention", "closed", "acknowledged"] as const)("how long a row is kept comes back: until %s", (until) => {
  const entry: Entry = {
    kind: "closed",
    transaction: "c-1.0001.00000001",
    protocol: "3pc",
    outcome: { outcome: "heuristic", reason: null, detail: "", result: null, participants: [], until },
    atMs: 0,
  };
  expect(readEntries(pack([entry]))).toEqual([entry]);
});

test("any entries in any order come back, from a writer that is used again", () => {
  const writer = new RowWriter();
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...everyEntry), { maxLength: 40 }), (entries) => {
      expect(readEntries(pack(entries, writer))).toEqual(entries);
    }),
  );
});

test("a row with any one bit flipped is not whole", () => {
  const body = pack(everyEntry.slice(0, 3));
  for (let bit = 0; bit < body.length * 8; bit += 1) {
    const damaged = Buffer.from(body);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    expect(isWhole(damaged), `bit ${bit}`).toBe(false);
  }
});

test("a row cut short is not whole, and reading it anyway ends in an error, not in other entries", () => {
  const body = pack(everyEntry);
  for (let size = 0; size < body.length; size += 1)
    expect(isWhole(body.subarray(0, size)), `${size} bytes`).toBe(false);
  expect(() => readEntries(body.subarray(0, body.length - 1))).toThrow(UnreadableBytes);
});
