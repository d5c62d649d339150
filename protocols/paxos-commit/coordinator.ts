/**
 * The leader of Paxos Commit (Gray, Lamport 2006; protocols §C.5): it asks the branches, learns from F+1 acceptors
 * what was chosen, tells, and closes when every branch has it in its journal. It writes nothing: the decision lives
 * in the acceptors, and any coordinator can find it there.
 *
 * voting (ballot 0) → committing | aborting → forgotten. A timeout, a cancel or a question of one in doubt leads
 * through promising and proposing, the two phases of a ballot of its own. It never aborts by its own word: "aborted"
 * has to be chosen. Without memory of a transaction it asks no branch to prepare; it only recovers.
 */

import { backoff } from "../backoff.ts";
import { BALLOT_ZERO, isSameBallot, type Ballot } from "../ballot.ts";
import { heuristicRow, reportersOf, type Report } from "../heuristic.ts";
import type { Answer, Effect, Env, Input, Machine, OperatorAct, ReplyId, Send, Step, View } from "../machine.ts";
import { unreachable } from "../machine.ts";
import type { Message, Word } from "../message.ts";
import {
  decisionOf,
  firstAcceptors,
  isSameMembership,
  isStarChosen,
  proposalsAfter,
  quorumOf,
  tallied,
  type Acceptance,
  type Membership,
  type Promised,
} from "../quorum.ts";
import type { CoordinatorRecord } from "../record.ts";
import {
  parseTransactionId,
  type AbortReason,
  type Absence,
  type AcceptorGroup,
  type BranchPlan,
  type Closed,
  type Decision,
  type Descriptor,
  type NodeId,
  type TransactionId,
} from "../transaction.ts";

/** What an abort is told to be for, where no branch says why. */
interface Why {
  readonly reason: AbortReason;
  readonly detail: string;
}

export interface State {
  readonly transaction: TransactionId;
  /** beginning: one branch has its last work and has not proposed. */
  readonly phase: "init" | "beginning" | "voting" | "promising" | "proposing" | "committing" | "aborting";
  /** null where it has no memory of the begin. */
  readonly descriptor: Descriptor | null;
  /** null: nobody has said it yet. */
  readonly membership: Membership | null;
  /** Of its own, but for 0. */
  readonly ballot: Ballot;
  /** The highest counter that was heard of. */
  readonly counter: number;
  /** promising: who promised this ballot. */
  readonly promises: readonly Promised[];
  readonly tally: readonly Acceptance[];
  readonly words: readonly Word[];
  /** Branches that had the decision in their journals before it was known here, and what it is. */
  readonly early: readonly NodeId[];
  readonly heard: Decision | null;
  readonly unacknowledged: readonly NodeId[];
  /** Of branches that went against the decision. */
  readonly reports: readonly Report[];
  /** They wait for the outcome. */
  readonly replies: readonly ReplyId[];
  /** They are told what is known when a ballot has failed. */
  readonly asks: readonly ReplyId[];
  /** Links that are down: they name the reason of an abort, and never cause one. */
  readonly suspected: readonly NodeId[];
  /** Ballots that came to nothing, or rounds of the decision. */
  readonly attempt: number;
  /** What the last ballot failed for want of, in words. */
  readonly missing: string | null;
  readonly why: Why;
}

type CoordinatorStep = Step<State, CoordinatorRecord>;

/** The acceptors have what a leader needs to know, and another one may finish a transaction. */
const TAKEN_OVER: Why = {
  reason: "COORDINATOR_RESTARTED",
  detail: "the coordinator did not finish it, and it was recovered from the acceptors",
};

function init(_env: Env, id: TransactionId): State {
  return {
    transaction: id,
    phase: "init",
    descriptor: null,
    membership: null,
    ballot: BALLOT_ZERO,
    counter: 0,
    promises: [],
    tally: [],
    words: [],
    early: [],
    heard: null,
    unacknowledged: [],
    reports: [],
    replies: [],
    asks: [],
    suspected: [],
    attempt: 0,
    missing: null,
    why: TAKEN_OVER,
  };
}

