/**
 * The acceptor of Paxos Commit (Gray, Lamport 2006; protocols §C.4): one promise for the whole transaction, one
 * accepted value for each branch, and `*`, the value "aborted" for every branch, known or not.
 *
 * Votes of ballot 0 wait in memory until all branches' are in, one refuses, or the flush timer fires: then they
 * share one forced write and one answer. Nothing is answered that is not in the journal.
 */

import { withoutState } from "../absent.ts";
import { BALLOT_ZERO, compareBallots, isSameBallot, type Ballot, type Cast, type Proposal } from "../ballot.ts";
import { backoff } from "../backoff.ts";
import type { Effect, Env, Input, Machine, Send, Step, TimerStep, View } from "../machine.ts";
import { unreachable } from "../machine.ts";
import type { Message, Word } from "../message.ts";
import { effectiveCast, isSameMembership, type Membership } from "../quorum.ts";
import type { AcceptorRecord } from "../record.ts";
import { parseTransactionId, type Absence, type Closed, type NodeId, type TransactionId } from "../transaction.ts";

export interface State {
  readonly transaction: TransactionId;
  /** The highest ballot promised or accepted; ballot 0: none was. */
  readonly promised: Ballot;
  readonly membership: Membership | null;
  /** One a branch. */
  readonly casts: readonly Cast[];
  readonly star: Ballot | null;
  /** Votes of ballot 0 that are not in the journal yet. */
  readonly buffered: readonly Proposal[];
  /** In memory only: it is told to whoever leads, and a leader does without. */
  readonly words: readonly Word[];
  readonly attempt: number;
}

type AcceptorStep = Step<State, AcceptorRecord>;
type Phase1a = Message & { kind: "phase-1a" };
type Phase2a = Message & { kind: "phase-2a" };

/** A vote waits this long for the others, in milliseconds: all are needed for a commit anyway, so that only a recovery gains by less. */
const FLUSH_MS = 50;
/** First wait of an acceptor that holds a transaction before it asks what became of it, and the longest, in milliseconds. */
const NUDGE_MS = 15_000;
const NUDGE_CAP_MS = 240_000;
/** What is held is not held for ever: if nobody closes it, somebody is asked to. */
const HELD: TimerStep = { set: "nudge", ...backoff(NUDGE_MS, NUDGE_CAP_MS, 0) };

function flushTimer(env: Env): TimerStep {
  const { flushMs = FLUSH_MS } = env.times;
  return { set: "flush", minMs: flushMs * 0.8, maxMs: flushMs * 1.2 };
}

function init(_env: Env, id: TransactionId): State {
  return {
    transaction: id,
    promised: BALLOT_ZERO,
    membership: null,
    casts: [],
    star: null,
    buffered: [],
    words: [],
    attempt: 0,
  };
}

