/**
 * The coordinator of presumed-abort two-phase commit (Mohan, Lindsay, Obermarck 1986, §3; protocols §A.3),
 * with read-only votes and one-phase commit (§A.7).
 *
 * init → collecting → committing → forgotten, or init → one-phase → forgotten. An abort is forgotten at
 * once: where the log is silent, abort is presumed.
 */

import { backoff } from "../backoff.ts";
import type { Answer, Env, Input, Machine, ReplyId, Send, Step, View } from "../machine.ts";
import { unreachable } from "../machine.ts";
import type { Message } from "../message.ts";
import type { CoordinatorRecord } from "../record.ts";
import type { AbortReason, Absence, BranchPlan, Closed, Descriptor, NodeId, TransactionId } from "../transaction.ts";

/** A branch's vote, and what it returned with it. */
interface Vote {
  readonly from: NodeId;
  readonly vote: "yes" | "read-only";
  readonly result: Uint8Array;
}

export interface State {
  readonly transaction: TransactionId;
  readonly phase: "init" | "collecting" | "committing" | "one-phase";
  /** null before the start and after a restart. */
  readonly descriptor: Descriptor | null;
  /** As they came; one a branch. */
  readonly votes: readonly Vote[];
  /** committing: the yes voters; one-phase: the one participant. */
  readonly members: readonly NodeId[];
  readonly unacknowledged: readonly NodeId[];
  /** What branches did that could not follow the decision, in words. */
  readonly heuristics: readonly string[];
  readonly replies: readonly ReplyId[];
  /** Links that are down: they name the reason of an abort, and never cause one. */
  readonly suspected: readonly NodeId[];
  readonly attempt: number;
}

const COMMIT: Message = { kind: "decision", decision: "commit" };
const ABORT: Message = { kind: "decision", decision: "abort" };

type CoordinatorStep = Step<State, CoordinatorRecord>;

function init(_env: Env, id: TransactionId): State {
  return {
    transaction: id,
    phase: "init",
    descriptor: null,
    votes: [],
    members: [],
    unacknowledged: [],
    heuristics: [],
    replies: [],
    suspected: [],
    attempt: 0,
  };
}

function step(env: Env, state: State, input: Input): CoordinatorStep {
  switch (input.kind) {
    case "start":
      return onStart(state, input.descriptor, input.reply, input.cancelled);
    case "message":
      return onMessage(env, state, input.from, input.body);
    case "timeout":
      return onTimeout(env, state, input.timer);
    case "suspicion":
      return input.suspected ? onSuspected(state, input.node) : onReconnected(env, state, input.node);
    case "ask":
      return { state, effects: [{ kind: "reply", to: input.reply, answer: answerOf(state) }] };
    case "operator":
      return onCancel(state, input.reply);
    case "resource":
      return { state, ignored: "late-resource-result" };
    case "closed":
      return { state, ignored: "nothing-to-do" };
    default:
      return unreachable(input);
  }
}

function onStart(
  state: State,
  descriptor: Descriptor,
  reply: ReplyId | null,
  cancelled: AbortReason | null,
): CoordinatorStep {
  const replies = reply === null ? state.replies : [...state.replies, reply];
  if (state.phase !== "init") return again(state, replies);
  const started = { ...state, descriptor, replies };
  if (cancelled !== null) return abort(started, cancelled, "", null);
  if (descriptor.branches.length === 0) return commitReadOnly(started);
  const [only] = descriptor.branches;
  if (descriptor.branches.length === 1 && only !== undefined) return startOnePhase(started, only, descriptor.timeoutMs);
  return {
    state: { ...started, phase: "collecting" },
    sends: prepares(descriptor, descriptor.branches),
    timers: [{ set: "vote", minMs: descriptor.timeoutMs, maxMs: descriptor.timeoutMs }],
  };
}

/** A begin that comes again joins the wait or gets the decision; votes are never collected twice (§A.3). */
function again(state: State, replies: readonly ReplyId[]): CoordinatorStep {
  if (state.phase !== "committing") return { state: { ...state, replies } };
  const fresh = replies.slice(state.replies.length);
  return { state, effects: fresh.map((to) => ({ kind: "reply", to, answer: committed(state) })) };
}

function prepares({ branches, timeoutMs }: Descriptor, to: readonly BranchPlan[]): Send[] {
  const participants = branches.map((each) => each.participant);
  return to.map(({ participant, token, workCount, work }) => ({
    to: participant,
    body: { kind: "prepare", participants, token, workCount, work },
    timeoutMs,
  }));
}

