/** What waits for a peer that takes its frames slowly: order, bounds, and what is never shed. */

import { describe, expect, test } from "vitest";
import type { Message } from "../../../protocols/index.ts";
import type { Envelope } from "../../../runtime/engine/index.ts";
import { decodeFrame } from "../../../runtime/link/codec.ts";
import { Outbox, type OutboxBounds } from "../../../runtime/link/outbox.ts";

const bounds: OutboxBounds = { inFlightBytes: 1_000_000, inFlightFrames: 1, queuedBytes: 200, urgentBytes: 400 };

/** An outbox whose stream takes a frame when told to. */
function open(changed: Partial<OutboxBounds> = {}): {
  box: Outbox;
  written: string[];
  take: () => void;
  overflows: () => number;
} {
  const written: string[] = [];
  const waiting: (() => void)[] = [];
  let count = 0;
  const write = (rows: Buffer, taken: () => void): void => {
    const { envelopes, side } = decodeFrame(rows);
    written.push([...envelopes.map(({ body }) => body.kind), ...side.map(({ kind }) => kind)].join(" "));
    waiting.push(taken);
  };
  const box = new Outbox({ write, overflow: () => void (count += 1) }, { ...bounds, ...changed });
  return { box, written, take: () => waiting.shift()?.(), overflows: () => count };
}

function envelope(body: Message): Envelope {
  return { transaction: "c1.0001.00000001", protocol: "2pc", body };
}

const commit = envelope({ kind: "decision", decision: "commit" });
const work = envelope({ kind: "work", token: null, item: 1, work: new Uint8Array(50) });
const prepare = envelope({ kind: "prepare", participants: [], token: null, workCount: 1, work: new Uint8Array(50) });
const watermark = { kind: "watermark", below: "c1.0001.00000001", except: [] } as const;

test("a turn is one write while the stream takes frames", () => {
  const { box, written } = open({ inFlightFrames: 10 });
  box.send([work, commit, prepare]);
  box.send([commit]);
  expect(written).toEqual(["work decision prepare", "decision"]);
});

test("what finishes transactions leaves before what begins them", () => {
  const { box, written, take } = open();
  box.send([work]);
  box.send([prepare, commit]);
  box.sendSide(watermark);
  box.send([commit]);
  for (let frames = 0; frames < 5; frames += 1) take();
  expect(written).toEqual(["work", "decision", "decision", "prepare", "watermark"]);
  expect(box.queuedBytes).toBe(0);
});

test("nothing passes a queue: a turn after it waits behind it", () => {
  const { box, written, take } = open({ inFlightFrames: 2 });
  box.send([work]);
  box.send([work]);
  box.send([prepare]);
  take();
  box.send([work]);
  expect(written).toEqual(["work", "work", "prepare"]);
});

describe("past the bound", () => {
  test("work and prepares are shed and counted, decisions are not", () => {
    const { box, written, take } = open();
    box.send([work]);
    for (let turn = 0; turn < 10; turn += 1) box.send([prepare, work, commit]);
    const queued = written.length;
    while (box.queuedBytes > 0) take();
    const after = written.slice(queued);
    expect(after.filter((frame) => frame === "decision")).toHaveLength(10);
    const kept = after.filter((frame) => frame === "prepare work").length;
    expect(box.shed).toBe(2 * (10 - kept));
    expect(kept).toBe(2);
  });

  test("a side item is shed, and the sender is told", () => {
    const { box } = open({ queuedBytes: 0 });
    expect(box.sendSide(watermark)).toBe(true);
    expect(box.sendSide(watermark)).toBe(false);
    expect(box.shed).toBe(1);
  });

  test("of what must not be shed, the session ends", () => {
    const { box, overflows } = open();
    box.send([commit]);
    for (let turn = 0; overflows() === 0; turn += 1) {
      expect(turn).toBeLessThan(100);
      box.send([commit]);
    }
  });
});

test("a closed outbox drops what waits and writes no more", () => {
  const { box, written, take } = open();
  box.send([work]);
  box.send([commit]);
  box.close();
  take();
  box.send([commit]);
  expect(box.sendSide(watermark)).toBe(false);
  expect(written).toEqual(["work"]);
});
