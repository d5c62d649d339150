/** Paxos Commit done wrong (protocols §C.4, §C.11). */

import {
  BALLOT_ZERO,
  protocols,
  type Absence,
  type AcceptorRecord,
  type CoordinatorRecord,
  type Env,
  type Input,
  type Machine,
  type Message,
  type ParticipantRecord,
  type Step,
  type TransactionId,
} from "../../protocols/index.ts";
import type { State as AcceptorState } from "../../protocols/paxos-commit/acceptor.ts";
import type { State as LeaderState } from "../../protocols/paxos-commit/coordinator-state.ts";
import type { State as BranchState } from "../../protocols/paxos-commit/participant-state.ts";
import type { PlantedInPorts } from "../simulate/setting.ts";
import type { Bug } from "./bug.ts";

type Leader = Machine<unknown, CoordinatorRecord>;
type Branch = Machine<unknown, ParticipantRecord>;
export type AcceptorMachine = Machine<AcceptorState, AcceptorRecord>;

const lying = (kind: string): PlantedInPorts => ({
  lies: (entries) => entries.some((entry) => entry.kind === "record" && entry.record.kind === kind),
});

const acceptorOf = (machine: AcceptorMachine): NonNullable<Bug["machines"]> => ({
  acceptor: () => machine,
});

const protocol = "paxos-commit";

/** What acceptors do wrong; `real` is what they do. */
const real = protocols["paxos-commit"].acceptor as AcceptorMachine;

/** A promise for each branch that is known, instead of one for the transaction. */
export const promiseByBranch = voting(({ casts }) => casts.length === 0);
/** `*` is ignored in what a promise says. */
export const starIgnored = promising(() => ({ star: null }));
/** `*` always wins, whatever was accepted after it. */
export const starAlwaysWins = promising(({ star }) => (star === null ? {} : { casts: [] }));
/** Accepting does not raise the promise. */
export const acceptanceWithoutPromise = acceptingWithoutPromise();
/** A vote of ballot 0 is accepted after a promise. */
export const voteAfterPromise = voting(() => true);
/** What is closed is forgotten without a tombstone. */
export const closedWithoutTombstone = closed(() => true);
/** The tombstone answers phase 1, and phase 2 begins anew. */
export const closedForPhaseOne = closed(({ kind }) => kind === "phase-2a");

export const paxosBugs: readonly Bug[] = [
  {
    name: "early-acceptance",
    what: "an acceptor answers before what it accepted is durable",
    protocol,
    ports: lying("accept"),
    seenBy: ["paxos"],
  },
  {
    name: "lost-promise",
    what: "an acceptor answers before its promise is durable",
    protocol,
    ports: lying("promise"),
    seenBy: ["paxos"],
  },
  {
    name: "early-proposal",
    what: "a branch proposes before it is durably prepared",
    protocol,
    ports: lying("paxos-prepare"),
    seenBy: ["write-ahead"],
  },
  {
    name: "leader-aborts-alone",
    what: "a leader aborts by its own word when votes are late",
    protocol,
    machines: { coordinator: abortingAlone },
    seenBy: ["paxos", "agreement"],
  },
  {
    name: "proposes-prepared",
    what: "a leader that is free proposes prepared",
    protocol,
    machines: { coordinator: (machine) => sending(machine, allPrepared) },
    seenBy: ["paxos"],
  },
  {
    name: "impatient-branch",
    what: "a branch in doubt aborts alone when it has waited",
    protocol,
    machines: { participant: impatient },
    seenBy: ["paxos", "agreement"],
  },
  {
    name: "refusal-without-tombstone",
    what: "a branch that refused leaves no tombstone",
    protocol,
    machines: { participant: withoutTombstone },
    seenBy: ["refinement", "paxos"],
  },
  {
    name: "careless-watermark-of-paxos",
    what: "a watermark forgets ids that are open",
    protocol,
    ports: { except: () => [] },
    seenBy: ["termination", "paxos"],
  },
  {
    name: "promise-by-branch",
    what: "a promise for each branch that is known, instead of one for the transaction",
    protocol,
    machines: acceptorOf(promiseByBranch),
    seenBy: ["paxos", "agreement"],
  },
  {
    name: "star-ignored",
    what: "* is ignored in what a promise says",
    protocol,
    machines: acceptorOf(starIgnored),
    foundBy: "explorer",
    explored: { participants: 1, crashes: 2, timers: 0, votes: ["yes"] },
    seenBy: ["paxos", "agreement"],
  },
  {
    name: "acceptance-without-promise",
    what: "accepting does not raise the promise",
    protocol,
    machines: acceptorOf(acceptanceWithoutPromise),
    explored: { participants: 1, crashes: 1, votes: ["yes"] },
    seenBy: ["paxos", "agreement"],
  },
  {
    name: "vote-after-promise",
    what: "a vote of ballot 0 is accepted after a promise",
    protocol,
    machines: acceptorOf(voteAfterPromise),
    explored: { participants: 1, crashes: 1, votes: ["yes"] },
    seenBy: ["paxos", "agreement"],
  },
  {
    name: "closed-without-tombstone",
    what: "what is closed is forgotten without a tombstone",
    protocol,
    machines: acceptorOf(closedWithoutTombstone),
    seenBy: ["paxos", "agreement"],
  },
  {
    name: "newest-group",
    what: "a transaction has the group of acceptors that is the newest when it commits, and not when it is begun",
    protocol,
    machines: { coordinator: inNewestGroup },
    mixed: true,
    seenBy: ["paxos", "agreement"],
  },
];

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