/** @param fast the acceptors tell the branches, too: a commit of ballot 0 needs no word of the leader (§C.6-3) */
function machine(fast: boolean): Machine<State, CoordinatorRecord> {
  function step(env: Env, state: State, input: Input): CoordinatorStep {
    switch (input.kind) {
      case "start":
        return onStart(env, state, input.descriptor, input.reply, input.cancelled);
      case "message":
        return onMessage(env, state, input.from, input.body);
      case "timeout":
        return onTimeout(env, state, input.timer);
      case "suspicion":
        return input.suspected ? onSuspected(state, input.node) : onReconnected(state, input.node);
      case "ask":
        return onAsk(state, input.reply);
      case "operator":
        return onOperator(env, state, input.act, input.reply);
      case "resource":
        return { state, ignored: "late-resource-result" };
      case "closed":
        return { state, ignored: "nothing-to-do" };
      default:
        return unreachable(input);
    }
  }

  function onStart(
    env: Env,
    state: State,
    descriptor: Descriptor,
    reply: ReplyId | null,
    cancelled: AbortReason | null,
  ): CoordinatorStep {
    const replies = reply === null ? state.replies : [...state.replies, reply];
    // A begin that comes again joins the wait or gets the decision; the branches are never asked anew.
    if (state.phase !== "init") return joinedBy(state, reply);
    const { branches, group, coordinator, initiator, timeoutMs } = descriptor;
    const started = { ...state, descriptor, replies };
    if (branches.length === 0 && cancelled === null) return finish(env, started, "commit");
    if (group === null) return abandon(started, { reason: "RESOURCE_FAILED", detail: "there are no acceptors" });
    const membership = { coordinator, participants: branches.map(({ participant }) => participant), group };
    if (cancelled !== null) {
      const why = { reason: cancelled, detail: "" };
      // Nobody was asked to prepare, and nobody will be: nothing can have been proposed.
      return abandon(started, why);
    }
    const first = branches.find(({ participant }) => participant === initiator);
    return {
      state: { ...started, phase: first === undefined ? "voting" : "beginning", membership },
      sends:
        first === undefined
          ? requests("paxos-prepare", descriptor, membership, branches)
          : requests("paxos-last-work", descriptor, membership, [first]),
      timers: [{ set: "vote", minMs: timeoutMs, maxMs: timeoutMs }],
    };
  }

  function onMessage(env: Env, state: State, from: NodeId, body: Message): CoordinatorStep {
    switch (body.kind) {
      case "phase-2b":
        return onAccepted(env, state, from, body);
      case "phase-1b":
        return onPromise(env, state, from, body);
      case "nack":
        return onNack(state, body.ballot);
      case "forgotten":
        if (isDecided(state)) return { state, ignored: "already-decided" };
        return body.decision === null ? forgotten(state) : decide(env, state, body.decision);
      case "ack":
        return onAck(env, state, from, body);
      case "outcome-request":
        return onRequest(state, from, body.membership);
      case "begin-commit":
        return onBegun(state);
      default:
        return {
          state,
          effects: [
            { kind: "alarm", alarm: "impossible-message", detail: `${from} sent ${body.kind} to a coordinator` },
          ],
        };
    }
  }

  function onAccepted(env: Env, state: State, from: NodeId, body: Message & { kind: "phase-2b" }): CoordinatorStep {
    if (isDecided(state) || state.phase === "init") return { state, ignored: "late-acceptance" };
    if (isForeign(state, body.membership)) return { state, ignored: "late-acceptance" };
    const accepted = body.membership === null ? "*" : body.accepted;
    const next = {
      ...state,
      membership: state.membership ?? body.membership,
      tally: tallied(state.tally, from, body.ballot, accepted),
      words: withWords(state.words, body.words),
    };
    const decision = learned(env, next);
    return decision === null ? { state: next } : decide(env, next, decision);
  }

  function onPromise(env: Env, state: State, from: NodeId, body: Message & { kind: "phase-1b" }): CoordinatorStep {
    if (state.phase !== "promising" || !isSameBallot(body.ballot, state.ballot))
      return { state, ignored: "late-promise" };
    if (isForeign(state, body.membership)) return { state, ignored: "late-promise" };
    if (state.promises.some(({ acceptor }) => acceptor === from)) return { state, ignored: "late-promise" };
    const next = {
      ...state,
      membership: state.membership ?? body.membership,
      promises: [...state.promises, { acceptor: from, casts: body.casts, star: body.star }],
      words: withWords(state.words, body.words),
    };
    if (hasQuorums(env, next)) return propose(env, next);
    if (state.membership !== null || next.membership === null) return { state: next };
    // Now it is known which group counts, and it may be one that was not asked.
    const asked = acceptorsOf(env, state);
    return {
      state: next,
      sends: toAll(
        acceptorsOf(env, next).filter((node) => !asked.includes(node)),
        { kind: "phase-1a", ballot: next.ballot },
      ),
    };
  }

  /** Says what is chosen, without a write: to the branches, and to whoever waits. */
  function decide(env: Env, state: State, decision: Decision): CoordinatorStep {
    const participants = state.membership?.participants ?? [];
    const unacknowledged = participants.filter((node) => !state.early.includes(node));
    const next: State = {
      ...state,
      phase: decision === "commit" ? "committing" : "aborting",
      unacknowledged,
      replies: [],
      asks: [],
      attempt: 0,
    };
    const effects = [...state.replies, ...state.asks].map((to): Effect => ({
      kind: "reply",
      to,
      answer: outcomeOf(next),
    }));
    if (unacknowledged.length === 0) return { ...finish(env, next, decision), effects };
    const isToldAlready = fast && decision === "commit" && state.phase === "voting";
    return {
      state: next,
      sends: isToldAlready ? [] : toAll(unacknowledged, { kind: "decision", decision }),
      timers: [
        { cancel: "vote" },
        { cancel: "ballot" },
        { set: "acknowledgement", ...backoff(env.times.acknowledgementMs, env.times.retryCapMs, 0) },
      ],
      effects,
    };
  }

  function onAck(env: Env, state: State, from: NodeId, body: Message & { kind: "ack" }): CoordinatorStep {
    const { decision, heuristic } = body;
    if (state.membership?.participants.includes(from) !== true || state.early.includes(from))
      return { state, ignored: "late-acknowledgement" };
    const reports = heuristic === null ? state.reports : [...state.reports, { from, text: heuristic }];
    const effects: Effect[] =
      heuristic === null ? [] : [{ kind: "alarm", alarm: "heuristic", detail: `${from} ${heuristic}` }];
    if (!isDecided(state)) {
      // It has the outcome in its journal, so this is the outcome. A commit's rows come from the acceptors.
      const next = { ...state, early: [...state.early, from], reports, heard: decision };
      if (decision === "commit" && state.phase === "voting") return { state: next, effects };
      return withEffects(decide(env, next, decision), effects);
    }
    if (!state.unacknowledged.includes(from)) return { state, ignored: "late-acknowledgement" };
    if (decision !== decisionIn(state))
      return {
        state,
        effects: [
          {
            kind: "alarm",
            alarm: "second-decision",
            detail: `${from} has ${decision}, and ${decisionIn(state)} was chosen`,
          },
        ],
      };
    const unacknowledged = state.unacknowledged.filter((node) => node !== from);
    const next = { ...state, unacknowledged, reports };
    return withEffects(unacknowledged.length > 0 ? { state: next } : finish(env, next, decision), effects);
  }

  /** From a branch in doubt, or from an acceptor that holds the transaction for long. */
  function onRequest(state: State, from: NodeId, membership: Membership | null): CoordinatorStep {
    if (isForeign(state, membership)) return { state, ignored: "no-such-branch" };
    const isBranch = membership?.participants.includes(from) === true;
    if (isDecided(state) && isBranch)
      return { state, sends: [{ to: from, body: { kind: "decision", decision: decisionIn(state) } }] };
    const sends: Send[] = [{ to: from, body: { kind: "pending" } }];
    if (state.phase === "beginning" && from === state.descriptor?.initiator) {
      // It has prepared, and the word of it was lost.
      const begun = onBegun(state);
      return { ...begun, sends: [...sends, ...(begun.sends ?? [])] };
    }
    if (state.membership !== null || membership === null || isDecided(state)) return { state, sends };
    return { state: { ...state, membership }, sends };
  }

  function onOperator(env: Env, state: State, act: OperatorAct, reply: ReplyId | null): CoordinatorStep {
    if (act !== "cancel" || isDecided(state)) {
      if (reply === null) return { state, ignored: "already-decided" };
      return { state, effects: [{ kind: "reply", to: reply, answer: answerOf(state) }] };
    }
    if (state.phase !== "voting" && state.phase !== "beginning") return joinedBy(state, reply);
    const replies = reply === null ? state.replies : [...state.replies, reply];
    return nextBallot(env, { ...state, replies, why: { reason: "CANCELLED", detail: "" } });
  }

  function onTimeout(env: Env, state: State, timer: string): CoordinatorStep {
    if (timer === "vote" && (state.phase === "voting" || state.phase === "beginning")) {
      if (state.heard !== null) return decide(env, state, state.heard);
      return nextBallot(env, { ...state, why: whyLate(state) });
    }
    if (timer === "ballot" && (state.phase === "promising" || state.phase === "proposing")) {
      const failed = { ...state, missing: missing(env, state), attempt: state.attempt + 1 };
      const effects = state.asks.map((to): Effect => ({ kind: "reply", to, answer: answerOf(failed) }));
      return { ...nextBallot(env, { ...failed, asks: [] }), effects };
    }
    if (timer === "acknowledgement" && isDecided(state)) {
      const attempt = state.attempt + 1;
      return {
        state: { ...state, attempt },
        sends: toAll(state.unacknowledged, { kind: "decision", decision: decisionIn(state) }),
        timers: [{ set: "acknowledgement", ...backoff(env.times.acknowledgementMs, env.times.retryCapMs, attempt) }],
      };
    }
    return { state, ignored: "late-timeout" };
  }

  /** No state for this id. */
  function absent(env: Env, id: TransactionId, absence: Absence, input: Input): CoordinatorStep {
    switch (input.kind) {
      case "start":
        if (absence.kind === "fresh") return step(env, init(env, id), input);
        if (input.reply === null) return { state: null, ignored: "already-decided" };
        if (absence.kind === "lost") return recover(env, { ...init(env, id), replies: [input.reply] });
        return { state: null, effects: [answered(input.reply, absence)] };
      case "ask":
        if (absence.kind === "lost" || absence.kind === "foreign")
          return recover(env, { ...init(env, id), asks: [input.reply] });
        return { state: null, effects: [answered(input.reply, absence)] };
      case "operator":
        if (input.act === "acknowledge" && absence.kind === "closed") return acknowledged(absence.closed, input.reply);
        if (input.reply === null) return { state: null, ignored: "already-decided" };
        if (absence.kind === "lost" || absence.kind === "foreign")
          return recover(env, { ...init(env, id), replies: [input.reply] });
        return { state: null, effects: [answered(input.reply, absence)] };
      case "message":
        return absentMessage(env, id, absence, input.from, input.body);
      case "timeout":
        return { state: null, ignored: "late-timeout" };
      case "suspicion":
      case "closed":
        return { state: null, ignored: "nothing-to-do" };
      case "resource":
        return { state: null, ignored: "late-resource-result" };
      default:
        return unreachable(input);
    }
  }

  function absentMessage(env: Env, id: TransactionId, absence: Absence, from: NodeId, body: Message): CoordinatorStep {
    switch (body.kind) {
      case "outcome-request":
        return absentRequest(env, id, absence, from, body.membership);
      case "ack":
        return { state: null, ignored: "late-acknowledgement" };
      case "phase-1b":
        return { state: null, ignored: "late-promise" };
      case "phase-2b":
        return { state: null, ignored: "late-acceptance" };
      case "nack":
        return { state: null, ignored: "outbid" };
      case "forgotten":
        return { state: null, ignored: "late-decision" };
      // The memory that it would need is a session, and whoever has one starts the commit itself.
      case "begin-commit":
        return { state: null, ignored: "late-prepare" };
      default:
        return {
          state: null,
          effects: [
            { kind: "alarm", alarm: "impossible-message", detail: `${from} sent ${body.kind} to a coordinator` },
          ],
        };
    }
  }

  /** Any coordinator finishes what somebody is in doubt of: what it does not know it finds at the acceptors (§C.5). */
  function absentRequest(
    env: Env,
    id: TransactionId,
    absence: Absence,
    from: NodeId,
    membership: Membership | null,
  ): CoordinatorStep {
    switch (absence.kind) {
      case "closed": {
        const decision = decisionOfRow(absence.closed);
        const kind = membership?.participants.includes(from) === true ? "decision" : "close";
        return { state: null, sends: [{ to: from, body: { kind, decision } }] };
      }
      case "fresh":
        return { state: null, ignored: "nothing-to-do" };
      case "forgotten":
        // Of this life: every branch had it in its journal, and the watermark tells the acceptors.
        if (parseTransactionId(id)?.coordinator === env.self && parseTransactionId(id)?.incarnation === env.incarnation)
          return { state: null, ignored: "nothing-to-do" };
        return recover(env, { ...init(env, id), membership });
      case "lost":
      case "foreign":
        return recover(env, { ...init(env, id), membership });
      default:
        return unreachable(absence);
    }
  }

  return { init, step, restore: () => ({ state: null }), absent, view };
}

