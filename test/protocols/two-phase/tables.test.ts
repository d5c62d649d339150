/** Every row of the event tables of protocols §A.3, §A.4 and §A.5 for presumed abort: state and input, records, messages, next state. */

import { describe, expect, test } from "vitest";
import { protocols, type Input, type LogRecord, type Machine } from "../../../protocols/index.ts";
import {
  abort,
  ack,
  active,
  applied,
  at,
  begin,
  can,
  cannot,
  closed,
  commit,
  env,
  type Event,
  fresh,
  id,
  inquire,
  item,
  line,
  message,
  no,
  none,
  prepare,
  readOnly,
  reads,
  resource,
  run,
  start,
  timeout,
  token,
  work,
  yes,
} from "./lines.ts";

const { coordinator, participant } = protocols["2pc"];

describe("the coordinator, §A.3", () => {
  const ask: Input = { kind: "ask", reply: 2 };
  const committing = [begin("P", "Q"), yes("P"), yes("Q")];

  const rows: readonly (readonly [row: string, events: readonly Event[], does: string])[] = [
    ["INIT, BEGIN_COMMIT", [begin("P", "Q")], "prepare→P, prepare→Q, timer vote ⇒ preparing"],
    [
      "INIT, BEGIN_COMMIT of one participant",
      [begin("P")],
      "one-phase*, commit-one-phase→P, timer one-phase ⇒ preparing",
    ],
    ["COLLECTING, BEGIN_COMMIT again", [begin("P", "Q"), start(["P", "Q"])], " ⇒ preparing"],
    ["COMMITTING, BEGIN_COMMIT again", [...committing, start(["P", "Q"])], "reply committed ⇒ committing"],
    ["closed, BEGIN_COMMIT again", [at(closed("committed"), start(["P", "Q"]))], "reply committed ⇒ forgotten"],
    ["aborted, BEGIN_COMMIT again", [at(closed("aborted"), start(["P", "Q"]))], "reply aborted ⇒ forgotten"],
    ["forgotten, BEGIN_COMMIT again", [at({ kind: "forgotten" }, start(["P", "Q"]))], "reply forgotten ⇒ forgotten"],
    [
      "lost, BEGIN_COMMIT again: no second collection",
      [at({ kind: "lost" }, start(["P", "Q"]))],
      "reply aborted ⇒ forgotten",
    ],
    ["another's, BEGIN_COMMIT", [at({ kind: "foreign" }, start(["P", "Q"]))], "reply not-mine ⇒ forgotten"],
    ["COLLECTING, VOTE YES of one", [begin("P", "Q"), yes("P")], " ⇒ preparing"],
    ["COLLECTING, the same VOTE twice", [begin("P", "Q"), yes("P"), yes("P")], "ignored duplicate-vote"],
    ["COLLECTING, a VOTE of a stranger", [begin("P", "Q"), yes("X")], "ignored no-such-branch"],
    [
      "COLLECTING, all YES",
      committing,
      "commit*, commit→P, commit→Q, reply committed, timer acknowledgement ⇒ committing",
    ],
    [
      "COLLECTING, YES and READ_ONLY: the reader drops out",
      [begin("P", "Q"), readOnly("P"), yes("Q")],
      "commit*, commit→Q, reply committed, timer acknowledgement ⇒ committing",
    ],
    [
      "COLLECTING, all READ_ONLY (the row is forced, for client truth)",
      [begin("P", "Q"), readOnly("P"), readOnly("Q")],
      "end(committed)*, reply committed ⇒ forgotten",
    ],
    [
      "COLLECTING, NO: the rest is told",
      [begin("P", "Q"), yes("P"), no("Q")],
      "end(aborted), abort→P, reply aborted ⇒ forgotten",
    ],
    [
      "COLLECTING, NO after READ_ONLY: nobody to tell",
      [begin("P", "Q"), readOnly("P"), no("Q")],
      "end(aborted), reply aborted ⇒ forgotten",
    ],
    [
      "COLLECTING, T_vote",
      [begin("P", "Q"), yes("P"), timeout("vote")],
      "end(aborted), abort→P, abort→Q, reply aborted ⇒ forgotten",
    ],
    [
      "COLLECTING, client cancel",
      [begin("P", "Q"), { kind: "operator", act: "cancel", reason: "", reply: null }],
      "end(aborted), abort→P, abort→Q, reply aborted ⇒ forgotten",
    ],
    [
      "COMMITTING, client cancel",
      [...committing, { kind: "operator", act: "cancel", reason: "", reply: null }],
      "ignored already-decided",
    ],
    ["COMMITTING, ACK of one", [...committing, ack("P")], " ⇒ committing"],
    ["COMMITTING, all ACKs", [...committing, ack("P"), ack("Q")], "end(committed) ⇒ forgotten"],
    ["COMMITTING, an ACK twice", [...committing, ack("P"), ack("P")], "ignored late-acknowledgement"],
    [
      "COMMITTING, T_ack: to the missing ones",
      [...committing, ack("P"), timeout("acknowledgement")],
      "commit→Q, timer acknowledgement ⇒ committing",
    ],
    ["COMMITTING, T_vote that was under way: never flips", [...committing, timeout("vote")], "ignored late-timeout"],
    ["COMMITTING, a late NO: never flips", [...committing, no("P")], "ignored late-vote"],
    [
      "COMMITTING, a peer is back",
      [...committing, { kind: "suspicion", node: "Q", suspected: false }],
      "commit→Q ⇒ committing",
    ],
    ["COLLECTING, INQUIRE", [begin("P", "Q"), inquire("P")], "pending→P ⇒ preparing"],
    ["COMMITTING, INQUIRE", [...committing, inquire("P")], "commit→P ⇒ committing"],
    [
      "COMMITTING, INQUIRE of a READ_ONLY voter",
      [begin("P", "Q"), readOnly("P"), yes("Q"), inquire("P")],
      "abort→P ⇒ committing",
    ],
    ["no record, INQUIRE: presumed abort", [at({ kind: "lost" }, inquire("P"))], "abort→P ⇒ forgotten"],
    ["forgotten, INQUIRE: presumed abort", [at({ kind: "forgotten" }, inquire("P"))], "abort→P ⇒ forgotten"],
    ["closed as committed, INQUIRE", [at(closed("committed", ["P"]), inquire("P"))], "commit→P ⇒ forgotten"],
    ["another's, INQUIRE", [at({ kind: "foreign" }, inquire("P"))], "not-mine→P ⇒ forgotten"],
    ["no record, late VOTE YES", [at({ kind: "lost" }, yes("P"))], "abort→P ⇒ forgotten"],
    ["no record, late VOTE NO", [at({ kind: "lost" }, no("P"))], "ignored late-vote"],
    ["no record, late ACK", [at({ kind: "lost" }, ack("P"))], "ignored late-acknowledgement"],
    ["live, STATUS", [begin("P", "Q"), ask], "reply pending ⇒ preparing"],
    ["COMMITTING, STATUS", [...committing, ask], "reply committed ⇒ committing"],
    ["outcome row, STATUS", [at(closed("aborted"), ask)], "reply aborted ⇒ forgotten"],
    ["forgotten, STATUS: never by presumption", [at({ kind: "forgotten" }, ask)], "reply forgotten ⇒ forgotten"],
    ["never begun, STATUS", [at(fresh, ask)], "reply unknown ⇒ forgotten"],
    [
      "one phase, the result",
      [begin("P"), message("P", { kind: "one-phase-result", outcome: "committed", result: none })],
      "end(committed), reply committed ⇒ forgotten",
    ],
    [
      "one phase, an aborted result",
      [begin("P"), message("P", { kind: "one-phase-result", outcome: "aborted", reason: "CONSTRAINT", detail: "" })],
      "end(aborted), reply aborted ⇒ forgotten",
    ],
    [
      "one phase, no result: resolve, never presume",
      [begin("P"), timeout("one-phase")],
      "resolve-one-phase→P, timer one-phase ⇒ preparing",
    ],
    [
      "one phase, client cancel: too late",
      [begin("P"), { kind: "operator", act: "cancel", reason: "", reply: null }],
      "ignored already-decided",
    ],
    [
      "a message that a coordinator can't be due",
      [begin("P", "Q"), message("P", { kind: "pending" })],
      "alarm impossible-message ⇒ preparing",
    ],
  ];
  test.each(rows)("%s", (_row, events, does) => {
    expect(line(coordinator, run(coordinator, "C", events))).toBe(does);
  });
});

