/**
 * How the sites of three-phase commit end a transaction without its coordinator, or against its silence: elections,
 * states, attempts (protocols §B.3, §B.8, §B.9). The coordinator's own PRECOMMIT is attempt 1 of the same machine.
 * Both roles run this file between YES and the decision; what a decision does to them is theirs.
 */

import { impossible } from "../branch.ts";
import type { Effect, Env, Ignored, Send, Step, TimerStep } from "../machine.ts";
import type { Message, SiteState } from "../message.ts";
import type { TerminationRecord } from "../record.ts";
import type { Decision, Election, NodeId } from "../transaction.ts";
import {
  type Attempting,
  type Collecting,
  type Doubt,
  isLater,
  isSame,
  later,
  NO_ELECTION,
  order,
  othersOf,
} from "./doubt.ts";
import type { Rules, Verdict } from "./rules.ts";

/** What one input did to a site in doubt. */
export interface Turn {
  readonly doubt: Doubt;
  /** All are forced. */
  readonly records?: readonly TerminationRecord[];
  readonly sends?: readonly Send[];
  readonly timers?: readonly TimerStep[];
  readonly effects?: readonly Effect[];
  /** The doubt is over. */
  readonly settled?: Settled;
  /** Then all else is empty. */
  readonly ignored?: Ignored;
}

type Doings = Omit<Step<unknown, TerminationRecord>, "state" | "closed" | "ignored">;

export interface Settled {
  readonly decision: Decision;
  /** This site has decided, or learned it as the leader: it tells the others (§B.10). */
  readonly leads: boolean;
  /** Who announced it and waits for the acknowledgement. */
  readonly from: NodeId | null;
}

/** The coordinator has every YES: attempt 1 (§B.1). Its precommit record is forced before PRECOMMIT leaves. */
export function firstAttempt(env: Env, rules: Rules, doubt: Doubt): Turn {
  const { elected, sites } = doubt;
  return attempt(env, rules, doubt, "precommit", elected, sites.participants, env.times.acknowledgementMs);
}

/** How long a site waits at first for what follows its YES, or its precommit (§B.2). */
export function firstWait(env: Env, { position }: Doubt): TimerStep {
  const { voteMs, acknowledgementMs, decisionMs } = env.times;
  return wait((position === "waiting" ? voteMs : acknowledgementMs * SPREAD) + decisionMs);
}

/** After a restart, or where the decision is known to exist: whoever knows it tells it. */
export function ask(env: Env, rules: Rules, doubt: Doubt): Turn {
  const collecting: Collecting = { step: "collecting", election: NO_ELECTION, reports: [] };
  return {
    doubt: { ...doubt, leading: rules.name === "plain" && doubt.restarted ? collecting : doubt.leading },
    sends: requests(othersOf(doubt.sites, env.self), NO_ELECTION),
    timers: [patience(env, doubt)],
  };
}

export function onMessage(env: Env, rules: Rules, doubt: Doubt, from: NodeId, body: Message): Turn {
  switch (body.kind) {
    case "state-request":
      return onRequest(env, rules, doubt, from, body.election);
    case "state-report":
      return onReport(env, rules, doubt, from, body);
    case "precommit":
    case "preabort":
      return onAttempt(env, rules, doubt, from, body);
    case "attempt-ack":
      return onAccepted(env, rules, doubt, from, body.election);
    case "refused":
      return onRefused(env, rules, doubt, body.elected);
    case "decision":
      if (!rules.hears(doubt, from)) return { doubt, sends: [refusal(from, doubt)] };
      return { doubt, settled: { decision: body.decision, leads: false, from } };
    default:
      return { doubt, effects: [impossible(from, body)] };
  }
}