function joinedBy(state: State, reply: ReplyId | null): CoordinatorStep {
  if (!isDecided(state))
    return reply === null
      ? { state, ignored: "already-decided" }
      : { state: { ...state, replies: [...state.replies, reply] } };
  if (reply === null) return { state, ignored: "already-decided" };
  return { state, effects: [{ kind: "reply", to: reply, answer: outcomeOf(state) }] };
}

/** The branch that begins has prepared: now the others are asked. */
function onBegun(state: State): CoordinatorStep {
  const { descriptor, membership, phase } = state;
  if (phase !== "beginning" || descriptor === null || membership === null) return { state, ignored: "already-decided" };
  const others = descriptor.branches.filter(({ participant }) => participant !== descriptor.initiator);
  return {
    state: { ...state, phase: "voting" },
    sends: requests("paxos-prepare", descriptor, membership, others),
  };
}

function requests(
  kind: "paxos-prepare" | "paxos-last-work",
  { timeoutMs }: Descriptor,
  membership: Membership,
  to: readonly BranchPlan[],
): Send[] {
  return to.map(({ participant, token, workCount, work }) => ({
    to: participant,
    body: { kind, membership, token, workCount, work },
    timeoutMs,
  }));
}

/** Before anybody was asked to prepare. */
function abandon(state: State, why: Why): CoordinatorStep {
  const participants = (state.descriptor?.branches ?? []).map(({ participant }) => participant);
  return {
    state: null,
    closed: {
      outcome: { outcome: "aborted", ...why, result: null, participants, until: "retention" },
      force: false,
    },
    sends: toAll(participants, { kind: "decision", decision: "abort" }),
    effects: state.replies.map((to) => ({
      kind: "reply",
      to,
      answer: { outcome: "aborted", ...why, participant: null },
    })),
  };
}

