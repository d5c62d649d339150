/** Two-phase commit done wrong: bugs that were never made here, and those that the papers warn of (protocols §A.11). */

import type {
  CoordinatorRecord,
  Input,
  Machine,
  Message,
  ParticipantRecord,
  Step,
  TransactionId,
} from "../../protocols/index.ts";
import { participantBy, presumedCommit, presumedNothing } from "../../protocols/two-phase/index.ts";
import type { State as CoordinatorState } from "../../protocols/two-phase/coordinator-state.ts";
import type { State as ParticipantState } from "../../protocols/two-phase/participant-state.ts";
import type { Entry } from "../../runtime/engine/index.ts";
import type { Bug } from "./bug.ts";

type CoordinatorMachine = Machine<unknown, CoordinatorRecord>;
type ParticipantMachine = Machine<unknown, ParticipantRecord>;

export const twoPhaseBugs: readonly Bug[] = [
  {
    name: "m2-early-acknowledgement",
    what: "a participant acknowledges before its commit is forced",
    protocol: "2pc",
    ports: { lies: closedHere },
    writeAhead: true,
    seenBy: ["agreement", "whole work"],
  },
  {
    name: "m3-early-commit",
    what: "the coordinator sends COMMIT before its record is durable",
    protocol: "2pc",
    ports: { lies: (entries) => holds(entries, "commit") },
    writeAhead: true,
    seenBy: ["agreement"],
  },
  {
    name: "m4-early-vote",
    what: "a participant votes YES before its prepare is durable",
    protocol: "2pc",
    ports: { lies: (entries) => holds(entries, "prepare") },
    writeAhead: true,
    seenBy: ["agreement", "whole work"],
  },
  {
    name: "m10-commit-again",
    what: "a commit request is accepted again for a forgotten id",
    protocol: "2pc",
    machines: { coordinator: acceptingAgain },
    seenBy: ["agreement", "client truth"],
  },
  {
    name: "one-phase-unforced",
    what: "the one-phase record is not forced",
    protocol: "2pc",
    machines: { coordinator: (machine) => onSteps(machine, (step) => unforced(step, "one-phase")) },
    writeAhead: true,
    seenBy: ["agreement", "client truth"],
  },
  {
    name: "no-tombstone",
    what: "a tombstone is forgotten when ABORT finds nothing",
    protocol: "2pc",
    machines: {
      participant: (machine) => ({
        ...machine,
        absent: (env, id, absence, input) => {
          const step = machine.absent(env, id, absence, input);
          return isMessage(input, "decision") ? { state: step.state, ignored: "late-decision" } : step;
        },
      }),
    },
    seenBy: ["refinement"],
  },
  {
    name: "no-fence",
    what: "the fence of RESOLVE_1P is not written",
    protocol: "2pc",
    machines: {
      participant: (machine) => ({
        ...machine,
        absent: (env, id, absence, input) => {
          const step = machine.absent(env, id, absence, input);
          if (!isMessage(input, "resolve-one-phase")) return step;
          return { state: null, sends: step.sends ?? [] };
        },
      }),
    },
    seenBy: ["agreement"],
  },
  {
    name: "careless-watermark",
    what: "a watermark forgets ids that are open",
    protocol: "2pc",
    ports: { except: (): TransactionId[] => [] },
    seenBy: ["termination"],
  },
  {
    name: "reader-told",
    what: "a read-only voter is told COMMIT",
    protocol: "2pc",
    machines: {
      coordinator: (machine) =>
        onSteps(machine, (step) => {
          if (step.records?.some(({ record }) => record.kind === "commit") !== true) return step;
          const voters = (step.state as CoordinatorState).votes.map(({ from }) => from);
          const body: Message = { kind: "decision", decision: "commit" };
          return { ...step, sends: voters.map((to) => ({ to, body })) };
        }),
    },
    seenBy: ["no alarm"],
  },
  {
    name: "no-tokens",
    what: "tokens are not checked: work goes on after a restart",
    protocol: "2pc",
    machines: { participant: withoutTokens },
    seenBy: ["whole work"],
  },
  {
    name: "lost-locks",
    what: "a prepared branch does not take its locks again after a restart",
    protocol: "2pc",
    machines: {
      participant: (machine) => ({
        ...machine,
        restore: (env, id, records) => ({ ...machine.restore(env, id, records), effects: [] }),
      }),
    },
    seenBy: ["lock discipline"],
  },
  {
    name: "no-read-locks",
    what: "who reads takes no lock",
    protocol: "2pc",
    ports: { unlockedReads: true },
    seenBy: ["serializability"],
  },
  {
    name: "stale-reads",
    what: "who reads is told what was there before it waited for its lock",
    protocol: "2pc",
    ports: { staleReads: true },
    workload: "money",
    seenBy: ["money"],
  },
  {
    name: "wrong-presumption",
    what: "silence is taken for a commit",
    protocol: "2pc",
    machines: {
      coordinator: (machine) => ({
        ...machine,
        absent: (env, id, absence, input) => {
          const step = machine.absent(env, id, absence, input);
          if (!isMessage(input, "inquire")) return step;
          return {
            ...step,
            sends: (step.sends ?? []).map(({ to }) => ({ to, body: { kind: "decision", decision: "commit" } })),
          };
        },
      }),
    },
    seenBy: ["agreement"],
  },
  {
    name: "gives-up",
    what: "a decision is sent again once, and then given up",
    protocol: "2pc",
    machines: {
      coordinator: (machine) =>
        onSteps(machine, (step) =>
          step.sends !== undefined && (step.state as CoordinatorState | null)?.attempt === 1
            ? { ...step, timers: [] }
            : step,
        ),
    },
    seenBy: ["termination"],
  },
  {
    name: "impatient-participant",
    what: "a participant in doubt aborts on its own when it has waited",
    protocol: "2pc",
    machines: {
      participant: (machine) => ({
        ...machine,
        step: (env, state, input) =>
          input.kind === "timeout" && input.timer === "decision" && (state as ParticipantState).phase === "prepared"
            ? machine.step(env, state, {
                kind: "message",
                from: (state as ParticipantState).coordinator,
                body: { kind: "decision", decision: "abort" },
                expired: false,
              })
            : machine.step(env, state, input),
      }),
    },
    seenBy: ["agreement"],
  },
  {
    name: "m1-collecting-unforced",
    what: "presumed commit does not force `collecting`",
    protocol: "2pc-presumed-commit",
    machines: { coordinator: (machine) => onSteps(machine, (step) => unforced(step, "collecting")) },
    seenBy: ["agreement"],
  },
  {
    name: "m5-commit-unforced",
    what: "presumed commit does not force its commit",
    protocol: "2pc-presumed-commit",
    machines: {
      coordinator: (machine) =>
        onSteps(machine, (step) =>
          step.closed?.outcome.outcome === "committed" ? { ...step, closed: { ...step.closed, force: false } } : step,
        ),
    },
    writeAhead: true,
    seenBy: ["agreement", "client truth"],
  },
  {
    name: "m6-prepares-unasked",
    what: "a branch under presumed commit prepares unasked",
    protocol: "2pc-presumed-commit",
    machines: { participant: preparingUnasked },
    seenBy: ["agreement"],
  },
  {
    name: "m8-recordless-acknowledgement",
    what: "a branch under presumed commit acknowledges an abort without a record, and prepares afresh",
    protocol: "2pc-presumed-commit",
    machines: {
      as: { oneShot: true },
      coordinator: forgetful,
      participant: () => {
        const machine = participantBy({ ...presumedCommit, oneShot: true });
        return {
          ...machine,
          absent: (env, id, absence, input) => {
            const step = machine.absent(env, id, absence, input);
            return isMessage(input, "decision") ? { state: step.state, sends: step.sends ?? [] } : step;
          },
        };
      },
    },
    seenBy: ["agreement"],
  },
  {
    name: "m9-late-prepare",
    what: "a late PREPARE under presumed commit is taken for a first one",
    protocol: "2pc-presumed-commit",
    machines: {
      as: { oneShot: true },
      coordinator: forgetful,
      participant: () => {
        const machine = participantBy({ ...presumedCommit, oneShot: true });
        return {
          ...machine,
          absent: (env, id, absence, input) =>
            machine.absent(env, id, isMessage(input, "prepare") ? { kind: "fresh" } : absence, input),
        };
      },
    },
    seenBy: ["agreement"],
  },
  ...(["2pc-presumed-nothing", "2pc-presumed-commit"] as const).map((protocol): Bug => ({
    name: `m10-commit-again-${protocol.slice("2pc-".length)}`,
    what: "a commit request is accepted again for a forgotten id",
    protocol,
    machines: {
      as: { oneShot: true },
      coordinator: acceptingAgain,
      participant: () =>
        participantBy({ ...(protocol === "2pc-presumed-commit" ? presumedCommit : presumedNothing), oneShot: true }),
    },
    seenBy: ["agreement", "client truth"],
  })),
  {
    name: "late-yes-presumed",
    what: "a late YES under presumed commit is answered by the presumption",
    protocol: "2pc-presumed-commit",
    machines: {
      coordinator: (machine) => ({
        ...machine,
        absent: (env, id, absence, input) =>
          machine.absent(
            env,
            id,
            absence,
            input.kind === "message" && input.body.kind === "vote" && input.body.vote === "yes"
              ? { ...input, body: { kind: "inquire" } }
              : input,
          ),
      }),
      participant: preparingUnasked,
    },
    seenBy: ["agreement"],
  },
  {
    name: "ignorant-peer",
    what: "a peer that is asked and knows nothing says ABORT, whatever it has forgotten",
    protocol: "2pc",
    machines: {
      participant: (machine) => ({
        ...machine,
        absent: (env, id, absence, input) =>
          machine.absent(
            env,
            id,
            isMessage(input, "decision-request") && absence.kind !== "fresh"
              ? { kind: "fresh", sinceStart: true }
              : absence,
            input,
          ),
      }),
    },
    seenBy: ["agreement"],
  },
];