/** @param fast the votes are told to the branches, too, which then learn the decision by themselves (§C.6-3) */
function machine(fast: boolean): Machine<State, AcceptorRecord> {
  function step(env: Env, state: State, input: Input): AcceptorStep {
    switch (input.kind) {
      case "message":
        return onMessage(env, state, input.from, input.body);
      case "timeout":
        if (input.timer === "flush" && state.buffered.length > 0) return flush(state);
        if (input.timer === "nudge") return nudge(env, state);
        return { state, ignored: "late-timeout" };
      case "suspicion":
        if (input.suspected || isEmpty(state)) return { state, ignored: "nothing-to-do" };
        return onReconnected(env, state, input.node);
      case "closed":
        // From here on the coordinator's watermark answers for it.
        return { state: null };
      case "ask":
        return { state, effects: [pending(state, input.reply)] };
      case "operator":
        if (input.reply === null) return { state, ignored: "nothing-to-do" };
        return { state, effects: [pending(state, input.reply)] };
      case "resource":
        return { state, ignored: "late-resource-result" };
      case "start":
        return { state, ignored: "nothing-to-do" };
      default:
        return unreachable(input);
    }
  }

  function onMessage(env: Env, state: State, from: NodeId, body: Message): AcceptorStep {
    switch (body.kind) {
      case "phase-1a":
        return onPhase1a(state, from, body);
      case "phase-2a":
        if (body.membership === null) return onStar(state, from, body.ballot);
        return onPhase2a(env, state, from, body, body.membership);
      case "close":
        return { state: null, closed: { outcome: tombstone(body.decision), force: false } };
      case "pending":
        return { state, ignored: "decision-pending" };
      default:
        return { state, effects: [alarm("impossible-message", `${from} sent ${body.kind} to an acceptor`)] };
    }
  }

  /** What a learner was told may have been lost with its link; and its coordinator may have forgotten the transaction. */
  function onReconnected(env: Env, state: State, node: NodeId): AcceptorStep {
    const isFirstBallot = isSameBallot(state.promised, BALLOT_ZERO) && state.casts.length > 0;
    const votes = isFirstBallot && learners(state).includes(node) ? phase2b(state, BALLOT_ZERO, [node]) : [];
    if (node !== coordinatorOf(state))
      return votes.length === 0 ? { state, ignored: "nothing-to-do" } : { state, sends: votes };
    const asking = nudge(env, { ...state, attempt: 0 });
    return { ...asking, sends: [...votes, ...(asking.sends ?? [])] };
  }

  /** Covers every branch, those that were not heard of included. Votes that wait share its forced write. */
  function onPhase1a(state: State, from: NodeId, { ballot }: Phase1a): AcceptorStep {
    const order = compareBallots(ballot, state.promised);
    if (order < 0) return { state, sends: [nack(from, state.promised)] };
    if (order === 0 && isSameBallot(ballot, BALLOT_ZERO)) return { state, sends: [nack(from, state.promised)] };
    if (order === 0) return { state, sends: [phase1b(state, from)] };
    const flushed: AcceptorStep = state.buffered.length > 0 ? flush(state) : { state };
    const promised = { ...(flushed.state ?? state), promised: ballot };
    return {
      state: promised,
      records: [...(flushed.records ?? []), { record: { kind: "promise", ballot }, force: true }],
      sends: [...(flushed.sends ?? []), phase1b(promised, from)],
      timers: flushed.timers ?? [HELD],
    };
  }

  function onPhase2a(env: Env, state: State, from: NodeId, body: Phase2a, membership: Membership): AcceptorStep {
    const { ballot, proposals } = body;
    const known = proposals.filter(({ participant }) => membership.participants.includes(participant));
    if (known.length === 0 || !membership.group.acceptors.includes(env.self))
      return { state, ignored: "no-such-branch" };
    if (state.membership !== null && !isSameMembership(state.membership, membership))
      return { state, effects: [alarm("impossible-message", `${from} proposes under another descriptor`)] };
    if (compareBallots(ballot, state.promised) < 0) return { state, sends: [nack(from, state.promised)] };
    const told = { ...state, membership, words: withWords(state.words, body.words) };
    const begun = beginCommit(membership, body);
    const step = isSameBallot(ballot, BALLOT_ZERO)
      ? onVote(env, told, from, known)
      : acceptAll(told, from, ballot, known);
    return begun.length === 0 || step.ignored !== undefined
      ? step
      : { ...step, sends: [...begun, ...(step.sends ?? [])] };
  }

  /** Ballot 0: the branch itself, which has one value for ever. */
  function onVote(env: Env, state: State, from: NodeId, proposals: readonly Proposal[]): AcceptorStep {
    const fresh = proposals.filter(({ participant }) => said(state, participant) === null);
    const changed = proposals.find(({ participant, value }) => (said(state, participant) ?? value) !== value);
    if (changed !== undefined)
      return { state, effects: [alarm("second-proposal", `${from} changed its value in ballot 0`)] };
    if (fresh.length === 0) {
      const isDurable = state.buffered.every(({ participant }) => participant !== proposals[0]?.participant);
      return isDurable ? { state, sends: phase2b(state, BALLOT_ZERO, learners(state)) } : { state };
    }
    const next = { ...state, buffered: [...state.buffered, ...fresh] };
    const heard = next.casts.length + next.buffered.length;
    const isComplete = heard === next.membership?.participants.length;
    if (isComplete || fresh.some(({ value }) => value === "aborted")) return flush(next);
    return state.buffered.length > 0 ? { state: next } : { state: next, timers: [flushTimer(env)] };
  }

  function flush(state: State): AcceptorStep {
    const { membership, buffered } = state;
    const next = { ...state, buffered: [], casts: withCasts(state.casts, BALLOT_ZERO, buffered) };
    return {
      state: next,
      records: [{ record: { kind: "accept", ballot: BALLOT_ZERO, membership, proposals: buffered }, force: true }],
      sends: phase2b(next, BALLOT_ZERO, learners(next)),
      timers: [{ cancel: "flush" }, HELD],
    };
  }

  function acceptAll(state: State, from: NodeId, ballot: Ballot, proposals: readonly Proposal[]): AcceptorStep {
    const before = proposals.map(({ participant }) => effectiveCast(state, participant));
    const inBallot = before.map((cast) => (cast !== null && isSameBallot(cast.ballot, ballot) ? cast.value : null));
    if (proposals.some(({ value }, at) => (inBallot[at] ?? value) !== value))
      return { state, effects: [alarm("second-proposal", `${from} proposed twice in one ballot`)] };
    if (inBallot.every((value) => value !== null)) return { state, sends: phase2b(state, ballot, [from]) };
    // A vote that waits is void: this ballot is higher than its own.
    const next = { ...state, promised: ballot, buffered: [], casts: withCasts(state.casts, ballot, proposals) };
    return {
      state: next,
      records: [{ record: { kind: "accept", ballot, membership: state.membership, proposals }, force: true }],
      sends: phase2b(next, ballot, [from]),
      timers: [{ cancel: "flush" }, HELD],
    };
  }

  /** Who is told of votes. */
  function learners({ membership }: State): readonly NodeId[] {
    if (membership === null) return [];
    return fast ? [membership.coordinator, ...membership.participants] : [membership.coordinator];
  }

  function absent(env: Env, id: TransactionId, absence: Absence, input: Input): AcceptorStep {
    return input.kind === "message" ? absentMessage(env, id, absence, input.from, input.body) : withoutState(input);
  }

  /** Where it is closed, phases 1 and 2 get the same answer, and never "nothing was accepted" (§C.11-5). */
  function absentMessage(env: Env, id: TransactionId, absence: Absence, from: NodeId, body: Message): AcceptorStep {
    switch (body.kind) {
      case "phase-1a":
      case "phase-2a":
        switch (absence.kind) {
          case "fresh":
            return onFirst(env, init(env, id), from, body);
          case "closed":
            return { state: null, sends: [forgotten(from, absence.closed)] };
          case "forgotten":
          case "lost":
            return { state: null, sends: [forgotten(from, null)] };
          case "foreign":
            return { state: null, ignored: "no-such-branch" };
          default:
            return unreachable(absence);
        }
      case "close":
        // What is still under way to here must not open it anew.
        if (absence.kind !== "fresh") return { state: null, ignored: "late-decision" };
        return { state: null, closed: { outcome: tombstone(body.decision), force: false } };
      case "pending":
        return { state: null, ignored: "decision-pending" };
      default:
        return { state: null, effects: [alarm("impossible-message", `${from} sent ${body.kind} to an acceptor`)] };
    }
  }

  /** What is refused leaves nothing behind. */
  function onFirst(env: Env, state: State, from: NodeId, body: Phase1a | Phase2a): AcceptorStep {
    const step = onMessage(env, state, from, body);
    if (step.ignored !== undefined) return { state: null, ignored: step.ignored };
    return step.state !== null && isEmpty(step.state) ? { ...step, state: null } : step;
  }

  return { init, step, restore, absent, view };
}