/** A transaction of which nothing is known but its id, or what somebody in doubt says of it. */
function recover(env: Env, state: State): CoordinatorStep {
  if (groupsOf(env, state).length > 0) return nextBallot(env, state);
  const waiting = [...state.replies, ...state.asks];
  if (waiting.length === 0) return { state: null, ignored: "nothing-to-do" };
  return {
    state: null,
    effects: waiting.map((to) => ({ kind: "reply", to, answer: { outcome: "unknown" } })),
  };
}

/** Phase 1: above every ballot that was heard of, to whole groups. */
function nextBallot(env: Env, state: State): CoordinatorStep {
  const counter = Math.max(state.counter, state.ballot.counter) + 1;
  const ballot: Ballot = { counter, node: env.self, incarnation: env.incarnation };
  const next: State = { ...state, phase: "promising", ballot, counter, promises: [] };
  return {
    state: next,
    sends: toAll(acceptorsOf(env, next), { kind: "phase-1a", ballot }),
    timers: [{ cancel: "vote" }, ballotTimer(env, next)],
  };
}

/** Phase 2, once a ballot: for every branch, or, where nobody knows any, for all that there may be (§C.4, `*`). */
function propose(env: Env, state: State): CoordinatorStep {
  const { membership, ballot } = state;
  const counted = state.promises.filter(
    ({ acceptor }) => membership === null || membership.group.acceptors.includes(acceptor),
  );
  const proposals = membership === null ? [] : proposalsAfter(membership.participants, counted);
  const next: State = { ...state, phase: "proposing" };
  return {
    state: next,
    sends: toAll(acceptorsOf(env, next), { kind: "phase-2a", ballot, membership, proposals, words: [], begins: false }),
    timers: [ballotTimer(env, next)],
  };
}

