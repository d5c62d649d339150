/**
 * The coordinator of two-phase commit (Mohan, Lindsay, Obermarck 1986, §2–4; protocols §A.3), with read-only
 * votes, one-phase commit and the unsolicited vote (§A.7). What is written, forced and acknowledged is the
 * presumption's affair (presumption.ts); what no state answers is in coordinator-absent.ts.
 *
 * init → [beginning →] collecting → committing | aborting → forgotten, or init → one-phase → forgotten. A
 * decision that needs no acknowledgement is forgotten at once.
 *
 * **Unsolicited vote.** `start` with `descriptor.initiator` set: the initiator's plan holds its last item of work
 * (`work`, not counted in `workCount`). This machine sends it as `last-work`, is live from then on, and asks the
 * others to prepare when the initiator has voted unasked. Under presumed commit the initiator is asked like
 * everyone else (§A.11-m6), its last item inside PREPARE; alone, it gets it inside COMMIT_1P.
 */

import { backoff } from "../backoff.ts";
import type { Answer, Env, Input, Machine, OperatorAct, ReplyId, Send, View } from "../machine.ts";
import { AssertionError, unreachable } from "../machine.ts";
import type { Message } from "../message.ts";
import type { CoordinatorRecord } from "../record.ts";
import type { AbortReason, BranchPlan, Closed, Decision, Descriptor, NodeId, TransactionId } from "../transaction.ts";
import { absent } from "./coordinator-absent.ts";
import type { Cause, CoordinatorStep, State } from "./coordinator-state.ts";
import { heuristicRow } from "../heuristic.ts";
import type { Presumption } from "./presumption.ts";

/** Phases in which nothing is decided. */
const undecided: ReadonlySet<State["phase"]> = new Set(["init", "beginning", "collecting"]);

export function coordinatorBy(rules: Presumption): Machine<State, CoordinatorRecord> {
  const step: Machine<State, CoordinatorRecord>["step"] = (env, state, input) => stepBy(rules, env, state, input);
  return {
    init,
    step,
    restore: (env, id, records) => restore(env, id, records),
    absent: (env, id, absence, input) =>
      input.kind === "start" && absence.kind === "fresh"
        ? step(env, init(env, id), input)
        : absent(rules, absence, input),
    view,
  };
}

function init(_env: Env, id: TransactionId): State {
  return {
    transaction: id,
    phase: "init",
    descriptor: null,
    votes: [],
    members: [],
    unacknowledged: [],
    reports: [],
    cause: null,
    replies: [],
    suspected: [],
    attempt: 0,
  };
}

function stepBy(rules: Presumption, env: Env, state: State, input: Input): CoordinatorStep {
  switch (input.kind) {
    case "start":
      return onStart(rules, state, input.descriptor, input.reply, input.cancelled);
    case "message":
      return onMessage(rules, env, state, input.from, input.body);
    case "timeout":
      return onTimeout(rules, env, state, input.timer);
    case "suspicion":
      return input.suspected ? onSuspected(state, input.node) : onReconnected(env, state, input.node);
    case "ask":
      return { state, effects: [{ kind: "reply", to: input.reply, answer: answerOf(state) }] };
    case "operator":
      return onOperator(rules, env, state, input.act, input.reply);
    case "resource":
      return { state, ignored: "late-resource-result" };
    case "closed":
      return { state, ignored: "nothing-to-do" };
    default:
      return unreachable(input);
  }
}

