/**
 * The coordinator of three-phase commit (protocols §B.1), under either termination. It leads attempt 1; from its
 * precommit record on it is a site like the others and follows whoever is elected after it.
 *
 * init → [beginning →] collecting (w) → doubt (p) → announcing → forgotten. Its precommit record is forced before
 * PRECOMMIT leaves, so that where the log is silent abort is the answer: who asks has not acknowledged, and this site
 * forgets nothing before all have (§B.1, §B.10). A single participant runs the protocol: one that decided alone could
 * not be asked.
 *
 * An initiator gets its last work first (`last-work`), prepares on it unasked, and its YES makes this site ask the
 * others (§B.1, §I). To them, and to whoever terminates, that is a commit whose other requests are still on their way:
 * nobody can be in p before every YES, and a branch that has not been asked aborts when it is asked for its state.
 */

import { impossible } from "../branch.ts";
import { forcedRow, heuristicRow } from "../heuristic.ts";
import { answerFor } from "../answer.ts";
import type { Answer, Env, Input, Machine, ReplyId, Send } from "../machine.ts";
import { unreachable } from "../machine.ts";
import type { Message } from "../message.ts";
import type { CoordinatorRecord } from "../record.ts";
import type { AbortReason, BranchPlan, Decision, Descriptor, NodeId, TransactionId } from "../transaction.ts";
import { acknowledged, announce, announceLater, type Announcement } from "./announcement.ts";
import { absent } from "./coordinator-absent.ts";
import {
  acknowledgement,
  answerOf,
  asked,
  closedAs,
  type CoordinatorStep,
  hasVoted,
  init,
  isUndecided,
  reply,
  second,
  type State,
  tell,
  verdictOf,
  view,
} from "./coordinator-state.ts";
import { type Doubt, openDoubt, restoredDoubt } from "./doubt.ts";
import type { Rules } from "./rules.ts";
import {
  ask,
  doings,
  ending,
  firstAttempt,
  isTermination,
  onMessage as onDoubtMessage,
  onSuspicion as onDoubtSuspicion,
  onTimeout as onDoubtTimeout,
  report,
  type Settled,
  type Turn,
} from "./termination.ts";

export function coordinatorOf(rules: Rules): Machine<State, CoordinatorRecord> {
  return {
    init,
    step: (env, state, input) => step(env, rules, state, input),
    restore: (env, id, records) => restore(env, rules, id, records),
    absent: (env, id, absence, input) =>
      input.kind === "start" && absence.kind === "fresh"
        ? step(env, rules, init(env, id), input)
        : absent(env, absence, input),
    view,
  };
}