/** Grows with every ballot that failed and is drawn at random, so that two leaders do not outbid each other for ever (§E.3). */
function ballotTimer(env: Env, { attempt }: State): { set: "ballot"; minMs: number; maxMs: number } {
  return { set: "ballot", ...backoff(env.times.acknowledgementMs, env.times.retryCapMs, attempt) };
}

/** The next ballot will be above; when, the timer says that is set. */
function onNack(state: State, { counter }: Ballot): CoordinatorStep {
  if (counter <= state.counter || isDecided(state)) return { state, ignored: "outbid" };
  return { state: { ...state, counter } };
}

function learned(env: Env, { tally, membership }: State): Decision | null {
  if (membership !== null) return decisionOf(tally, membership);
  return isStarChosen(tally, env.groups()) ? "abort" : null;
}

function hasQuorums(env: Env, state: State): boolean {
  return groupsOf(env, state).every(
    (group) => state.promises.filter(({ acceptor }) => group.acceptors.includes(acceptor)).length >= quorumOf(group),
  );
}

/** The group that it is pinned to, or, where that is not known, all that it may be pinned to. */
function groupsOf(env: Env, { membership }: State): readonly AcceptorGroup[] {
  return membership === null ? env.groups() : [membership.group];
}

function acceptorsOf(env: Env, state: State): readonly NodeId[] {
  return [...new Set(groupsOf(env, state).flatMap(({ acceptors }) => acceptors))];
}