function onStart(
  rules: Presumption,
  state: State,
  descriptor: Descriptor,
  reply: ReplyId | null,
  cancelled: AbortReason | null,
): CoordinatorStep {
  const replies = reply === null ? state.replies : [...state.replies, reply];
  if (state.phase !== "init") return again(state, replies);
  const started = { ...state, descriptor, replies };
  // Nobody was asked to prepare, so that nobody can be in doubt: no presumption needs to know.
  if (cancelled !== null) return forgetAbort(started, { reason: cancelled, detail: "", participant: null });
  if (descriptor.branches.length === 0) return commitReadOnly(started);
  const [only] = descriptor.branches;
  if (descriptor.branches.length === 1 && only !== undefined) return startOnePhase(started, only, descriptor.timeoutMs);
  const first = descriptor.branches.find(({ participant }) => participant === descriptor.initiator);
  const begins = rules.unsolicited && first !== undefined;
  const participants = descriptor.branches.map(({ participant }) => participant);
  return {
    state: { ...started, phase: begins ? "beginning" : "collecting" },
    ...(rules.forcesCollecting ? { records: [{ record: { kind: "collecting", participants }, force: true }] } : {}),
    sends: begins ? requests("last-work", descriptor, [first]) : requests("prepare", descriptor, descriptor.branches),
    timers: [{ set: "vote", minMs: descriptor.timeoutMs, maxMs: descriptor.timeoutMs }],
  };
}

/** A begin that comes again joins the wait or gets the decision; votes are never collected twice (§A.3). */
function again(state: State, replies: readonly ReplyId[]): CoordinatorStep {
  if (state.phase !== "committing" && state.phase !== "aborting") return { state: { ...state, replies } };
  const fresh = replies.slice(state.replies.length);
  return { state, effects: fresh.map((to) => ({ kind: "reply", to, answer: answerOf(state) })) };
}

