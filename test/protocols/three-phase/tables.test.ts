/** The rows of protocols §B.1 to §B.4 and §B.8 to §B.10: state and input, records, messages, next state. */
import { describe, expect, test } from "vitest";
import type { Election, Input, LogRecord, Machine, Message, ProtocolName } from "../../../protocols/index.ts";
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
  none,
  operator,
  prepare,
  reads,
  run,
  start,
  timeout,
  token,
  work,
  yes,
} from "../two-phase/lines.ts";

type Row = readonly [row: string, events: readonly Event[], does: string];

const FIRST: Election = { round: 1, node: "C" };
const NONE: Election = { round: 0, node: "" };
const of = (round: number, node: string): Election => ({ round, node });
const request = (from: string, election: Election): Input => message(from, { kind: "state-request", election });
const precommit = (from: string, election = FIRST): Input => message(from, { kind: "precommit", election });
const preabort = (from: string, election: Election): Input => message(from, { kind: "preabort", election });
const accepted = (from: string, election = FIRST): Input => message(from, { kind: "attempt-ack", election });
const refused = (from: string, elected: Election): Input => message(from, { kind: "refused", elected });
const report = (
  from: string,
  election: Election,
  state: Extract<Message, { kind: "state-report" }>["state"],
  { attempt = NONE, restarted = false }: { attempt?: Election; restarted?: boolean } = {},
): Input => message(from, { kind: "state-report", election, state, attempt, restarted });
const lastWork = (with_: typeof token | null, workCount: number): Input =>
  message("C", { kind: "last-work", participants: ["P", "Q"], token: with_, workCount, work });
const down = (node: string): Input => ({ kind: "suspicion", node, suspected: true });
const up = (node: string): Input => ({ kind: "suspicion", node, suspected: false });

const three = machinesOf("3pc");
const plain = machinesOf("3pc-plain");
const p = [begin("P", "Q"), yes("P"), yes("Q")];

