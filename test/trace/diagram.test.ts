/** What a diagram shows of a trace, in which order, and what it leaves out. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diagramOf, type Diagram, type Row, type TraceEvent } from "../../trace/index.ts";
import { Processes, T } from "./processes.ts";
import { deathAfterTheDecision } from "./stories.ts";

/** A row in a few words: who to whom, or where. */
function said(diagram: Diagram): string[] {
  const name = (column: number): string => diagram.columns[column]?.node ?? "";
  return diagram.rows.map((row) => {
    switch (row.kind) {
      case "message":
        return `${row.label}: ${name(row.from)} → ${name(row.to)}`;
      case "send":
        return `${row.label}: ${name(row.from)} …${row.arrival === null ? " lost" : row.arrival === "untraced" ? " ?" : ""}`;
      case "arrival":
        return `${row.label}: … ${name(row.to)}${row.isCopy ? " again" : ""}${row.send === null ? " from nowhere" : ""}`;
      case "step":
        return `${name(row.column)}: ${row.marks.map(({ kind, text }) => `${kind} ${text}`).join(", ")}`;
      case "start":
        return `${name(row.column)} starts ${row.incarnation}`;
      case "crash":
        return `${name(row.column)} crashes`;
      case "note":
        return row.text;
      default:
        return row satisfies never;
    }
  });
}

describe("rows", () => {
  test("a commit whose coordinator dies: messages, records, answers, what is lost, copies", () => {
    expect(said(diagramOf(deathAfterTheDecision()))).toEqual([
      "prepare: c → bank-a",
      "bank-a: forced prepare",
      "prepare: c → bank-b",
      "bank-b: forced prepare",
      "vote yes: bank-a → c",
      "vote yes: bank-b → c",
      "c: forced commit, answer committed",
      "commit: c … lost",
      "the network loses the decision for bank-b, and what comes back from bank-a",
      "commit: c → bank-a",
      "bank-a: forced committed",
      "ack commit: bank-a … lost",
      "c crashes",
      "inquire: bank-b … lost",
      "c starts 2",
      "commit: c → bank-a",
      "commit: c → bank-b",
      "bank-b: forced committed",
      "ack commit: bank-b …",
      "commit: … bank-b again",
      "ack commit: bank-a → c",
      "ack commit: … c",
      "c: written committed",
    ]);
  });

  test("a message takes two rows where its sender did something before it came", () => {
    const all = new Processes();
    const slow = all.send("C", "P", "prepare");
    all.ends("C", "aborted", false, "TIMEOUT");
    all.receive("P", "C", "prepare", slow);
    expect(said(diagramOf(all.merged))).toEqual(["prepare: C …", "C: written aborted TIMEOUT", "prepare: … P"]);
  });

  test("messages that cross do not look as if one had answered the other", () => {
    const all = new Processes();
    const [there, back] = [all.send("A", "B", "ask"), all.send("B", "A", "tell")];
    all.receive("B", "A", "ask", there);
    all.receive("A", "B", "tell", back);
    const rows = said(diagramOf(all.merged));
    expect(rows).toHaveLength(3);
    expect(rows.filter((row) => row.includes("→"))).toHaveLength(1);
  });

  test("a message that came after a whole turn of sends is not drawn above any of them", () => {
    const all = new Processes();
    const other = all.send("E", "B", "other");
    const [one] = [all.send("A", "C", "one"), all.send("A", "D", "two")];
    const late = all.send("B", "A", "late");
    for (const happens of [
      () => all.receive("B", "E", "other", other),
      () => all.receive("C", "A", "one", one),
      () => all.receive("A", "B", "late", late),
    ]) {
      all.atMs += 1;
      happens();
    }
    expect(said(diagramOf(all.merged)).filter((row) => !row.startsWith("two"))).toEqual([
      "late: B …",
      "other: E → B",
      "one: A → C",
      "late: … A",
    ]);
  });

  test("what no cause orders is ordered by the calendar: a stamp of an idle node says little", () => {
    const all = new Processes();
    all.start("C", "coordinator");
    all.start("P1", "participant");
    all.start("P2", "participant");
    for (let round = 0; round < 5; round += 1) all.pass("C", "P1", "work");
    all.atMs = 100;
    all.send("C", "P2", "prepare");
    all.atMs = 200;
    // Its stamp is 2, that of the prepare above 6.
    all.start("P2", "participant");
    expect(said(diagramOf(all.merged)).slice(-2)).toEqual(["prepare: C … lost", "P2 starts 2"]);
  });

  test("a node that keeps no trace may have got what was sent to it", () => {
    const all = new Processes();
    all.send("C", "elsewhere", "prepare");
    all.receive("C", "elsewhere", "vote", null);
    expect(said(diagramOf(all.merged))).toEqual(["prepare: C … ?", "vote: … C from nowhere"]);
  });

  test("what arrives before it was sent, or at somebody else, comes from nowhere", () => {
    const all = new Processes();
    const sent = all.send("A", "B", "one");
    all.receive("C", "A", "one", sent);
    all.step("A", {});
    all.receive("B", "A", "two", sent + 1);
    expect(said(diagramOf(all.merged))).toEqual(["one: A … lost", "one: … C from nowhere", "two: … B from nowhere"]);
  });
});

