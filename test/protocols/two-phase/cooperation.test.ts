/** Every row of the table of cooperative termination, protocols §A.8, and what is no proof of an abort. */

import { describe, expect, test } from "vitest";
import type { Absence, Message, ProtocolName } from "../../../protocols/index.ts";
import {
  active,
  abort,
  at,
  can,
  closed,
  commit,
  damaged,
  env,
  type Event,
  fresh,
  id,
  inDoubt,
  item,
  line,
  machinesOf,
  message,
  operator,
  prepare,
  reads,
  run,
  timeout,
  token,
  work,
} from "./lines.ts";

const names: readonly ProtocolName[] = ["2pc-presumed-nothing", "2pc", "2pc-presumed-commit"];
const asks = message("Q", { kind: "decision-request" });
const replies = (answer: (Message & { kind: "decision-reply" })["answer"], from = "Q") =>
  message(from, { kind: "decision-reply", answer });
const older: Absence = { kind: "fresh" };
const tombstone = (participants: readonly string[]): Absence => closed("aborted", participants);

describe.each(names)("%s", (protocol) => {
  const { participant } = machinesOf(protocol);
  const acknowledged = protocol !== "2pc";

  const asked: readonly (readonly [row: string, events: readonly Event[], does: string])[] = [
    ["committed", [at(closed("committed"), asks)], "reply(commit)→Q ⇒ forgotten"],
    [
      "aborted: the tombstone is forced before anyone relies on it",
      [at(tombstone(["P", "Q"]), asks)],
      "end(aborted)*, reply(abort)→Q ⇒ forgotten",
    ],
    ["ACTIVE: aborts durably first", [...active, asks], "end(aborted)*, reply(abort)→Q, resource abort ⇒ forgotten"],
    [
      "asked to prepare and still at it: the coordinator gets its NO too",
      [...active, prepare(token, 1), asks],
      "end(aborted)*, reply(abort)→Q, no→C, resource abort ⇒ forgotten",
    ],
    [
      "never heard of, and begun since this node started: so no YES was sent",
      [at(fresh, asks)],
      "end(aborted)*, reply(abort)→Q ⇒ forgotten",
    ],
    ["PREPARED", [...inDoubt, asks], "reply(uncertain)→Q ⇒ in-doubt"],
    ["voted READ_ONLY", [at(closed("read-only"), asks)], "reply(unknown)→Q ⇒ forgotten"],
    ["committed or aborted, and forgotten", [at({ kind: "forgotten" }, asks)], "reply(unknown)→Q ⇒ forgotten"],
    [
      "damaged by a write from outside: the decision is known",
      [...inDoubt, commit, damaged, asks],
      "reply(commit)→Q ⇒ heuristic",
    ],
    [
      "ended by a person, the decision not known",
      [...inDoubt, operator("force-abort"), asks],
      "reply(uncertain)→Q ⇒ heuristic",
    ],
    [
      "ended by a person, and told the opposite",
      [...inDoubt, operator("force-abort"), commit, asks],
      "reply(commit)→Q ⇒ heuristic",
    ],
    // An earlier life may have voted READ_ONLY, and have lost its unforced row in a crash.
    ["never heard of, begun before this node started", [at(older, asks)], "reply(unknown)→Q ⇒ forgotten"],
    ["ACTIVE in a second life", [at(older, item(1, null)), asks], "reply(unknown)→Q ⇒ active"],
    ["aborted in a second life", [at(tombstone([]), asks)], "reply(unknown)→Q ⇒ forgotten"],
  ];
  test.each(asked)("a peer that is %s", (_row, events, does) => {
    expect(line(participant, run(participant, "P", events))).toBe(does);
  });

  const ackAbort = acknowledged ? "end(aborted)*, ack(abort)→C" : "end(aborted)";
  const asking: readonly (readonly [row: string, events: readonly Event[], does: string])[] = [
    ["T_dec: the coordinator first", [...inDoubt, timeout("decision")], "inquire→C, timer decision ⇒ in-doubt"],
    [
      "T_dec again, and it was silent: the peers too",
      [...inDoubt, timeout("decision"), timeout("decision")],
      "inquire→C, decision-request→Q, timer decision ⇒ in-doubt",
    ],
    [
      "T_dec again, and it said PENDING: it lives, so that nobody who is slow need abort",
      [...inDoubt, timeout("decision"), message("C", { kind: "pending" }), timeout("decision")],
      "inquire→C, timer decision ⇒ in-doubt",
    ],
    ["COMMIT of a peer", [...inDoubt, replies("commit")], "resource commit ⇒ committing"],
    ["ABORT of a peer", [...inDoubt, replies("abort")], `${ackAbort}, resource abort ⇒ forgotten`],
    ["UNCERTAIN: no help", [...inDoubt, replies("uncertain")], "ignored decision-pending"],
    ["UNKNOWN: no help", [...inDoubt, replies("unknown")], "ignored decision-pending"],
    ["an answer of a stranger", [...inDoubt, replies("commit", "X")], "ignored decision-pending"],
    ["an answer that comes late", [at(closed("committed"), replies("commit"))], "ignored late-decision"],
    ["a branch that has not voted takes no peer's word", [...active, replies("abort")], "ignored decision-pending"],
  ];
  test.each(asking)("in doubt: %s", (_row, events, does) => {
    expect(line(participant, run(participant, "P", events))).toBe(does);
  });

  test("what a peer's tombstone names is kept, and again what it says after a restart", () => {
    const { closed: row } = run(participant, "P", [...active, asks]);
    if (row === undefined) throw new Error("nothing was kept");
    const later = run(participant, "P", [at({ kind: "closed", closed: row.outcome }, asks)]);
    expect(line(participant, later)).toBe("end(aborted)*, reply(abort)→Q ⇒ forgotten");
    const late = run(participant, "P", [at({ kind: "closed", closed: row.outcome }, prepare(token, 1))]);
    expect(line(participant, late)).toBe("no→C ⇒ forgotten");
  });
});

describe("a second life, which presumed abort's one-shot mode allows", () => {
  const { participant } = machinesOf("2pc");
  const second = [at(older, prepare(null, 0, work)), can];

  test("asks no peer and takes no peer's word: a commit is none for a branch that had dropped out", () => {
    const step = run(participant, "P", [...second, timeout("decision"), timeout("decision")]);
    expect(line(participant, step)).toBe("inquire→C, timer decision ⇒ in-doubt");
    expect(line(participant, run(participant, "P", [...second, replies("commit")]))).toBe("ignored decision-pending");
  });

  test("is remembered through a restart, and its abort proves nothing", () => {
    const { records = [] } = run(participant, "P", second);
    const { state } = participant.restore(
      env("P"),
      id,
      records.map(({ record }) => record),
    );
    const twice = run(participant, "P", [timeout("decision"), timeout("decision")], state);
    expect(line(participant, twice)).toBe("inquire→C, timer decision ⇒ in-doubt");
    const { closed: row } = run(participant, "P", [abort], state);
    expect(row?.outcome.participants).toEqual([]);
  });

  test("reads, and its row answers as before", () => {
    const step = run(participant, "P", [at(older, prepare(null, 0, work)), reads]);
    expect(line(participant, step)).toBe("end(read-only), read-only→C ⇒ forgotten");
  });

  test("a first life that was prepared is a witness also after a restart", () => {
    const { records = [] } = run(participant, "P", inDoubt);
    const { state } = participant.restore(
      env("P"),
      id,
      records.map(({ record }) => record),
    );
    const { closed: row } = run(participant, "P", [abort], state);
    expect(row?.outcome.participants).toEqual(["P", "Q"]);
  });
});