describe("the coordinator, §B.1 and §B.10, whatever the termination", () => {
  const rows: readonly Row[] = [
    ["q, BEGIN_COMMIT", [begin("P", "Q")], "prepare→P, prepare→Q, timer vote ⇒ preparing"],
    ["q, BEGIN_COMMIT of one: it runs the protocol", [begin("P")], "prepare→P, timer vote ⇒ preparing"],
    [
      "w, all YES: precommit forced, then PRECOMMIT",
      p,
      "precommit*, precommit→P, precommit→Q, timer decision ⇒ preparing",
    ],
    [
      "w, a NO: abort told to who may have voted YES",
      [begin("P", "Q"), no("P")],
      "decided, abort→Q, reply aborted, timer acknowledgement ⇒ aborting",
    ],
    [
      "w, a NO of the only one: nobody is left to tell",
      [begin("P"), no("P")],
      "end(aborted), reply aborted ⇒ forgotten",
    ],
    [
      "w, T_vote",
      [begin("P", "Q"), yes("P"), timeout("vote")],
      "decided, abort→P, abort→Q, reply aborted, timer acknowledgement ⇒ aborting",
    ],
    [
      "w, cancelled by the client",
      [begin("P", "Q"), operator("cancel")],
      "decided, abort→P, abort→Q, reply aborted, reply aborted, timer acknowledgement ⇒ aborting",
    ],
    [
      "w, a backup asks: the coordinator aborts, and so leads no more",
      [begin("P", "Q"), request("P", of(2, "P"))],
      "decided, state-report→P, abort→P, abort→Q, reply aborted, timer acknowledgement ⇒ aborting",
    ],
    [
      "w, a backup has aborted",
      [begin("P", "Q"), message("P", { kind: "decision", decision: "abort" })],
      "decided, ack(abort)→P, abort→Q, reply aborted, timer acknowledgement ⇒ aborting",
    ],
    [
      "w, COMMIT: impossible",
      [begin("P", "Q"), message("P", { kind: "decision", decision: "commit" })],
      "alarm impossible-message ⇒ preparing",
    ],
    ["w, PRECOMMIT: impossible", [begin("P", "Q"), precommit("P", of(2, "P"))], "alarm impossible-message ⇒ preparing"],
    [
      "p, cancelled by the client: it waits for the decision, and is told it",
      [...p, operator("cancel"), message("P", { kind: "decision", decision: "commit" })],
      "decided*, ack→P, commit→Q, reply committed, reply committed, timer acknowledgement ⇒ committing",
    ],
    ["p, a late YES", [...p, yes("P")], "ignored late-vote"],
    [
      "p, a backup has committed: forced, acknowledged, and told to the others",
      [...p, message("P", { kind: "decision", decision: "commit" })],
      "decided*, ack→P, commit→Q, reply committed, timer acknowledgement ⇒ committing",
    ],
    [
      "p, a person makes it answer its client: it decides nothing for others, and is no site any more",
      [...p, operator("force-abort")],
      "end(heuristic)*, alarm heuristic, reply aborted, reply aborted ⇒ forgotten",
    ],
    [
      "c, asked for its state",
      [...p, message("P", { kind: "decision", decision: "commit" }), request("Q", of(2, "Q"))],
      "state-report→Q ⇒ committing",
    ],
    [
      "c, ABORT of somebody: alarm",
      [
        ...p,
        message("P", { kind: "decision", decision: "commit" }),
        message("Q", { kind: "decision", decision: "abort" }),
      ],
      "alarm second-decision ⇒ committing",
    ],
    [
      "c, not all have acknowledged: told again",
      [...p, message("P", { kind: "decision", decision: "commit" }), timeout("acknowledgement")],
      "commit→Q, timer acknowledgement ⇒ committing",
    ],
    [
      "c, the last acknowledgement: end, unforced",
      [...p, message("P", { kind: "decision", decision: "commit" }), ack("Q")],
      "end(committed) ⇒ forgotten",
    ],
    [
      "c, an acknowledgement with damage",
      [...p, message("P", { kind: "decision", decision: "commit" }), ack("Q", "commit", "row 1")],
      "end(heuristic)*, alarm heuristic ⇒ forgotten",
    ],
    ["a, ACKs of the abort are waited for", [begin("P", "Q"), no("P"), ack("Q", "abort")], "end(aborted) ⇒ forgotten"],
    [
      "no record, asked by a site: abort",
      [at({ kind: "lost" }, request("P", of(2, "P")))],
      "state-report→P ⇒ forgotten",
    ],
    ["no record, a late YES: abort", [at({ kind: "lost" }, yes("P"))], "abort→P ⇒ forgotten"],
    [
      "no record, COMMIT of a site: alarm",
      [at({ kind: "lost" }, message("P", { kind: "decision", decision: "commit" }))],
      "alarm second-decision ⇒ forgotten",
    ],
    [
      "no record, ABORT of a backup: ACK",
      [at({ kind: "lost" }, message("P", { kind: "decision", decision: "abort" }))],
      "ack(abort)→P ⇒ forgotten",
    ],
    [
      "forgotten, COMMIT again: ACK",
      [at({ kind: "forgotten" }, message("P", { kind: "decision", decision: "commit" }))],
      "ack→P ⇒ forgotten",
    ],
    [
      "lost, BEGIN_COMMIT again: no second collection",
      [at({ kind: "lost" }, start(["P", "Q"]))],
      "reply aborted ⇒ forgotten",
    ],
  ];
  test.each(rows)("%s", (_row, events, does) => {
    expect(line(three.coordinator, run(three.coordinator, "C", events))).toBe(does);
    expect(line(plain.coordinator, run(plain.coordinator, "C", events))).toBe(does);
  });

  test.each([
    ["lost", { kind: "lost" }, "aborted"],
    ["forgotten", { kind: "forgotten" }, "aborted"],
    ["kept as committed", closed("committed"), "committed"],
    ["kept as aborted", closed("aborted"), "aborted"],
    ["another's", { kind: "foreign" }, "unknown"],
  ] as const)("what is %s is told to a site that asks", (_name, absence, state) => {
    const [send] = run(three.coordinator, "C", [at(absence, request("P", of(2, "P")))]).sends ?? [];
    expect(send?.body).toMatchObject({ kind: "state-report", state });
  });
});

