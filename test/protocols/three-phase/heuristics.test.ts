/**
 * What a person does to three-phase commit (protocols §0.4, §A.10): a branch ended by hand stays a site that keeps its
 * promises, so that what the others decide is one decision; it tells its coordinator what it did until that was seen to.
 */

import { describe, expect, test } from "vitest";
import type {
  Absence,
  Closed,
  Decision,
  Election,
  Input,
  LogRecord,
  Message,
  ProtocolName,
} from "../../../protocols/index.ts";
import { forcedRow } from "../../../protocols/heuristic.ts";
import {
  abort,
  ack,
  active,
  applied,
  at,
  begin,
  closed,
  commit,
  damaged,
  env,
  type Event,
  id,
  inDoubt,
  line,
  machinesOf,
  message,
  operator,
  prepare,
  reads,
  run,
  timeout,
  token,
  yes,
} from "../two-phase/lines.ts";

const NONE: Election = { round: 0, node: "" };
const of = (round: number, node: string): Election => ({ round, node });
const told = (from: string, decision: Decision): Input => message(from, { kind: "decision", decision });
const asks = (from: string, election: Election): Input => message(from, { kind: "state-request", election });
const state = (from: string, is: "committed" | "aborted" | "waiting"): Input =>
  message(from, { kind: "state-report", election: NONE, state: is, attempt: NONE, restarted: false });
const forget = message("C", { kind: "forget" });
const forcedCommit = [...inDoubt, operator("force-commit"), applied];
const forcedAbort = [...inDoubt, operator("force-abort")];
const names: readonly ProtocolName[] = ["3pc", "3pc-plain"];