describe("columns", () => {
  test("coordinators, participants, acceptors, others; numbers as numbers", () => {
    const all = new Processes();
    const roles = { a10: "acceptor", a9: "acceptor", p: "participant", c2: "coordinator", c10: "coordinator" };
    for (const [node, role] of Object.entries(roles)) all.start(node, role);
    for (const node of Object.keys(roles)) all.send(node, "stranger", "work");
    expect(diagramOf(all.merged).columns.map(({ node }) => node)).toEqual(["c2", "c10", "p", "a9", "a10", "stranger"]);
  });

  const runs = (diagram: Diagram, node: string) => diagram.columns.find((column) => column.node === node)?.runs;

  test("a node runs until it crashes and from its next start", () => {
    const diagram = diagramOf(deathAfterTheDecision());
    const place = (kind: Row["kind"]): number => diagram.rows.findIndex((row) => row.kind === kind);
    expect(runs(diagram, "c")).toEqual([
      { from: -1, to: place("crash") },
      { from: place("start"), to: diagram.rows.length },
    ]);
    expect(runs(diagram, "bank-a")).toEqual([{ from: -1, to: diagram.rows.length }]);
  });

  test("a death that nobody told of was after the last that the node did", () => {
    const all = new Processes();
    all.start("C", "coordinator");
    all.start("P", "participant");
    all.pass("C", "P", "prepare");
    all.step("C", {});
    all.send("C", "P", "decision");
    all.atMs = 10;
    all.start("P", "participant");
    expect(runs(diagramOf(all.merged), "P")).toEqual([
      { from: -1, to: 0 },
      { from: 2, to: 3 },
    ]);
  });

  test("a node that starts when others have begun is not there before", () => {
    const all = new Processes();
    all.start("C", "coordinator");
    all.send("C", "P", "prepare");
    all.atMs = 10;
    all.start("P", "participant");
    expect(runs(diagramOf(all.merged), "P")).toEqual([{ from: 1, to: 2 }]);
  });
});

describe("one transaction of several", () => {
  const other = "C.0001.00000002";

  function two(): TraceEvent[] {
    const all = new Processes(T);
    all.start("C", "coordinator");
    all.start("P", "participant");
    all.pass("C", "P", "prepare");
    all.ends("P", "aborted", false);
    all.atMs = 10;
    all.ends("C", "aborted", false);
    all.transaction = other;
    all.atMs = 20;
    all.pass("C", "Q", "prepare");
    all.atMs = 50;
    all.at("P", { kind: "crash", why: "later" });
    all.at("C", { kind: "note", text: `${other} is stuck` });
    return all.merged;
  }

  test("has its own nodes, and what happened to them while it was open", () => {
    const diagram = diagramOf(two(), { transaction: T });
    expect(diagram.title).toBe(`${T} under 2pc`);
    expect(diagram.columns.map(({ node }) => node)).toEqual(["C", "P"]);
    expect(said(diagram)).toEqual(["prepare: C → P", "P: written aborted", "C: written aborted"]);
  });

  test("a node that it still waits for is shown to die", () => {
    const all = new Processes();
    all.start("P", "participant");
    all.pass("C", "P", "prepare");
    all.forces("P", "prepare");
    all.atMs = 50;
    all.at("P", { kind: "crash", why: "killed" });
    expect(said(diagramOf(all.merged, { transaction: T })).at(-1)).toBe("P crashes");
  });

  test("all of them: labels begin with short names, which the title explains", () => {
    const diagram = diagramOf(two());
    expect(diagram.title).toBe(`T1 ${T}, T2 ${other}`);
    expect(said(diagram)).toEqual([
      "T1 prepare: C → P",
      "P: written T1 aborted",
      "C: written T1 aborted",
      "T2 prepare: C → Q",
      `${other} is stuck`,
      "P crashes",
    ]);
  });

  test("one that the trace does not have is an empty diagram", () => {
    expect(diagramOf(two(), { transaction: "C.0009.00000009", title: "nothing" })).toEqual({
      title: "nothing",
      summary: "0 nodes; 0 messages; 0 forced writes",
      columns: [],
      rows: [],
    });
  });
});

