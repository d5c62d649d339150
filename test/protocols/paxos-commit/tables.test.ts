/** The rules of protocols §C.3, §C.4, §C.5 and §C.11 as rows: what came before and what comes, records, messages, next state. */

import { describe, expect, test } from "vitest";
import {
  BALLOT_ZERO,
  protocols,
  type Absence,
  type AbortReason,
  type Ballot,
  type Decision,
  type Env,
  type Input,
  type LogRecord,
  type Machine,
  type Membership,
  type Message,
  type Step,
  type Value,
} from "../../../protocols/index.ts";
import { envOf } from "../../../lab/simulate/setting.ts";
import {
  at,
  closed,
  type Event,
  fresh,
  id,
  line,
  message,
  none,
  resource,
  timeout,
  token,
  work,
} from "../two-phase/lines.ts";

type Any = Machine<unknown, LogRecord>;
const { coordinator, participant, acceptor } = protocols["paxos-commit"] as unknown as Record<string, Any>;
const fast = protocols["paxos-commit-fast"] as unknown as Record<string, Any>;

const group = { version: 1, acceptors: ["A1", "A2", "A3"] };
const membership: Membership = { coordinator: "C", participants: ["P", "Q"], group };
const lost: Absence = { kind: "lost" };
const foreign: Absence = { kind: "foreign" };
const forgotten: Absence = { kind: "forgotten" };
const by = (node: string, counter = 1): Ballot => ({ counter, node, incarnation: 1 });

function run(machine: Any | undefined, self: string, events: readonly Event[], known: Partial<Env> = {}): string {
  if (machine === undefined) throw new Error("no such machine");
  const env = envOf(self, { groups: () => [group], coordinators: () => ["C", "C2"], ...known });
  let step: Step<unknown, LogRecord> = { state: null };
  for (const event of events) {
    if ("absent" in event) step = machine.absent(env, id, event.absent, event.input);
    else step = machine.step(env, step.state, event);
  }
  return line(machine, step);
}

const said = { words: [], begins: false } as const;
const vote = (node: string, value: Value = "prepared", ballot = BALLOT_ZERO, of = membership): Input =>
  message(node, { kind: "phase-2a", ballot, membership: of, proposals: [{ participant: node, value }], ...said });
const proposal = (node: string, values: readonly Value[], counter = 1): Input =>
  message(node, {
    kind: "phase-2a",
    ballot: by(node, counter),
    membership,
    proposals: values.map((value, index) => ({ participant: ["P", "Q"][index] ?? "", value })),
    ...said,
  });
const star = (node: string, counter = 1): Input =>
  message(node, { kind: "phase-2a", ballot: by(node, counter), membership: null, proposals: [], ...said });
const phase1a = (node: string, counter = 1): Input => message(node, { kind: "phase-1a", ballot: by(node, counter) });
const close = (decision: Decision): Input => message("C", { kind: "close", decision });
const flush = timeout("flush");