describe("the coordinator whose participant P begins the commit, §B.1 and §I, whatever the termination", () => {
  const begins = at(fresh, start(["P", "Q"], "P"));
  const rows: readonly Row[] = [
    ["its last work goes to P alone", [begins], "last-work→P, timer vote ⇒ preparing"],
    ["its YES: the others are asked", [begins, yes("P")], "prepare→Q ⇒ preparing"],
    [
      "then all YES: precommit forced, as ever",
      [begins, yes("P"), yes("Q")],
      "precommit*, precommit→P, precommit→Q, timer decision ⇒ preparing",
    ],
    [
      "alone: its YES is all",
      [at(fresh, start(["P"], "P")), yes("P")],
      "precommit*, precommit→P, timer decision ⇒ preparing",
    ],
    [
      "its NO: told to the one that holds work",
      [begins, no("P")],
      "decided, abort→Q, reply aborted, timer acknowledgement ⇒ aborting",
    ],
    ["its YES twice", [begins, yes("P"), yes("P")], "ignored duplicate-vote"],
    ["another votes before it was asked", [begins, yes("Q")], "ignored no-such-branch"],
    [
      "no YES in time",
      [begins, timeout("vote")],
      "decided, abort→P, abort→Q, reply aborted, timer acknowledgement ⇒ aborting",
    ],
    [
      "cancelled before its YES",
      [begins, operator("cancel")],
      "decided, abort→P, abort→Q, reply aborted, reply aborted, timer acknowledgement ⇒ aborting",
    ],
    [
      "P has prepared, lost patience and asks: the coordinator aborts, and so leads no more",
      [begins, request("P", of(2, "P"))],
      "decided, state-report→P, abort→P, abort→Q, reply aborted, timer acknowledgement ⇒ aborting",
    ],
    ["P is back: its last work again", [begins, down("P"), up("P")], "last-work→P ⇒ preparing"],
    ["another is back before it was asked: nothing is due there", [begins, down("Q"), up("Q")], " ⇒ preparing"],
    [
      "another was away when it was asked, and is back",
      [begins, down("Q"), yes("P"), up("Q")],
      "prepare→Q ⇒ preparing",
    ],
  ];
  test.each(rows)("%s", (_row, events, does) => {
    expect(line(three.coordinator, run(three.coordinator, "C", events))).toBe(does);
    expect(line(plain.coordinator, run(plain.coordinator, "C", events))).toBe(does);
  });

  test("where P is silent it alone is named, with its link where that is down", () => {
    for (const [events, reason] of [
      [[begins, timeout("vote")], "TIMEOUT"],
      [[begins, down("P"), down("Q"), timeout("vote")], "PARTICIPANT_UNREACHABLE"],
    ] as const) {
      const { effects = [] } = run(three.coordinator, "C", events);
      expect(effects).toMatchObject([{ answer: { outcome: "aborted", reason } }]);
      expect(JSON.stringify(effects)).not.toContain("Q");
    }
  });
});