function step(env: Env, rules: Rules, state: State, input: Input): CoordinatorStep {
  switch (input.kind) {
    case "start":
      return onStart(state, input.descriptor, input.reply, input.cancelled);
    case "message":
      return onMessage(env, rules, state, input.from, input.body);
    case "timeout":
      return onTimeout(env, rules, state, input.timer);
    case "suspicion":
      return onSuspicion(env, rules, state, input.node, input.suspected);
    case "ask":
      return { state, effects: [reply(input.reply, answerOf(state))] };
    case "operator":
      return onOperator(env, state, input);
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
  replyTo: ReplyId | null,
  cancelled: AbortReason | null,
): CoordinatorStep {
  const replies = replyTo === null ? state.replies : [...state.replies, replyTo];
  // A begin that comes again joins the wait or gets the decision; votes are never collected twice (§A.3).
  if (state.phase !== "init") {
    if (state.phase !== "announcing") return { state: { ...state, replies } };
    return { state, effects: replyTo === null ? [] : [reply(replyTo, answerOf(state))] };
  }
  const { branches, timeoutMs } = descriptor;
  const participants = branches.map((branch) => branch.participant);
  const started: State = { ...state, descriptor, participants, replies };
  if (cancelled !== null) return abandon(started, cancelled);
  if (branches.length === 0) {
    const outcome = closedAs("committed", null, "", []);
    return { state: null, closed: { outcome, force: true }, effects: tell(started, verdictOf(started, "commit")) };
  }
  const first = branches.find(({ participant }) => participant === descriptor.initiator);
  return {
    state: { ...started, phase: first === undefined ? "collecting" : "beginning" },
    sends: first === undefined ? requests("prepare", descriptor, branches) : requests("last-work", descriptor, [first]),
    timers: [{ set: "vote", minMs: timeoutMs, maxMs: timeoutMs }],
  };
}

/** Nobody was asked to prepare, so that nobody has to acknowledge: the abort is told once, and the closed watermark tells the rest. */
function abandon(state: State, reason: AbortReason): CoordinatorStep {
  return {
    state: null,
    closed: { outcome: closedAs("aborted", reason, "", []), force: false },
    sends: state.participants.map((to) => ({ to, body: { kind: "decision", decision: "abort" } })),
    effects: tell(state, { outcome: "aborted", reason, detail: "", participant: null }),
  };
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

function onMessage(env: Env, rules: Rules, state: State, from: NodeId, body: Message): CoordinatorStep {
  if (body.kind === "vote") return onVote(env, rules, state, from, body);
  switch (state.phase) {
    case "init":
    case "beginning":
    case "collecting":
      return onCollecting(env, state, from, body);
    case "doubt":
      if (body.kind === "ack") return { state, ignored: "late-acknowledgement" };
      return state.doubt === null ? { state } : turn(env, state, onDoubtMessage(env, rules, state.doubt, from, body));
    case "announcing":
      return onAnnouncing(state, from, body);
    default:
      return unreachable(state.phase);
  }
}

function onVote(env: Env, rules: Rules, state: State, from: NodeId, body: Message & { kind: "vote" }): CoordinatorStep {
  const { participants, descriptor, phase } = state;
  if ((phase !== "collecting" && phase !== "beginning") || descriptor === null) return { state, ignored: "late-vote" };
  const isDue = participants.includes(from) && (phase === "collecting" || from === descriptor.initiator);
  if (!isDue) return { state, ignored: "no-such-branch" };
  if (hasVoted(state, from)) return { state, ignored: "duplicate-vote" };
  if (body.vote === "no") return abort(env, state, body.reason, body.detail, from);
  const next = { ...state, votes: [...state.votes, { from, result: body.result }] };
  if (next.votes.length < participants.length) {
    if (phase === "collecting") return { state: next };
    const others = descriptor.branches.filter(({ participant }) => participant !== from);
    return { state: { ...next, phase: "collecting" }, sends: requests("prepare", descriptor, others) };
  }
  const doubt: Doubt = { ...openDoubt({ coordinator: env.self, participants }), suspected: state.suspected };
  const begun = turn(env, { ...next, phase: "doubt" }, firstAttempt(env, rules, doubt));
  return { ...begun, timers: [{ cancel: "vote" }, ...(begun.timers ?? [])] };
}

/** w. Whoever asks has lost patience: the coordinator may still abort alone, and does, which also ends its lead (§B.3, §B.8). */
function onCollecting(env: Env, state: State, from: NodeId, body: Message): CoordinatorStep {
  switch (body.kind) {
    case "state-request":
    case "preabort": {
      const step = abort(env, state, "TIMEOUT", `${from} waits no longer for the votes`, null);
      return { ...step, sends: [report(from, body, "aborted"), ...(step.sends ?? [])] };
    }
    case "decision": {
      if (body.decision === "commit") return { state, effects: [impossible(from, body)] };
      const step = abort(env, state, "TIMEOUT", `${from} and others aborted without the coordinator`, from);
      return { ...step, sends: [acknowledgement(from, "abort"), ...(step.sends ?? [])] };
    }
    // Of a branch that a person ended, and that has heard what other sites decided before this one does: it says so again.
    case "ack":
      return { state, ignored: "late-acknowledgement" };
    default:
      return { state, effects: [impossible(from, body)] };
  }
}

function onAnnouncing(state: State, from: NodeId, body: Message): CoordinatorStep {
  const { announcement } = state;
  if (announcement === null) return { state };
  const { decision } = announcement;
  if (isTermination(body))
    return { state, sends: [report(from, body, decision === "commit" ? "committed" : "aborted")] };
  switch (body.kind) {
    case "ack":
      return onAck(state, announcement, from, body.heuristic);
    case "decision":
      return body.decision === decision
        ? { state, sends: [acknowledgement(from, decision)] }
        : { state, effects: [second(from, body.decision, decision)] };
    case "state-report":
      return { state, ignored: "late-report" };
    case "attempt-ack":
      return { state, ignored: "late-acknowledgement" };
    case "refused":
      return { state, ignored: "late-refusal" };
    default:
      return { state, effects: [impossible(from, body)] };
  }
}

function onAck(state: State, announcement: Announcement, from: NodeId, heuristic: string | null): CoordinatorStep {
  if (!announcement.unacknowledged.includes(from)) return { state, ignored: "late-acknowledgement" };
  const rest = acknowledged(announcement, from);
  const reports = heuristic === null ? state.reports : [...state.reports, { from, text: heuristic }];
  const next = { ...state, announcement: rest, reports };
  const step = rest.unacknowledged.length > 0 ? { state: next } : finish(next, rest);
  if (heuristic === null) return step;
  return { ...step, effects: [{ kind: "alarm", alarm: "heuristic", detail: `${from} ${heuristic}` }] };
}

/** Every site has acknowledged. From here on the closed watermark covers the id, which is their FORGET (§B.10). */
function finish(
  { participants, reports }: State,
  { decision, reason, detail }: Announcement,
  isForced = false,
): CoordinatorStep {
  if (reports.length > 0)
    return {
      state: null,
      closed: { outcome: heuristicRow({ decision, reason, detail }, participants, reports), force: true },
    };
  const outcome = closedAs(decision === "commit" ? "committed" : "aborted", reason, detail, participants);
  return { state: null, closed: { outcome, force: isForced } };
}

/**
 * No PRECOMMIT exists yet. The record is not forced: without it the answer would be the same. It keeps this site from
 * calling the id closed before all have acknowledged.
 *
 * @param knows has aborted already, durably
 */
function abort(env: Env, state: State, reason: AbortReason, detail: string, knows: NodeId | null): CoordinatorStep {
  const step = decide(env, state, "abort", reason, detail, knows, false);
  const answer: Answer = { outcome: "aborted", reason, detail, participant: knows };
  return { ...step, timers: [{ cancel: "vote" }, ...(step.timers ?? [])], effects: tell(state, answer) };
}

function decide(
  env: Env,
  state: State,
  decision: Decision,
  reason: AbortReason | null,
  detail: string,
  knows: NodeId | null,
  isForced: boolean,
): CoordinatorStep {
  const { participants } = state;
  const unacknowledged = participants.filter((node) => node !== knows);
  const announcement: Announcement = { decision, reason, detail, unacknowledged, attempt: 0 };
  if (unacknowledged.length === 0) return finish(state, announcement, isForced);
  return {
    state: { ...state, phase: "announcing", doubt: null, announcement, replies: [] },
    records: [{ record: { kind: "decided", decision, participants, reason, detail }, force: isForced }],
    sends: announce(announcement),
    timers: [announceLater(env, announcement)],
  };
}

/** What a turn of the termination did, with what its end does here. */
function turn(env: Env, state: State, done: Turn): CoordinatorStep {
  if (done.ignored !== undefined) return { state, ignored: done.ignored };
  const { doubt, settled } = done;
  const next = { ...state, doubt };
  return settled === undefined ? { state: next, ...doings(done) } : ending(done, settle(env, next, settled));
}

function settle(env: Env, state: State, { decision, from }: Settled): CoordinatorStep {
  const reason = decision === "commit" ? null : "TIMEOUT";
  const detail = decision === "commit" ? "" : "the sites aborted without the coordinator";
  const step = decide(env, state, decision, reason, detail, from, true);
  const answer = verdictOf(state, decision, reason, detail);
  const thanks = from === null ? [] : [acknowledgement(from, decision)];
  return { ...step, sends: [...thanks, ...(step.sends ?? [])], effects: tell(state, answer) };
}

function onTimeout(env: Env, rules: Rules, state: State, timer: string): CoordinatorStep {
  if (isUndecided(state) && timer === "vote") {
    const silent = asked(state).filter((node) => !hasVoted(state, node));
    const unreachables = silent.filter((node) => state.suspected.includes(node));
    if (unreachables.length > 0)
      return abort(env, state, "PARTICIPANT_UNREACHABLE", `no link to ${unreachables.join(", ")}`, null);
    return abort(env, state, "TIMEOUT", `no vote in time from ${silent.join(", ")}`, null);
  }
  if (state.phase === "doubt" && timer === "decision" && state.doubt !== null)
    return turn(env, state, onDoubtTimeout(env, rules, state.doubt));
  if (state.announcement !== null && timer === "acknowledgement") {
    const announcement = { ...state.announcement, attempt: state.announcement.attempt + 1 };
    return {
      state: { ...state, announcement },
      sends: announce(announcement),
      timers: [announceLater(env, announcement)],
    };
  }
  return { state, ignored: "late-timeout" };
}

/** A peer that is back hears at once what it may have missed. */
function onSuspicion(env: Env, rules: Rules, state: State, node: NodeId, suspected: boolean): CoordinatorStep {
  const { announcement, descriptor } = state;
  if (state.phase === "doubt" && state.doubt !== null)
    return turn(env, state, onDoubtSuspicion(env, rules, state.doubt, node, suspected));
  if (isUndecided(state) && descriptor !== null) {
    const others = state.suspected.filter((each) => each !== node);
    if (suspected) return { state: { ...state, suspected: [...others, node] } };
    const unvoted = descriptor.branches.filter(
      ({ participant }) => participant === node && asked(state).includes(node) && !hasVoted(state, node),
    );
    const kind = state.phase === "beginning" ? "last-work" : "prepare";
    return { state: { ...state, suspected: others }, sends: requests(kind, descriptor, unvoted) };
  }
  if (!suspected && announcement !== null && announcement.unacknowledged.includes(node))
    return { state, sends: announce({ ...announcement, unacknowledged: [node] }) };
  return { state, ignored: "nothing-to-do" };
}

function onOperator(env: Env, state: State, { act, reason, reply: to }: Input & { kind: "operator" }): CoordinatorStep {
  const asked = to === null ? state : { ...state, replies: [...state.replies, to] };
  if (act === "cancel" && state.phase === "init") return abandon(asked, "CANCELLED");
  if (act === "cancel" && isUndecided(state)) return abort(env, asked, "CANCELLED", "", null);
  // In p nobody aborts alone: whoever cancels waits for the decision with the others, whichever it is.
  if (act === "cancel" && state.phase === "doubt" && to !== null) return { state: asked };
  if (state.phase === "doubt" && (act === "force-commit" || act === "force-abort"))
    return givenUp(asked, act === "force-commit" ? "commit" : "abort", reason);
  if (to === null) return { state, ignored: "already-decided" };
  return { state, effects: [reply(to, answerOf(state))] };
}

/**
 * A person's word for the client where the sites that know are lost (§0.4). It decides nothing for other sites, which may
 * yet decide without this one: it is no site any more, and the row waits for a person.
 */
function givenUp(state: State, decision: Decision, words: string): CoordinatorStep {
  const { participants, replies } = state;
  const outcome = forcedRow(decision, words, participants);
  const answer = answerFor({ kind: "closed", closed: outcome });
  return {
    state: null,
    closed: { outcome, force: true },
    timers: [{ cancel: "decision" }],
    effects: [{ kind: "alarm", alarm: "heuristic", detail: outcome.detail }, ...replies.map((to) => reply(to, answer))],
  };
}

function restore(env: Env, rules: Rules, id: TransactionId, records: readonly CoordinatorRecord[]): CoordinatorStep {
  const state = init(env, id);
  const known = records.find((record) => record.kind === "decided");
  if (known !== undefined) {
    const { decision, participants, reason, detail } = known;
    const announcement: Announcement = { decision, reason, detail, unacknowledged: participants, attempt: 0 };
    return {
      state: { ...state, phase: "announcing", participants, announcement },
      sends: announce(announcement),
      timers: [announceLater(env, announcement)],
    };
  }
  const precommit = records.find((record) => record.kind === "precommit");
  if (precommit === undefined) return { state: null };
  const { participants } = precommit;
  const asking = ask(env, rules, restoredDoubt({ coordinator: env.self, participants }, records));
  return { state: { ...state, phase: "doubt", participants, doubt: asking.doubt }, ...doings(asking) };
}
