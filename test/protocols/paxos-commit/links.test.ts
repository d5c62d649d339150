/** A link that is down for a moment costs that moment: what was lost with it is said again, and nothing aborts. */

import { expect, test } from "vitest";
import type { Answer, ProtocolName } from "../../../protocols/index.ts";
import { C } from "../../../lab/simulate/setting.ts";
import { World } from "../../../lab/simulate/world.ts";
import { transfer } from "../two-phase/stories.ts";

const names: ProtocolName[] = ["paxos-commit", "paxos-commit-fast"];
const cuts = [
  ["P1", "A1"],
  ["P2", "A2"],
  ["A1", C],
  ["A2", C],
  ["P1", C],
] as const;
const rows = names.flatMap((protocol) => cuts.map(([a, b]) => ({ protocol, a, b })));

const DOWN_MS = 150;
const VOTE_MS = 2_000;

test.each(rows)("$protocol: $a and $b have no link when they need it", async ({ protocol, a, b }) => {
  const answers: { readonly atMs: number; readonly answer: Answer }[] = [];
  const world: World = new World({ protocol, acceptors: 3 }, [
    { answered: (_id, answer) => void answers.push({ atMs: world.timeline.nowMs, answer }) },
  ]);
  world.startAll();
  await world.run(20);
  const submittedMs = world.timeline.nowMs;
  world.submit(transfer);
  // All that was sent so far has gone; what answers it is lost.
  await world.run(4);
  world.cut(a, b, true);
  await world.run(DOWN_MS);
  world.cut(a, b, false);
  await world.run(60_000);
  expect(answers.map(({ answer }) => answer.outcome)).toEqual(["committed"]);
  expect((answers[0]?.atMs ?? 0) - submittedMs).toBeLessThan(VOTE_MS / 2);
  expect(world.isQuiet).toBe(true);
});