describe("the participant, §B.1 and §B.3, whatever the termination", () => {
  const doubt = inDoubt;
  const rows: readonly Row[] = [
    ["q, VOTE_REQ: prepare forced, then YES", doubt, "prepare*, yes→C, timer decision ⇒ in-doubt"],
    [
      "q, VOTE_REQ of a branch that only read: YES, and it stays",
      [...active, prepare(token, 1), reads],
      "prepare*, yes→C, timer decision ⇒ in-doubt",
    ],
    ["q, not able: NO", [...active, prepare(token, 1), cannot], "end(aborted), no→C ⇒ forgotten"],
    [
      "q, VOTE_REQ with another count: NO, undone",
      [...active, prepare(token, 2)],
      "end(aborted), no→C, resource abort ⇒ forgotten",
    ],
    [
      "q, asked for its state: aborts, forced, and says so",
      [...active, request("Q", of(2, "Q"))],
      "end(aborted)*, state-report→Q, resource abort ⇒ forgotten",
    ],
    ["q, PRECOMMIT: impossible", [...active, precommit("C")], "alarm impossible-message ⇒ active"],
    ["q, T_idle: the only abort of its own", [...active, timeout("idle")], "end(aborted), resource abort ⇒ forgotten"],
    [
      "never heard of, asked for its state: tombstone forced, aborted",
      [at(fresh, request("Q", of(2, "Q")))],
      "end(aborted)*, state-report→Q ⇒ forgotten",
    ],
    ["never heard of, one-shot VOTE_REQ: NO without work", [at(fresh, prepare(null, 0, work))], "no→C ⇒ forgotten"],
    [
      "q, its last work, unasked: done with the prepare, which is forced, then YES",
      [...active, lastWork(token, 1), can],
      "prepare*, yes→C, timer decision ⇒ in-doubt",
    ],
    [
      "q, last work with another count: NO, undone",
      [...active, lastWork(token, 2)],
      "end(aborted), no→C, resource abort ⇒ forgotten",
    ],
    [
      "never heard of, last work: there is no branch, NO without work",
      [at(fresh, lastWork(null, 0))],
      "no→C ⇒ forgotten",
    ],
    ["w, last work again: YES again", [...doubt, lastWork(token, 1)], "yes→C ⇒ in-doubt"],
    ["forgotten, last work again: nothing", [at({ kind: "forgotten" }, lastWork(token, 1))], "ignored late-prepare"],
    ["w, VOTE_REQ again: YES again", [...doubt, prepare(token, 1)], "yes→C ⇒ in-doubt"],
    [
      "w, PRECOMMIT: forced, then ACK",
      [...doubt, precommit("C")],
      "precommit*, attempt-ack→C, timer decision ⇒ in-doubt",
    ],
    [
      "p, PRECOMMIT again: ACK, nothing written",
      [...doubt, precommit("C"), precommit("C")],
      "attempt-ack→C ⇒ in-doubt",
    ],
    ["p, COMMIT", [...doubt, precommit("C"), commit], "resource commit ⇒ committing"],
    [
      "p, COMMIT applied: forced, then ACK",
      [...doubt, precommit("C"), commit, applied],
      "end(committed)*, ack→C ⇒ forgotten",
    ],
    ["w, COMMIT (its PRECOMMIT was lost)", [...doubt, commit, applied], "end(committed)*, ack→C ⇒ forgotten"],
    ["w, ABORT: forced, then ACK", [...doubt, abort], "end(aborted)*, ack(abort)→C, resource abort ⇒ forgotten"],
    [
      "only read, COMMIT: nothing to apply",
      [...active, prepare(token, 1), reads, commit],
      "end(committed)*, ack→C ⇒ forgotten",
    ],
    [
      "committed, asked for its state",
      [at(closed("committed"), request("Q", of(2, "Q")))],
      "state-report→Q ⇒ forgotten",
    ],
    ["committed, COMMIT again: ACK", [at(closed("committed"), commit)], "ack→C ⇒ forgotten"],
    ["forgotten, COMMIT again: ACK", [at({ kind: "forgotten" }, commit)], "ack→C ⇒ forgotten"],
    ["forgotten, ABORT again: ACK", [at({ kind: "forgotten" }, abort)], "ack(abort)→C ⇒ forgotten"],
    ["committed, ABORT: alarm", [at(closed("committed"), abort)], "alarm second-decision ⇒ forgotten"],
    [
      "never heard of, COMMIT: memory was lost, alarm and no ACK",
      [at(fresh, commit)],
      "alarm impossible-message ⇒ forgotten",
    ],
    [
      "never heard of, ABORT: tombstone forced, then ACK",
      [at(fresh, abort)],
      "end(aborted)*, ack(abort)→C ⇒ forgotten",
    ],
    [
      "w, the coordinator closed the id: asks everyone",
      [...doubt, { kind: "closed" }],
      "state-request→C, state-request→Q, timer decision ⇒ in-doubt",
    ],
    [
      "a write from outside: recorded, told, kept",
      [...doubt, commit, damaged],
      "damaged*, ack(heuristic)→C, alarm outside-write ⇒ heuristic",
    ],
    ["damaged, COMMIT again", [...doubt, commit, damaged, commit], "ack(heuristic)→C ⇒ heuristic"],
    [
      "damaged, an operator has looked after it",
      [...doubt, commit, damaged, operator("acknowledge")],
      "end(heuristic)*, resource abort, reply pending ⇒ forgotten",
    ],
  ];
  test.each(rows)("%s", (_row, events, does) => {
    expect(line(three.participant, run(three.participant, "P", events))).toBe(does);
    expect(line(plain.participant, run(plain.participant, "P", events))).toBe(does);
  });

  test("the last work reaches the resource with the request to prepare", () => {
    const { effects } = run(three.participant, "P", [...active, lastWork(token, 1)]);
    expect(effects).toEqual([{ kind: "resource", request: { act: "prepare", work } }]);
  });

  test.each([
    ["lost", { kind: "lost" }],
    ["forgotten", { kind: "forgotten" }],
    ["another's", { kind: "foreign" }],
  ] as const)("what is %s proves nothing: unknown, never aborted", (_name, absence) => {
    const [send] = run(three.participant, "P", [at(absence, request("Q", of(2, "Q")))]).sends ?? [];
    expect(send?.body).toMatchObject({ kind: "state-report", state: "unknown" });
  });
});