/** Said under another descriptor: it does not count. */
function isForeign({ membership }: State, said: Membership | null): boolean {
  return membership !== null && said !== null && !isSameMembership(membership, said);
}

function withWords(known: readonly Word[], words: readonly Word[]): readonly Word[] {
  const fresh = words.filter(({ participant }) => !known.some((each) => each.participant === participant));
  return fresh.length === 0 ? known : [...known, ...fresh];
}

function isDecided({ phase }: State): boolean {
  return phase === "committing" || phase === "aborting";
}

function decisionIn({ phase }: State): Decision {
  return phase === "committing" ? "commit" : "abort";
}

/** Every branch has it in its journal: the acceptors may forget it, and so does the leader. */
function finish(env: Env, state: State, decision: Decision): CoordinatorStep {
  const { membership, reports } = state;
  const participants = membership?.participants ?? [];
  const answer = outcomeOf({ ...state, phase: decision === "commit" ? "committing" : "aborting" });
  const reason = answer.outcome === "aborted" ? answer.reason : null;
  const detail = answer.outcome === "aborted" ? answer.detail : "";
  const row: Closed = {
    outcome: decision === "commit" ? "committed" : "aborted",
    reason,
    detail,
    result: null,
    participants,
    // A ballot belongs to one life of this machine: it must not come back to recover the same id a second time.
    until: isRecovery(state) ? "closed" : "retention",
  };
  return {
    state: null,
    closed: {
      outcome: reports.length === 0 ? row : heuristicRow({ decision, reason, detail }, participants, reports),
      force: false,
    },
    sends: toAll(holders(env, state), { kind: "close", decision }),
    effects: state.replies.map((reply) => ({ kind: "reply", to: reply, answer })),
  };
}