describe("the participant, §A.4", () => {
  const prepared = [at(fresh, prepare(null, 0, work)), can];
  const onePhase = (with_: typeof token | null, count: number, shot: Uint8Array | null = null): Input =>
    message("C", { kind: "commit-one-phase", token: with_, workCount: count, work: shot });
  const resolve = message("C", { kind: "resolve-one-phase" });

  const rows: readonly (readonly [row: string, events: readonly Event[], does: string])[] = [
    ["no info, the first work enlists", [at(fresh, item(1, null))], "resource work, timer idle ⇒ active"],
    ["ACTIVE, its answer carries the token", active, "worked→C, timer idle ⇒ active"],
    ["ACTIVE, the same item again: the answer again, no work", [...active, item(1, token)], "worked→C ⇒ active"],
    ["ACTIVE, the next item", [...active, item(2, token)], "resource work, timer idle ⇒ active"],
    ["ACTIVE, an item with a hole before it", [...active, item(3, token)], "work-failed→C ⇒ active"],
    ["ACTIVE, work under another token", [...active, item(2, { incarnation: 9, number: 1 })], "work-failed→C ⇒ active"],
    ["no info, work under a token of before a restart", [at(fresh, item(2, token))], "work-failed→C ⇒ forgotten"],
    ["closed, work", [at(closed("aborted"), item(1, null))], "work-failed→C ⇒ forgotten"],
    ["ACTIVE, PREPARE that matches", [...active, prepare(token, 1)], "resource prepare ⇒ preparing"],
    [
      "ACTIVE, PREPARE with another count: NO, undone",
      [...active, prepare(token, 2)],
      "end(aborted), no→C, resource abort ⇒ forgotten",
    ],
    [
      "ACTIVE, PREPARE with another token: NO, undone",
      [...active, prepare({ incarnation: 2, number: 1 }, 1)],
      "end(aborted), no→C, resource abort ⇒ forgotten",
    ],
    [
      "ACTIVE, able: prepare forced before YES",
      [...active, prepare(token, 1), can],
      "prepare*, yes→C, timer decision ⇒ in-doubt",
    ],
    ["ACTIVE, read-only", [...active, prepare(token, 1), reads], "end(read-only), read-only→C ⇒ forgotten"],
    ["ACTIVE, not able: abort unforced", [...active, prepare(token, 1), cannot], "end(aborted), no→C ⇒ forgotten"],
    [
      "one-shot, not able: the tombstone is forced before NO",
      [at(fresh, prepare(null, 0, work)), cannot],
      "end(aborted)*, no→C ⇒ forgotten",
    ],
    ["ACTIVE, T_idle", [...active, timeout("idle")], "end(aborted), resource abort ⇒ forgotten"],
    ["ACTIVE, ABORT", [...active, abort], "end(aborted), resource abort ⇒ forgotten"],
    [
      "ACTIVE, the coordinator closed the id",
      [...active, { kind: "closed" }],
      "end(aborted), resource abort ⇒ forgotten",
    ],
    ["no info, PREPARE without its work: NO", [at(fresh, prepare(token, 1))], "no→C ⇒ forgotten"],
    [
      "no info, one-shot PREPARE: the work is done",
      [at(fresh, prepare(null, 0, work))],
      "resource prepare ⇒ preparing",
    ],
    [
      "no info, one-shot PREPARE after its deadline: NO",
      [at(fresh, message("C", { kind: "prepare", participants: ["P"], token: null, workCount: 0, work }, true))],
      "end(aborted)*, no→C ⇒ forgotten",
    ],
    ["tombstone, PREPARE: NO without work", [at(closed("aborted"), prepare(null, 0, work))], "no→C ⇒ forgotten"],
    [
      "voted read-only, PREPARE again: the same vote without work",
      [at(closed("read-only"), prepare(null, 0, work))],
      "read-only→C ⇒ forgotten",
    ],
    ["closed at the coordinator, PREPARE", [at({ kind: "forgotten" }, prepare(null, 0, work))], "ignored late-prepare"],
    [
      "no info, ABORT (it may have overtaken its PREPARE): tombstone forced",
      [at(fresh, abort)],
      "end(aborted)* ⇒ forgotten",
    ],
    ["PREPARED, COMMIT", [...prepared, commit], "resource commit ⇒ committing"],
    [
      "PREPARED, COMMIT applied: forced, then ACK",
      [...prepared, commit, applied],
      "end(committed)*, ack→C ⇒ forgotten",
    ],
    ["PREPARED, ABORT: unforced, no ACK", [...prepared, abort], "end(aborted), resource abort ⇒ forgotten"],
    ["PREPARED, T_dec: INQUIRE, stays", [...prepared, timeout("decision")], "inquire→C, timer decision ⇒ in-doubt"],
    ["PREPARED, PENDING", [...prepared, message("C", { kind: "pending" })], "ignored decision-pending"],
    ["PREPARED, NOT_MINE", [...prepared, message("C", { kind: "not-mine" })], "ignored not-mine-answer"],
    ["PREPARED, T_idle: no unilateral abort", [...prepared, timeout("idle")], "ignored late-timeout"],
    [
      "PREPARED, the coordinator is back",
      [...prepared, { kind: "suspicion", node: "C", suspected: false }],
      "inquire→C, timer decision ⇒ in-doubt",
    ],
    ["COMMITTED, COMMIT again: ACK", [at(closed("committed"), commit)], "ack→C ⇒ forgotten"],
    ["forgotten, COMMIT again: ACK", [at({ kind: "forgotten" }, commit)], "ack→C ⇒ forgotten"],
    [
      "never heard of, COMMIT: memory was lost, alarm and no ACK",
      [at(fresh, commit)],
      "alarm impossible-message ⇒ forgotten",
    ],
    ["aborted, COMMIT: alarm", [at(closed("aborted"), commit)], "alarm second-decision ⇒ forgotten"],
    ["COMMITTED, ABORT: alarm", [at(closed("committed"), abort)], "alarm second-decision ⇒ forgotten"],
    ["ACTIVE, COMMIT: alarm", [...active, commit], "alarm impossible-message ⇒ active"],
    ["PREPARED, PREPARE again: YES again", [...prepared, prepare(null, 0, work)], "yes→C ⇒ in-doubt"],
    ["ACTIVE, COMMIT_1P that matches", [...active, onePhase(token, 1)], "resource prepare ⇒ preparing"],
    ["one phase, able: applied at once", [...active, onePhase(token, 1), can], "resource commit ⇒ committing"],
    [
      "one phase, applied: the row is forced with the effect",
      [...active, onePhase(token, 1), can, applied],
      "end(committed)*, result(committed)→C ⇒ forgotten",
    ],
    [
      "one phase, read-only",
      [...active, onePhase(token, 1), reads],
      "end(committed)*, result(committed)→C ⇒ forgotten",
    ],
    [
      "one phase, one-shot, not able",
      [at(fresh, onePhase(null, 0, work)), cannot],
      "end(aborted)*, result(aborted)→C ⇒ forgotten",
    ],
    [
      "outcome row, COMMIT_1P again",
      [at(closed("committed"), onePhase(null, 0, work))],
      "result(committed)→C ⇒ forgotten",
    ],
    ["outcome row, RESOLVE_1P", [at(closed("committed"), resolve)], "result(committed)→C ⇒ forgotten"],
    ["no outcome row, RESOLVE_1P: fenced", [at(fresh, resolve)], "end(aborted)*, result(aborted)→C ⇒ forgotten"],
    [
      "ACTIVE, RESOLVE_1P: undone and fenced",
      [...active, resolve],
      "end(aborted)*, result(aborted)→C, resource abort ⇒ forgotten",
    ],
    [
      "ACTIVE, COMMIT_1P with another count: undone and fenced",
      [...active, onePhase(token, 5)],
      "end(aborted)*, result(aborted)→C, resource abort ⇒ forgotten",
    ],
    [
      "no info, COMMIT_1P without its work",
      [at(fresh, onePhase(token, 1))],
      "end(aborted)*, result(aborted)→C ⇒ forgotten",
    ],
    [
      "a write from outside: recorded, told, kept",
      [...prepared, commit, resource({ kind: "applied", outcome: "damaged", detail: "row 1" })],
      "damaged*, ack(heuristic)→C, alarm outside-write ⇒ heuristic",
    ],
  ];
  test.each(rows)("%s", (_row, events, does) => {
    expect(line(participant, run(participant, "P", events))).toBe(does);
  });
});

