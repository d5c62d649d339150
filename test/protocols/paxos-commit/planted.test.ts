/** The judges see bugs that are planted into the running system, within the schedules that the real machines pass. */

import { expect, test } from "vitest";
import type { CoordinatorRecord, Machine, Message, ParticipantRecord } from "../../../protocols/index.ts";
import type { State as LeaderState } from "../../../protocols/paxos-commit/coordinator-state.ts";
import type { State as BranchState } from "../../../protocols/paxos-commit/participant-state.ts";
import { capabilitiesOf } from "../../../lab/simulate/capabilities.ts";
import { found, run } from "../../../lab/simulate/schedule.ts";
import type { RuleName } from "../../../lab/simulate/judges.ts";
import { type Wrapped, withMachines } from "../../../lab/simulate/planted.ts";
import type { PlantedInPorts } from "../../../lab/simulate/setting.ts";

type Leader = Machine<unknown, CoordinatorRecord>;
type Branch = Machine<unknown, ParticipantRecord>;

interface Bug {
  readonly name: string;
  readonly machines?: Wrapped;
  readonly ports?: PlantedInPorts;
  readonly seenBy: readonly RuleName[];
}

const lying = (kind: string): PlantedInPorts => ({
  lies: (entries) => entries.some((entry) => entry.kind === "record" && entry.record.kind === kind),
});

const bugs: readonly Bug[] = [
  { name: "an acceptor answers before what it accepted is durable", ports: lying("accept"), seenBy: ["paxos"] },
  { name: "an acceptor answers before its promise is durable", ports: lying("promise"), seenBy: ["paxos"] },
  { name: "a branch proposes before it is durably prepared", ports: lying("paxos-prepare"), seenBy: ["write-ahead"] },
  {
    name: "a leader aborts by its own word when votes are late",
    machines: { coordinator: abortingAlone },
    seenBy: ["paxos", "agreement"],
  },
  {
    name: "a leader that is free proposes prepared",
    machines: { coordinator: (machine) => sending(machine, allPrepared) },
    seenBy: ["paxos"],
  },
  {
    name: "a branch in doubt aborts alone when it has waited",
    machines: { participant: impatient },
    seenBy: ["paxos", "agreement"],
  },
  {
    name: "a branch that refused leaves no tombstone",
    machines: { participant: withoutTombstone },
    seenBy: ["refinement", "paxos"],
  },
  { name: "a watermark forgets ids that are open", ports: { except: () => [] }, seenBy: ["termination", "paxos"] },
];

const SEEDS = 3_000;

test.each(bugs)(
  "a planted bug is seen: $name",
  ({ machines = {}, ports = {}, seenBy }) =>
    withMachines("paxos-commit", machines, async () => {
      const capabilities = capabilitiesOf("paxos-commit");
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        const { violations } = await run({ protocol: "paxos-commit", seed, capabilities, planted: ports });
        if (found(violations, seenBy) !== null) return;
      }
      expect.fail("nobody saw it");
    }),
  60_000,
);

function abortingAlone(machine: Leader): Leader {
  return {
    ...machine,
    step: (env, state, input) => {
      const { phase, membership } = state as LeaderState;
      if (phase !== "voting" || input.kind !== "timeout" || input.timer !== "vote" || membership === null)
        return machine.step(env, state, input);
      const said: Message = { kind: "forgotten", decision: "abort" };
      return machine.step(env, state, { kind: "message", from: "A1", body: said, expired: false });
    },
  };
}

function sending(machine: Leader, change: (body: Message) => Message): Leader {
  return {
    ...machine,
    step: (env, state, input) => {
      const step = machine.step(env, state, input);
      if (step.sends === undefined) return step;
      return { ...step, sends: step.sends.map((send) => ({ ...send, body: change(send.body) })) };
    },
  };
}

function allPrepared(body: Message): Message {
  if (body.kind !== "phase-2a") return body;
  return { ...body, proposals: body.proposals.map(({ participant }) => ({ participant, value: "prepared" })) };
}

function impatient(machine: Branch): Branch {
  return {
    ...machine,
    step: (env, state, input) => {
      const { phase, coordinator } = state as BranchState;
      if (phase !== "prepared" || input.kind !== "timeout") return machine.step(env, state, input);
      const body: Message = { kind: "decision", decision: "abort" };
      return machine.step(env, state, { kind: "message", from: coordinator, body, expired: false });
    },
  };
}

function withoutTombstone(machine: Branch): Branch {
  return {
    ...machine,
    step: (env, state, input) => {
      const { closed, ...step } = machine.step(env, state, input);
      const isRefusal = input.kind === "resource" && step.state === null && closed?.outcome.outcome === "aborted";
      return closed === undefined || isRefusal ? step : { ...step, closed };
    },
  };
}