describe("the acceptor, §C.4", () => {
  const other: Membership = { ...membership, participants: ["P", "R"] };
  const rows: readonly (readonly [row: string, events: readonly Event[], does: string])[] = [
    ["a first vote waits for the others", [at(fresh, vote("P"))], "timer flush ⇒ preparing"],
    [
      "all votes are in: one forced write, one answer",
      [at(fresh, vote("P")), vote("Q")],
      "accept*, phase-2b→C, timer nudge ⇒ preparing",
    ],
    ["the flush timer", [at(fresh, vote("P")), flush], "accept*, phase-2b→C, timer nudge ⇒ preparing"],
    [
      "a refusal is not kept waiting",
      [at(fresh, vote("P")), vote("Q", "aborted")],
      "accept*, phase-2b→C, timer nudge ⇒ preparing",
    ],
    ["nothing waits, and the flush timer", [at(fresh, vote("P")), vote("Q"), flush], "ignored late-timeout"],
    ["a copy of a vote that waits is not answered", [at(fresh, vote("P")), vote("P")], " ⇒ preparing"],
    [
      "a copy after the flush: answered, not written",
      [at(fresh, vote("P")), flush, vote("P")],
      "phase-2b→C ⇒ preparing",
    ],
    [
      "a second value in ballot 0, waiting",
      [at(fresh, vote("P")), vote("P", "aborted")],
      "alarm second-proposal ⇒ preparing",
    ],
    [
      "a second value in ballot 0, accepted",
      [at(fresh, vote("P")), flush, vote("P", "aborted")],
      "alarm second-proposal ⇒ preparing",
    ],
    [
      "another descriptor",
      [at(fresh, vote("P")), vote("P", "prepared", BALLOT_ZERO, other)],
      "alarm impossible-message ⇒ preparing",
    ],
    ["a vote for a branch that is none", [at(fresh, vote("X"))], "ignored no-such-branch"],
    ["phase 1 of what is not known", [at(fresh, phase1a("L"))], "promise*, phase-1b→L, timer nudge ⇒ preparing"],
    [
      "phase 1 takes waiting votes into its write",
      [at(fresh, vote("P")), phase1a("L")],
      "accept*, promise*, phase-2b→C, phase-1b→L, timer nudge ⇒ preparing",
    ],
    ["phase 1 of a lower ballot", [at(fresh, phase1a("L", 2)), phase1a("K")], "nack→K ⇒ preparing"],
    ["phase 1 once more: answered, not written", [at(fresh, phase1a("L")), phase1a("L")], "phase-1b→L ⇒ preparing"],
    [
      "a vote after a promise, of a branch that was never heard of",
      [at(fresh, phase1a("L")), vote("P")],
      "nack→P ⇒ preparing",
    ],
    [
      "phase 2 of the promised ballot",
      [at(fresh, phase1a("L")), proposal("L", ["prepared", "aborted"])],
      "accept*, phase-2b→L, timer nudge ⇒ preparing",
    ],
    [
      "phase 2 without a promise raises it",
      [at(fresh, proposal("L", ["aborted", "aborted"], 2)), phase1a("K")],
      "nack→K ⇒ preparing",
    ],
    [
      "phase 2 once more: answered, not written",
      [at(fresh, proposal("L", ["aborted", "aborted"])), proposal("L", ["aborted", "aborted"])],
      "phase-2b→L ⇒ preparing",
    ],
    [
      "two proposals in one ballot",
      [at(fresh, proposal("L", ["aborted", "aborted"])), proposal("L", ["prepared", "aborted"])],
      "alarm second-proposal ⇒ preparing",
    ],
    [
      "phase 2 of a lower ballot",
      [at(fresh, phase1a("L", 2)), proposal("K", ["aborted", "aborted"])],
      "nack→K ⇒ preparing",
    ],
    ["* is accepted", [at(fresh, star("L"))], "accept*, phase-2b→L, timer nudge ⇒ preparing"],
    ["* once more: answered, not written", [at(fresh, star("L")), star("L")], "phase-2b→L ⇒ preparing"],
    ["* of a lower ballot", [at(fresh, phase1a("L", 2)), star("K")], "nack→K ⇒ preparing"],
    [
      "* beside a proposal in one ballot",
      [at(fresh, proposal("L", ["aborted", "aborted"])), star("L")],
      "alarm second-proposal ⇒ preparing",
    ],
    ["a vote after *", [at(fresh, star("L")), vote("P")], "nack→P ⇒ preparing"],
    [
      "close: a tombstone in place of the state",
      [at(fresh, phase1a("L")), close("commit")],
      "end(committed) ⇒ forgotten",
    ],
    ["close of what was never heard of", [at(fresh, close("abort"))], "end(aborted) ⇒ forgotten"],
    ["the tombstone answers phase 1", [at(closed("committed"), phase1a("L"))], "forgotten→L ⇒ forgotten"],
    ["the tombstone answers phase 2", [at(closed("aborted"), star("L"))], "forgotten→L ⇒ forgotten"],
    ["the tombstone answers a vote", [at(closed("aborted"), vote("P"))], "forgotten→P ⇒ forgotten"],
    ["below the watermark, phase 1", [at(forgotten, phase1a("L"))], "forgotten→L ⇒ forgotten"],
    ["below the watermark, phase 2", [at(forgotten, vote("P"))], "forgotten→P ⇒ forgotten"],
    ["the watermark covers it", [at(fresh, phase1a("L")), { kind: "closed" }], " ⇒ forgotten"],
    [
      "held for long: its coordinator is asked",
      [at(fresh, phase1a("L")), timeout("nudge")],
      "outcome-request→C, timer nudge ⇒ preparing",
    ],
    [
      "held for longer: the next one",
      [at(fresh, phase1a("L")), timeout("nudge"), timeout("nudge")],
      "outcome-request→C2, timer nudge ⇒ preparing",
    ],
    [
      "its coordinator is back",
      [at(fresh, phase1a("L")), { kind: "suspicion", node: "C", suspected: false }],
      "outcome-request→C, timer nudge ⇒ preparing",
    ],
  ];
  test.each(rows)("%s", (_row, events, does) => {
    expect(run(acceptor, "A1", events)).toBe(does);
  });

  test("the begin of a commit is handed to the leader at once", () => {
    const first = message("P", {
      kind: "phase-2a",
      ballot: BALLOT_ZERO,
      membership,
      proposals: [{ participant: "P", value: "prepared" }],
      words: [],
      begins: true,
    });
    expect(run(acceptor, "A1", [at(fresh, first)])).toBe("begin-commit→C, timer flush ⇒ preparing");
  });

  test("the faster form tells the branches, too", () => {
    expect(run(fast["acceptor"], "A1", [at(fresh, vote("P")), vote("Q")])).toBe(
      "accept*, phase-2b→C, phase-2b→P, phase-2b→Q, timer nudge ⇒ preparing",
    );
  });

  test("what was in the journal is there after a restart, and what waited is not", () => {
    const env = envOf("A1");
    if (acceptor === undefined) throw new Error("no acceptor");
    const records: LogRecord[] = [];
    let step = acceptor.absent(env, id, fresh, vote("P"));
    for (const input of [
      flush,
      star("L"),
      phase1a("M", 2),
      proposal("M", ["aborted", "aborted"], 2),
      phase1a("N", 3),
    ]) {
      step = acceptor.step(env, step.state, input);
      records.push(...(step.records ?? []).map(({ record }) => record));
    }
    expect(acceptor.restore(env, id, records).state).toEqual(step.state);
  });
});