/** One participant decides alone; the record keeps a crash from presuming the abort of a committed effect (§A.7-2). */
function startOnePhase(state: State, branch: BranchPlan, timeoutMs: number): CoordinatorStep {
  const { participant, token, workCount, work } = branch;
  return {
    state: { ...state, phase: "one-phase", members: [participant] },
    records: [{ record: { kind: "one-phase", participant }, force: true }],
    sends: [{ to: participant, body: { kind: "commit-one-phase", token, workCount, work }, timeoutMs }],
    timers: [{ set: "one-phase", minMs: timeoutMs, maxMs: timeoutMs }],
  };
}

function onMessage(env: Env, state: State, from: NodeId, body: Message): CoordinatorStep {
  switch (body.kind) {
    case "vote":
      return onVote(env, state, from, body);
    case "ack":
      return onAck(state, from, body.heuristic);
    case "inquire":
      return onInquire(state, from);
    case "one-phase-result":
      return onOnePhaseResult(state, from, body);
    default:
      return {
        state,
        effects: [{ kind: "alarm", alarm: "impossible-message", detail: `${from} sent ${body.kind} to a coordinator` }],
      };
  }
}

function onVote(env: Env, state: State, from: NodeId, body: Message & { kind: "vote" }): CoordinatorStep {
  if (state.phase !== "collecting") return { state, ignored: "late-vote" };
  const branches = state.descriptor?.branches ?? [];
  if (!branches.some((branch) => branch.participant === from)) return { state, ignored: "no-such-branch" };
  if (hasVoted(state, from)) return { state, ignored: "duplicate-vote" };
  if (body.vote === "no") return abort(state, body.reason, body.detail, from);
  const votes = [...state.votes, { from, vote: body.vote, result: body.result }];
  const next = { ...state, votes };
  if (votes.length < branches.length) return { state: next };
  // In the order of the branches, whoever was faster.
  const members: NodeId[] = [];
  for (const { participant } of branches) if (!isReadOnly(next, participant)) members.push(participant);
  return members.length === 0 ? commitReadOnly(next) : commit(env, { ...next, members });
}

function hasVoted(state: State, node: NodeId): boolean {
  return state.votes.some(({ from }) => from === node);
}

function commit(env: Env, state: State): CoordinatorStep {
  const { members } = state;
  return {
    state: { ...state, phase: "committing", unacknowledged: members, replies: [], attempt: 0 },
    records: [{ record: { kind: "commit", participants: members }, force: true }],
    sends: members.map((to) => ({ to, body: COMMIT })),
    timers: [
      { cancel: "vote" },
      { set: "acknowledgement", ...backoff(env.times.acknowledgementMs, env.times.retryCapMs, 0) },
    ],
    effects: replies(state, committed(state)),
  };
}

/**
 * Nobody needs the decision, so the protocol writes nothing. The outcome row is forced all the same before
 * the reply leaves: a status ask after a crash would otherwise presume the abort of what a client was told
 * is committed (§D.3 client truth).
 */
function commitReadOnly(state: State): CoordinatorStep {
  return {
    state: null,
    closed: { outcome: closedAs("committed", null, "", []), force: true },
    effects: replies(state, committed(state)),
  };
}

/** Presumed abort: told to everyone who may have voted yes, and forgotten at once. */
function abort(state: State, reason: AbortReason, detail: string, participant: NodeId | null): CoordinatorStep {
  const tell = (state.descriptor?.branches ?? [])
    .map((branch) => branch.participant)
    .filter((node) => node !== participant && !isReadOnly(state, node));
  return {
    state: null,
    closed: { outcome: closedAs("aborted", reason, detail, []), force: false },
    sends: tell.map((to) => ({ to, body: ABORT })),
    effects: replies(state, { outcome: "aborted", reason, detail, participant }),
  };
}

function isReadOnly(state: State, node: NodeId): boolean {
  return state.votes.some(({ from, vote }) => from === node && vote === "read-only");
}

function onAck(state: State, from: NodeId, heuristic: string | null): CoordinatorStep {
  if (state.phase !== "committing" || !state.unacknowledged.includes(from))
    return { state, ignored: "late-acknowledgement" };
  const unacknowledged = state.unacknowledged.filter((node) => node !== from);
  const heuristics = heuristic === null ? state.heuristics : [...state.heuristics, `${from}: ${heuristic}`];
  if (unacknowledged.length > 0) return { state: { ...state, unacknowledged, heuristics } };
  const outcome = heuristics.length === 0 ? "committed" : "heuristic";
  return {
    state: null,
    closed: { outcome: closedAs(outcome, null, heuristics.join("; "), state.members), force: false },
  };
}

