/** Each rule of a trace's judge finds what breaks it, and nothing in a run that keeps them all. */

import { describe, expect, test } from "vitest";
import { judgeTrace, withViolations, type Rule } from "../../lab/index.ts";
import type { Fields, Happening, TraceEvent } from "../../trace/index.ts";

const T = "C.0001.00000001";
const about = { transaction: T, protocol: "2pc" } as const;

/** A line of a play: who does what. */
type Line =
  /** It had crashed, and what was not durable is lost. */
  | `${string} starts`
  /** It had crashed when the row was durable and nobody had heard of it. */
  | `${string} ends and starts`
  | `${string} asks all`
  | `${string} writes ${string}`
  | `${string} is durable`
  | `${string} says ${string} to ${string}`
  | `${string} tells ${string}`;

const roles = (node: string): string => (node.startsWith("C") ? "coordinator" : "participant");

const messages: Readonly<Record<string, Fields>> = {
  prepare: { kind: "prepare", participants: ["P1", "P2"] },
  yes: { kind: "vote", vote: "yes" },
  no: { kind: "vote", vote: "no" },
  "read-only": { kind: "vote", vote: "read-only" },
  commit: { kind: "decision", decision: "commit" },
  abort: { kind: "decision", decision: "abort" },
};

/** What is written with a star is forced. */
function step(what: string): Happening {
  const forced = what.endsWith("*");
  const word = forced ? what.slice(0, -1) : what;
  const ends = ["committed", "aborted"].includes(word);
  return {
    kind: "step",
    ...about,
    records: ends ? [] : [{ kind: word, forced }],
    outcome: ends ? { outcome: word, reason: null, forced } : null,
    sends: [],
    resource: [],
    answers: [],
  };
}

function play(lines: readonly Line[]): TraceEvent[] {
  const incarnations = new Map<string, number>();
  let lamport = 0;
  /** Of the last row of every journal, as far as anybody knows. */
  let sequence = 0;
  const event = (node: string, happening: Happening): TraceEvent => {
    lamport += 1;
    return { lamport, node, host: node, incarnation: incarnations.get(node) ?? 1, atMs: 0, ...happening };
  };
  const start = (node: string): TraceEvent => {
    incarnations.set(node, (incarnations.get(node) ?? 0) + 1);
    return event(node, { kind: "start", role: roles(node), sequence });
  };
  return [
    ...["C", "P1", "P2"].map(start),
    ...lines.map((line) => {
      const [node = "", verb, what = "", , to = ""] = line.split(" ");
      if (verb === "starts") return start(node);
      if (verb === "ends") sequence += 1;
      if (verb === "ends") return start(node);
      if (verb === "is") return event(node, { kind: "durable", sequence });
      if (verb === "writes") return event(node, step(what));
      if (verb === "asks")
        return event(node, {
          kind: "step",
          ...about,
          records: [],
          outcome: null,
          sends: ["prepare", "prepare"],
          resource: [],
          answers: [],
        });
      if (verb === "tells")
        return event(node, {
          kind: "step",
          ...about,
          records: [],
          outcome: null,
          sends: [],
          resource: [],
          answers: [what],
        });
      return event(node, { kind: "send", ...about, to, message: messages[what] ?? { kind: what } });
    }),
  ];
}

const asked: Line[] = ["C asks all", "C says prepare to P1", "C says prepare to P2"];
const votes = (node: string): Line[] => [`${node} writes prepare*`, `${node} is durable`, `${node} says yes to C`];
const decided: Line[] = [
  "C writes commit*",
  "C is durable",
  "C says commit to P1",
  "C says commit to P2",
  "C tells committed",
];
const committed = (node: string): Line[] => [`${node} writes committed*`, `${node} is durable`];
const wholeCommit: Line[] = [
  ...asked,
  ...votes("P1"),
  ...votes("P2"),
  ...decided,
  ...committed("P1"),
  ...committed("P2"),
];