/** "Every branch aborted", for those that are not known here too. It takes nothing back: casts stay, and so do they when a cast follows. */
function onStar(state: State, from: NodeId, ballot: Ballot): AcceptorStep {
  if (compareBallots(ballot, state.promised) < 0 || isSameBallot(ballot, BALLOT_ZERO))
    return { state, sends: [nack(from, state.promised)] };
  if (state.star !== null && isSameBallot(state.star, ballot)) return { state, sends: starred(ballot, from) };
  if (state.casts.some((cast) => isSameBallot(cast.ballot, ballot)))
    return { state, effects: [alarm("second-proposal", `${from} proposed twice in one ballot`)] };
  return {
    state: { ...state, promised: ballot, star: ballot, buffered: [] },
    records: [{ record: { kind: "accept", ballot, membership: null, proposals: [] }, force: true }],
    sends: starred(ballot, from),
    timers: [{ cancel: "flush" }, HELD],
  };
}

function restore(env: Env, id: TransactionId, records: readonly AcceptorRecord[]): AcceptorStep {
  let state = init(env, id);
  for (const record of records) {
    const { ballot } = record;
    const promised = compareBallots(ballot, state.promised) > 0 ? ballot : state.promised;
    state = { ...state, promised };
    if (record.kind === "promise") continue;
    if (record.membership === null) state = { ...state, star: ballot };
    else
      state = {
        ...state,
        membership: record.membership,
        casts: withCasts(state.casts, ballot, record.proposals),
      };
  }
  if (records.length === 0) return { state: null };
  return { state, timers: [HELD] };
}

