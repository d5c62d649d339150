/** Messages, delays and forced writes as protocols §C.8 counts them. */

import { describe, expect, test } from "vitest";
import {
  countsOf,
  mergeTraces,
  parseTrace,
  traceLine,
  type Happening,
  type ShareOf,
  type TraceEvent,
} from "../../trace/index.ts";

const T = "C.0001.00000001";
const shareOf: ShareOf = (_protocol, kind) =>
  kind.startsWith("work") ? "work" : kind === "ack" ? "beside" : "counted";

/** Traces of processes that stamp as real ones do. */
class Processes {
  private readonly clocks = new Map<string, number>();
  readonly traces = new Map<string, TraceEvent[]>();

  at(node: string, happening: Happening, after = 0, host = node): number {
    const lamport = Math.max(this.clocks.get(node) ?? 0, after) + 1;
    this.clocks.set(node, lamport);
    const events = this.traces.get(node) ?? [];
    this.traces.set(node, [...events, { lamport, node, host, incarnation: 1, atMs: 0, ...happening }]);
    return lamport;
  }

  send(from: string, to: string, kind: string, host = from): number {
    return this.at(from, { kind: "send", transaction: T, protocol: "2pc", to, message: { kind } }, 0, host);
  }

  receive(to: string, from: string, kind: string, sent: number, host = to): void {
    this.at(to, { kind: "receive", transaction: T, protocol: "2pc", from, sent, message: { kind } }, sent, host);
  }

  pass(from: string, to: string, kind: string): void {
    this.receive(to, from, kind, this.send(from, to, kind));
  }

  step(node: string, record: string | null, resource: readonly string[] = [], host = node): void {
    const records = record === null ? [] : [{ kind: record, forced: true }];
    this.at(
      node,
      { kind: "step", transaction: T, protocol: "2pc", records, outcome: null, sends: [], resource, answers: [] },
      0,
      host,
    );
  }

  get merged(): TraceEvent[] {
    return mergeTraces([...this.traces.values()].toReversed());
  }
}

/** Presumed-abort two-phase commit that the coordinator starts, N = 2. */
function submitted(): Processes {
  const all = new Processes();
  for (const rm of ["P1", "P2"]) all.pass("C", rm, "work");
  for (const rm of ["P1", "P2"]) all.pass("C", rm, "prepare");
  for (const rm of ["P1", "P2"]) {
    all.step(rm, "prepare");
    all.pass(rm, "C", "vote");
  }
  all.step("C", "commit");
  for (const rm of ["P1", "P2"]) {
    all.pass("C", rm, "decision");
    all.step(rm, null, ["commit"]);
    all.pass(rm, "C", "ack");
  }
  return all;
}

describe("counts", () => {
  test("of a commit that the coordinator starts: 3N messages, 3 delays, N + 1 forced writes, N more on the wire", () => {
    expect(countsOf(submitted().merged, shareOf).get(T)).toEqual({
      protocol: "2pc",
      paper: new Map([
        ["prepare", 2],
        ["vote", 2],
        ["decision", 2],
      ]),
      paperMessages: 6,
      wireMessages: 8,
      messageDelays: 3,
      forcedWrites: 3,
    });
  });

  test("messages between nodes of one computer are none", () => {
    const all = new Processes();
    const prepare = all.send("C", "P1", "prepare", "here");
    all.receive("P1", "C", "prepare", prepare, "here");
    all.step("P1", null, ["commit"], "here");
    expect(countsOf(all.merged, shareOf).get(T)).toMatchObject({
      paperMessages: 0,
      wireMessages: 0,
      messageDelays: 0,
    });
  });

  test("the longest chain counts, not the sum", () => {
    const all = new Processes();
    all.pass("P1", "C", "vote");
    all.pass("C", "P2", "prepare");
    all.pass("P2", "C", "vote");
    for (const rm of ["P1", "P2"]) {
      all.pass("C", rm, "decision");
      all.step(rm, null, ["commit"]);
    }
    expect(countsOf(all.merged, shareOf).get(T)).toMatchObject({ paperMessages: 5, messageDelays: 4 });
  });
});

describe("a file", () => {
  test("is read back as it was written, without a last line that a crash cut", () => {
    const events = submitted().merged;
    const text = events.map(traceLine).join("");
    expect(parseTrace(text)).toEqual(events);
    expect(parseTrace(text.slice(0, -2))).toEqual(events.slice(0, -1));
  });

  test.each(["{}", '{"kind":"send","node":"C"}', '{"kind":"other","node":"C","lamport":1}', "7", "{"])(
    "with the line %s is refused",
    (line) => {
      expect(() => parseTrace(`${line}\n`)).toThrow(SyntaxError);
    },
  );

  test("of each process, merged: no message arrives before it was sent", () => {
    const sent = new Set<string>();
    const early: TraceEvent[] = [];
    for (const event of submitted().merged) {
      if (event.kind === "send") sent.add(`${event.node} ${event.lamport}`);
      if (event.kind === "receive" && !sent.has(`${event.from} ${event.sent}`)) early.push(event);
    }
    expect(sent.size).toBe(10);
    expect(early).toEqual([]);
  });
});
