/**
 * Messages and forced writes of a commit (protocols §B.1). The coordinator asks everyone, so there is one request more
 * than in the paper's 5N − 1, whose first participant begins unasked; acknowledgements of the decision are beside the
 * count (§C.8).
 */
import { expect, test } from "vitest";
import { shareOf } from "../../support/counted.ts";
import { Group } from "./group.ts";

test.each(
  ([1, 2, 3, 5] as const).flatMap((count) =>
    (["3pc", "3pc-plain"] as const).map((protocol) => [protocol, count] as const),
  ),
)("%s of %i: 5N messages, 2N + 2 forced writes up to the decision, N acknowledgements beside", (protocol, count) => {
  const group = new Group(protocol, count);
  group.begin();
  for (const kind of ["prepare", "vote", "precommit", "attempt-ack"] as const) group.deliver(kind);
  expect(group.decided("client")).toBe("commit");
  expect(group.forced).toHaveLength(2 * count + 2);
  group.deliver("decision");
  group.deliver("ack");
  const counted = group.sent.filter(({ body }) => shareOf("3pc", body.kind, "") !== "beside");
  expect(counted).toHaveLength(5 * count);
  expect(group.sent).toHaveLength(6 * count);
  // prepare, precommit and the outcome at each participant; precommit and the decision at the coordinator.
  expect(group.forced).toHaveLength(3 * count + 2);
  expect(group.isOver).toBe(true);
});