describe("a run that keeps every rule", () => {
  test.each<[string, Line[]]>([
    ["commits", wholeCommit],
    [
      "aborts",
      [
        ...asked,
        ...votes("P1"),
        "P2 writes aborted",
        "P2 says no to C",
        "C tells aborted",
        "C says abort to P1",
        "P1 writes aborted",
      ],
    ],
    [
      "has a read-only branch",
      [
        ...asked,
        ...votes("P1"),
        "P2 says read-only to C",
        "C writes commit*",
        "C is durable",
        "C says commit to P1",
        ...committed("P1"),
        "C says abort to P2",
      ],
    ],
    [
      "loses a prepare that was not durable",
      [...asked, "P1 writes prepare*", "P1 starts", "C tells aborted", "P1 writes aborted"],
    ],
    [
      "finds a prepare that was durable and not told of",
      [...asked, ...votes("P1"), "P2 writes prepare*", "P2 ends and starts", "P2 says yes to C", ...decided],
    ],
    ["is told the decision twice", [...wholeCommit, "C starts", "C says commit to P1"]],
  ])("%s", (_name, lines) => {
    expect(judgeTrace(play(lines)).violations).toEqual([]);
  });

  test("ends with branches in doubt, which is no violation", () => {
    const { violations, inDoubt } = judgeTrace(play([...asked, ...votes("P1"), ...votes("P2"), "C starts"]));
    expect({ violations, inDoubt }).toEqual({ violations: [], inDoubt: [`P1 ${T}`, `P2 ${T}`] });
  });
});

describe("a run that breaks", () => {
  test.each<[Rule, string, Line[]]>([
    [
      "agreement",
      "two participants decide differently",
      [...asked, ...votes("P1"), ...votes("P2"), ...decided, ...committed("P1"), "P2 writes aborted"],
    ],
    ["stability", "a participant changes its mind", [...wholeCommit, "P1 starts", "P1 writes aborted"]],
    ["commit validity", "a commit without all votes", [...asked, ...votes("P1"), ...decided]],
    ["commit validity", "a commit against a no", [...asked, ...votes("P1"), "P2 says no to C", ...decided]],
    [
      "refinement",
      "a participant aborts when another has committed",
      [...asked, ...votes("P1"), ...votes("P2"), ...decided, ...committed("P1"), "P2 writes aborted"],
    ],
    ["refinement", "yes after no", [...asked, "P1 says no to C", ...votes("P1")]],
    ["write-ahead", "a vote before the record is durable", [...asked, "P1 writes prepare*", "P1 says yes to C"]],
    [
      "write-ahead",
      "a decision before the record is durable",
      [...asked, ...votes("P1"), ...votes("P2"), "C writes commit*", "C says commit to P1"],
    ],
    ["write-ahead", "a vote without any record", [...asked, "P1 says yes to C"]],
    ["client truth", "the client hears something else", [...wholeCommit, "C tells aborted"]],
    ["collected once", "votes are asked for after the decision", [...wholeCommit, ...asked]],
    ["collected once", "votes are asked for after a restart", [...asked, "C starts", ...asked]],
  ])("%s: %s", (rule, _name, lines) => {
    const found = judgeTrace(play(lines)).violations;
    expect(found.map((each) => each.rule)).toContain(rule);
    expect(found[0]).toMatchObject({ transaction: T });
  });

  test("stands as a note behind the event where it came to light", () => {
    const events = play([...asked, "P1 writes prepare*", "P1 says yes to C"]);
    const { violations } = judgeTrace(events);
    const told = withViolations(events, violations);
    expect(told.filter((each) => !events.includes(each))).toEqual([
      expect.objectContaining({
        kind: "note",
        node: "P1",
        text: expect.stringMatching(new RegExp(`^write-ahead: .*P1.*\\(${T}\\)$`)),
      }),
      expect.objectContaining({ kind: "note", node: "P1" }),
    ]);
    expect(told.findIndex(({ kind }) => kind === "note")).toBe(events.length);
    // What was said of a run changes no verdict, and neither does that a node died.
    const died: TraceEvent = { ...(events.at(-1) as TraceEvent), kind: "crash", why: "killed" };
    expect(judgeTrace([...told, died]).violations).toEqual(violations);
  });

  test("messages: what arrives was never sent", () => {
    const events = play(asked);
    const last = events.at(-1) as TraceEvent;
    const arrival: TraceEvent = {
      ...last,
      lamport: 99,
      node: "P1",
      kind: "receive",
      ...about,
      from: "C",
      sent: 98,
      message: { kind: "vote" },
    };
    expect(judgeTrace([...events, arrival]).violations.map(({ rule }) => rule)).toEqual(["messages"]);
  });
});
