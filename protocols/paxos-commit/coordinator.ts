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
import { isSameBallot } from "../ballot.ts";
import { decisionOfRow, heuristicRow } from "../heuristic.ts";
import { lookedAfter, reported } from "../heuristic-coordinator.ts";
import {
  unreachable,
  type Effect,
  type Env,
  type Input,
  type Machine,
  type OperatorAct,
  type ReplyId,
  type Send,
} from "../machine.ts";
import type { Message } from "../message.ts";
import { firstAcceptors, tallied, type Membership } from "../quorum.ts";
import type { CoordinatorRecord } from "../record.ts";
import {
  parseTransactionId,
  type AbortReason,
  type Absence,
  type BranchPlan,
  type Closed,
  type Decision,
  type Descriptor,
  type NodeId,
  type TransactionId,
} from "../transaction.ts";
import {
  type Why,
  type State,
  type CoordinatorStep,
  init,
  isDecided,
  decisionIn,
  hasVoted,
  isForeign,
  withWords,
  acceptorsOf,
  toAll,
  withEffects,
} from "./coordinator-state.ts";
import { whyLate, answerOf, missing, outcomeOf, answered, view } from "./coordinator-answers.ts";
import { recover, nextBallot, propose, onNack, learned, hasQuorums, withOver } from "./coordinator-ballots.ts";

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
        return body.decision === null ? onForgotten(env, state, from) : decide(env, state, body.decision);
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
        if (input.act === "acknowledge" && absence.kind === "closed")
          return lookedAfter(absence.closed, input.reply === null ? [] : [answered(input.reply, absence)]);
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
        return body.heuristic === null
          ? { state: null, ignored: "late-acknowledgement" }
          : reported(absence, { from, text: body.heuristic }, body.decision);
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
      // Of damage nobody else keeps what the branches said together.
      force: reports.length > 0,
    },
    sends: toAll(holders(env, state), { kind: "close", decision }),
    effects: state.replies.map((reply) => ({ kind: "reply", to: reply, answer })),
  };
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

/** It was over long ago, and that acceptor does not know any more how it ended. */
function onForgotten(env: Env, state: State, from: NodeId): CoordinatorStep {
  const next = withOver(env, state, from);
  if (next !== null) return next === state ? { state, ignored: "late-promise" } : { state: next };
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

function onAsk(state: State, reply: ReplyId): CoordinatorStep {
  return { state, effects: [{ kind: "reply", to: reply, answer: answerOf(state) }] };
}

export const coordinator = machine(false);

export const fastCoordinator = machine(true);
