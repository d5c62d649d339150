/** Files that are read while processes go on: what rests on a message that its sender's file does not have yet is left out. */

import { expect, test } from "vitest";
import { mergeTraces, type Happening, type TraceEvent } from "../../trace/index.ts";

const about = { transaction: "C.0001.00000001", protocol: "2pc" } as const;
const message = { kind: "decision", decision: "commit" } as const;
const at = (node: string, lamport: number, happening: Happening): TraceEvent => ({
  lamport,
  node,
  host: node,
  incarnation: 1,
  atMs: 0,
  ...happening,
});
const sends = (node: string, lamport: number, to: string) => at(node, lamport, { kind: "send", ...about, to, message });
const hears = (node: string, lamport: number, from: string, sent: number | null) =>
  at(node, lamport, { kind: "receive", ...about, from, sent, message });
const stamps = (traces: readonly (readonly TraceEvent[])[]) =>
  mergeTraces(traces).map(({ node, lamport }) => `${node}${lamport}`);

test("what was all written is all there, causes before effects", () => {
  const c = [sends("C", 1, "P"), sends("C", 2, "Q")];
  expect(stamps([[hears("Q", 3, "C", 2)], [hears("P", 2, "C", 1), sends("P", 3, "C")], c])).toEqual([
    "C1",
    "C2",
    "P2",
    "P3",
    "Q3",
  ]);
});

test("a message whose sender's file ends before it, and all that its receiver did then, and whoever heard of that", () => {
  const c = [sends("C", 1, "P")];
  const p = [hears("P", 2, "C", 1), hears("P", 6, "C", 5), sends("P", 7, "Q")];
  const q = [hears("Q", 3, "C", 1), hears("Q", 8, "P", 7)];
  expect(stamps([c, p, q])).toEqual(["C1", "P2", "Q3"]);
});

test("of a node that has no file anything may be heard, and without a stamp too", () => {
  expect(stamps([[hears("P", 6, "X", 5), hears("P", 7, "C", null)], [sends("C", 1, "P")]])).toEqual(["C1", "P6", "P7"]);
});

test("what is missing in the middle of a file stays for the judge", () => {
  expect(stamps([[sends("C", 1, "P"), sends("C", 9, "P")], [hears("P", 6, "C", 5)]])).toEqual(["C1", "P6", "C9"]);
});