export function onTimeout(env: Env, rules: Rules, doubt: Doubt): Turn {
  const { leading } = doubt;
  const again = { ...doubt, tries: doubt.tries + 1 };
  if (leading === null) return lead(env, rules, again);
  if (leading.step === "attempting")
    return rules.isEnough(env.self, doubt, leading, true) ? decided(doubt) : lead(env, rules, again);
  const verdict = rules.verdict(env.self, doubt, leading, true);
  if (verdict !== null) return conclude(env, rules, doubt, leading, verdict);
  if (leading.election.round === 0) return ask(env, rules, again);
  // The same election again: who is blocked for long writes nothing for it.
  return {
    doubt: again,
    sends: requests(unheard(env, doubt, leading), leading.election),
    timers: [patience(env, again)],
  };
}

/** A link came up or went down. Nothing is decided by it but that nobody waits for the dead. */
export function onSuspicion(env: Env, rules: Rules, doubt: Doubt, node: NodeId, suspected: boolean): Turn {
  if (!order(doubt.sites).includes(node) || doubt.suspected.includes(node) === suspected)
    return { doubt, ignored: "nothing-to-do" };
  const { leading } = doubt;
  if (suspected) {
    const next = { ...doubt, suspected: [...doubt.suspected, node] };
    return leading === null ? { doubt: next } : check(env, rules, next);
  }
  const next = { ...doubt, suspected: doubt.suspected.filter((each) => each !== node) };
  // What it may have missed.
  if (leading?.step === "attempting")
    return leading.audience.includes(node) && !leading.accepted.includes(node)
      ? { doubt: next, sends: [{ to: node, body: { kind: attemptOf(doubt), election: leading.election } }] }
      : { doubt: next };
  return { doubt: next, sends: requests([node], leading?.election ?? NO_ELECTION) };
}

/** What a site that is not in doubt answers to whoever asks for its state or attempts anything. */
export function report(to: NodeId, body: Message, state: SiteState): Send {
  const election = "election" in body ? body.election : NO_ELECTION;
  return { to, body: { kind: "state-report", election, state, attempt: NO_ELECTION, restarted: false } };
}

/** Messages that want to know how a site stands, or to change it. */
export function isTermination(body: Message): body is Message & { kind: "state-request" | "precommit" | "preabort" } {
  return body.kind === "state-request" || body.kind === "precommit" || body.kind === "preabort";
}

/** What a turn wants done, as a step says it: everything that a termination writes is forced. */
export function doings({ records = [], sends, timers, effects }: Turn): Doings {
  return {
    ...(records.length > 0 && { records: records.map((record) => ({ record, force: true })) }),
    ...(sends && { sends }),
    ...(timers && { timers }),
    ...(effects && { effects }),
  };
}

/** The same, and after it what the decision does; nobody waits for one any more. */
export function ending<S, R>(turn: Turn, ended: Step<S, R>): Step<S, R | TerminationRecord> {
  const { records = [], sends = [], effects = [] } = doings(turn);
  const all = [...records, ...(ended.records ?? [])];
  return {
    state: ended.state,
    ...(ended.closed && { closed: ended.closed }),
    ...(all.length > 0 && { records: all }),
    sends: [...sends, ...(ended.sends ?? [])],
    timers: [{ cancel: "decision" }, ...(ended.timers ?? [])],
    effects: [...effects, ...(ended.effects ?? [])],
  };
}

function lead(env: Env, rules: Rules, before: Doubt): Turn {
  const { doubt, election } = rules.turn(env.self, before);
  if (election === null) return { doubt, timers: [patience(env, doubt)] };
  if (election.round === 0) return ask(env, rules, doubt);
  const collecting: Collecting = { step: "collecting", election, reports: [] };
  const next = { ...doubt, elected: election, seen: later(doubt.seen, election), leading: collecting };
  const begun: Turn = {
    doubt: next,
    records: promise(rules, election),
    sends: requests(othersOf(doubt.sites, env.self), election),
    timers: [patience(env, next)],
  };
  return then(begun, check(env, rules, next));
}

/** §B.9-2: the promise is forced before the states are used. In the plain rules a site that crashed is out anyway. */
function promise(rules: Rules, election: Election): readonly TerminationRecord[] {
  return rules.name === "quorum" ? [{ kind: "elected", election }] : [];
}