/** A textbook's coordinator: an abort leaves nothing behind. */
function forgetful(machine: CoordinatorMachine): CoordinatorMachine {
  return {
    ...machine,
    absent: (env, id, absence, input) =>
      machine.absent(
        env,
        id,
        isMessage(input, "inquire") && absence.kind === "closed" && absence.closed.outcome === "aborted"
          ? { kind: "lost" }
          : absence,
        input,
      ),
  };
}

function acceptingAgain(machine: CoordinatorMachine): CoordinatorMachine {
  return {
    ...machine,
    absent: (env, id, absence, input) =>
      machine.absent(env, id, input.kind === "start" ? { kind: "fresh" } : absence, input),
  };
}

/** Each branch prepares when its first item is done. */
function preparingUnasked(machine: ParticipantMachine): ParticipantMachine {
  return {
    ...machine,
    step: (env, state, input) => {
      const step = machine.step(env, state, input);
      const isDone = input.kind === "resource" && input.result.kind === "worked" && input.result.ok;
      if (!isDone || step.state === null || step.ignored !== undefined) return step;
      return {
        ...step,
        state: { ...(step.state as ParticipantState), phase: "preparing" },
        timers: [{ cancel: "idle" }],
        effects: [{ kind: "resource", request: { act: "prepare", work: null } }],
      };
    },
  };
}

