/** Every run of a small transaction keeps one value a branch and one outcome; each bug of §C.4 and §C.11 breaks that. */

import { describe, expect, test } from "vitest";
import { BALLOT_ZERO, protocols, proposalsAfter, type Ballot, type Message } from "../../../protocols/index.ts";
import { envOf } from "../../../lab/simulate/setting.ts";
import { erasingStar } from "../../../lab/bugs/paxos-commit.ts";
import { bugs } from "./bugs.ts";
import { explore, type AcceptorMachine, type Model } from "./explore.ts";

const sizes: readonly Model[] = [
  { branches: 1, ballots: 2 },
  { branches: 2, ballots: 1 },
  { branches: 1, ballots: 2, informed: true },
  { branches: 1, ballots: 1, closes: true },
  { branches: 2, ballots: 1, closes: true },
  { branches: 1, ballots: 3 },
  { branches: 2, ballots: 2 },
  // More than a developer waits for.
  ...(process.env["CI"] === "true"
    ? [
        { branches: 1, ballots: 2, closes: true },
        { branches: 1, ballots: 3, informed: true },
      ]
    : []),
];

test.each(sizes)(
  "no run breaks a rule: $branches branches, ballots 0 to $ballots, closing $closes",
  (model) => {
    const { violation, states } = explore(model);
    expect(violation).toBeNull();
    expect(states).toBeGreaterThan(500);
  },
  600_000,
);

describe("a bug is found:", () => {
  test.each(bugs)(
    "$name",
    ({ model, onlyWith }) => {
      expect(explore(model).violation).not.toBeNull();
      // A suite of fewer ballots would not have seen it.
      if (onlyWith !== undefined) expect(explore({ ...model, ballots: onlyWith - 1 }).violation).toBeNull();
    },
    120_000,
  );
});

/**
 * `*` is chosen in ballot 1 by A1 and A2, and A3 holds "prepared" of both branches. A leader that speaks of one branch
 * a message reaches A1 with the first one only. What does the next leader propose for the other branch?
 */
function afterOneCast(machine: AcceptorMachine): unknown {
  const membership = {
    coordinator: "C",
    participants: ["P1", "P2"],
    group: { version: 1, acceptors: ["A1", "A2", "A3"] },
  };
  const ballot = (node: string): Ballot => ({ counter: 1, node, incarnation: 1 });
  const run = (bodies: readonly Message[]) => {
    const env = envOf("A1");
    let step = machine.absent(env, "C.0001.00000001", { kind: "fresh" }, messageOf(bodies[0]));
    for (const body of bodies.slice(1)) if (step.state !== null) step = machine.step(env, step.state, messageOf(body));
    const said = step.sends?.[0]?.body;
    if (said?.kind !== "phase-1b") throw new Error("no promise");
    return { acceptor: "A1", casts: said.casts, star: said.star };
  };
  const words = { words: [], begins: false } as const;
  const prepared = membership.participants.map((participant) => ({ participant, value: "prepared" as const }));
  const one = run([
    { kind: "phase-2a", ballot: ballot("L1"), membership: null, proposals: [], ...words },
    { kind: "phase-1a", ballot: ballot("L2") },
    {
      kind: "phase-2a",
      ballot: ballot("L2"),
      membership,
      proposals: [{ participant: "P1", value: "aborted" }],
      ...words,
    },
    { kind: "phase-1a", ballot: ballot("L3") },
  ]);
  const other = run([
    { kind: "phase-2a", ballot: BALLOT_ZERO, membership, proposals: prepared, ...words },
    { kind: "phase-1a", ballot: ballot("L3") },
  ]);
  return proposalsAfter(["P2"], [one, other])[0]?.value;
}

function messageOf(body: Message | undefined): { kind: "message"; from: string; body: Message; expired: boolean } {
  if (body === undefined) throw new Error("nothing to send");
  return { kind: "message", from: "L1", body, expired: false };
}

test("a cast never takes * back: one that did would let both values of another branch be chosen", () => {
  expect(afterOneCast(protocols["paxos-commit"].acceptor as AcceptorMachine)).toBe("aborted");
  expect(afterOneCast(erasingStar())).toBe("prepared");
});
