/** The cells of protocols §A.2, and the rows of §A.3 to §A.5 that differ by them: what is forced, acknowledged and presumed. */

import { describe, expect, test } from "vitest";
import type { LogRecord, ProtocolName } from "../../../protocols/index.ts";
import { World } from "../../../lab/simulate/world.ts";
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
  inDoubt,
  inquire,
  item,
  line,
  machinesOf,
  message,
  no,
  none,
  prepare,
  readOnly,
  reads,
  run,
  start,
  timeout,
  token,
  work,
  yes,
} from "./lines.ts";

const PrN = "2pc-presumed-nothing";
const PrA = "2pc";
const PrC = "2pc-presumed-commit";
type Three = readonly [nothing: string, abort: string, commit: string];
type Row = readonly [row: string, events: readonly Event[], does: Three];

/** The same for all three. */
const all = (does: string): Three => [does, does, does];
const three: readonly ProtocolName[] = [PrN, PrA, PrC];

const collected = [begin("P", "Q"), yes("P"), yes("Q")];
const refused = [begin("P", "Q"), yes("P"), no("Q")];
const cancel = { kind: "operator", act: "cancel", reason: "", reply: null } as const;

const coordinatorRows: readonly Row[] = [
  [
    "before PREPARE",
    [begin("P", "Q")],
    [
      "prepare→P, prepare→Q, timer vote ⇒ preparing",
      "prepare→P, prepare→Q, timer vote ⇒ preparing",
      "collecting*, prepare→P, prepare→Q, timer vote ⇒ preparing",
    ],
  ],
  [
    "on commit",
    collected,
    [
      "commit*, commit→P, commit→Q, reply committed, timer acknowledgement ⇒ committing",
      "commit*, commit→P, commit→Q, reply committed, timer acknowledgement ⇒ committing",
      "end(committed)*, commit→P, commit→Q, reply committed ⇒ forgotten",
    ],
  ],
  [
    "on commit, all voted READ_ONLY (the row is forced before the reply)",
    [begin("P", "Q"), readOnly("P"), readOnly("Q")],
    all("end(committed)*, reply committed ⇒ forgotten"),
  ],
  [
    "on abort",
    refused,
    [
      "abort*, abort→P, reply aborted, timer acknowledgement ⇒ aborting",
      "end(aborted), abort→P, reply aborted ⇒ forgotten",
      "abort→P, reply aborted, timer acknowledgement ⇒ aborting",
    ],
  ],
  [
    "on abort by T_vote: whoever has not voted is told too",
    [begin("P", "Q"), readOnly("P"), timeout("vote")],
    [
      "abort*, abort→Q, reply aborted, timer acknowledgement ⇒ aborting",
      "end(aborted), abort→Q, reply aborted ⇒ forgotten",
      "abort→Q, reply aborted, timer acknowledgement ⇒ aborting",
    ],
  ],
  [
    "on abort with nobody to tell",
    [begin("P", "Q"), readOnly("P"), no("Q")],
    [
      "end(aborted)*, reply aborted ⇒ forgotten",
      "end(aborted), reply aborted ⇒ forgotten",
      "end(aborted), reply aborted ⇒ forgotten",
    ],
  ],
  [
    "cancelled before PREPARE: nobody can be in doubt, so nothing is written before and no ACK awaited",
    [at(fresh, start(["P", "Q"], null, "CANCELLED"))],
    all("end(aborted), abort→P, abort→Q, reply aborted ⇒ forgotten"),
  ],
  ["one participant", [begin("P")], all("one-phase*, commit-one-phase→P, timer one-phase ⇒ preparing")],
  [
    "the end record after all ACKs of a commit",
    [...collected, ack("P"), ack("Q")].slice(0, 5),
    [
      "end(committed) ⇒ forgotten",
      "end(committed) ⇒ forgotten",
      // Forgotten at once: an ACK finds nothing to end.
      "ignored late-acknowledgement",
    ],
  ],
  [
    "the end record after all ACKs of an abort",
    [...refused, ack("P", "abort")],
    ["end(aborted) ⇒ forgotten", "ignored late-acknowledgement", "end(aborted) ⇒ forgotten"],
  ],
];

const aborting = [...refused];

const abortingRows: readonly (readonly [row: string, events: readonly Event[], does: string])[] = [
  ["an ACK of the other decision ends nothing", [...aborting, ack("P", "commit")], "ignored late-acknowledgement"],
  [
    "T_ack: again to who is missing",
    [...aborting, timeout("acknowledgement")],
    "abort→P, timer acknowledgement ⇒ aborting",
  ],
  ["a peer is back", [...aborting, { kind: "suspicion", node: "P", suspected: false }], "abort→P ⇒ aborting"],
  ["INQUIRE", [...aborting, inquire("P")], "abort→P ⇒ aborting"],
  ["a late YES", [...aborting, yes("Q")], "ignored late-vote"],
  ["STATUS", [...aborting, { kind: "ask", reply: 2 }], "reply aborted ⇒ aborting"],
  ["BEGIN_COMMIT again", [...aborting, start(["P", "Q"])], "reply aborted ⇒ aborting"],
  ["client cancel", [...aborting, cancel], "ignored already-decided"],
];

