/** Heuristic decisions, protocols §A.10: recorded before locks are freed, told, classified, and kept until a person has seen to them. */

import { describe, expect, test } from "vitest";
import type { Closed, Decision, ProtocolName } from "../../../protocols/index.ts";
import { classify, reportText } from "../../../protocols/heuristic.ts";
import {
  ack,
  active,
  applied,
  abort,
  at,
  begin,
  closed,
  commit,
  damaged,
  env,
  type Event,
  fresh,
  id,
  inDoubt,
  line,
  machinesOf,
  message,
  no,
  operator,
  run,
  timeout,
  yes,
} from "./lines.ts";

const names: readonly ProtocolName[] = ["2pc-presumed-nothing", "2pc", "2pc-presumed-commit"];
const forcedCommit = [...inDoubt, operator("force-commit"), applied];
const forcedAbort = [...inDoubt, operator("force-abort")];
const forget = message("C", { kind: "forget" });

describe.each(names)("a branch under %s", (protocol) => {
  const { participant } = machinesOf(protocol);
  const acksCommit = protocol !== "2pc-presumed-commit";
  const acksAbort = protocol !== "2pc";

  const rows: readonly (readonly [row: string, events: readonly Event[], does: string])[] = [
    [
      "PREPARED, forced to commit: the record and the effect in one write",
      forcedCommit.slice(0, -1),
      "heuristic*, resource commit, alarm heuristic, reply pending, timer decision ⇒ heuristic",
    ],
    [
      "PREPARED, forced to abort",
      forcedAbort,
      "heuristic*, resource abort, alarm heuristic, reply pending, timer decision ⇒ heuristic",
    ],
    ["PREPARED, cancel: nothing", [...inDoubt, operator("cancel")], "reply pending ⇒ in-doubt"],
    ["ACTIVE is not stuck: nothing", [...active, operator("force-commit")], "reply pending ⇒ active"],
    ["a second act changes nothing", [...forcedAbort, operator("force-commit")], "reply pending ⇒ heuristic"],
    [
      "it goes on asking what was decided",
      [...forcedAbort, timeout("decision")],
      "inquire→C, timer decision ⇒ heuristic",
    ],
    [
      "COMMIT after a commit by hand: harmless",
      [...forcedCommit, commit],
      `end(committed)*${acksCommit ? ", ack→C" : ""} ⇒ forgotten`,
    ],
    [
      "ABORT after a rollback by hand: harmless",
      [...forcedAbort, abort],
      `end(aborted)*${acksAbort ? ", ack(abort)→C" : ""} ⇒ forgotten`,
    ],
    [
      "COMMIT after a rollback by hand: told whatever is presumed",
      [...forcedAbort, commit],
      "told*, ack(heuristic)→C, alarm heuristic, timer decision ⇒ heuristic",
    ],
    [
      "ABORT after a commit by hand: told whatever is presumed",
      [...forcedCommit, abort],
      "told*, ack(heuristic)→C, alarm heuristic, timer decision ⇒ heuristic",
    ],
    [
      "the report goes out until somebody has seen to it",
      [...forcedAbort, commit, timeout("decision")],
      "ack(heuristic)→C, timer decision ⇒ heuristic",
    ],
    ["the decision again: the report again", [...forcedAbort, commit, commit], "ack(heuristic)→C ⇒ heuristic"],
    ["the other decision: alarm", [...forcedAbort, commit, abort], "alarm second-decision ⇒ heuristic"],
    ["FORGET before the decision is known: kept", [...forcedAbort, forget], "ignored nothing-to-do"],
    ["FORGET after it was told", [...forcedAbort, commit, forget], "end(heuristic)* ⇒ forgotten"],
    [
      "acknowledged here",
      [...forcedAbort, commit, operator("acknowledge")],
      "end(heuristic)*, reply pending ⇒ forgotten",
    ],
    [
      "forced to commit over a write from outside: nothing was applied, the locks stay",
      [...inDoubt, operator("force-commit"), damaged],
      "damaged*, alarm outside-write ⇒ heuristic",
    ],
    [
      "and COMMIT comes: that is a rollback",
      [...inDoubt, operator("force-commit"), damaged, commit],
      "told*, ack(heuristic)→C, alarm heuristic, timer decision ⇒ heuristic",
    ],
    [
      "damaged by a write from outside, acknowledged: its locks are freed",
      [...inDoubt, commit, damaged, operator("acknowledge", null)],
      "end(heuristic)*, resource abort ⇒ forgotten",
    ],
    ["damaged, and COMMIT again", [...inDoubt, commit, damaged, commit], "ack(heuristic)→C ⇒ heuristic"],
    [
      "acknowledged, COMMIT again: the report from the row",
      [at(closed("heuristic", [], "rolled back: x"), commit)],
      "ack(heuristic)→C ⇒ forgotten",
    ],
    [
      "acknowledged, ABORT again: the report from the row",
      [at(closed("heuristic", [], "committed: x"), abort)],
      "ack(heuristic)→C ⇒ forgotten",
    ],
    [
      "nothing known of it: nothing is done, and the person hears so",
      [at(fresh, operator("force-commit"))],
      "reply unknown ⇒ forgotten",
    ],
  ];
  test.each(rows)("%s", (_row, events, does) => {
    expect(line(participant, run(participant, "P", events))).toBe(does);
  });

  test("the person's words are in the record and in the report", () => {
    const { records } = run(participant, "P", forcedAbort);
    expect(records?.[0]?.record).toEqual({ kind: "heuristic", did: "abort", reason: "the disk is gone" });
    const { sends } = run(participant, "P", [...forcedAbort, commit]);
    expect(sends?.[0]?.body).toEqual({ kind: "ack", decision: "commit", heuristic: "rolled back: the disk is gone" });
  });

  const restarts: readonly (readonly [name: string, events: readonly Event[], does: string])[] = [
    ["not told yet: asks, and takes no locks", forcedCommit, "inquire→C, alarm heuristic, timer decision ⇒ heuristic"],
    [
      "told: its coordinator hears it again",
      [...forcedAbort, commit],
      "ack(heuristic)→C, alarm heuristic, timer decision ⇒ heuristic",
    ],
    [
      "forced and not applied: takes its locks again",
      [...inDoubt, operator("force-commit"), damaged],
      "inquire→C, resource adopt, alarm heuristic, timer decision ⇒ heuristic",
    ],
  ];
  test.each(restarts)("restarted, %s", (_name, events, does) => {
    const records = events.flatMap((_, at) => run(participant, "P", events.slice(0, at + 1)).records ?? []);
    const step = participant.restore(
      env("P"),
      id,
      records.map(({ record }) => record),
    );
    expect(line(participant, step)).toBe(does);
  });
});