describe("recovery, §A.5", () => {
  const prepare: LogRecord = {
    kind: "prepare",
    coordinator: "C",
    participants: ["P", "Q"],
    token: null,
    redo: work,
    result: none,
  };
  const rows: readonly (readonly [
    row: string,
    machine: Machine<unknown, LogRecord>,
    self: string,
    records: readonly LogRecord[],
    does: string,
  ])[] = [
    ["C: nothing", coordinator, "C", [], " ⇒ forgotten"],
    [
      "C: commit without end",
      coordinator,
      "C",
      [{ kind: "commit", participants: ["P", "Q"] }],
      "commit→P, commit→Q, timer acknowledgement ⇒ committing",
    ],
    [
      "C: one-phase without result",
      coordinator,
      "C",
      [{ kind: "one-phase", participant: "P" }],
      "resolve-one-phase→P, timer one-phase ⇒ preparing",
    ],
    ["P: nothing", participant, "P", [], " ⇒ forgotten"],
    [
      "P: prepare only: locks again, then INQUIRE",
      participant,
      "P",
      [prepare],
      "inquire→C, resource adopt, timer decision ⇒ in-doubt",
    ],
    [
      "P: damaged",
      participant,
      "P",
      [prepare, { kind: "damaged", decision: "commit", detail: "row 1" }],
      "resource adopt, alarm outside-write ⇒ heuristic",
    ],
  ];
  test.each(rows)("%s", (_row, machine, self, records, does) => {
    expect(line(machine, machine.restore(env(self), id, records))).toBe(does);
  });
});