function closedHere(entries: readonly Entry[]): boolean {
  return entries.some(
    (entry) => entry.kind === "closed" && entry.outcome.outcome === "committed" && entry.outcome.until === "closed",
  );
}

function holds(entries: readonly Entry[], kind: string): boolean {
  return entries.some((entry) => entry.kind === "record" && entry.record.kind === kind);
}

function isMessage(input: Input, kind: Message["kind"]): boolean {
  return input.kind === "message" && input.body.kind === kind;
}

function onSteps(
  machine: CoordinatorMachine,
  change: (step: Step<unknown, CoordinatorRecord>) => Step<unknown, CoordinatorRecord>,
): CoordinatorMachine {
  return {
    ...machine,
    step: (env, state, input) => change(machine.step(env, state, input)),
    absent: (env, id, absence, input) => change(machine.absent(env, id, absence, input)),
  };
}

function unforced(step: Step<unknown, CoordinatorRecord>, kind: string): Step<unknown, CoordinatorRecord> {
  if (step.records === undefined) return step;
  return {
    ...step,
    records: step.records.map(({ record, force }) => ({ record, force: force && record.kind !== kind })),
  };
}

/** Every incarnation hands out the same token, and takes up a branch wherever the other side believes it to be. */
function withoutTokens(machine: ParticipantMachine): ParticipantMachine {
  return {
    ...machine,
    init: (env, id) => machine.init({ ...env, incarnation: 1 }, id),
    step: (env, state, input) => machine.step({ ...env, incarnation: 1 }, state, input),
    absent: (env, id, absence, input) => {
      const first = { ...env, incarnation: 1 };
      if (input.kind !== "message" || input.body.kind !== "work" || absence.kind !== "fresh")
        return machine.absent(first, id, absence, input);
      const { item } = input.body;
      const begun = machine.absent(first, id, absence, { ...input, body: { ...input.body, token: null, item: 1 } });
      return {
        ...begun,
        state: { ...(begun.state as ParticipantState), items: item - 1, pendingItem: item },
        effects: [{ kind: "resource", request: { act: "work", item, work: input.body.work } }],
      };
    },
  };
}
