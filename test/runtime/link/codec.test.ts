/** The packed frame: every message comes back as it went, the bytes stay the same, and no bytes do harm. */

import { readdirSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { transactionId } from "../../../protocols/index.ts";
import type { Envelope } from "../../../runtime/engine/index.ts";
import { decodeFrame, encodeEnvelopes, encodeSide, frameBytes, frameItems } from "../../../runtime/link/codec.ts";
import { UnreadableBytes } from "../../../runtime/packing/index.ts";
import { anyEnvelope, anySideItem } from "./arbitrary.ts";
import { goldenFrames, type GoldenFrame } from "./golden.ts";

const goldenFolder = "../../golden/frames";

function encode({ frame }: GoldenFrame): Buffer {
  return "side" in frame ? encodeSide(frame.side) : Buffer.concat(encodeEnvelopes(frame.envelopes));
}

function decodeAll(frames: readonly Uint8Array[]): Envelope[] {
  return frames.flatMap((frame) => decodeFrame(frame).envelopes);
}

/** Decoded bytes are views of Node's Buffer; equality is by content. */
function plain<T>(value: T): T {
  return structuredClone(value);
}

describe("golden bytes of version 1", () => {
  test.each([...goldenFrames])("%s", async (name, frames) => {
    const lines = frames.flatMap((golden) => [`# ${golden.comment}`, encode(golden).toString("hex"), ""]);
    await expect(lines.join("\n")).toMatchFileSnapshot(`${goldenFolder}/${name}.txt`);
    for (const golden of frames) {
      const { envelopes, side } = decodeFrame(encode(golden));
      const wanted =
        "side" in golden.frame ? { envelopes: [], side: [golden.frame.side] } : { ...golden.frame, side: [] };
      expect(plain({ envelopes, side })).toEqual(wanted);
    }
  });

  test("no file is left over from a kind that is gone", () => {
    const files = readdirSync(new URL(goldenFolder, import.meta.url)).map((file) => file.replace(/\.txt$/, ""));
    expect(files.sort()).toEqual([...goldenFrames.keys()].sort());
  });
});

test("every envelope comes back as it went, in order", () => {
  fc.assert(
    fc.property(fc.array(anyEnvelope, { maxLength: 40 }), (envelopes) => {
      expect(plain(decodeAll(encodeEnvelopes(envelopes)))).toEqual(envelopes);
    }),
    { numRuns: 1_000 },
  );
});

test("ids that share a slot of those seen lately, under many prefixes, come back as they went", () => {
  const sequences = [5, 5 + 16_384, 5, 5 + 2 * 16_384, 36 ** 8 - 1, 5 + 16_384];
  const ids = Array.from({ length: 40 }, (_, prefix) => sequences.map((each) => transactionId(`c${prefix}`, 1, each)));
  for (let round = 0; round < 2; round += 1)
    for (const id of ids.flat()) {
      const inquiry: Envelope = { transaction: id, protocol: "2pc", body: { kind: "inquire" } };
      const other: Envelope = { ...inquiry, transaction: transactionId("other", 2, 5) };
      expect(decodeAll(encodeEnvelopes([inquiry, other, inquiry]))).toEqual([inquiry, other, inquiry]);
    }
});

test("every side item comes back as it went", () => {
  fc.assert(
    fc.property(anySideItem, (item) => {
      expect(plain(decodeFrame(encodeSide(item)))).toEqual({ envelopes: [], side: [item] });
    }),
    { numRuns: 1_000 },
  );
});

/** What comes of bytes: as many items as they can hold at most, or an UnreadableBytes. */
function survives(bytes: Uint8Array): boolean {
  try {
    const { envelopes, side } = decodeFrame(bytes);
    return envelopes.length + side.length <= bytes.length;
  } catch (error) {
    return error instanceof UnreadableBytes;
  }
}

describe("hostile bytes end in UnreadableBytes or in a frame, and cost no more than their length", () => {
  test("random ones", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), survives), { numRuns: 20_000 });
  });

  test("frames with bytes changed, cut off or put in", () => {
    const change = fc.record({
      at: fc.nat(),
      value: fc.nat({ max: 255 }),
      how: fc.constantFrom("set", "cut", "insert"),
    });
    const changes = fc.array(change, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(anyEnvelope, { minLength: 1, maxLength: 8 }), changes, (envelopes, list) => {
        const bytes = Array.from(Buffer.concat(encodeEnvelopes(envelopes)));
        for (const { at, value, how } of list) {
          const index = at % Math.max(1, bytes.length);
          if (how === "set") bytes[index] = value;
          else if (how === "cut") bytes.splice(index);
          else bytes.splice(index, 0, value);
        }
        return survives(Uint8Array.from(bytes));
      }),
      { numRuns: 5_000 },
    );
  });

  test.each<[what: string, bytes: readonly number[]]>([
    ["a list of 2^49 names", [4, 0, 0, 1, 255, 255, 255, 255, 255, 255, 127]],
    ["a text of 2^49 bytes", [8, 0, 255, 255, 255, 255, 255, 255, 127]],
    ["a tag that is none", [63]],
    ["a name that was not written before", [8, 1, 3]],
    ["a prefix that was not written before", [8, 9, 1]],
    ["a protocol that is none", [8, 0, 0, 200]],
    ["a worked item without a token", [2, 0, 0, 1, 0, 1, 0]],
    ["a sequence of nine digits", [8, 1, 0, 1, 97, 1, 255, 255, 255, 255, 255, 255, 7, 1]],
  ])("%s", (_what, bytes) => {
    expect(() => decodeFrame(Uint8Array.from(bytes))).toThrow(UnreadableBytes);
  });

  test("more items than a frame may have", () => {
    const item = Buffer.concat(encodeEnvelopes([{ transaction: "", protocol: "2pc", body: { kind: "inquire" } }]));
    const bytes = Buffer.concat(Array.from({ length: frameItems + 1 }, () => item));
    expect(() => decodeFrame(bytes)).toThrow(UnreadableBytes);
  });
});

describe("a turn larger than a frame may be makes several", () => {
  test("by items", () => {
    const one: Envelope = { transaction: "c1.0001.00000001", protocol: "2pc", body: { kind: "pending" } };
    const frames = encodeEnvelopes(Array.from({ length: frameItems + 1 }, () => one));
    expect(frames.map((frame) => decodeFrame(frame).envelopes.length)).toEqual([frameItems, 1]);
  });

  test("by bytes", () => {
    const work = new Uint8Array(frameBytes / 2);
    const one: Envelope = {
      transaction: "c1.0001.00000001",
      protocol: "2pc",
      body: { kind: "work", token: null, item: 1, work },
    };
    expect(encodeEnvelopes([one, one, one]).map((frame) => decodeFrame(frame).envelopes.length)).toEqual([2, 1]);
  });
});

test("no envelopes make no frame", () => {
  expect(encodeEnvelopes([])).toEqual([]);
});