describe.each(names)("a branch under %s", (protocol) => {
  const { participant } = machinesOf(protocol);
  const promise = protocol === "3pc" ? "elected*, " : "";
  const rows: readonly (readonly [row: string, events: readonly Event[], does: string])[] = [
    [
      "forced to commit: the record and the effect in one write",
      forcedCommit.slice(0, -1),
      "heuristic*, resource commit, alarm heuristic, reply pending, timer decision ⇒ heuristic",
    ],
    [
      "forced to abort",
      forcedAbort,
      "heuristic*, resource abort, alarm heuristic, reply pending, timer decision ⇒ heuristic",
    ],
    [
      "forced to commit, it only read: nothing to apply",
      [...active, prepare(token, 1), reads, operator("force-commit")],
      "heuristic*, alarm heuristic, reply pending, timer decision ⇒ heuristic",
    ],
    ["in q it is not stuck: nothing", [...active, operator("force-commit")], "reply pending ⇒ active"],
    ["a second act changes nothing", [...forcedAbort, operator("force-commit")], "reply pending ⇒ heuristic"],
    [
      "it asks, and leads nothing",
      [...forcedAbort, timeout("decision"), timeout("decision")],
      "state-request→C, state-request→Q, timer decision ⇒ heuristic",
    ],
    [
      "it was the leader: whoever answers it is too late",
      [
        ...inDoubt,
        timeout("decision"),
        operator("force-abort"),
        message("Q", { kind: "attempt-ack", election: of(2, "P") }),
      ],
      "ignored late-acknowledgement",
    ],
    [
      "another leads: it promises and tells its state as before",
      [...forcedAbort, asks("Q", of(2, "Q"))],
      `${promise}state-report→Q, timer decision ⇒ heuristic`,
    ],
    [
      "it takes an attempt, and is counted",
      [...forcedAbort, message("C", { kind: "precommit", election: of(1, "C") })],
      "precommit*, attempt-ack→C, timer decision ⇒ heuristic",
    ],
    ["COMMIT after a commit by hand: harmless", [...forcedCommit, commit], "end(committed)*, ack→C ⇒ forgotten"],
    ["ABORT after an abort by hand: harmless", [...forcedAbort, abort], "end(aborted)*, ack(abort)→C ⇒ forgotten"],
    [
      "COMMIT after an abort by hand: told, and the coordinator hears it",
      [...forcedAbort, commit],
      "told*, ack(heuristic)→C, alarm heuristic, timer decision ⇒ heuristic",
    ],
    [
      "another site announces: it is acknowledged, and the coordinator hears what was done too",
      [...forcedAbort, asks("Q", of(2, "Q")), told("Q", "commit")],
      "told*, ack(heuristic)→Q, ack(heuristic)→C, alarm heuristic, timer decision ⇒ heuristic",
    ],
    [
      "a peer that is asked knows of an abort: only the coordinator is told",
      [...forcedCommit, state("Q", "aborted")],
      "told*, ack(heuristic)→C, alarm heuristic, timer decision ⇒ heuristic",
    ],
    ["the decision again: the report again", [...forcedAbort, commit, commit], "ack(heuristic)→C ⇒ heuristic"],
    ["the other decision: alarm", [...forcedAbort, commit, abort], "alarm second-decision ⇒ heuristic"],
    [
      "the report goes out until somebody has seen to it",
      [...forcedAbort, commit, timeout("decision")],
      "ack(heuristic)→C, timer decision ⇒ heuristic",
    ],
    [
      "its coordinator is back: at once",
      [...forcedAbort, commit, { kind: "suspicion", node: "C", suspected: false }],
      "ack(heuristic)→C ⇒ heuristic",
    ],
    [
      "told, a site asks: the decision, not what was done",
      [...forcedAbort, commit, asks("Q", NONE)],
      "state-report→Q ⇒ heuristic",
    ],
    ["FORGET before the decision is known: kept", [...forcedAbort, forget], "ignored nothing-to-do"],
    ["FORGET after it was told", [...forcedAbort, commit, forget], "end(heuristic)* ⇒ forgotten"],
    ["acknowledged here", [...forcedAbort, operator("acknowledge")], "end(heuristic)*, reply pending ⇒ forgotten"],
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
      "acknowledged, COMMIT again: the report from the row",
      [at(closed("heuristic", [], "rolled back: x"), commit)],
      "ack(heuristic)→C ⇒ forgotten",
    ],
    [
      "acknowledged, the decision is what was done",
      [at(closed("heuristic", [], "rolled back: x"), abort)],
      "ack(abort)→C ⇒ forgotten",
    ],
  ];
  test.each(rows)("%s", (_row, events, does) => {
    expect(line(participant, run(participant, "P", events))).toBe(does);
  });

  test("acknowledged before it was told, it is no site any more: neither its state nor its promise counts", () => {
    const row = closed("heuristic", ["P", "Q"], "rolled back: x");
    for (const body of [
      { kind: "state-request", election: of(2, "Q") },
      { kind: "precommit", election: of(2, "Q") },
      { kind: "preabort", election: of(2, "Q") },
    ] satisfies Message[]) {
      const { sends, closed: written } = run(participant, "P", [at(row, message("Q", body))]);
      expect(sends?.map((each) => each.body)).toMatchObject([{ kind: "state-report", state: "unknown" }]);
      expect(written).toBeUndefined();
    }
  });

  test("what a site that was told says is the decision", () => {
    const { sends } = run(participant, "P", [...forcedAbort, commit, asks("Q", of(2, "Q"))]);
    expect(sends?.[0]?.body).toMatchObject({ kind: "state-report", state: "committed" });
  });

  const restarts: readonly (readonly [name: string, events: readonly Event[], does: string])[] = [
    [
      "not told yet: asks, and takes no locks",
      forcedCommit,
      "state-request→C, state-request→Q, alarm heuristic, timer decision ⇒ heuristic",
    ],
    [
      "told: its coordinator hears it again",
      [...forcedAbort, commit],
      "ack(heuristic)→C, alarm heuristic, timer decision ⇒ heuristic",
    ],
    [
      "forced and not applied: takes its locks again",
      [...inDoubt, operator("force-commit"), damaged],
      "state-request→C, state-request→Q, resource adopt, alarm heuristic, timer decision ⇒ heuristic",
    ],
  ];
  test.each(restarts)("restarted, %s", (_name, events, does) => {
    expect(line(participant, restarted(events))).toBe(does);
  });

  test("restarted, it keeps the promise that it made before or after the act", () => {
    if (protocol !== "3pc") return;
    const { state: now } = restarted([...forcedAbort, asks("Q", of(3, "Q"))]);
    const { sends } = run(participant, "P", [asks("C", of(2, "C"))], now);
    expect(sends?.[0]?.body).toEqual({ kind: "refused", elected: of(3, "Q") });
  });

  function restarted(events: readonly Event[]): ReturnType<typeof participant.restore> {
    const records: LogRecord[] = events.flatMap((_, last) =>
      (run(participant, "P", events.slice(0, last + 1)).records ?? []).map(({ record }) => record),
    );
    return participant.restore(env("P"), id, records);
  }
});