function withEffects(step: CoordinatorStep, effects: readonly Effect[]): CoordinatorStep {
  return effects.length === 0 ? step : { ...step, effects: [...(step.effects ?? []), ...effects] };
}

/** It has led a ballot of its own without having begun the transaction. */
function isRecovery({ ballot, descriptor }: State): boolean {
  return ballot.counter > 0 && descriptor === null;
}

/** The acceptors that may hold something of the transaction. */
function holders(env: Env, state: State): readonly NodeId[] {
  if (state.ballot.counter > 0) return acceptorsOf(env, state);
  return state.membership === null ? [] : firstAcceptors(state.membership.group);
}

/** It was over long ago, and nobody knows any more how it ended. */
function forgotten(state: State): CoordinatorStep {
  return {
    state: null,
    effects: [...state.replies, ...state.asks].map((to) => ({ kind: "reply", to, answer: { outcome: "forgotten" } })),
  };
}

function onSuspected(state: State, node: NodeId): CoordinatorStep {
  if (isDecided(state) || state.suspected.includes(node)) return { state, ignored: "nothing-to-do" };
  return { state: { ...state, suspected: [...state.suspected, node] } };
}

/** A branch is back: what it may have missed goes out at once instead of at the next timeout. */
function onReconnected(state: State, node: NodeId): CoordinatorStep {
  if (isDecided(state)) {
    if (!state.unacknowledged.includes(node)) return { state, ignored: "nothing-to-do" };
    const body: Message = { kind: "decision", decision: decisionIn(state) };
    return { state: { ...state, attempt: -1 }, sends: [{ to: node, body }] };
  }
  const { descriptor, membership, phase } = state;
  const branch = descriptor?.branches.find(({ participant }) => participant === node);
  const begins = node === descriptor?.initiator;
  const isAsked = phase === "voting" || (phase === "beginning" && begins);
  if (!isAsked || descriptor === null || membership === null || branch === undefined || hasVoted(state, node))
    return { state, ignored: "nothing-to-do" };
  const asked = begins ? "paxos-last-work" : "paxos-prepare";
  return {
    state: { ...state, suspected: state.suspected.filter((each) => each !== node) },
    sends: requests(asked, descriptor, membership, [branch]),
  };
}

function hasVoted({ tally }: State, node: NodeId): boolean {
  return tally.some(({ participant }) => participant === node);
}

function onAsk(state: State, reply: ReplyId): CoordinatorStep {
  return { state, effects: [{ kind: "reply", to: reply, answer: answerOf(state) }] };
}

function whyLate(state: State): Why {
  const silent = (state.membership?.participants ?? []).filter((node) => !hasVoted(state, node));
  const cut = silent.filter((node) => state.suspected.includes(node));
  if (cut.length > 0) return { reason: "PARTICIPANT_UNREACHABLE", detail: `no link to ${cut.join(", ")}` };
  const who = silent.length === 0 ? "the acceptors" : silent.join(", ");
  return { reason: "TIMEOUT", detail: `no vote in time from ${who}` };
}

function answerOf(state: State): Answer {
  if (isDecided(state)) return outcomeOf(state);
  const { state: shown, participants, waitingFor } = view(state);
  return { outcome: "pending", state: shown, participants, ...(waitingFor === undefined ? {} : { waitingFor }) };
}