test("labels: the kind, and what it says", () => {
  const all = new Processes();
  const membership = { participants: ["P"] };
  const proposals = [{ participant: "P", value: "prepared" }];
  const zero = { counter: 0, node: "", incarnation: 0 };
  for (const message of [
    { kind: "vote", vote: "no", reason: "CONFLICT" },
    { kind: "decision", decision: "abort" },
    { kind: "phase-1a", ballot: { counter: 2, node: "C2", incarnation: 1 } },
    { kind: "phase-2a", ballot: zero, membership, proposals: [...proposals, ...proposals] },
    { kind: "phase-2a", ballot: zero, membership: null, proposals: [] },
    { kind: "phase-1b", ballot: zero, membership: null, casts: [], star: null },
    { kind: "state-report", election: { round: 1, node: "C" }, state: "waiting" },
    { kind: "odd", ballot: 7, proposals: [null, "x"], vote: { yes: true } },
  ])
    all.pass("C", "P", message);
  expect(diagramOf(all.merged).rows.map((row) => ("label" in row ? row.label : ""))).toEqual([
    "vote no CONFLICT",
    "abort",
    "1a 2.C2",
    "2a prepared",
    "2a * aborted",
    "1b",
    "state-report waiting 1.C",
    "odd undefined",
  ]);
});

/** What a few nodes may do: each act is a node, another one, and what is done. */
const acts = fc.array(
  fc.record({
    node: fc.nat(3),
    to: fc.nat(3),
    act: fc.constantFrom("send", "receive", "receive", "copy", "step", "crash", "start", "wait"),
  }),
  { maxLength: 60, size: "max" },
);

interface Played {
  readonly events: readonly TraceEvent[];
  /** By node what it did, in its order, in the words of rows. */
  readonly lives: ReadonlyMap<string, readonly string[]>;
}

/** Every message and step has a name of its own. */
function played(script: readonly { node: number; to: number; act: string }[]): Played {
  const all = new Processes();
  const lives = new Map<string, string[]>();
  const wires = new Map<string, { name: string; from: string; sent: number }[]>();
  const live = (node: string, what: string): void => void lives.set(node, [...(lives.get(node) ?? []), what]);
  for (const [index, { node: number, to: other, act }] of script.entries()) {
    const [node, to] = [`N${number}`, `N${other}`];
    const wire = wires.get(node) ?? [];
    const [first] = wire;
    if (act === "wait") all.atMs += 7 * ((number + other) % 3) - 5;
    if (act === "send" && node !== to) {
      const name = `m${index}`;
      wires.set(to, [...(wires.get(to) ?? []), { name, from: node, sent: all.send(node, to, name) }]);
      live(node, `send ${name}`);
    }
    if ((act === "receive" || act === "copy") && first !== undefined) {
      all.receive(node, first.from, first.name, first.sent);
      live(node, `receive ${first.name}`);
      if (act === "receive") wires.set(node, wire.slice(1));
    }
    if (act === "step") {
      all.forces(node, `s${index}`);
      live(node, `step s${index}`);
    }
  }
  return { events: all.merged, lives };
}

function livesIn({ columns, rows }: Diagram): Map<string, string[]> {
  const lives = new Map<string, string[]>();
  const live = (column: number, what: string): void => {
    const node = columns[column]?.node ?? "";
    lives.set(node, [...(lives.get(node) ?? []), what]);
  };
  for (const row of rows) {
    if (row.kind === "message" || row.kind === "send") live(row.from, `send ${row.label}`);
    if (row.kind === "message" || row.kind === "arrival") live(row.to, `receive ${row.label}`);
    if (row.kind === "step") live(row.column, `step ${row.marks[0]?.text ?? ""}`);
  }
  return lives;
}

/** Sends with nothing between them leave in one frame: their order says nothing. */
function withoutOrderInBursts(life: readonly string[]): string[] {
  const bursts: string[][] = [];
  for (const each of life) {
    const last = bursts.at(-1);
    if (each.startsWith("send") && last?.[0]?.startsWith("send") === true) last.push(each);
    else bursts.push([each]);
  }
  return bursts.flatMap((burst) => burst.toSorted());
}

test("every node's life reads as it was, whatever happened, and nothing arrives above where it left", () => {
  fc.assert(
    fc.property(acts, (script) => {
      const { events, lives } = played(script);
      const diagram = diagramOf(events);
      const drawn = livesIn(diagram);
      for (const [node, life] of lives)
        expect(withoutOrderInBursts(drawn.get(node) ?? [])).toEqual(withoutOrderInBursts(life));
      for (const [place, row] of diagram.rows.entries()) {
        if (row.kind === "arrival" && row.send !== null) expect(row.send).toBeLessThan(place);
        if (row.kind === "send" && typeof row.arrival === "number") expect(row.arrival).toBeGreaterThan(place);
      }
    }),
    { numRuns: 500 },
  );
});
