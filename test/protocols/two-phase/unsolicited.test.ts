/** The unsolicited vote, protocols §A.7-4: the branch with the last item of work prepares unasked, and its vote begins the commit. */

import { describe, expect, test } from "vitest";
import type { Input, ProtocolName } from "../../../protocols/index.ts";
import { at, type Event, fresh, inquire, line, machinesOf, no, readOnly, run, start, timeout, yes } from "./lines.ts";

const begins: Event = at(fresh, start(["P", "Q"], "P"));
const back = (node: string): Input => ({ kind: "suspicion", node, suspected: false });

const rows: readonly (readonly [row: string, events: readonly Event[], does: string])[] = [
  ["the last work goes to the initiator", [begins], "last-work→P, timer vote ⇒ preparing"],
  ["its YES: the others are asked", [begins, yes("P")], "prepare→Q ⇒ preparing"],
  ["its READ_ONLY: the same", [begins, readOnly("P")], "prepare→Q ⇒ preparing"],
  [
    "all have voted",
    [begins, yes("P"), yes("Q")],
    "commit*, commit→P, commit→Q, reply committed, timer acknowledgement ⇒ committing",
  ],
  [
    "it asks before its vote came: PENDING, since this is live from the last work on",
    [begins, inquire("P")],
    "pending→P ⇒ preparing",
  ],
  ["its vote twice", [begins, yes("P"), yes("P")], "ignored duplicate-vote"],
  ["another votes before it was asked", [begins, yes("Q")], "ignored no-such-branch"],
  ["it is back: its last work again", [begins, back("P")], "last-work→P ⇒ preparing"],
  ["another is back before it was asked", [begins, back("Q")], "ignored nothing-to-do"],
];

describe.each(["2pc", "2pc-presumed-nothing"] satisfies ProtocolName[])("%s", (protocol) => {
  const { coordinator } = machinesOf(protocol);
  test.each(rows)("%s", (_row, events, does) => {
    expect(line(coordinator, run(coordinator, "C", events))).toBe(does);
  });

  test("its NO, or none in time: whoever holds work is told", () => {
    const refused = run(coordinator, "C", [begins, no("P")]);
    const silent = run(coordinator, "C", [begins, timeout("vote")]);
    expect(refused.sends?.map(({ to }) => to)).toEqual(["Q"]);
    expect(silent.sends?.map(({ to }) => to)).toEqual(["P", "Q"]);
    expect(silent.effects).toMatchObject([{ answer: { reason: "TIMEOUT", detail: "no vote in time from P" } }]);
  });
});

test("presumed commit refuses it (m6): everyone is asked, after `collecting` is forced", () => {
  const { coordinator } = machinesOf("2pc-presumed-commit");
  expect(line(coordinator, run(coordinator, "C", [begins]))).toBe(
    "collecting*, prepare→P, prepare→Q, timer vote ⇒ preparing",
  );
});

test("alone, the initiator gets its last work with the commit in one phase", () => {
  const { coordinator } = machinesOf("2pc");
  const step = run(coordinator, "C", [at(fresh, start(["P"], "P"))]);
  expect(line(coordinator, step)).toBe("one-phase*, commit-one-phase→P, timer one-phase ⇒ preparing");
});