type Stepping = (env: Env, state: AcceptorState, input: Input) => Step<AcceptorState, AcceptorRecord>;
type Beginning = (env: Env, id: TransactionId, absence: Absence, input: Input) => Step<AcceptorState, AcceptorRecord>;

function acceptor(step: Stepping | null, absent: Beginning | null = null): AcceptorMachine {
  return { ...real, ...(step === null ? {} : { step }), ...(absent === null ? {} : { absent }) };
}

/** Where `forgets` says so, a vote of ballot 0 meets no promise. */
function voting(forgets: (state: AcceptorState) => boolean): AcceptorMachine {
  return acceptor((env, state, input) => {
    const body = bodyOf(input);
    if (body?.kind !== "phase-2a" || body.ballot.counter > 0 || !forgets(state)) return real.step(env, state, input);
    const step = real.step(env, { ...state, promised: BALLOT_ZERO }, input);
    return step.state === null ? step : { ...step, state: { ...step.state, promised: state.promised } };
  });
}

/** Phase 1b says something else. */
function promising(
  change: (body: Message & { kind: "phase-1b" }) => Partial<Message & { kind: "phase-1b" }>,
): AcceptorMachine {
  const lie = (step: Step<AcceptorState, AcceptorRecord>): Step<AcceptorState, AcceptorRecord> => ({
    ...step,
    ...(step.sends === undefined
      ? {}
      : {
          sends: step.sends.map((send) =>
            send.body.kind === "phase-1b" ? { ...send, body: { ...send.body, ...change(send.body) } } : send,
          ),
        }),
  });
  return acceptor(
    (env, state, input) => lie(real.step(env, state, input)),
    (env, id, absence, input) => lie(real.absent(env, id, absence, input)),
  );
}

function inNewestGroup(leader: Leader): Leader {
  const late = (env: Env, input: Input): Input => {
    if (input.kind !== "start" || input.descriptor.group === null) return input;
    // Of an id that is nobody's any group may be the one: the newest comes first.
    return { ...input, descriptor: { ...input.descriptor, group: env.groups("")[0] ?? input.descriptor.group } };
  };
  return { ...leader, absent: (env, id, absence, input) => leader.absent(env, id, absence, late(env, input)) };
}

function acceptingWithoutPromise(): AcceptorMachine {
  const keep = (
    before: AcceptorState,
    input: Input,
    step: Step<AcceptorState, AcceptorRecord>,
  ): Step<AcceptorState, AcceptorRecord> =>
    step.state === null || bodyOf(input)?.kind !== "phase-2a"
      ? step
      : { ...step, state: { ...step.state, promised: before.promised } };
  return acceptor(
    (env, state, input) => keep(state, input, real.step(env, state, input)),
    (env, id, absence, input) => keep(real.init(env, id), input, real.absent(env, id, absence, input)),
  );
}

/** A cast takes `*` back. */
export function erasingStar(): AcceptorMachine {
  return acceptor((env, state, input) => {
    const step = real.step(env, state, input);
    const body = bodyOf(input);
    const isCast = body?.kind === "phase-2a" && body.membership !== null && (step.records ?? []).length > 0;
    return isCast && step.state !== null ? { ...step, state: { ...step.state, star: null } } : step;
  });
}

/** Where `forgets` says so, what is closed is as if it had never been. */
function closed(forgets: (body: Message) => boolean): AcceptorMachine {
  return acceptor(null, (env, id, absence: Absence, input) => {
    const body = bodyOf(input);
    const isNew = absence.kind === "closed" && body !== null && forgets(body);
    return real.absent(env, id, isNew ? { kind: "fresh" } : absence, input);
  });
}

function bodyOf(input: Input): Message | null {
  return input.kind === "message" ? input.body : null;
}
