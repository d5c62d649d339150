/** Three-phase commit done wrong, as the papers warn of it (protocols §B.7, §B.9). */

import {
  type CoordinatorRecord,
  type LogRecord,
  type Machine,
  type ParticipantRecord,
  protocols,
  type ProtocolName,
  type Step,
} from "../../protocols/index.ts";
import type { State as CoordinatorState } from "../../protocols/three-phase/coordinator-state.ts";
import { coordinatorOf } from "../../protocols/three-phase/coordinator.ts";
import { NO_ELECTION } from "../../protocols/three-phase/doubt.ts";
import type { State as ParticipantState } from "../../protocols/three-phase/participant-state.ts";
import { participantOf } from "../../protocols/three-phase/participant.ts";
import { plain } from "../../protocols/three-phase/plain.ts";
import { quorum, quorumOf, votersOf } from "../../protocols/three-phase/quorum.ts";
import type { Rules } from "../../protocols/three-phase/rules.ts";
import { C } from "../simulate/setting.ts";
import type { Bug } from "./bug.ts";

type AnyMachine = Machine<unknown, LogRecord>;

/** A pair that belongs together. */
export interface Machines {
  readonly coordinator: AnyMachine;
  readonly participant: AnyMachine;
}

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
const shipped = of("3pc-plain").participant;
export const unlockedRecovery: Machines = {
  ...of("3pc-plain"),
  participant: {
    ...shipped,
    restore: (env, id, records) => {
      const step = shipped.restore(env, id, records);
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

export const plainPrecommitUnforced: Machines = {
  ...of("3pc-plain"),
  coordinator: unforced(of("3pc-plain").coordinator, "precommit"),
};

export const voterWithoutRecord: Machines = {
  ...of("3pc"),
  participant: unforced(of("3pc").participant, "prepare"),
};

export const attemptUnforced: Machines = {
  ...of("3pc"),
  participant: unforced(of("3pc").participant, "precommit", "preabort"),
};

export const smallQuorum: Machines = ruled({
  ...quorum,
  isEnough: (self, { sites }, { accepted }) =>
    [...accepted, self].filter((node) => votersOf(sites).includes(node)).length >= Math.max(1, quorumOf(sites) - 1),
});

export const noQuorumOfStates: Machines = ruled({
  ...quorum,
  verdict: (self, doubt, collecting, late) =>
    quorum.verdict(self, doubt, collecting, late) ?? (late && doubt.position === "waiting" ? "abort" : null),
});

export const reusedElection: Machines = ruled({
  ...quorum,
  turn: (_self, doubt) => ({ doubt, election: doubt.elected }),
});

const machines = ({ coordinator, participant }: Machines): NonNullable<Bug["machines"]> => ({
  coordinator: () => coordinator as Machine<unknown, CoordinatorRecord>,
  participant: () => participant as Machine<unknown, ParticipantRecord>,
});

export const threePhaseBugs: readonly Bug[] = [
  {
    name: "s0-naive-timeouts",
    what: "a participant aborts on its own in w, and commits on its own in p",
    protocol: "3pc-plain",
    machines: machines(naiveTimeouts),
    explored: { participants: 1, crashes: 1, losses: 0, timers: "any", votes: ["yes"] },
    seenBy: ["agreement"],
  },
  {
    name: "s2-unlocked-recovery",
    what: "a site that crashed leads as if it had not",
    protocol: "3pc-plain",
    machines: machines(unlockedRecovery),
    explored: { participants: 1, crashes: 3, losses: 0, timers: "any", votes: ["yes"] },
    seenBy: ["agreement"],
  },
  {
    name: "s3-without-coordinator",
    what: "after a total failure the participants' word is enough",
    protocol: "3pc-plain",
    machines: machines(withoutCoordinator),
    explored: { participants: 1, crashes: 3, losses: 0, timers: "any", votes: ["yes"] },
    seenBy: ["agreement"],
  },
  {
    name: "s4-no-abdication",
    what: "the coordinator tells a backup its state, and goes on",
    protocol: "3pc-plain",
    machines: machines(noAbdication),
    foundBy: "explorer",
    explored: { participants: 2, crashes: 0, losses: 0, timers: "any", suspicions: 2, votes: ["yes"] },
    seenBy: ["agreement"],
  },
  {
    name: "plain-precommit-unforced",
    what: "the coordinator's precommit is not forced, and silence is abort",
    protocol: "3pc-plain",
    machines: machines(plainPrecommitUnforced),
    explored: { participants: 1, crashes: 2, losses: 0, timers: "any", votes: ["yes"] },
    seenBy: ["agreement"],
  },
  {
    name: "precommit-unforced",
    what: "the coordinator's precommit is not forced, and silence is abort",
    protocol: "3pc",
    machines: machines(unforcedPrecommit),
    explored: { participants: 1, crashes: 1, votes: ["yes"] },
    seenBy: ["agreement"],
  },
  {
    name: "elected-unforced",
    what: "a state is told, and the promise that goes with it is lost in a crash",
    protocol: "3pc",
    machines: machines(unforcedPromise),
    foundBy: "explorer",
    explored: { participants: 2, crashes: 1, votes: ["yes"] },
    seenBy: ["agreement"],
  },
  {
    name: "voter-without-record",
    what: "a voter that kept nothing says that it aborted",
    protocol: "3pc",
    machines: machines(voterWithoutRecord),
    explored: { participants: 2, crashes: 1, votes: ["yes"] },
    seenBy: ["agreement"],
  },
  {
    name: "early-attempt-acknowledgement",
    what: "an attempt is acknowledged before it is forced",
    protocol: "3pc",
    machines: machines(attemptUnforced),
    foundBy: "explorer",
    explored: { participants: 1, crashes: 1, votes: ["yes"] },
    seenBy: ["agreement"],
  },
  {
    name: "small-quorum",
    what: "one acknowledgement less than a majority decides",
    protocol: "3pc",
    machines: machines(smallQuorum),
    explored: { participants: 2, crashes: 0, votes: ["yes"] },
    seenBy: ["agreement"],
  },
  {
    name: "no-quorum-of-states",
    what: "the sites' states are read without a quorum",
    protocol: "3pc",
    machines: machines(noQuorumOfStates),
    foundBy: "explorer",
    explored: { participants: 2, crashes: 0, votes: ["yes"] },
    seenBy: ["agreement"],
  },
  {
    name: "reused-election",
    what: "elections are not unique: a leader takes the number of the coordinator",
    protocol: "3pc",
    machines: machines(reusedElection),
    foundBy: "explorer",
    explored: { participants: 1, crashes: 0, votes: ["yes"] },
    seenBy: ["agreement"],
  },
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