describe("E3PC's termination, §B.9, at P of the sites C, P, Q", () => {
  const mine = of(2, "P");
  const leads = [...inDoubt, timeout("decision")];
  const rows: readonly Row[] = [
    [
      "w, its timer: an election, its promise forced first",
      leads,
      "elected*, state-request→C, state-request→Q, timer decision ⇒ in-doubt",
    ],
    [
      "w, a later election: the promise is forced before the state is told",
      [...inDoubt, request("Q", of(2, "Q"))],
      "elected*, state-report→Q, timer decision ⇒ in-doubt",
    ],
    [
      "it has promised more: NACK",
      [...inDoubt, request("Q", of(3, "Q")), request("C", of(2, "C"))],
      "refused→C ⇒ in-doubt",
    ],
    [
      "the same request again: the state again, nothing written",
      [...inDoubt, request("Q", of(2, "Q")), request("Q", of(2, "Q"))],
      "state-report→Q ⇒ in-doubt",
    ],
    ["a question elects nobody", [...inDoubt, request("Q", NONE)], "state-report→Q ⇒ in-doubt"],
    [
      "PRECOMMIT(1) after a later promise: NACK",
      [...inDoubt, request("Q", of(2, "Q")), precommit("C")],
      "refused→C ⇒ in-doubt",
    ],
    [
      "a quorum, all in w: PREABORT",
      [...leads, report("Q", mine, "waiting")],
      "preabort*, preabort→C, preabort→Q, timer decision ⇒ in-doubt",
    ],
    [
      "a quorum, the last attempt in p: PRECOMMIT",
      [...leads, report("Q", mine, "precommitted", { attempt: FIRST })],
      "precommit*, precommit→C, precommit→Q, timer decision ⇒ in-doubt",
    ],
    [
      "a quorum, a later attempt in pa beats p",
      [...inDoubt, precommit("C"), timeout("decision"), report("Q", mine, "preaborted", { attempt: of(2, "C") })],
      "preabort*, preabort→C, preabort→Q, timer decision ⇒ in-doubt",
    ],
    ["unknown is not in the quorum", [...leads, report("Q", mine, "unknown")], " ⇒ in-doubt"],
    [
      "no quorum: asks again under the same number, nothing written",
      [...leads, timeout("decision")],
      "state-request→C, state-request→Q, timer decision ⇒ in-doubt",
    ],
    [
      "some c: commits, and tells all",
      [...leads, report("Q", mine, "committed"), applied],
      "decided*, commit→C, commit→Q, timer acknowledgement ⇒ committing",
    ],
    [
      "some a: aborts, and tells all",
      [...leads, report("C", mine, "aborted")],
      "decided*, abort→C, abort→Q, resource abort, timer acknowledgement ⇒ aborting",
    ],
    ["a report of another election", [...leads, report("Q", of(5, "P"), "waiting")], "ignored late-report"],
    [
      "a quorum of ACKs of PREABORT: abort",
      [...leads, report("Q", mine, "waiting"), accepted("Q", mine)],
      "decided*, abort→C, abort→Q, resource abort, timer acknowledgement ⇒ aborting",
    ],
    [
      "ACKs of another attempt count for nothing",
      [...leads, report("Q", mine, "waiting"), accepted("Q", of(1, "C"))],
      "ignored late-acknowledgement",
    ],
    [
      "too few ACKs in time: a new election",
      [...leads, report("Q", mine, "waiting"), timeout("decision")],
      "elected*, state-request→C, state-request→Q, timer decision ⇒ in-doubt",
    ],
    ["NACK: it steps back", [...leads, refused("Q", of(3, "Q"))], "timer decision ⇒ in-doubt"],
    [
      "a later attempt moves p to pa",
      [...inDoubt, precommit("C"), preabort("Q", of(2, "Q"))],
      "preabort*, attempt-ack→Q, timer decision ⇒ in-doubt",
    ],
    ["a link is back: it hears what it may have missed", [...leads, down("Q"), up("Q")], "state-request→Q ⇒ in-doubt"],
  ];
  test.each(rows)("%s", (_row, events, does) => {
    expect(line(three.participant, run(three.participant, "P", events))).toBe(does);
  });

  test.each([
    [
      "a quorum of ACKs commits, without the last one",
      [...p, accepted("P")],
      "decided*, commit→P, commit→Q, reply committed, timer acknowledgement ⇒ committing",
    ],
    [
      "no quorum of ACKs: an election, never a commit",
      [...p, timeout("decision")],
      "elected*, state-request→P, state-request→Q, timer decision ⇒ in-doubt",
    ],
    [
      "the coordinator follows a later leader (abdication)",
      [...p, request("Q", of(2, "Q"))],
      "elected*, state-report→Q, timer decision ⇒ in-doubt",
    ],
    [
      "after that its own attempt's ACKs decide nothing",
      [...p, request("Q", of(2, "Q")), accepted("P")],
      "ignored late-acknowledgement",
    ],
  ] as const)("the coordinator: %s", (_row, events, does) => {
    expect(line(three.coordinator, run(three.coordinator, "C", events))).toBe(does);
  });

  test("of three participants two decide, and the coordinator has no vote", () => {
    const all = [begin("P", "Q", "R"), yes("P"), yes("Q"), yes("R"), accepted("P")];
    expect(line(three.coordinator, run(three.coordinator, "C", all))).toBe(" ⇒ preparing");
    expect(line(three.coordinator, run(three.coordinator, "C", [...all, accepted("R")]))).toContain("decided*");
  });
});

