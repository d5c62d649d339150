/** Messages, delays and forced writes as protocols §C.8 counts them. */

import { describe, expect, test } from "vitest";
import { countsOf, parseTrace, traceLine, type ShareOf, type TraceEvent } from "../../trace/index.ts";
import { Processes, T } from "./processes.ts";

const shareOf: ShareOf = (_protocol, kind) =>
  kind.startsWith("work") ? "work" : kind === "ack" ? "beside" : "counted";

/** Presumed-abort two-phase commit that the coordinator starts, N = 2. */
function submitted(): Processes {
  const all = new Processes();
  for (const rm of ["P1", "P2"]) all.pass("C", rm, "work");
  for (const rm of ["P1", "P2"]) all.pass("C", rm, "prepare");
  for (const rm of ["P1", "P2"]) {
    all.forces(rm, "prepare");
    all.pass(rm, "C", "vote");
  }
  all.forces("C", "commit");
  for (const rm of ["P1", "P2"]) {
    all.pass("C", rm, "decision");
    all.step(rm, { resource: ["commit"] });
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
    for (const node of ["C", "P1"]) all.hosts.set(node, "here");
    all.pass("C", "P1", "prepare");
    all.step("P1", { resource: ["commit"] });
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
      all.step(rm, { resource: ["commit"] });
    }
    expect(countsOf(all.merged, shareOf).get(T)).toMatchObject({ paperMessages: 5, messageDelays: 4 });
  });

  test("crashes and notes are no part of it", () => {
    const all = submitted();
    const counts = countsOf(all.merged, shareOf);
    all.at("C", { kind: "crash", why: "killed" });
    all.at("C", { kind: "note", text: "nobody saw it" });
    expect(countsOf(all.merged, shareOf)).toEqual(counts);
  });
});

describe("a file", () => {
  test("is read back as it was written, without a last line that a crash cut", () => {
    const events = submitted().merged;
    const text = events.map(traceLine).join("");
    expect(parseTrace(text)).toEqual(events);
    expect(parseTrace(text.slice(0, -2))).toEqual(events.slice(0, -1));
  });

  test.each([
    "{}",
    "7",
    "{",
    '{"kind":"send","node":"C"}',
    '{"kind":"other","node":"C","lamport":1}',
    '{"kind":"toString","node":"C","lamport":1}',
    '{"kind":"note","node":"C","lamport":1}',
    '{"kind":"crash","node":"C","lamport":1,"why":7}',
    '{"kind":"step","node":"C","lamport":1,"transaction":"T","protocol":"2pc","records":[]}',
    '{"kind":"send","node":"C","lamport":1,"transaction":"T","protocol":"2pc","to":"P","message":null}',
  ])("with the line %s is refused", (line) => {
    expect(() => parseTrace(`${line}\n`)).toThrow(SyntaxError);
  });

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