describe("classification", () => {
  const report = (from: string, did: Parameters<typeof reportText>[0]) => ({ from, text: reportText(did, "x") });
  const rows: readonly (readonly [string, Decision, readonly string[], Parameters<typeof classify>[2], string])[] = [
    [
      "all against a commit",
      "commit",
      ["P", "Q"],
      [report("P", "rolled back"), report("Q", "rolled back")],
      "HEURISTIC_ROLLBACK",
    ],
    [
      "all against an abort",
      "abort",
      ["P", "Q"],
      [report("P", "committed"), report("Q", "committed")],
      "HEURISTIC_COMMIT",
    ],
    ["one against a commit, one with it", "commit", ["P", "Q"], [report("P", "rolled back")], "HEURISTIC_MIXED"],
    ["one against an abort, one with it", "abort", ["P", "Q"], [report("P", "committed")], "HEURISTIC_MIXED"],
    ["a branch that went both ways", "commit", ["P"], [report("P", "mixed")], "HEURISTIC_MIXED"],
    ["a branch that can't tell", "commit", ["P", "Q"], [report("P", "unknown")], "HEURISTIC_HAZARD"],
    [
      "mixed outranks hazard",
      "commit",
      ["P", "Q"],
      [report("P", "unknown"), report("Q", "rolled back")],
      "HEURISTIC_MIXED",
    ],
    ["who else there was is forgotten", "abort", [], [report("P", "committed")], "HEURISTIC_HAZARD"],
  ];
  test.each(rows)("%s", (_name, decision, members, reports, is) => {
    expect(classify(decision, members, reports)).toBe(is);
  });
});

