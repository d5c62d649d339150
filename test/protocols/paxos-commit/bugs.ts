/** What protocols §C.4 and §C.11 warn of, each made here: the explorer must find it, and the real machines are free of it. */

import {
  BALLOT_ZERO,
  protocols,
  type Absence,
  type AcceptorRecord,
  type Env,
  type Input,
  type Machine,
  type Message,
  type Step,
  type TransactionId,
} from "../../../protocols/index.ts";
import type { State } from "../../../protocols/paxos-commit/acceptor.ts";
import type { AcceptorMachine, Model } from "./explore.ts";

export interface Bug {
  readonly name: string;
  readonly model: Model;
  /** Not found with fewer ballots. */
  readonly onlyWith?: number;
}

const real = protocols["paxos-commit"].acceptor as Machine<State, AcceptorRecord>;
const first = { branches: 1, ballots: 1 } as const;
const small = { branches: 1, ballots: 2 } as const;

export const bugs: readonly Bug[] = [
  {
    name: "a promise for each branch that is known, instead of one for the transaction",
    model: { ...first, acceptor: voting(({ casts }) => casts.length === 0) },
  },
  { name: "* is ignored in what a promise says", model: { ...small, acceptor: promising(() => ({ star: null })) } },
  {
    name: "* always wins, whatever was accepted after it",
    model: { branches: 1, ballots: 3, acceptor: promising(({ star }) => (star === null ? {} : { casts: [] })) },
    onlyWith: 3,
  },
  { name: "a leader goes on with one promise", model: { ...first, promises: 1 } },
  { name: "one acceptance chooses", model: { ...first, acceptances: 1 } },
  {
    name: "accepting does not raise the promise",
    model: { branches: 1, ballots: 3, informed: true, acceptor: acceptingWithoutPromise() },
  },
  { name: "a leader proposes twice in one ballot", model: { ...small, proposesTwice: true } },
  { name: "a vote of ballot 0 is accepted after a promise", model: { ...first, acceptor: voting(() => true) } },
  { name: "closed is forgotten without a tombstone", model: { ...first, closes: true, acceptor: closed(() => true) } },
  {
    name: "the tombstone answers phase 1, and phase 2 begins anew",
    model: { ...first, closes: true, acceptor: closed(({ kind }) => kind === "phase-2a") },
  },
  {
    name: "FORGOTTEN counts as a promise that has accepted nothing",
    model: { ...first, closes: true, forgottenPromises: true },
  },
];

type Stepping = (env: Env, state: State, input: Input) => Step<State, AcceptorRecord>;
type Beginning = (env: Env, id: TransactionId, absence: Absence, input: Input) => Step<State, AcceptorRecord>;

function acceptor(step: Stepping | null, absent: Beginning | null = null): AcceptorMachine {
  return { ...real, ...(step === null ? {} : { step }), ...(absent === null ? {} : { absent }) };
}

/** Where `forgets` says so, a vote of ballot 0 meets no promise. */
function voting(forgets: (state: State) => boolean): AcceptorMachine {
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
  const lie = (step: Step<State, AcceptorRecord>): Step<State, AcceptorRecord> => ({
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

function acceptingWithoutPromise(): AcceptorMachine {
  const keep = (before: State, input: Input, step: Step<State, AcceptorRecord>): Step<State, AcceptorRecord> =>
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
