/** What people do to branches, handled wrong: damage that is hidden, or that is not kept, or that spreads (protocols §0.4, §A.10). */

import type { LogRecord, Machine, NodeId, Step } from "../../protocols/index.ts";
import type { State as Branch } from "../../protocols/three-phase/participant-state.ts";
import type { Bug } from "./bug.ts";

export const byHandBugs: readonly Bug[] = [
  {
    name: "hidden-damage",
    what: "a branch that went against the decision acknowledges it like any other",
    protocol: "2pc",
    machines: { participant: (machine) => onSteps(machine, hiding) },
    seenBy: ["by hand"],
  },
  {
    name: "damage-not-kept",
    what: "the row of damage ends with the closed watermark, and not when a person has seen to it",
    protocol: "paxos-commit",
    machines: { coordinator: (machine) => onSteps(machine, untilClosed) },
    seenBy: ["by hand"],
  },
  {
    name: "forced-on-all",
    what: "what a person does to one branch is told to all sites as the decision",
    protocol: "3pc",
    machines: { participant: (machine) => onSteps(machine, telling) },
    seenBy: ["agreement"],
  },
];

function onSteps<R extends LogRecord>(
  machine: Machine<unknown, R>,
  change: <S extends Step<unknown, R>>(step: S) => S,
): Machine<unknown, R> {
  return {
    ...machine,
    step: (env, state, input) => change(machine.step(env, state, input)),
    absent: (env, id, absence, input) => change(machine.absent(env, id, absence, input)),
    restore: (env, id, records) => change(machine.restore(env, id, records)),
  };
}

function hiding<S extends Step<unknown, LogRecord>>(step: S): S {
  const sends = step.sends?.map((send) =>
    send.body.kind === "ack" ? { ...send, body: { ...send.body, heuristic: null } } : send,
  );
  return sends === undefined ? step : { ...step, sends };
}

function untilClosed<S extends Step<unknown, LogRecord>>(step: S): S {
  const { closed } = step;
  if (closed?.outcome.until !== "acknowledged") return step;
  return { ...step, closed: { ...closed, outcome: { ...closed.outcome, until: "closed" } } };
}

function telling<S extends Step<unknown, LogRecord>>(step: S): S {
  const did = step.records?.map(({ record }) => record).find((record) => record.kind === "heuristic")?.did;
  if (did === undefined) return step;
  const { participants, coordinator } = step.state as Branch;
  const to = (node: NodeId) => ({ to: node, body: { kind: "decision", decision: did } as const });
  return { ...step, sends: [coordinator, ...participants].map(to) };
}
