/** Variants of the machines that the papers warn of (protocols §B.7): each must be found out. */

import { type LogRecord, type Machine, protocols, type ProtocolName, type Step } from "../../../protocols/index.ts";
import type { State as CoordinatorState } from "../../../protocols/three-phase/coordinator-state.ts";
import { coordinatorOf } from "../../../protocols/three-phase/coordinator.ts";
import { NO_ELECTION } from "../../../protocols/three-phase/doubt.ts";
import type { State as ParticipantState } from "../../../protocols/three-phase/participant-state.ts";
import { participantOf } from "../../../protocols/three-phase/participant.ts";
import { plain } from "../../../protocols/three-phase/plain.ts";
import { quorum, quorumOf, votersOf } from "../../../protocols/three-phase/quorum.ts";
import type { Rules } from "../../../protocols/three-phase/rules.ts";
import { C } from "../../../lab/simulate/setting.ts";
import type { Machines } from "./group.ts";

type AnyMachine = Machine<unknown, LogRecord>;

const of = (name: ProtocolName): Machines => protocols[name];
const ruled = (rules: Rules): Machines => ({ coordinator: coordinatorOf(rules), participant: participantOf(rules) });

/** S0: a participant aborts on its own in w, and commits on its own in p. */
export const naiveTimeouts: Machines = {
  ...of("3pc-plain"),
  participant: stepping(of("3pc-plain").participant, (machine, env, state, input) => {
    const { doubt, coordinator } = state as ParticipantState;
    if (input.kind !== "timeout" || doubt === null) return machine.step(env, state, input);
    const decision = doubt.position === "waiting" ? "abort" : "commit";
    return machine.step(env, state, {
      kind: "message",
      from: coordinator,
      body: { kind: "decision", decision },
      expired: false,
    });
  }),
};

/** S2: a site that crashed takes part in the termination as if it had not. */
export const unlockedRecovery: Machines = {
  ...of("3pc-plain"),
  participant: {
    ...of("3pc-plain").participant,
    restore: (env, id, records) => {
      const step = of("3pc-plain").participant.restore(env, id, records);
      const { doubt } = step.state as ParticipantState;
      if (doubt === null) return step;
      return {
        ...step,
        state: { ...(step.state as ParticipantState), doubt: { ...doubt, restarted: false, leading: null } },
      };
    },
  },
};

/** S3: after a total failure the participants' word is enough. */
export const withoutCoordinator: Machines = ruled({
  ...plain,
  verdict: (self, doubt, collecting, late) => {
    const excluded = { from: C, state: "waiting", attempt: NO_ELECTION, restarted: true } as const;
    return plain.verdict(self, doubt, { ...collecting, reports: [...collecting.reports, excluded] }, late);
  },
});

/** S4: the coordinator tells a backup its state, and goes on. */
export const noAbdication: Machines = {
  ...of("3pc-plain"),
  coordinator: stepping(of("3pc-plain").coordinator, (machine, env, state, input) => {
    const { phase } = state as CoordinatorState;
    if (phase !== "collecting" || input.kind !== "message" || input.body.kind !== "state-request")
      return machine.step(env, state, input);
    const { election } = input.body;
    return {
      state,
      sends: [
        {
          to: input.from,
          body: { kind: "state-report", election, state: "waiting", attempt: NO_ELECTION, restarted: false },
        },
      ],
    };
  }),
};

/** E3PC: after a crash the coordinator's silence is abort, and its precommit was lost. */
export const unforcedPrecommit: Machines = {
  ...of("3pc"),
  coordinator: unforced(of("3pc").coordinator, "precommit"),
};

/** E3PC: a state is told, and the promise that goes with it is lost in a crash. */
export const unforcedPromise: Machines = {
  coordinator: unforced(of("3pc").coordinator, "elected"),
  participant: unforced(of("3pc").participant, "elected"),
};

export interface Bug {
  readonly name: string;
  readonly machines: Machines;
  readonly network: "asynchronous" | "synchronous";
}

/** Found by random walks. */
export const bugs: readonly Bug[] = [
  {
    name: "the coordinator's precommit is not forced, and silence is abort (plain)",
    machines: { ...of("3pc-plain"), coordinator: unforced(of("3pc-plain").coordinator, "precommit") },
    network: "synchronous",
  },
  {
    name: "a voter that kept nothing says that it aborted",
    machines: { ...of("3pc"), participant: unforced(of("3pc").participant, "prepare") },
    network: "asynchronous",
  },
  {
    name: "an attempt is acknowledged before it is forced",
    machines: { ...of("3pc"), participant: unforced(of("3pc").participant, "precommit", "preabort") },
    network: "asynchronous",
  },
  {
    name: "one acknowledgement less than a majority decides",
    machines: ruled({
      ...quorum,
      isEnough: (self, { sites }, { accepted }) =>
        [...accepted, self].filter((node) => votersOf(sites).includes(node)).length >= Math.max(1, quorumOf(sites) - 1),
    }),
    network: "asynchronous",
  },
  {
    name: "the sites' states are read without a quorum",
    machines: ruled({
      ...quorum,
      verdict: (self, doubt, collecting, late) =>
        quorum.verdict(self, doubt, collecting, late) ?? (late && doubt.position === "waiting" ? "abort" : null),
    }),
    network: "asynchronous",
  },
  {
    name: "elections are not unique: a leader takes the number of the coordinator",
    machines: ruled({ ...quorum, turn: (_self, doubt) => ({ doubt, election: doubt.elected }) }),
    network: "asynchronous",
  },
  { name: "S2: a site that crashed leads as if it had not", machines: unlockedRecovery, network: "synchronous" },
];

function stepping(
  machine: AnyMachine,
  step: (machine: AnyMachine, ...args: Parameters<AnyMachine["step"]>) => Step<unknown, LogRecord>,
): AnyMachine {
  return { ...machine, step: (env, state, input) => step(machine, env, state, input) };
}

/** Such records are lost in a crash, and everyone believes that they were forced. */
function unforced(machine: AnyMachine, ...kinds: readonly LogRecord["kind"][]): AnyMachine {
  const changed = (step: Step<unknown, LogRecord>): Step<unknown, LogRecord> =>
    step.records === undefined
      ? step
      : {
          ...step,
          records: step.records.map(({ record, force }) => ({ record, force: force && !kinds.includes(record.kind) })),
        };
  return {
    ...machine,
    step: (env, state, input) => changed(machine.step(env, state, input)),
    absent: (env, id, absence, input) => changed(machine.absent(env, id, absence, input)),
  };
}