describe("the plain termination, §B.3 and §B.4", () => {
  const first = of(2, "P");
  const leads = [...inDoubt, timeout("decision")];
  const rows: readonly (readonly [row: string, self: string, events: readonly Event[], does: string])[] = [
    [
      "the first after the coordinator leads",
      "P",
      leads,
      "state-request→C, state-request→Q, timer decision ⇒ in-doubt",
    ],
    ["the second waits for the first", "Q", leads, "timer decision ⇒ in-doubt"],
    [
      "and leads when that one is silent too",
      "Q",
      [...leads, timeout("decision")],
      "state-request→C, state-request→P, timer decision ⇒ in-doubt",
    ],
    [
      "and at once when its link is down",
      "Q",
      [...inDoubt, down("P"), timeout("decision")],
      "state-request→C, state-request→P, timer decision ⇒ in-doubt",
    ],
    [
      "TR1",
      "P",
      [...leads, report("Q", first, "aborted")],
      "decided*, abort→C, abort→Q, resource abort, timer acknowledgement ⇒ aborting",
    ],
    [
      "TR2",
      "P",
      [...leads, report("Q", first, "committed"), applied],
      "decided*, commit→C, commit→Q, timer acknowledgement ⇒ committing",
    ],
    ["one has not answered: it waits", "P", [...leads, report("Q", first, "waiting")], " ⇒ in-doubt"],
    [
      "TR3: nobody else is taken for alive, all in w",
      "P",
      [...leads, down("C"), report("Q", first, "waiting")],
      "decided*, abort→C, abort→Q, resource abort, timer acknowledgement ⇒ aborting",
    ],
    [
      "TR4: some p: the leader moves, then those in w",
      "P",
      [...inDoubt, precommit("C"), timeout("decision"), down("C"), report("Q", first, "waiting")],
      "precommit*, precommit→Q, timer decision ⇒ in-doubt",
    ],
    [
      "TR4, who was in w has acknowledged",
      "P",
      [
        ...inDoubt,
        precommit("C"),
        timeout("decision"),
        down("C"),
        report("Q", first, "waiting"),
        accepted("Q", first),
        applied,
      ],
      "decided*, commit→C, commit→Q, timer acknowledgement ⇒ committing",
    ],
    [
      "a site that crashed is not operational: its p counts for nothing",
      "P",
      [...leads, down("C"), report("Q", first, "precommitted", { restarted: true })],
      "decided*, abort→C, abort→Q, resource abort, timer acknowledgement ⇒ aborting",
    ],
    [
      "unknown is not operational",
      "P",
      [...leads, down("C"), report("Q", first, "unknown")],
      "decided*, abort→C, abort→Q, resource abort, timer acknowledgement ⇒ aborting",
    ],
    [
      "who is asked follows, and writes nothing",
      "P",
      [...inDoubt, request("Q", of(3, "Q"))],
      "state-report→Q, timer decision ⇒ in-doubt",
    ],
    [
      "following Q: COMMIT of the coordinator is refused",
      "P",
      [...inDoubt, request("Q", of(3, "Q")), commit],
      "refused→C ⇒ in-doubt",
    ],
    [
      "following Q: PRECOMMIT of the coordinator is refused",
      "P",
      [...inDoubt, request("Q", of(3, "Q")), precommit("C")],
      "refused→C ⇒ in-doubt",
    ],
    [
      "following Q: COMMIT of Q",
      "P",
      [...inDoubt, request("Q", of(3, "Q")), message("Q", { kind: "decision", decision: "commit" })],
      "resource commit ⇒ committing",
    ],
    [
      "PREABORT is no message of it",
      "P",
      [...inDoubt, preabort("Q", of(3, "Q"))],
      "alarm impossible-message ⇒ in-doubt",
    ],
  ];
  test.each(rows)("%s", (_row, self, events, does) => {
    expect(line(plain.participant, run(plain.participant, self, events))).toBe(does);
  });

  test.each([
    ["ACKs of all", [...p, accepted("P"), accepted("Q")]],
    ["ACKs of all that are not suspected", [...p, down("Q"), accepted("P")]],
    ["T_ack: who is silent is dead", [...p, timeout("decision")]],
  ] as const)("the coordinator commits: %s", (_row, events) => {
    expect(line(plain.coordinator, run(plain.coordinator, "C", events))).toBe(
      "decided*, commit→P, commit→Q, reply committed, timer acknowledgement ⇒ committing",
    );
  });
});