const absentRows: readonly Row[] = [
  [
    "INQUIRE without a record",
    [at({ kind: "lost" }, inquire("P"))],
    ["abort→P ⇒ forgotten", "abort→P ⇒ forgotten", "commit→P ⇒ forgotten"],
  ],
  [
    "INQUIRE of a forgotten id",
    [at({ kind: "forgotten" }, inquire("P"))],
    ["abort→P ⇒ forgotten", "abort→P ⇒ forgotten", "commit→P ⇒ forgotten"],
  ],
  [
    "INQUIRE of an id that was never issued",
    [at(fresh, inquire("P"))],
    ["abort→P ⇒ forgotten", "abort→P ⇒ forgotten", "alarm impossible-message ⇒ forgotten"],
  ],
  ["INQUIRE of another's id", [at({ kind: "foreign" }, inquire("P"))], all("not-mine→P ⇒ forgotten")],
  ["INQUIRE, aborted by the row", [at(closed("aborted", ["P"]), inquire("P"))], all("abort→P ⇒ forgotten")],
  ["INQUIRE, committed by the row", [at(closed("committed", ["P"]), inquire("P"))], all("commit→P ⇒ forgotten")],
  [
    "a late YES without a record",
    [at({ kind: "lost" }, yes("P"))],
    ["abort→P ⇒ forgotten", "abort→P ⇒ forgotten", "ignored late-vote"],
  ],
  [
    "STATUS of a client without a record: never by presumption",
    [at({ kind: "forgotten" }, { kind: "ask", reply: 2 })],
    all("reply forgotten ⇒ forgotten"),
  ],
];

const restored: readonly (readonly [records: readonly LogRecord[], protocol: ProtocolName, does: string])[] = [
  [[{ kind: "commit", participants: ["P", "Q"] }], PrN, "commit→P, commit→Q, timer acknowledgement ⇒ committing"],
  [[{ kind: "commit", participants: ["P", "Q"] }], PrA, "commit→P, commit→Q, timer acknowledgement ⇒ committing"],
  [
    [{ kind: "abort", participants: ["P", "Q"], reason: "TIMEOUT", detail: "" }],
    PrN,
    "abort→P, abort→Q, timer acknowledgement ⇒ aborting",
  ],
  [[{ kind: "collecting", participants: ["P", "Q"] }], PrC, "abort→P, abort→Q, timer acknowledgement ⇒ aborting"],
  [[{ kind: "one-phase", participant: "P" }], PrN, "resolve-one-phase→P, timer one-phase ⇒ preparing"],
  [[{ kind: "one-phase", participant: "P" }], PrC, "resolve-one-phase→P, timer one-phase ⇒ preparing"],
];

const asked = [...active, prepare(token, 1)];