function requests(
  kind: "prepare" | "last-work",
  { branches, timeoutMs }: Descriptor,
  to: readonly BranchPlan[],
): Send[] {
  const participants = branches.map((each) => each.participant);
  return to.map(({ participant, token, workCount, work }) => ({
    to: participant,
    body: { kind, participants, token, workCount, work },
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

function onMessage(rules: Presumption, env: Env, state: State, from: NodeId, body: Message): CoordinatorStep {
  switch (body.kind) {
    case "vote":
      return onVote(rules, env, state, from, body);
    case "ack":
      return onAck(state, from, body);
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

function onVote(
  rules: Presumption,
  env: Env,
  state: State,
  from: NodeId,
  body: Message & { kind: "vote" },
): CoordinatorStep {
  const { descriptor, phase } = state;
  if ((phase !== "collecting" && phase !== "beginning") || descriptor === null) return { state, ignored: "late-vote" };
  const { branches, initiator } = descriptor;
  const isDue = branches.some(
    ({ participant }) => participant === from && (phase !== "beginning" || from === initiator),
  );
  if (!isDue) return { state, ignored: "no-such-branch" };
  if (hasVoted(state, from)) return { state, ignored: "duplicate-vote" };
  if (body.vote === "no")
    return abort(rules, env, state, { reason: body.reason, detail: body.detail, participant: from });
  const votes = [...state.votes, { from, vote: body.vote, result: body.result }];
  const next = { ...state, votes };
  if (phase === "beginning") {
    const others = branches.filter(({ participant }) => participant !== from);
    return { state: { ...next, phase: "collecting" }, sends: requests("prepare", descriptor, others) };
  }
  if (votes.length < branches.length) return { state: next };
  // In the order of the branches, whoever was faster.
  const members: NodeId[] = [];
  for (const { participant } of branches) if (!isReadOnly(next, participant)) members.push(participant);
  return members.length === 0 ? commitReadOnly(next) : commit(rules, env, { ...next, members });
}

function hasVoted(state: State, node: NodeId): boolean {
  return state.votes.some(({ from }) => from === node);
}

function commit(rules: Presumption, env: Env, state: State): CoordinatorStep {
  const { members } = state;
  const sends = members.map((to) => ({ to, body: decisionOf("commit") }));
  const effects = replies(state, committed(state));
  // Presumed commit: from here on silence says the same, so that the row is the record and the end.
  if (!rules.acknowledged.commit)
    return { state: null, closed: { outcome: closedAs("committed", null, members), force: true }, sends, effects };
  return {
    state: { ...state, phase: "committing", unacknowledged: members, replies: [], attempt: 0 },
    records: [{ record: { kind: "commit", participants: members }, force: true }],
    sends,
    timers: [
      { cancel: "vote" },
      { set: "acknowledgement", ...backoff(env.times.acknowledgementMs, env.times.retryCapMs, 0) },
    ],
    effects,
  };
}

/**
 * Nobody needs the decision, so the protocol writes nothing. The outcome row is forced all the same before
 * the reply leaves: a status ask after a crash would otherwise presume the abort of what a client was told
 * is committed (§D.3 client truth), and recovery from `collecting` would abort it.
 */
function commitReadOnly(state: State): CoordinatorStep {
  return {
    state: null,
    closed: { outcome: closedAs("committed", null, []), force: true },
    effects: replies(state, committed(state)),
  };
}

/** Told to everyone who may have voted yes. Where abort is presumed, that is all. */
function abort(rules: Presumption, env: Env, state: State, cause: Cause): CoordinatorStep {
  const members = whoMayHaveVotedYes(state, cause);
  if (!rules.acknowledged.abort || members.length === 0) return forgetAbort(state, cause, rules.forcesAbort);
  const { reason, detail } = cause;
  return {
    state: { ...state, phase: "aborting", members, unacknowledged: members, cause, replies: [], attempt: 0 },
    ...(rules.forcesAbort
      ? { records: [{ record: { kind: "abort", participants: members, reason, detail }, force: true }] }
      : {}),
    sends: members.map((to) => ({ to, body: decisionOf("abort") })),
    timers: [
      { cancel: "vote" },
      { set: "acknowledgement", ...backoff(env.times.acknowledgementMs, env.times.retryCapMs, 0) },
    ],
    effects: replies(state, aborted(cause)),
  };
}

function forgetAbort(state: State, cause: Cause, force = false): CoordinatorStep {
  const members = whoMayHaveVotedYes(state, cause);
  return {
    state: null,
    closed: { outcome: closedAs("aborted", cause, members), force },
    sends: members.map((to) => ({ to, body: decisionOf("abort") })),
    effects: replies(state, aborted(cause)),
  };
}

function whoMayHaveVotedYes(state: State, { participant: refuser }: Cause): NodeId[] {
  return (state.descriptor?.branches ?? [])
    .map(({ participant }) => participant)
    .filter((node) => node !== refuser && !isReadOnly(state, node));
}

function isReadOnly(state: State, node: NodeId): boolean {
  return state.votes.some(({ from, vote }) => from === node && vote === "read-only");
}

function onAck(state: State, from: NodeId, { decision, heuristic }: Message & { kind: "ack" }): CoordinatorStep {
  if (decision !== decided(state) || !state.unacknowledged.includes(from))
    return { state, ignored: "late-acknowledgement" };
  const unacknowledged = state.unacknowledged.filter((node) => node !== from);
  const reports = heuristic === null ? state.reports : [...state.reports, { from, text: heuristic }];
  const effects =
    heuristic === null
      ? {}
      : { effects: [{ kind: "alarm", alarm: "heuristic", detail: `${from} ${heuristic}` }] as const };
  if (unacknowledged.length > 0) return { state: { ...state, unacknowledged, reports }, ...effects };
  const { cause, members } = state;
  if (reports.length > 0) {
    const { reason, detail } = cause ?? { reason: null, detail: "" };
    const outcome = heuristicRow({ decision, reason, detail }, members, reports);
    // Nobody else keeps what the acknowledgements said.
    return { state: null, closed: { outcome, force: true }, ...effects };
  }
  const outcome = closedAs(decision === "commit" ? "committed" : "aborted", cause, members);
  return { state: null, closed: { outcome, force: false } };
}

/** The decision that acknowledgements are collected for. */
function decided({ phase }: State): Decision | null {
  if (phase === "committing") return "commit";
  return phase === "aborting" ? "abort" : null;
}

/** Only who voted yes learns a commit: a branch that voted read-only and prepared again on a late copy must not apply (§A.7-1). */
function onInquire(state: State, from: NodeId): CoordinatorStep {
  const decision = decided(state);
  if (decision === null) return { state, sends: [{ to: from, body: { kind: "pending" } }] };
  const told = state.members.includes(from) ? decision : "abort";
  return { state, sends: [{ to: from, body: decisionOf(told) }] };
}

function onOnePhaseResult(state: State, from: NodeId, body: Message & { kind: "one-phase-result" }): CoordinatorStep {
  if (state.phase !== "one-phase" || !state.members.includes(from)) return { state, ignored: "late-one-phase-result" };
  if (body.outcome === "aborted") {
    const cause = { reason: body.reason, detail: body.detail, participant: from };
    return {
      state: null,
      closed: { outcome: closedAs("aborted", cause, []), force: false },
      effects: replies(state, aborted(cause)),
    };
  }
  const results = new Map(body.result.length === 0 ? [] : [[from, body.result]]);
  return {
    state: null,
    closed: { outcome: closedAs("committed", null, state.members), force: false },
    effects: replies(state, { outcome: "committed", results, heuristic: false }),
  };
}

function onTimeout(rules: Presumption, env: Env, state: State, timer: string): CoordinatorStep {
  const { phase } = state;
  if ((phase === "collecting" || phase === "beginning") && timer === "vote") {
    const silent = (state.descriptor?.branches ?? [])
      .map((branch) => branch.participant)
      .filter((node) => !hasVoted(state, node) && (phase === "collecting" || node === state.descriptor?.initiator));
    const down = silent.filter((node) => state.suspected.includes(node));
    const cause: Cause =
      down.length > 0
        ? { reason: "PARTICIPANT_UNREACHABLE", detail: `no link to ${down.join(", ")}`, participant: null }
        : { reason: "TIMEOUT", detail: `no vote in time from ${silent.join(", ")}`, participant: null };
    return abort(rules, env, state, cause);
  }
  if (decided(state) !== null && timer === "acknowledgement") return resend(env, state);
  if (phase === "one-phase" && timer === "one-phase") return resolve(env, state);
  return { state, ignored: "late-timeout" };
}

/** The decision again to those who are missing, for ever: it never flips and is never given up. */
function resend(env: Env, state: State): CoordinatorStep {
  const attempt = state.attempt + 1;
  const decision = decided(state) ?? "abort";
  return {
    state: { ...state, attempt },
    sends: state.unacknowledged.map((to) => ({ to, body: decisionOf(decision) })),
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
  const waits = state.phase === "collecting" || state.phase === "beginning";
  return waits && !state.suspected.includes(node)
    ? { state: { ...state, suspected: [...state.suspected, node] } }
    : { state, ignored: "nothing-to-do" };
}

/**
 * A peer is back: what it may have missed goes out at once instead of at the next timeout. The timer of those who
 * are missing stays as it is: a link that comes and goes faster must not put off what others may have missed.
 */
function onReconnected(env: Env, state: State, node: NodeId): CoordinatorStep {
  const decision = decided(state);
  if (decision !== null && state.unacknowledged.includes(node))
    return { state: { ...state, attempt: -1 }, sends: [{ to: node, body: decisionOf(decision) }] };
  if (state.phase === "one-phase" && state.members.includes(node)) return resolve(env, { ...state, attempt: -1 });
  const { descriptor, phase } = state;
  const branch = descriptor?.branches.find((each) => each.participant === node);
  if (descriptor === null || branch === undefined || hasVoted(state, node)) return { state, ignored: "nothing-to-do" };
  const suspected = state.suspected.filter((each) => each !== node);
  if (phase === "beginning" && node === descriptor.initiator)
    return { state: { ...state, suspected }, sends: requests("last-work", descriptor, [branch]) };
  if (phase === "collecting")
    return { state: { ...state, suspected }, sends: requests("prepare", descriptor, [branch]) };
  return phase === "beginning" && state.suspected.includes(node)
    ? { state: { ...state, suspected } }
    : { state, ignored: "nothing-to-do" };
}

/** Only a cancel cancels, and only what is not decided: a coordinator is never stuck, so there is nothing to force. */
function onOperator(
  rules: Presumption,
  env: Env,
  state: State,
  act: OperatorAct,
  reply: ReplyId | null,
): CoordinatorStep {
  if (act === "cancel" && undecided.has(state.phase)) {
    const replies = reply === null ? state.replies : [...state.replies, reply];
    const cause = { reason: "CANCELLED", detail: "", participant: null } as const;
    return abort(rules, env, { ...state, replies }, cause);
  }
  if (reply !== null) return { state, effects: [{ kind: "reply", to: reply, answer: answerOf(state) }] };
  return { state, ignored: act === "cancel" ? "already-decided" : "nothing-to-do" };
}

const RESTARTED = {
  reason: "COORDINATOR_RESTARTED",
  detail: "the coordinator restarted before it decided",
  participant: null,
} as const;

/** The table of §A.5. */
function restore(env: Env, id: TransactionId, records: readonly CoordinatorRecord[]): CoordinatorStep {
  const last = records.at(-1);
  if (last === undefined) return { state: null };
  const state = { ...init(env, id), attempt: -1 };
  switch (last.kind) {
    case "one-phase":
      return resolve(env, { ...state, phase: "one-phase", members: [last.participant] });
    case "commit":
      return resend(env, {
        ...state,
        phase: "committing",
        members: last.participants,
        unacknowledged: last.participants,
      });
    case "collecting":
    case "abort": {
      const cause = last.kind === "abort" ? { ...last, participant: null } : RESTARTED;
      return resend(env, {
        ...state,
        phase: "aborting",
        members: last.participants,
        unacknowledged: last.participants,
        cause: { reason: cause.reason, detail: cause.detail, participant: null },
      });
    }
    case "precommit":
    case "preabort":
    case "elected":
    case "decided":
      throw new AssertionError(`${last.kind} is no record of two-phase commit`);
    default:
      return unreachable(last);
  }
}

function answerOf(state: State): Answer {
  if (state.phase === "committing") return committed(state);
  if (state.phase === "aborting" && state.cause !== null) return aborted(state.cause);
  return { outcome: "pending", state: view(state).state, participants: view(state).participants };
}

function committed(state: State): Answer {
  const results = new Map<NodeId, Uint8Array>();
  for (const { from, result } of state.votes) if (result.length > 0) results.set(from, result);
  return { outcome: "committed", results, heuristic: state.reports.length > 0 };
}

function aborted({ reason, detail, participant }: Cause): Answer {
  return { outcome: "aborted", reason, detail, participant };
}

function replies(state: State, answer: Answer): { kind: "reply"; to: ReplyId; answer: Answer }[] {
  return state.replies.map((to) => ({ kind: "reply", to, answer }));
}

function closedAs(
  outcome: "committed" | "aborted",
  cause: Pick<Cause, "reason" | "detail"> | null,
  participants: readonly NodeId[],
): Closed {
  const { reason, detail } = cause ?? { reason: null, detail: "" };
  return { outcome, reason, detail, result: null, participants, until: "retention" };
}

const decisionBodies: Readonly<Record<Decision, Message>> = {
  commit: { kind: "decision", decision: "commit" },
  abort: { kind: "decision", decision: "abort" },
};

function decisionOf(decision: Decision): Message {
  return decisionBodies[decision];
}

function view(state: State): View {
  const participants = state.descriptor?.branches.map((branch) => branch.participant) ?? state.members;
  const shown = {
    init: "active",
    beginning: "preparing",
    collecting: "preparing",
    committing: "committing",
    aborting: "aborting",
    "one-phase": "preparing",
  } as const;
  return { state: shown[state.phase], participants, coordinator: null };
}