/** Only who voted yes learns a commit: a branch that voted read-only and prepared again on a late copy must not apply (§A.7-1). */
function onInquire(state: State, from: NodeId): CoordinatorStep {
  if (state.phase !== "committing") return { state, sends: [{ to: from, body: { kind: "pending" } }] };
  const decision = state.members.includes(from) ? "commit" : "abort";
  return { state, sends: [{ to: from, body: { kind: "decision", decision } }] };
}

function onOnePhaseResult(state: State, from: NodeId, body: Message & { kind: "one-phase-result" }): CoordinatorStep {
  if (state.phase !== "one-phase" || !state.members.includes(from)) return { state, ignored: "late-one-phase-result" };
  if (body.outcome === "aborted") {
    const { reason, detail } = body;
    return {
      state: null,
      closed: { outcome: closedAs("aborted", reason, detail, []), force: false },
      effects: replies(state, { outcome: "aborted", reason, detail, participant: from }),
    };
  }
  const results = new Map(body.result.length === 0 ? [] : [[from, body.result]]);
  return {
    state: null,
    closed: { outcome: closedAs("committed", null, "", state.members), force: false },
    effects: replies(state, { outcome: "committed", results, heuristic: false }),
  };
}

function onTimeout(env: Env, state: State, timer: string): CoordinatorStep {
  if (state.phase === "collecting" && timer === "vote") {
    const silent = (state.descriptor?.branches ?? [])
      .map((branch) => branch.participant)
      .filter((node) => !hasVoted(state, node));
    const unreachable = silent.filter((node) => state.suspected.includes(node));
    if (unreachable.length > 0)
      return abort(state, "PARTICIPANT_UNREACHABLE", `no link to ${unreachable.join(", ")}`, null);
    return abort(state, "TIMEOUT", `no vote in time from ${silent.join(", ")}`, null);
  }
  if (state.phase === "committing" && timer === "acknowledgement") return resend(env, state, state.unacknowledged);
  if (state.phase === "one-phase" && timer === "one-phase") return resolve(env, state);
  return { state, ignored: "late-timeout" };
}

/** The decision again to those who are missing, for ever: it never flips and is never given up. */
function resend(env: Env, state: State, to: readonly NodeId[]): CoordinatorStep {
  const attempt = state.attempt + 1;
  return {
    state: { ...state, attempt },
    sends: to.map((node) => ({ to: node, body: COMMIT })),
    timers: [{ set: "acknowledgement", ...backoff(env.times.acknowledgementMs, env.times.retryCapMs, attempt) }],
  };
}

/** Asks for the outcome of COMMIT_1P and fences it off where it has not come: the first writer at the participant wins. */
function resolve(env: Env, state: State): CoordinatorStep {
  const attempt = state.attempt + 1;
  return {
    state: { ...state, attempt },
    sends: state.members.map((to) => ({ to, body: { kind: "resolve-one-phase" } })),
    timers: [{ set: "one-phase", ...backoff(env.times.acknowledgementMs, env.times.retryCapMs, attempt) }],
  };
}

function onSuspected(state: State, node: NodeId): CoordinatorStep {
  const involved = state.phase === "collecting" && !state.suspected.includes(node);
  return involved
    ? { state: { ...state, suspected: [...state.suspected, node] } }
    : { state, ignored: "nothing-to-do" };
}

/**
 * A peer is back: what it may have missed goes out at once instead of at the next timeout. The timer of those who
 * are missing stays as it is: a link that comes and goes faster must not put off what others may have missed.
 */
function onReconnected(env: Env, state: State, node: NodeId): CoordinatorStep {
  if (state.phase === "committing" && state.unacknowledged.includes(node))
    return { state: { ...state, attempt: -1 }, sends: [{ to: node, body: COMMIT }] };
  if (state.phase === "one-phase" && state.members.includes(node)) return resolve(env, { ...state, attempt: -1 });
  const descriptor = state.descriptor;
  const branch = descriptor?.branches.find((each) => each.participant === node);
  if (state.phase === "collecting" && descriptor !== null && branch !== undefined && !hasVoted(state, node)) {
    return {
      state: { ...state, suspected: state.suspected.filter((each) => each !== node) },
      sends: prepares(descriptor, [branch]),
    };
  }
  return { state, ignored: "nothing-to-do" };
}

function onCancel(state: State, reply: ReplyId | null): CoordinatorStep {
  const replies = reply === null ? state.replies : [...state.replies, reply];
  if (state.phase === "init" || state.phase === "collecting")
    return abort({ ...state, replies }, "CANCELLED", "", null);
  if (reply === null) return { state, ignored: "already-decided" };
  return { state, effects: [{ kind: "reply", to: reply, answer: answerOf(state) }] };
}