const participantRows: readonly Row[] = [
  ["before YES", inDoubt, all("prepare*, yes→C, timer decision ⇒ in-doubt")],
  ["before NO", [...asked, cannot], all("end(aborted), no→C ⇒ forgotten")],
  ["READ_ONLY", [...asked, reads], all("end(read-only), read-only→C ⇒ forgotten")],
  [
    "on COMMIT",
    [...inDoubt, commit, applied],
    ["end(committed)*, ack→C ⇒ forgotten", "end(committed)*, ack→C ⇒ forgotten", "end(committed) ⇒ forgotten"],
  ],
  [
    "on ABORT",
    [...inDoubt, abort],
    [
      "end(aborted)*, ack(abort)→C, resource abort ⇒ forgotten",
      "end(aborted), resource abort ⇒ forgotten",
      "end(aborted)*, ack(abort)→C, resource abort ⇒ forgotten",
    ],
  ],
  [
    "ACTIVE, on ABORT",
    [...active, abort],
    [
      "end(aborted), ack(abort)→C, resource abort ⇒ forgotten",
      "end(aborted), resource abort ⇒ forgotten",
      "end(aborted)*, ack(abort)→C, resource abort ⇒ forgotten",
    ],
  ],
  [
    "no info, on ABORT",
    [at(fresh, abort)],
    ["end(aborted), ack(abort)→C ⇒ forgotten", "end(aborted)* ⇒ forgotten", "end(aborted)*, ack(abort)→C ⇒ forgotten"],
  ],
  [
    "voted READ_ONLY, on ABORT of a coordinator that recovered",
    [at(closed("read-only"), abort)],
    ["ack(abort)→C ⇒ forgotten", "ignored late-decision", "end(aborted)*, ack(abort)→C ⇒ forgotten"],
  ],
  [
    "voted NO or aborted, on ABORT again",
    [at(closed("aborted"), abort)],
    ["ack(abort)→C ⇒ forgotten", "ignored late-decision", "ack(abort)→C ⇒ forgotten"],
  ],
  [
    "forgotten, on ABORT again",
    [at({ kind: "forgotten" }, abort)],
    ["ack(abort)→C ⇒ forgotten", "ignored late-decision", "ack(abort)→C ⇒ forgotten"],
  ],
  [
    "committed, on COMMIT again",
    [at(closed("committed"), commit)],
    ["ack→C ⇒ forgotten", "ack→C ⇒ forgotten", "ignored late-decision"],
  ],
  [
    "forgotten, on COMMIT again",
    [at({ kind: "forgotten" }, commit)],
    ["ack→C ⇒ forgotten", "ack→C ⇒ forgotten", "ignored late-decision"],
  ],
  [
    "no info, PREPARE with the work in it: one-shot is presumed abort's alone (§0.3)",
    [at(fresh, prepare(null, 0, work))],
    ["no→C ⇒ forgotten", "resource prepare ⇒ preparing", "no→C ⇒ forgotten"],
  ],
  [
    "ACTIVE, the last work: prepares unasked (§A.7-4); under presumed commit never (§A.2 a)",
    [...active, message("C", { kind: "last-work", participants: ["P", "Q"], token, workCount: 1, work })],
    ["resource prepare ⇒ preparing", "resource prepare ⇒ preparing", "end(aborted), no→C, resource abort ⇒ forgotten"],
  ],
  [
    "no info, the last work of a branch that is gone",
    [at(fresh, message("C", { kind: "last-work", participants: ["P", "Q"], token, workCount: 1, work: none }))],
    all("no→C ⇒ forgotten"),
  ],
  ["PREPARED, T_dec", [...inDoubt, timeout("decision")], all("inquire→C, timer decision ⇒ in-doubt")],
];

describe.each(three)("%s", (protocol) => {
  const { coordinator, participant } = machinesOf(protocol);
  const which = three.indexOf(protocol);

  test.each(coordinatorRows)("C %s", (_row, events, does) => {
    // Under a presumption that forgets at once the last event finds no state.
    let step = run(coordinator, "C", events.slice(0, 1));
    for (const event of events.slice(1)) {
      if (step.state === null && "kind" in event) step = coordinator.absent(env("C"), id, closed("committed"), event);
      else step = run(coordinator, "C", [event], step.state);
    }
    expect(line(coordinator, step)).toBe(does[which]);
  });

  test.each(absentRows)("C, without a state: %s", (_row, events, does) => {
    expect(line(coordinator, run(coordinator, "C", events))).toBe(does[which]);
  });

  test.each(participantRows)("P %s", (_row, events, does) => {
    expect(line(participant, run(participant, "P", events))).toBe(does[which]);
  });

  test.each(restored.filter(([, of]) => of === protocol))("C recovers from %j", (records, _of, does) => {
    expect(line(coordinator, coordinator.restore(env("C"), id, records))).toBe(does);
  });

  if (protocol !== PrA)
    test.each(abortingRows)("C ABORTING, %s", (_row, events, does) => {
      expect(line(coordinator, run(coordinator, "C", events))).toBe(does);
    });
});

test("an abort with its acknowledgements says in the end why it aborted, and whom it had to tell", () => {
  const { coordinator } = machinesOf(PrN);
  const step = run(coordinator, "C", [...refused, ack("P", "abort")]);
  expect(step.closed?.outcome).toMatchObject({ outcome: "aborted", reason: "VOTED_NO", participants: ["P"] });
});

test("a prepared branch that a second life opened says so in its log, with the same forced write", () => {
  const { participant } = machinesOf(PrA);
  const step = run(participant, "P", [at({ kind: "fresh" }, prepare(null, 0, work)), can]);
  expect(line(participant, step)).toBe("prepare*, second-life*, yes→C, timer decision ⇒ in-doubt");
});

describe("a resource with a log of its own", () => {
  const apart = { ...env("P"), sharesLog: false };
  test.each(three)("%s", (protocol) => {
    const { participant } = machinesOf(protocol);
    const step = participant.absent(apart, id, { kind: "fresh", sinceStart: true }, item(1, null));
    // An orphan of it would be told to commit (§A.11-m7): no work is begun.
    if (protocol === PrC)
      expect(step.sends).toMatchObject([{ body: { kind: "work-failed", reason: "RESOURCE_FAILED", usable: false } }]);
    else expect(line(participant, step)).toBe("resource work, timer idle ⇒ active");
  });
});

test("an embedded resource shares the journal; a coordinator has none", () => {
  const world = new World({});
  world.startAll();
  expect(world.participant("P1").engine.env.sharesLog).toBe(true);
  expect(world.coordinator.engine.env.sharesLog).toBe(false);
});