const prepare = (expired = false): Input =>
  message("C", { kind: "paxos-prepare", membership, token: null, workCount: 0, work }, expired);
const yes = resource({ kind: "prepared", vote: "yes", redo: none, result: none });
const readOnly = resource({ kind: "prepared", vote: "read-only", result: none });
const no = resource({ kind: "prepared", vote: "no", reason: "CONFLICT", detail: "" });
const decision = (which: Decision, from = "C"): Input => message(from, { kind: "decision", decision: which });
const prepared: readonly Event[] = [at(fresh, prepare()), yes];
const operator = (act: "force-commit" | "force-abort" | "acknowledge"): Input => ({
  kind: "operator",
  act,
  reason: "two acceptors burned",
  reply: null,
});
const accepted = (from: string, value: Value = "prepared", ballot = BALLOT_ZERO): Input =>
  message(from, {
    kind: "phase-2b",
    ballot,
    membership,
    accepted: ["P", "Q"].map((each) => ({ participant: each, value })),
    words: [],
  });

describe("the branch, §C.3", () => {
  const tokened = (workCount: number, mine = token): Input =>
    message("C", { kind: "paxos-prepare", membership, token: mine, workCount, work: null });
  const enlist = at(fresh, message("C", { kind: "work", token: null, item: 1, work }));
  const worked = resource({ kind: "worked", item: 1, ok: true, result: none });
  const votes = "phase-2a→A1, phase-2a→A2";
  const rows: readonly (readonly [row: string, events: readonly Event[], does: string])[] = [
    ["Prepare with its work", [at(fresh, prepare())], "resource prepare ⇒ preparing"],
    ["it can: forced, then proposed to F+1", prepared, `paxos-prepare*, ${votes}, timer decision ⇒ in-doubt`],
    [
      "it wrote nothing: forced all the same",
      [at(fresh, prepare()), readOnly],
      `paxos-prepare*, ${votes}, timer decision ⇒ in-doubt`,
    ],
    ["it can't: a forced tombstone, then Aborted", [at(fresh, prepare()), no], `end(aborted)*, ${votes} ⇒ forgotten`],
    ["after its deadline: a tombstone, and no value", [at(fresh, prepare(true))], "end(aborted)* ⇒ forgotten"],
    ["Prepare of a token that is void", [at(fresh, tokened(1))], `end(aborted)*, ${votes} ⇒ forgotten`],
    [
      "Prepare of another work count",
      [enlist, worked, tokened(2)],
      `end(aborted)*, ${votes}, resource abort ⇒ forgotten`,
    ],
    ["Prepare of all its work", [enlist, worked, tokened(1)], "resource prepare ⇒ preparing"],
    ["a copy of Prepare, prepared: the same value", [...prepared, prepare()], `${votes} ⇒ in-doubt`],
    ["a copy of Prepare, committed: the outcome, no value", [at(closed("committed"), prepare())], "ack→C ⇒ forgotten"],
    [
      "a copy of Prepare, aborted: the outcome, no value",
      [at(closed("aborted"), prepare())],
      "ack(abort)→C ⇒ forgotten",
    ],
    ["a copy of Prepare, closed", [at(forgotten, prepare())], "ignored late-prepare"],
    [
      "in doubt: its coordinator is asked",
      [...prepared, timeout("decision")],
      "outcome-request→C, timer decision ⇒ in-doubt",
    ],
    [
      "in doubt and no answer: the next one",
      [...prepared, timeout("decision"), timeout("decision")],
      "outcome-request→C2, timer decision ⇒ in-doubt",
    ],
    [
      "in doubt and an answer: the same one",
      [...prepared, timeout("decision"), message("C", { kind: "pending" }), timeout("decision")],
      "outcome-request→C, timer decision ⇒ in-doubt",
    ],
    ["Commit", [...prepared, decision("commit")], "resource commit ⇒ committing"],
    [
      "committed: forced, then acknowledged",
      [...prepared, decision("commit"), resource({ kind: "applied", outcome: "ok" })],
      "end(committed)*, ack→C ⇒ forgotten",
    ],
    [
      "Commit of a branch that wrote nothing",
      [at(fresh, prepare()), readOnly, decision("commit")],
      "end(committed)*, ack→C ⇒ forgotten",
    ],
    [
      "Abort: forced, then acknowledged to who said it",
      [...prepared, decision("abort", "C2")],
      "end(aborted)*, ack(abort)→C2, resource abort ⇒ forgotten",
    ],
    ["Abort overtakes Prepare", [at(fresh, decision("abort"))], "end(aborted)*, ack(abort)→C ⇒ forgotten"],
    ["Commit without a state, acknowledged before", [at(closed("committed"), decision("commit"))], "ack→C ⇒ forgotten"],
    ["Abort after Commit", [at(closed("committed"), decision("abort"))], "alarm second-decision ⇒ forgotten"],
    ["Commit of what was never prepared", [at(fresh, decision("commit"))], "alarm impossible-message ⇒ forgotten"],
    ["a nack decides nothing", [...prepared, message("A1", { kind: "nack", ballot: by("L") })], "ignored outbid"],
    [
      "FORGOTTEN is the outcome",
      [...prepared, message("A1", { kind: "forgotten", decision: "abort" })],
      "end(aborted)*, ack(abort)→C, resource abort ⇒ forgotten",
    ],
    [
      "FORGOTTEN without an outcome decides nothing",
      [...prepared, message("A1", { kind: "forgotten", decision: null })],
      "ignored late-decision",
    ],
    ["one acceptor's word is not enough", [...prepared, accepted("A1")], " ⇒ in-doubt"],
    ["F+1 acceptors' word is", [...prepared, accepted("A1"), accepted("A2")], "resource commit ⇒ committing"],
    [
      "a person forces",
      [...prepared, operator("force-commit")],
      "heuristic*, resource commit, alarm heuristic, timer decision ⇒ heuristic",
    ],
    [
      "forced as decided",
      [...prepared, operator("force-abort"), decision("abort")],
      "end(aborted)*, ack(abort)→C ⇒ forgotten",
    ],
    [
      "the leader has not said that a person has seen to it: told again",
      [...prepared, operator("force-abort"), decision("commit"), timeout("decision")],
      "ack(heuristic)→C, timer decision ⇒ heuristic",
    ],
    [
      "forced against the decision",
      [...prepared, operator("force-abort"), decision("commit")],
      "told*, ack(heuristic)→C, alarm heuristic, timer decision ⇒ heuristic",
    ],
    [
      "damage that was looked after",
      [...prepared, operator("force-abort"), decision("commit"), operator("acknowledge")],
      "end(heuristic)* ⇒ forgotten",
    ],
  ];
  test.each(rows)("%s", (_row, events, does) => {
    expect(run(participant, "P", events)).toBe(does);
  });

  test("a restart: the locks, the same value, and a question", () => {
    if (participant === undefined) throw new Error("no participant");
    const env = envOf("P");
    const record: LogRecord = { kind: "paxos-prepare", membership, token: null, redo: none, result: none };
    expect(line(participant, participant.restore(env, id, [record]))).toBe(
      `${votes}, outcome-request→C, resource adopt, timer decision ⇒ in-doubt`,
    );
  });
});