function restore(env: Env, id: TransactionId, records: readonly CoordinatorRecord[]): CoordinatorStep {
  const last = records.at(-1);
  if (last === undefined) return { state: null };
  const state = init(env, id);
  if (last.kind === "one-phase")
    return resolve(env, { ...state, phase: "one-phase", members: [last.participant], attempt: -1 });
  return resend(
    env,
    { ...state, phase: "committing", members: last.participants, unacknowledged: last.participants, attempt: -1 },
    last.participants,
  );
}

/** No state for this id: here are the presumption (for prepared participants only) and FORGOTTEN (for clients). */
function absent(env: Env, id: TransactionId, absence: Absence, input: Input): CoordinatorStep {
  switch (input.kind) {
    case "start":
      if (absence.kind === "fresh") return step(env, init(env, id), input);
      return input.reply === null ? { state: null, ignored: "already-decided" } : answered(input.reply, absence);
    case "ask":
      return answered(input.reply, absence);
    case "operator":
      return input.reply === null ? { state: null, ignored: "already-decided" } : answered(input.reply, absence);
    case "message":
      return absentMessage(absence, input.from, input.body);
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

function absentMessage(absence: Absence, from: NodeId, body: Message): CoordinatorStep {
  switch (body.kind) {
    case "inquire":
      if (absence.kind === "foreign") return { state: null, sends: [{ to: from, body: { kind: "not-mine" } }] };
      return decided(absence, from);
    case "vote":
      if (body.vote !== "yes" || absence.kind === "foreign") return { state: null, ignored: "late-vote" };
      return decided(absence, from);
    case "ack":
      return { state: null, ignored: "late-acknowledgement" };
    case "one-phase-result":
      return { state: null, ignored: "late-one-phase-result" };
    default:
      return {
        state: null,
        effects: [{ kind: "alarm", alarm: "impossible-message", detail: `${from} sent ${body.kind} to a coordinator` }],
      };
  }
}

/** Abort where the log, proven complete, is silent (§A.5): a commit is forgotten only after every yes voter acknowledged it. */
function decided(absence: Absence, from: NodeId): CoordinatorStep {
  const commits =
    absence.kind === "closed" && absence.closed.outcome !== "aborted" && absence.closed.participants.includes(from);
  return { state: null, sends: [{ to: from, body: { kind: "decision", decision: commits ? "commit" : "abort" } }] };
}

function answered(to: ReplyId, absence: Absence): CoordinatorStep {
  return { state: null, effects: [{ kind: "reply", to, answer: answerFor(absence) }] };
}

function answerFor(absence: Absence): Answer {
  switch (absence.kind) {
    case "closed":
      if (absence.closed.outcome === "aborted") {
        return {
          outcome: "aborted",
          reason: absence.closed.reason ?? "PRESUMED",
          detail: absence.closed.detail,
          participant: null,
        };
      }
      return { outcome: "committed", results: new Map(), heuristic: absence.closed.outcome === "heuristic" };
    // Commits, one-phase starts and read-only outcomes are forced before anyone hears of them, so that
    // silence of a log that still keeps this id's outcomes proves that nobody was told "committed".
    case "lost":
      return {
        outcome: "aborted",
        reason: "COORDINATOR_RESTARTED",
        detail: "the coordinator restarted before it decided",
        participant: null,
      };
    case "forgotten":
      return { outcome: "forgotten" };
    case "foreign":
      return { outcome: "not-mine" };
    case "fresh":
      return { outcome: "unknown" };
    default:
      return unreachable(absence);
  }
}

function answerOf(state: State): Answer {
  if (state.phase === "committing") return committed(state);
  return { outcome: "pending", state: view(state).state, participants: view(state).participants };
}

function committed(state: State): Answer {
  const results = new Map<NodeId, Uint8Array>();
  for (const { from, result } of state.votes) if (result.length > 0) results.set(from, result);
  return { outcome: "committed", results, heuristic: state.heuristics.length > 0 };
}

function replies(state: State, answer: Answer): { kind: "reply"; to: ReplyId; answer: Answer }[] {
  return state.replies.map((to) => ({ kind: "reply", to, answer }));
}

function closedAs(
  outcome: Closed["outcome"],
  reason: AbortReason | null,
  detail: string,
  participants: readonly NodeId[],
): Closed {
  return { outcome, reason, detail, result: null, participants, until: "retention" };
}

function view(state: State): View {
  const participants = state.descriptor?.branches.map((branch) => branch.participant) ?? state.members;
  const shown = {
    init: "active",
    collecting: "preparing",
    committing: "committing",
    "one-phase": "preparing",
  } as const;
  return { state: shown[state.phase], participants, coordinator: null };
}

export const coordinator: Machine<State, CoordinatorRecord> = { init, step, restore, absent, view };