describe("recovery, §B.4", () => {
  const prepared: LogRecord = {
    kind: "prepare",
    coordinator: "C",
    participants: ["P", "Q"],
    token,
    redo: work,
    result: none,
  };
  const inP: LogRecord = { kind: "precommit", election: FIRST, participants: ["P", "Q"] };
  const decided: LogRecord = {
    kind: "decided",
    decision: "commit",
    participants: ["P", "Q"],
    reason: null,
    detail: "",
  };
  const asks = "state-request→C, state-request→Q, resource adopt, timer decision ⇒ in-doubt";
  const rows: readonly (readonly [
    row: string,
    role: "coordinator" | "participant",
    records: readonly LogRecord[],
    does: string,
  ])[] = [
    ["C: no record", "coordinator", [], " ⇒ forgotten"],
    [
      "C: precommit: a site like the others, that asks",
      "coordinator",
      [inP],
      "state-request→P, state-request→Q, timer decision ⇒ in-doubt",
    ],
    [
      "C: decided: tells all again",
      "coordinator",
      [inP, decided],
      "commit→P, commit→Q, timer acknowledgement ⇒ committing",
    ],
    ["P: no record", "participant", [], " ⇒ forgotten"],
    ["P: w: locks again, then it asks", "participant", [prepared], asks],
    ["P: p: the same", "participant", [prepared, inP], asks],
    [
      "P: it led: tells all again, and holds no locks",
      "participant",
      [prepared, inP, decided],
      "commit→C, commit→Q, timer acknowledgement ⇒ committing",
    ],
    [
      "P: damaged",
      "participant",
      [prepared, { kind: "damaged", decision: "commit", detail: "row 1" }],
      "resource adopt, alarm outside-write ⇒ heuristic",
    ],
  ];
  const protocols: readonly ProtocolName[] = ["3pc", "3pc-plain"];
  test.each(rows.flatMap((row) => protocols.map((protocol) => [protocol, ...row] as const)))(
    "%s, %s",
    (protocol, _row, role, records, does) => {
      const machine = machinesOf(protocol)[role];
      expect(line(machine, machine.restore(env(role === "coordinator" ? "C" : "P"), id, records))).toBe(does);
    },
  );

  const restart = (machine: Machine<unknown, LogRecord>, inputs: readonly Input[]): string =>
    line(machine, run(machine, "P", inputs, machine.restore(env("P"), id, [prepared]).state));

  test("plain: a site that crashed does not lead while anybody else did not crash", () => {
    const answers = [report("C", NONE, "waiting", { restarted: true }), report("Q", NONE, "waiting")];
    expect(restart(plain.participant, answers)).toBe(" ⇒ in-doubt");
  });

  test("plain: after a total failure every site's word ends it, the coordinator's included", () => {
    const q = report("Q", NONE, "waiting", { restarted: true });
    expect(restart(plain.participant, [q])).toBe(" ⇒ in-doubt");
    expect(restart(plain.participant, [q, timeout("decision")])).toContain("state-request→C");
    expect(restart(plain.participant, [q, report("C", NONE, "waiting", { restarted: true })])).toContain(
      "decided*, abort→C",
    );
    expect(restart(plain.participant, [q, report("C", NONE, "unknown", { restarted: true })])).toBe(" ⇒ in-doubt");
    expect(restart(plain.participant, [q, report("C", NONE, "precommitted", { restarted: true })])).toContain(
      "precommit*",
    );
  });

  test("E3PC: what was promised and attempted before the crash still binds", () => {
    const machine = three.participant;
    const promised: LogRecord = { kind: "elected", election: of(4, "Q") };
    const { state } = machine.restore(env("P"), id, [prepared, inP, promised]);
    expect(line(machine, machine.step(env("P"), state, precommit("C")))).toBe("refused→C ⇒ in-doubt");
    const [sent] = machine.step(env("P"), state, request("Q", of(5, "Q"))).sends ?? [];
    expect(sent?.body).toMatchObject({ state: "precommitted", attempt: FIRST });
    const [own] = machine.step(env("P"), state, timeout("decision")).sends ?? [];
    expect(own?.body).toEqual({ kind: "state-request", election: of(5, "P") });
  });
});