/** §B.9-2, §B.3. Whoever tells its state leads no more, the coordinator too (abdication). */
function onRequest(env: Env, rules: Rules, doubt: Doubt, from: NodeId, election: Election): Turn {
  if (election.round === 0 || (isSame(election, doubt.elected) && from === election.node))
    return { doubt, sends: [stateOf(from, doubt, rules, election)] };
  if (!isLater(election, doubt.elected)) return { doubt, sends: [refusal(from, doubt)] };
  const next = follows(rules, doubt, election);
  return {
    doubt: next,
    records: promise(rules, election),
    sends: [stateOf(from, next, rules, election)],
    timers: [wait(env.times.decisionMs * ROUNDS)],
  };
}

function follows(rules: Rules, doubt: Doubt, election: Election): Doubt {
  return {
    ...doubt,
    elected: election,
    seen: later(doubt.seen, election),
    leading: rules.name === "plain" && doubt.restarted ? doubt.leading : null,
    passedOver: [],
    tries: 0,
  };
}

/** §B.9-4: an attempt is taken by whoever follows no later leader. */
function onAttempt(
  env: Env,
  rules: Rules,
  doubt: Doubt,
  from: NodeId,
  { kind, election }: Message & { kind: "precommit" | "preabort" },
): Turn {
  const acknowledgement: Send = { to: from, body: { kind: "attempt-ack", election } };
  if (isLater(doubt.elected, election)) return { doubt, sends: [refusal(from, doubt)] };
  const position = kind === "precommit" ? "precommitted" : "preaborted";
  if (rules.name === "plain" && (kind === "preabort" || doubt.position === "precommitted"))
    return kind === "precommit"
      ? { doubt: { ...follows(rules, doubt, election), attempt: election }, sends: [acknowledgement] }
      : { doubt, effects: [impossible(from, { kind, election })] };
  if (isSame(doubt.attempt, election)) return { doubt, sends: [acknowledgement] };
  const next: Doubt = { ...follows(rules, doubt, election), position, attempt: election };
  return {
    doubt: next,
    records: [{ kind, election, participants: doubt.sites.participants }],
    sends: [acknowledgement],
    timers: [firstWait(env, next)],
  };
}

function onReport(
  env: Env,
  rules: Rules,
  doubt: Doubt,
  from: NodeId,
  { election, state, attempt: attempted, restarted }: Message & { kind: "state-report" },
): Turn {
  const { leading } = doubt;
  const mine = leading !== null && isSame(election, leading.election);
  // TR1, TR2: a decision settles it, whoever asked for it.
  if ((state === "committed" || state === "aborted") && (mine || rules.hears(doubt, from))) {
    const decision = state === "committed" ? "commit" : "abort";
    return {
      doubt,
      settled: { decision, leads: leading !== null && leading.election.round > 0, from: null },
    };
  }
  if (!mine || leading.step !== "collecting" || !order(doubt.sites).includes(from))
    return { doubt, ignored: "late-report" };
  const reports = [
    ...leading.reports.filter((each) => each.from !== from),
    { from, state, attempt: attempted, restarted },
  ];
  return check(env, rules, { ...doubt, leading: { ...leading, reports } });
}

function onAccepted(env: Env, rules: Rules, doubt: Doubt, from: NodeId, election: Election): Turn {
  const { leading } = doubt;
  if (leading?.step !== "attempting" || !isSame(election, leading.election) || leading.accepted.includes(from))
    return { doubt, ignored: "late-acknowledgement" };
  return check(env, rules, { ...doubt, leading: { ...leading, accepted: [...leading.accepted, from] } });
}

/** Somebody follows a later leader: this one steps back, and waits for the other. */
function onRefused(env: Env, rules: Rules, doubt: Doubt, elected: Election): Turn {
  const { leading } = doubt;
  if (leading === null || leading.election.round === 0 || !isLater(elected, leading.election))
    return { doubt, ignored: "late-refusal" };
  const next: Doubt = { ...doubt, leading: null, seen: later(doubt.seen, elected), tries: doubt.tries + 1 };
  return {
    doubt: rules.name === "plain" ? { ...next, elected } : next,
    timers: [wait(env.times.decisionMs * ROUNDS)],
  };
}

