/**
 * Messages and forced writes of a commit (protocols §B.1): 5N − 1 where a participant begins it unasked, and one request
 * more where the coordinator asks everyone. Acknowledgements of the decision are beside the count (§C.8).
 */
import { expect, test } from "vitest";
import { shareOf } from "../../support/counted.ts";
import { Group } from "./group.ts";

test.each(
  ([1, 2, 3, 5] as const).flatMap((count) =>
    (["3pc", "3pc-plain"] as const).flatMap((protocol) =>
      ([null, "P1"] as const).map((initiator) => [protocol, count, initiator] as const),
    ),
  ),
)(
  "%s of %i, begun by %s: 2N + 2 forced writes up to the decision, N acknowledgements",
  (protocol, count, initiator) => {
    const group = new Group(protocol, count);
    group.begin(initiator);
    if (initiator !== null) for (const kind of ["last-work", "vote"] as const) group.deliver(kind);
    if (initiator === null || count > 1) for (const kind of ["prepare", "vote"] as const) group.deliver(kind);
    for (const kind of ["precommit", "attempt-ack"] as const) group.deliver(kind);
    expect(group.decided("client")).toBe("commit");
    expect(group.forced).toHaveLength(2 * count + 2);
    group.deliver("decision");
    group.deliver("ack");
    // Its last work is the application's, and no message of the commit.
    const ofCommit = group.sent.filter(({ body }) => shareOf("3pc", body.kind, "") !== "work");
    const counted = ofCommit.filter(({ body }) => shareOf("3pc", body.kind, "") === "counted");
    expect(counted).toHaveLength(5 * count - (initiator === null ? 0 : 1));
    expect(ofCommit).toHaveLength(counted.length + count);
    // prepare, precommit and the outcome at each participant; precommit and the decision at the coordinator.
    expect(group.forced).toHaveLength(3 * count + 2);
    expect(group.isOver).toBe(true);
  },
);