describe("the leader, §C.5", () => {
  const start = (initiator: string | null = null, cancelled: AbortReason | null = null): Event =>
    at(fresh, {
      kind: "start",
      reply: 1,
      cancelled,
      descriptor: {
        transaction: id,
        protocol: "paxos-commit",
        coordinator: "C",
        group,
        initiator,
        timeoutMs: 100,
        branches: ["P", "Q"].map((each) => ({ participant: each, token: null, workCount: 0, work })),
      },
    });
  const promise = (from: string, counter = 1, casts: readonly Value[] = [], known = true): Input =>
    message(from, {
      kind: "phase-1b",
      ballot: by("C", counter),
      membership: known ? membership : null,
      casts: casts.map((value, index) => ({ participant: ["P", "Q"][index] ?? "", value, ballot: BALLOT_ZERO })),
      star: null,
      words: [],
    });
  const all = (what: string): string => ["A1", "A2", "A3"].map((each) => `${what}→${each}`).join(", ");
  const ask = (from: string, of: Membership | null = membership): Input =>
    message(from, { kind: "outcome-request", membership: of });
  const ack = (from: string, which: Decision = "commit"): Input =>
    message(from, { kind: "ack", decision: which, heuristic: null });
  const late = [start(), timeout("vote")];
  const committing = [start(), accepted("A1"), accepted("A2")];
  const over = (from: string): Input => message(from, { kind: "forgotten", decision: null });
  const proposing = [...late, promise("A1"), promise("A2")];
  const again = [...proposing, timeout("ballot")];
  const rows: readonly (readonly [row: string, events: readonly Event[], does: string])[] = [
    ["a begin", [start()], "paxos-prepare→P, paxos-prepare→Q, timer vote ⇒ preparing"],
    ["a begin by a branch: only that one has work", [start("P")], "paxos-last-work→P, timer vote ⇒ preparing"],
    [
      "it has begun: the others are asked",
      [start("P"), message("A1", { kind: "begin-commit", membership })],
      "paxos-prepare→Q ⇒ preparing",
    ],
    ["the word of it was lost, and it asks", [start("P"), ask("P")], "pending→P, paxos-prepare→Q ⇒ preparing"],
    [
      "cancelled before anybody was asked",
      [start(null, "CANCELLED")],
      "end(aborted), abort→P, abort→Q, reply aborted ⇒ forgotten",
    ],
    ["one acceptor's word is not enough", [start(), accepted("A1")], " ⇒ preparing"],
    [
      "F+1 of two ballots are not enough",
      [start(), accepted("A1"), accepted("A2", "prepared", by("L"))],
      " ⇒ preparing",
    ],
    [
      "F+1 acceptors' word: told without a write",
      committing,
      "commit→P, commit→Q, reply committed, timer acknowledgement ⇒ committing",
    ],
    [
      "one branch's refusal, chosen",
      [start(), accepted("A1", "aborted"), accepted("A2", "aborted")],
      "abort→P, abort→Q, reply aborted, timer acknowledgement ⇒ aborting",
    ],
    ["not all have it in their journals", [...committing, ack("P")], " ⇒ committing"],
    [
      "all have it: closed at the acceptors that may hold it",
      [...committing, ack("P"), ack("Q")],
      "end(committed), close→A1, close→A2 ⇒ forgotten",
    ],
    [
      "told again, and never otherwise",
      [...committing, timeout("acknowledgement")],
      "commit→P, commit→Q, timer acknowledgement ⇒ committing",
    ],
    ["no votes in time: phase 1 of a higher ballot, to all", late, `${all("phase-1a")}, timer ballot ⇒ preparing`],
    [
      "a cancel never aborts by its own word",
      [start(), { kind: "operator", act: "cancel", reason: "", reply: 2 }],
      `${all("phase-1a")}, timer ballot ⇒ preparing`,
    ],
    ["one promise is not enough", [...late, promise("A1")], " ⇒ preparing"],
    [
      "F+1 promises: phase 2, to all",
      [...late, promise("A1"), promise("A3")],
      `${all("phase-2a")}, timer ballot ⇒ preparing`,
    ],
    ["a promise of another ballot", [...late, promise("A1", 2)], "ignored late-promise"],
    [
      "a ballot that came to nothing: the next",
      [...late, timeout("ballot")],
      `${all("phase-1a")}, timer ballot ⇒ preparing`,
    ],
    [
      "FORGOTTEN of one acceptor is conclusive",
      [...late, message("A2", { kind: "forgotten", decision: "commit" })],
      "commit→P, commit→Q, reply committed, timer acknowledgement ⇒ committing",
    ],
    [
      "FORGOTTEN without an outcome",
      [at(lost, { kind: "ask", reply: 3 }), message("A2", { kind: "forgotten", decision: null })],
      "reply forgotten ⇒ forgotten",
    ],
    ["FORGOTTEN when it has proposed: the others know", [...proposing, over("A3")], "ignored late-promise"],
    ["FORGOTTEN of one that has promised since", [...late, promise("A1"), over("A1")], "ignored late-promise"],
    ["FORGOTTEN in a later ballot: two others may know", [...again, over("A1")], " ⇒ preparing"],
    ["the same once more", [...again, over("A1"), over("A1")], " ⇒ preparing"],
    ["and by so many that the others are no quorum", [...again, over("A1"), over("A2")], "reply forgotten ⇒ forgotten"],
    [
      "a later ballot still asks all",
      [...again, over("A1"), timeout("ballot")],
      `${all("phase-1a")}, timer ballot ⇒ preparing`,
    ],
    [
      "one in doubt asks who knows nothing: recovery, no Prepare",
      [at(lost, ask("P"))],
      `${all("phase-1a")}, timer ballot ⇒ preparing`,
    ],
    ["another coordinator's transaction", [at(foreign, ask("P"))], `${all("phase-1a")}, timer ballot ⇒ preparing`],
    ["a bare id", [at(lost, { kind: "ask", reply: 3 })], `${all("phase-1a")}, timer ballot ⇒ preparing`],
    ["what was closed answers a branch", [at(closed("committed"), ask("P"))], "commit→P ⇒ forgotten"],
    ["what was closed answers an acceptor", [at(closed("aborted"), ask("A1"))], "close→A1 ⇒ forgotten"],
    [
      "a begin that comes again never collects",
      [at(closed("committed"), (start() as { input: Input }).input)],
      "reply committed ⇒ forgotten",
    ],
    [
      "a begin of what was lost recovers",
      [at(lost, (start() as { input: Input }).input)],
      `${all("phase-1a")}, timer ballot ⇒ preparing`,
    ],
  ];
  test.each(rows)("%s", (_row, events, does) => {
    expect(run(coordinator, "C", events)).toBe(does);
  });

  test("the faster form does not send Commit, and tells an abort", () => {
    expect(run(fast["coordinator"], "C", committing)).toBe("reply committed, timer acknowledgement ⇒ committing");
    expect(run(fast["coordinator"], "C", [start(), accepted("A1", "aborted"), accepted("A2", "aborted")])).toBe(
      "abort→P, abort→Q, reply aborted, timer acknowledgement ⇒ aborting",
    );
  });

  const ofC2 = (node: string, known: Membership | null = null): Input =>
    message(node, { kind: "phase-1b", ballot: by("C2"), membership: known, casts: [], star: null, words: [] });

  /** What phase 2 proposes, after the promises. */
  function proposed(events: readonly Event[]): Message | undefined {
    if (coordinator === undefined) throw new Error("no coordinator");
    const env = envOf("C", { groups: () => [group] });
    let step: Step<unknown, LogRecord> = { state: null };
    for (const event of events)
      step =
        "absent" in event
          ? coordinator.absent(env, id, event.absent, event.input)
          : coordinator.step(env, step.state, event);
    return step.sends?.[0]?.body;
  }

  test("free is aborted, and what was reported is proposed again", () => {
    expect(proposed([...late, promise("A1"), promise("A2", 1, ["prepared"])])).toMatchObject({
      proposals: [
        { participant: "P", value: "prepared" },
        { participant: "Q", value: "aborted" },
      ],
    });
  });

  test("* only where no promise shows a descriptor", () => {
    const bare = at(lost, { kind: "ask", reply: 3 } as const);
    expect(proposed([bare, promise("A1", 1, [], false), promise("A2", 1, [], false)])).toMatchObject({
      membership: null,
    });
    expect(proposed([bare, promise("A1", 1, [], false), promise("A2")])).toMatchObject({ membership });
  });

  test("above every ballot that it heard of", () => {
    const nack = message("A1", { kind: "nack", ballot: by("L", 7) });
    expect(proposed([...late, nack, timeout("ballot")])).toMatchObject({ kind: "phase-1a", ballot: { counter: 8 } });
  });

  test("another coordinator's bare id: `*` might be chosen in a group that it does not have, and is not proposed", () => {
    const bare = at(foreign, { kind: "ask", reply: 3 } as const);
    const silent = ["A1", "A2"].map((node) => ofC2(node));
    expect(run(coordinator, "C2", [bare, ...silent])).toBe("reply unknown ⇒ forgotten");
    const nudged = at(foreign, message("A1", { kind: "outcome-request", membership: null }));
    expect(run(coordinator, "C2", [nudged, ...silent])).toBe(" ⇒ forgotten");
    // An acceptor that knows its branches makes the difference.
    const knowing = ofC2("A2", membership);
    expect(run(coordinator, "C2", [bare, ofC2("A1"), knowing])).toBe(
      "phase-2a→A1, phase-2a→A2, phase-2a→A3, timer ballot ⇒ preparing",
    );
  });

  test("a bare id is asked of every group, and F+1 of each must answer", () => {
    const groups = () => [group, { version: 0, acceptors: ["B1"] }];
    const bare = at(lost, { kind: "ask", reply: 3 } as const);
    const two = [bare, promise("A1", 1, [], false), promise("A2", 1, [], false)];
    expect(run(coordinator, "C", two, { groups })).toBe(" ⇒ preparing");
    expect(run(coordinator, "C", [...two, promise("B1", 1, [], false)], { groups })).toContain("phase-2a→B1");
  });
});