/** Nothing that would have to be kept. */
function isEmpty({ promised, casts, star, buffered }: State): boolean {
  return isSameBallot(promised, BALLOT_ZERO) && casts.length === 0 && star === null && buffered.length === 0;
}

/** The value of a branch in ballot 0, be it in the journal or not. */
function said({ casts, buffered }: State, node: NodeId): Proposal["value"] | null {
  const proposal =
    buffered.find((each) => each.participant === node) ?? casts.find((each) => each.participant === node);
  return proposal?.value ?? null;
}

function withCasts(casts: readonly Cast[], ballot: Ballot, proposals: readonly Proposal[]): readonly Cast[] {
  const others = casts.filter((cast) => !proposals.some(({ participant }) => participant === cast.participant));
  return [...others, ...proposals.map(({ participant, value }) => ({ participant, value, ballot }))];
}

function withWords(known: readonly Word[], words: readonly Word[]): readonly Word[] {
  const fresh = words.filter(({ participant }) => !known.some((each) => each.participant === participant));
  return fresh.length === 0 ? known : [...known, ...fresh];
}

/** The branch that began asks the leader to ask the others; it need not be in the journal for that. */
function beginCommit(membership: Membership, { begins }: Phase2a): Send[] {
  return begins ? [{ to: membership.coordinator, body: { kind: "begin-commit", membership } }] : [];
}

/** All that is accepted in the ballot, so that what went before and was lost is told again. */
function phase2b(state: State, ballot: Ballot, to: readonly NodeId[]): Send[] {
  const { membership, casts, words } = state;
  const accepted = casts
    .filter((cast) => isSameBallot(cast.ballot, ballot))
    .map(({ participant, value }) => ({ participant, value }));
  // Rows are for the client, and the coordinator tells the client.
  return to.map((node) => ({
    to: node,
    body: {
      kind: "phase-2b",
      ballot,
      membership,
      accepted,
      words: membership?.participants.includes(node) === true ? [] : words,
    },
  }));
}

function starred(ballot: Ballot, to: NodeId): Send[] {
  return [{ to, body: { kind: "phase-2b", ballot, membership: null, accepted: [], words: [] } }];
}

function phase1b({ promised, membership, casts, star, words }: State, to: NodeId): Send {
  return { to, body: { kind: "phase-1b", ballot: promised, membership, casts, star, words } };
}

function nack(to: NodeId, ballot: Ballot): Send {
  return { to, body: { kind: "nack", ballot } };
}

function forgotten(to: NodeId, closed: Closed | null): Send {
  const decision = closed === null ? null : closed.outcome === "aborted" ? "abort" : "commit";
  return { to, body: { kind: "forgotten", decision } };
}

function tombstone(decision: "commit" | "abort"): Closed {
  return {
    outcome: decision === "commit" ? "committed" : "aborted",
    reason: decision === "commit" ? null : "CANCELLED",
    detail: "",
    result: null,
    participants: [],
    until: "closed",
  };
}

/** The coordinators in turn, its own first: whoever is asked finishes the transaction and closes it. */
function nudge(env: Env, state: State): AcceptorStep {
  const own = coordinatorOf(state);
  const all = [own, ...env.coordinators().filter((node) => node !== own)];
  const to = all[state.attempt % all.length] ?? own;
  const attempt = state.attempt + 1;
  return {
    state: { ...state, attempt },
    sends: [{ to, body: { kind: "outcome-request", membership: state.membership } }],
    timers: [{ set: "nudge", ...backoff(NUDGE_MS, NUDGE_CAP_MS, attempt) }],
  };
}

function coordinatorOf({ membership, transaction }: State): NodeId {
  return membership?.coordinator ?? parseTransactionId(transaction)?.coordinator ?? "";
}

function pending(state: State, to: number): Effect {
  const { participants } = view(state);
  return { kind: "reply", to, answer: { outcome: "pending", state: "preparing", participants } };
}

function alarm(name: "impossible-message" | "second-proposal", detail: string): Effect {
  return { kind: "alarm", alarm: name, detail };
}

function view(state: State): View {
  return {
    state: "preparing",
    participants: state.membership?.participants ?? [],
    coordinator: coordinatorOf(state),
  };
}

export const acceptor = machine(false);
export const fastAcceptor = machine(true);