describe.each(names)("the coordinator of %s", (protocol) => {
  const { coordinator } = machinesOf(protocol);
  const p = [begin("P", "Q"), yes("P"), yes("Q")];
  const forced = (said: Decision): Absence => ({
    kind: "closed",
    closed: forcedRow(said, "P and Q burned", ["P", "Q"]),
  });

  test("hears of damage before it has heard of the decision: that comes again", () => {
    const events = [begin("P", "Q"), yes("P"), ack("P", "abort", "committed: x")];
    expect(line(coordinator, run(coordinator, "C", events))).toBe("ignored late-acknowledgement");
  });

  test("keeps a row of damage for an abort too", () => {
    const events = [...p, told("P", "abort"), ack("Q", "abort", "committed: x")];
    expect(run(coordinator, "C", events).closed?.outcome).toMatchObject({
      outcome: "heuristic",
      detail: "HEURISTIC_MIXED: abort was decided (TIMEOUT, the sites aborted without the coordinator); Q committed: x",
      until: "acknowledged",
    } satisfies Partial<Closed>);
  });

  test("that has forgotten a decision takes a report of damage, and lets it go when a person has seen to it", () => {
    const first = run(coordinator, "C", [at(closed("committed", ["P", "Q"]), ack("P", "commit", "rolled back: x"))]);
    expect(line(coordinator, first)).toBe("end(heuristic)*, alarm heuristic ⇒ forgotten");
    const row = first.closed?.outcome;
    expect(row?.detail).toBe("HEURISTIC_MIXED: commit was decided; P rolled back: x");
    if (row === undefined) throw new Error("nothing was kept");
    const seen = run(coordinator, "C", [at({ kind: "closed", closed: row }, operator("acknowledge"))]);
    expect(line(coordinator, seen)).toBe("end(heuristic)*, forget→P, reply committed ⇒ forgotten");
    expect(seen.closed?.outcome.until).toBe("retention");
  });

  test("a row of damage says to a site what was decided", () => {
    for (const [reason, is] of [
      [null, "committed"],
      ["TIMEOUT", "aborted"],
    ] as const) {
      const row = closed("heuristic", ["P", "Q"]);
      if (row.kind !== "closed") throw new Error("no row");
      const { sends } = run(coordinator, "C", [
        at({ ...row, closed: { ...row.closed, reason } }, asks("P", of(2, "P"))),
      ]);
      expect(sends?.[0]?.body).toMatchObject({ state: is });
    }
  });

  describe("that a person made answer its client", () => {
    test.each(["commit", "abort"] as const)("tells it %s, with what is not known", (said) => {
      const step = run(coordinator, "C", [...p, operator(`force-${said}`)]);
      expect(step.closed).toMatchObject({ force: true, outcome: { outcome: "heuristic", until: "acknowledged" } });
      expect(step.closed?.outcome.detail).toBe(
        `HEURISTIC_HAZARD by hand: ${said} was said by hand, and nobody knows what the sites decide (the disk is gone)`,
      );
      expect(step.sends ?? []).toEqual([]);
    });

    test("says nothing to sites that ask, since it decided nothing", () => {
      const { sends } = run(coordinator, "C", [at(forced("commit"), asks("P", of(2, "P")))]);
      expect(sends?.[0]?.body).toMatchObject({ kind: "state-report", state: "unknown" });
    });

    test("hears that it was true: an outcome like any other", () => {
      const step = run(coordinator, "C", [at(forced("commit"), told("Q", "commit"))]);
      expect(line(coordinator, step)).toBe("end(committed)*, ack→Q ⇒ forgotten");
    });

    test("hears that it was not: acknowledged, damage, and it says so until a person has seen to it", () => {
      const step = run(coordinator, "C", [at(forced("commit"), told("Q", "abort"))]);
      expect(line(coordinator, step)).toBe("end(heuristic)*, ack(abort)→Q, alarm heuristic ⇒ forgotten");
      const row = step.closed?.outcome;
      expect(row?.detail).toMatch(/^HEURISTIC_MIXED: abort was decided.*; C committed: as it told its client/);
      if (row === undefined) throw new Error("nothing was kept");
      const { sends } = run(coordinator, "C", [at({ kind: "closed", closed: row }, asks("P", of(2, "P")))]);
      expect(sends?.[0]?.body).toMatchObject({ state: "aborted" });
      const seen = run(coordinator, "C", [at({ kind: "closed", closed: row }, operator("acknowledge"))]);
      expect(seen.sends ?? []).toEqual([]);
    });

    test("hears it first from a branch that went against it", () => {
      const step = run(coordinator, "C", [at(forced("commit"), ack("P", "abort", "committed: x"))]);
      expect(step.closed?.outcome.detail).toMatch(/^HEURISTIC_MIXED: abort was decided.*; P committed: x$/);
    });
  });
});