/** Whether what was heard by now is enough to go on. */
function check(env: Env, rules: Rules, doubt: Doubt): Turn {
  const { leading } = doubt;
  if (leading === null) return { doubt };
  if (leading.step === "attempting")
    return rules.isEnough(env.self, doubt, leading, false) ? decided(doubt) : { doubt };
  const verdict = rules.verdict(env.self, doubt, leading, false);
  return verdict === null ? { doubt } : conclude(env, rules, doubt, leading, verdict);
}

function conclude(env: Env, rules: Rules, doubt: Doubt, collecting: Collecting, verdict: Verdict): Turn {
  // TR3: nobody can have been told to commit.
  if (verdict === "abort") return { doubt, settled: { decision: "abort", leads: true, from: null } };
  const election = collecting.election.round === 0 ? rules.numberOf(env.self, doubt) : collecting.election;
  const audience = rules.audience(env.self, doubt, collecting);
  return attempt(env, rules, doubt, verdict, election, audience, env.times.decisionMs);
}

/** The leader moves first, forced, then the others (TR4, §B.9-3). */
function attempt(
  env: Env,
  rules: Rules,
  doubt: Doubt,
  kind: "precommit" | "preabort",
  election: Election,
  audience: readonly NodeId[],
  waitMs: number,
): Turn {
  const attempting: Attempting = { step: "attempting", election, audience, accepted: [] };
  const position = kind === "precommit" ? "precommitted" : "preaborted";
  const next: Doubt = {
    ...doubt,
    position,
    elected: election,
    attempt: election,
    seen: later(doubt.seen, election),
    leading: attempting,
  };
  const begun: Turn = {
    doubt: next,
    records: [{ kind, election, participants: doubt.sites.participants }],
    sends: audience.map((to) => ({ to, body: { kind, election } })),
    timers: [wait(waitMs)],
  };
  return then(begun, check(env, rules, next));
}

function decided(doubt: Doubt): Turn {
  const decision = doubt.position === "preaborted" ? "abort" : "commit";
  return { doubt, settled: { decision, leads: true, from: null } };
}

function then(first: Turn, second: Turn): Turn {
  return {
    ...second,
    records: [...(first.records ?? []), ...(second.records ?? [])],
    sends: [...(first.sends ?? []), ...(second.sends ?? [])],
    timers: [...(first.timers ?? []), ...(second.timers ?? [])],
  };
}

function requests(to: readonly NodeId[], election: Election): Send[] {
  return to.map((node) => ({ to: node, body: { kind: "state-request", election } }));
}

function unheard(env: Env, doubt: Doubt, { reports }: Collecting): readonly NodeId[] {
  return othersOf(doubt.sites, env.self).filter((node) => !reports.some(({ from }) => from === node));
}

function stateOf(to: NodeId, doubt: Doubt, rules: Rules, election: Election): Send {
  const { position, attempt: attempted } = doubt;
  const restarted = rules.name === "plain" && doubt.restarted;
  return { to, body: { kind: "state-report", election, state: position, attempt: attempted, restarted } };
}

function refusal(to: NodeId, { elected }: Doubt): Send {
  return { to, body: { kind: "refused", elected } };
}

function attemptOf({ position }: Doubt): "precommit" | "preabort" {
  return position === "preaborted" ? "preabort" : "precommit";
}

/** The longest of a range, as a multiple of the shortest: nothing of a range is shorter than what §B.2 asks for. */
const SPREAD = 1.5;
/** Collecting, attempting and the decision, each of a leader that is followed. */
const ROUNDS = 3 * SPREAD;

function wait(forMs: number): TimerStep {
  return { set: "decision", minMs: forMs, maxMs: forMs * SPREAD };
}

/** Of who leads or asks; longer each time that nothing came of it. */
function patience(env: Env, { tries }: Doubt): TimerStep {
  const { decisionMs, retryCapMs } = env.times;
  return wait(Math.max(decisionMs, Math.min(retryCapMs, decisionMs * 2 ** Math.min(tries, 30))));
}