describe("the coordinator", () => {
  const { coordinator } = machinesOf("2pc");
  const committing = [begin("P", "Q"), yes("P"), yes("Q")];
  const rolledBack = reportText("rolled back", "the disk is gone; and more");

  test("keeps a row that retention does not take, which says what became of the transaction", () => {
    const step = run(coordinator, "C", [...committing, ack("P", "commit", rolledBack), ack("Q")]);
    expect(step.closed).toEqual({
      force: true,
      outcome: {
        outcome: "heuristic",
        reason: null,
        detail: "HEURISTIC_MIXED: commit was decided; P rolled back: the disk is gone and more",
        result: null,
        participants: ["P", "Q"],
        until: "acknowledged",
      } satisfies Closed,
    });
  });

  test("raises its alarm when it hears of it", () => {
    expect(line(coordinator, run(coordinator, "C", [...committing, ack("P", "commit", rolledBack)]))).toBe(
      "alarm heuristic ⇒ committing",
    );
  });

  test("that has forgotten an abort takes a report as an alarm, and each report counts once", () => {
    const first = run(coordinator, "C", [at(closed("aborted", ["P", "Q"]), ack("P", "abort", "committed: x"))]);
    expect(line(coordinator, first)).toBe("end(heuristic)*, alarm heuristic ⇒ forgotten");
    const row = first.closed?.outcome;
    expect(row?.detail).toBe("HEURISTIC_MIXED: abort was decided (VOTED_NO); P committed: x");
    if (row === undefined) throw new Error("nothing was kept");
    const again = run(coordinator, "C", [at({ kind: "closed", closed: row }, ack("P", "abort", "committed: x"))]);
    expect(line(coordinator, again)).toBe("ignored late-acknowledgement");
    const second = run(coordinator, "C", [at({ kind: "closed", closed: row }, ack("Q", "abort", "committed: y"))]);
    expect(second.closed?.outcome.detail).toBe(
      "HEURISTIC_COMMIT: abort was decided (VOTED_NO); P committed: x; Q committed: y",
    );
  });

  test("is told nothing by who had no branch: the row goes when its time is over", () => {
    const step = run(coordinator, "C", [at(closed("committed", ["P", "Q"]), ack("X", "commit", "rolled back: x"))]);
    expect(line(coordinator, step)).toBe("ignored no-such-branch");
  });

  test("that knows nothing any more keeps what it is told", () => {
    const step = run(coordinator, "C", [at({ kind: "lost" }, ack("P", "abort", "committed: x"))]);
    expect(step.closed?.outcome).toMatchObject({
      outcome: "heuristic",
      reason: "PRESUMED",
      detail: "HEURISTIC_HAZARD: abort was decided; P committed: x",
      until: "acknowledged",
    });
  });

  test("tells a client that asks: aborted where abort was decided, committed with the flag where commit was", () => {
    const answers = (decision: Decision): unknown => {
      const row = closed("heuristic");
      if (row.kind !== "closed") throw new Error("no row");
      const reason = decision === "abort" ? ("TIMEOUT" as const) : null;
      const absence = { ...row, closed: { ...row.closed, reason } };
      const { effects } = run(coordinator, "C", [at(absence, { kind: "ask", reply: 1 })]);
      return effects?.[0];
    };
    expect(answers("commit")).toMatchObject({ answer: { outcome: "committed", heuristic: true } });
    expect(answers("abort")).toMatchObject({ answer: { outcome: "aborted", reason: "TIMEOUT" } });
  });

  test("answers INQUIRE from the row with what was decided", () => {
    const row = closed("heuristic", ["P", "Q"]);
    expect(line(coordinator, run(coordinator, "C", [at(row, message("P", { kind: "inquire" }))]))).toBe(
      "commit→P ⇒ forgotten",
    );
  });

  test("lets the row go, and those of the branches, when a person has acknowledged it", () => {
    const row = run(coordinator, "C", [...committing, ack("P", "commit", rolledBack), ack("Q")]).closed?.outcome;
    if (row === undefined) throw new Error("nothing was kept");
    const step = run(coordinator, "C", [at({ kind: "closed", closed: row }, operator("acknowledge"))]);
    expect(line(coordinator, step)).toBe("end(heuristic)*, forget→P, reply committed ⇒ forgotten");
    const seen = step.closed?.outcome;
    expect(seen?.until).toBe("retention");
    if (seen === undefined) throw new Error("nothing was kept");
    // The branch has missed the FORGET, and says again what it did.
    const missed = run(coordinator, "C", [at({ kind: "closed", closed: seen }, ack("P", "commit", rolledBack))]);
    expect(line(coordinator, missed)).toBe("forget→P ⇒ forgotten");
    const twice = run(coordinator, "C", [at({ kind: "closed", closed: seen }, operator("acknowledge"))]);
    expect(line(coordinator, twice)).toBe("reply committed ⇒ forgotten");
  });

  const acts = ["force-commit", "force-abort", "acknowledge"] as const;
  test.each(acts)("cancels by a cancel alone: %s changes nothing", (act) => {
    expect(line(coordinator, run(coordinator, "C", [begin("P", "Q"), operator(act)]))).toBe(
      "reply pending ⇒ preparing",
    );
    expect(line(coordinator, run(coordinator, "C", [begin("P", "Q"), operator(act, null)]))).toBe(
      "ignored nothing-to-do",
    );
    expect(line(coordinator, run(coordinator, "C", [...committing, operator(act)]))).toBe(
      "reply committed ⇒ committing",
    );
  });

  test.each(names)("under %s an abort that a branch went against ends as heuristic", (protocol) => {
    const { coordinator: by } = machinesOf(protocol);
    if (protocol === "2pc") return;
    const step = run(by, "C", [begin("P", "Q"), yes("P"), no("Q"), ack("P", "abort", "committed: x")]);
    expect(step.closed?.outcome.detail).toBe("HEURISTIC_COMMIT: abort was decided (VOTED_NO); P committed: x");
  });
});