/** What keeps the ballot from its quorum; null: it has one. */
function missing(env: Env, state: State): string | null {
  return (
    groupsOf(env, state)
      .map((group) => missingOf(state, group))
      .find((text) => text !== null) ?? null
  );
}

function missingOf({ phase, promises, tally, ballot }: State, group: AcceptorGroup): string | null {
  const { acceptors } = group;
  const heard = acceptors.filter((node) =>
    phase === "promising"
      ? promises.some(({ acceptor }) => acceptor === node)
      : tally.some((each) => each.acceptor === node && isSameBallot(each.ballot, ballot)),
  );
  if (heard.length >= quorumOf(group)) return null;
  const silent = acceptors.filter((node) => !heard.includes(node));
  const verb = silent.length === 1 ? "does" : "do";
  return `${quorumOf(group)} of ${acceptors.length} acceptors are needed, and ${listed(silent)} ${verb} not answer`;
}

function listed(nodes: readonly NodeId[]): string {
  return nodes.length < 2 ? nodes.join("") : `${nodes.slice(0, -1).join(", ")} and ${nodes.at(-1) ?? ""}`;
}

function outcomeOf(state: State): Answer {
  if (state.phase === "committing") {
    const results = new Map<NodeId, Uint8Array>();
    for (const { participant, result } of state.words) if (result.length > 0) results.set(participant, result);
    return { outcome: "committed", results, heuristic: state.reports.length > 0 };
  }
  for (const { participant, reason, detail } of state.words)
    if (reason !== null) return { outcome: "aborted", reason, detail, participant };
  return { outcome: "aborted", ...state.why, participant: null };
}

/** The damage was looked after: its branches may forget it, and the row goes with age. */
function acknowledged(closed: Closed, reply: ReplyId | null): CoordinatorStep {
  const effects = reply === null ? [] : [answered(reply, { kind: "closed", closed })];
  if (closed.outcome !== "heuristic" || closed.until !== "closed")
    return reply === null ? { state: null, ignored: "nothing-to-do" } : { state: null, effects };
  return {
    state: null,
    closed: { outcome: { ...closed, until: "retention" }, force: true },
    sends: toAll(reportersOf(closed), { kind: "forget" }),
    effects,
  };
}

function answered(to: ReplyId, absence: Absence): Effect {
  return { kind: "reply", to, answer: answerFor(absence) };
}

/** A row of damage has a reason where the decision was to abort. */
function decisionOfRow({ outcome, reason }: Closed): Decision {
  return outcome === "aborted" || reason !== null ? "abort" : "commit";
}

function answerFor(absence: Absence): Answer {
  switch (absence.kind) {
    case "closed": {
      const { outcome, reason, detail } = absence.closed;
      if (decisionOfRow(absence.closed) === "abort")
        return { outcome: "aborted", reason: reason ?? TAKEN_OVER.reason, detail, participant: null };
      return { outcome: "committed", results: new Map(), heuristic: outcome === "heuristic" };
    }
    case "forgotten":
      return { outcome: "forgotten" };
    case "foreign":
      return { outcome: "not-mine" };
    case "lost":
    case "fresh":
      return { outcome: "unknown" };
    default:
      return unreachable(absence);
  }
}

function toAll(nodes: readonly NodeId[], body: Message): Send[] {
  return nodes.map((to) => ({ to, body }));
}

function view(state: State): View {
  const participants =
    state.membership?.participants ?? state.descriptor?.branches.map(({ participant }) => participant) ?? [];
  const shown = {
    init: "active",
    beginning: "preparing",
    voting: "preparing",
    promising: "preparing",
    proposing: "preparing",
    committing: "committing",
    aborting: "aborting",
  } as const;
  const waitingFor = isDecided(state) || state.missing === null ? {} : { waitingFor: state.missing };
  return { state: shown[state.phase], participants, coordinator: null, ...waitingFor };
}

export const coordinator = machine(false);
export const fastCoordinator = machine(true);
