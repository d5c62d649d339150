/**
 * All runs of one transaction over three acceptors, breadth first: the shipped acceptor and leader machines, and a
 * network that loses, copies and reorders. Leader k owns one ballot, and the ballots are in the order of the leaders.
 * What a message does to an acceptor, and what a leader makes of promises, is asked of the machines once and kept.
 */

import {
  BALLOT_ZERO,
  protocols,
  type AcceptorRecord,
  type Closed,
  type Machine,
  type Membership,
  type Message,
  type NodeId,
  type Value,
} from "../../../protocols/index.ts";
import type { State as AcceptorState } from "../../../protocols/paxos-commit/acceptor.ts";
import { envOf } from "../../../lab/simulate/setting.ts";

export type AcceptorMachine = Machine<AcceptorState, AcceptorRecord>;

/** What is explored, and what is wrong in it. */
export interface Model {
  readonly branches: number;
  /** Leaders, each with a ballot of its own. */
  readonly ballots: number;
  /** Leaders have the descriptor from a branch in doubt; else a bare id, and what the acceptors say. */
  readonly informed?: boolean;
  /** Once a decision is learned, acceptors may be told to close. */
  readonly closes?: boolean;
  readonly acceptor?: AcceptorMachine;
  /** Promises that a leader waits for; 2 of 3. */
  readonly promises?: number;
  /** Acceptances that choose; 2 of 3. */
  readonly acceptances?: number;
  /** A leader proposes once more in its ballot, from other promises. */
  readonly proposesTwice?: boolean;
  /** A closed acceptor counts as one that promises and has accepted nothing. */
  readonly forgottenPromises?: boolean;
}

export interface Found {
  readonly states: number;
  /** null: every state keeps the rules. */
  readonly violation: string | null;
  /** Steps of the shortest run to the violation. */
  readonly steps: number;
}

const ID = "C.0001.00000001";
const acceptors = ["A1", "A2", "A3"] as const;
const shipped = protocols["paxos-commit"].acceptor as AcceptorMachine;
const leader = protocols["paxos-commit"].coordinator;

/** What became of one acceptor: its state, and all that it has ever said. */
interface Past {
  readonly state: AcceptorState | null;
  readonly closed: Closed | null;
  readonly records: readonly AcceptorRecord[];
  /** By leader. */
  readonly said: readonly (Message | null)[];
  /** `branch ballot value`, once each, sorted. */
  readonly accepted: readonly string[];
}

/** Numbers for things that are the same when their texts are. */
class Register<T> {
  readonly all: T[] = [];
  private readonly numbers = new Map<string, number>();

  of(text: string, item: T): number {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    this.numbers.set(text, this.all.length);
    return this.all.push(item) - 1;
  }
}

/** The numbers of: each acceptor's past; each leader's message (0 none, 1 phase 1a, more: 2a); each branch's proposal (0 none). */
type State = readonly number[];

export function explore(model: Model): Found {
  const run = new Run(model);
  const first: State = [0, 0, 0, ...Array<number>(model.ballots + model.branches).fill(0)];
  const seen = new Set([first.join()]);
  let level: State[] = [first];
  for (let steps = 0; level.length > 0; steps += 1) {
    const next: State[] = [];
    for (const state of level) {
      const violation = run.violation(state);
      if (violation !== null) return { states: seen.size, violation, steps };
      for (const after of run.successors(state)) {
        const key = after.join();
        if (seen.has(key)) continue;
        seen.add(key);
        next.push(after);
      }
    }
    level = next;
  }
  return { states: seen.size, violation: null, steps: 0 };
}

class Run {
  private readonly model: Model;
  private readonly machine: AcceptorMachine;
  private readonly membership: Membership;
  private readonly pasts = new Register<Past>();
  private readonly messages = new Register<Message | null>();
  private readonly delivered = new Map<number, number>();
  private readonly proposed = new Map<string, number>();
  private readonly judged = new Map<string, string | null>();

  constructor(model: Model) {
    this.model = model;
    this.machine = model.acceptor ?? shipped;
    const participants = Array.from({ length: model.branches }, (_, at) => `P${at + 1}`);
    this.membership = { coordinator: LEADER, participants, group: { version: 1, acceptors } };
    this.past({ state: null, closed: null, records: [], said: Array(model.ballots).fill(null), accepted: [] });
    // 0: nothing; 1: phase 1a of whoever is meant.
    this.messages.of("", null);
    this.messages.of("1a", null);
  }

  *successors(state: State): Iterable<State> {
    const { ballots, branches } = this.model;
    for (let branch = 0; branch < branches; branch += 1) {
      const at = 3 + ballots + branch;
      if (state[at] === 0)
        for (const value of ["prepared", "aborted"] as const) yield changed(state, at, this.vote(branch, value));
    }
    for (let number = 0; number < ballots; number += 1) yield* this.leads(state, number);
    const close = this.model.closes === true ? this.closing(state) : null;
    for (let acceptor = 0; acceptor < 3; acceptor += 1) {
      const past = state[acceptor] ?? 0;
      for (let at = 3; at < state.length; at += 1) {
        const sent = state[at] ?? 0;
        if (sent === 0) continue;
        if (at < 3 + ballots) yield* this.moved(state, acceptor, this.deliver(past, FIRST_1A + at - 3));
        if (sent > 1) yield* this.moved(state, acceptor, this.deliver(past, sent));
      }
      yield* this.moved(state, acceptor, this.deliver(past, FLUSH));
      if (close !== null) yield* this.moved(state, acceptor, this.deliver(past, close));
    }
  }

  /** null: the rules hold. */
  violation(state: State): string | null {
    const key = `${state[0]} ${state[1]} ${state[2]} ${state.slice(3 + this.model.ballots).join()}`;
    const known = this.judged.get(key);
    if (known !== undefined) return known;
    const found = this.judge(state);
    this.judged.set(key, found);
    return found;
  }

  private judge(state: State): string | null {
    const { ballots } = this.model;
    const chosen = this.chosen(state);
    const outcomes = new Set<string>();
    for (const [at, node] of this.membership.participants.entries()) {
      const values = chosen.get(node) ?? new Set<Value>();
      if (values.size > 1) return `both values are chosen for ${node}`;
      if (values.has("prepared") && this.messages.all[state[3 + ballots + at] ?? 0] !== this.prepared(at))
        return `${node} commits and never prepared`;
      if (values.has("aborted")) outcomes.add("abort");
    }
    if (this.membership.participants.every((node) => chosen.get(node)?.has("prepared") === true))
      outcomes.add("commit");
    return outcomes.size > 1 ? "both outcomes" : null;
  }

  private prepared(branch: number): Message | null {
    return this.messages.all[this.vote(branch, "prepared")] ?? null;
  }

  private chosen(state: State): Map<NodeId, Set<Value>> {
    const quorum = this.model.acceptances ?? 2;
    const counts = new Map<string, number>();
    for (const past of state.slice(0, 3))
      for (const each of this.pasts.all[past]?.accepted ?? []) counts.set(each, (counts.get(each) ?? 0) + 1);
    const chosen = new Map<NodeId, Set<Value>>();
    for (const [each, count] of counts) {
      const [node = "", , value] = each.split(" ");
      if (count >= quorum) chosen.set(node, (chosen.get(node) ?? new Set()).add(value as Value));
    }
    return chosen;
  }

  private closing(state: State): number | null {
    const chosen = this.chosen(state);
    const values = this.membership.participants.map((node) => chosen.get(node));
    if (values.some((each) => each?.has("aborted") === true)) return CLOSE_ABORT;
    return values.every((each) => each?.has("prepared") === true) ? CLOSE_COMMIT : null;
  }

  private *leads(state: State, number: number): Iterable<State> {
    const at = 3 + number;
    const sent = state[at] ?? 0;
    if (sent === 0) yield changed(state, at, 1);
    if (sent === 1 || (sent > 1 && this.model.proposesTwice === true)) {
      const heard = acceptors.map((_, acceptor) => this.pasts.all[state[acceptor] ?? 0]?.said[number] ?? null);
      for (const quorum of this.model.promises === 1 ? SINGLES : PAIRS) {
        const promises = quorum.map((acceptor) => heard[acceptor] ?? null);
        const proposal = promises.includes(null) ? 0 : this.propose(number, quorum, promises as Message[]);
        if (proposal > 0) yield changed(state, at, proposal);
      }
    }
  }

  /** What the shipped leader proposes when it hears of exactly these; 0: nothing, for it was told the outcome. */
  private propose(number: number, quorum: readonly number[], promises: readonly Message[]): number {
    const key = JSON.stringify([number, quorum, promises]);
    const known = this.proposed.get(key);
    if (known !== undefined) return known;
    const env = envOf(LEADER, { incarnation: number + 1, groups: () => [this.membership.group] });
    const membership = this.model.informed === true ? this.membership : null;
    const request: Message = { kind: "outcome-request", membership };
    let step = leader.absent(env, ID, { kind: "lost" }, { kind: "message", from: "A1", body: request, expired: false });
    // With a quorum of one that one counts twice.
    const voices = quorum.length === 1 ? [0, 1] : quorum;
    for (const [at, voice] of voices.entries()) {
      let body = promises[at % promises.length];
      if (body?.kind === "forgotten" && this.model.forgottenPromises === true)
        body = { kind: "phase-1b", ballot: ballotOf(number), membership: null, casts: [], star: null, words: [] };
      if (body === undefined || step.state === null) break;
      step = leader.step(env, step.state, { kind: "message", from: acceptors[voice] ?? "", body, expired: false });
    }
    const proposal = step.sends?.find(({ body }) => body.kind === "phase-2a")?.body;
    const found = proposal === undefined ? 0 : this.messages.of(JSON.stringify(proposal), proposal);
    this.proposed.set(key, found);
    return found;
  }

  private vote(branch: number, value: Value): number {
    const message: Message = {
      kind: "phase-2a",
      ballot: BALLOT_ZERO,
      membership: this.membership,
      proposals: [{ participant: `P${branch + 1}`, value }],
      words: [],
      begins: false,
    };
    return this.messages.of(JSON.stringify(message), message);
  }

  private *moved(state: State, acceptor: number, past: number): Iterable<State> {
    if (past !== state[acceptor]) yield changed(state, acceptor, past);
  }

  private deliver(past: number, message: number): number {
    const key = past * 100_000 + (message + 100);
    const known = this.delivered.get(key);
    if (known !== undefined) return known;
    const after = this.take(this.pasts.all[past], message);
    this.delivered.set(key, after);
    return after;
  }

  private take(past: Past | undefined, message: number): number {
    if (past === undefined) throw new Error("no such past");
    const env = envOf("A1");
    const number = message - FIRST_1A;
    const isTimeout = message === FLUSH;
    if (isTimeout && (past.state === null || past.state.buffered.length === 0)) return this.past(past);
    const body =
      message === CLOSE_COMMIT || message === CLOSE_ABORT
        ? ({ kind: "close", decision: message === CLOSE_COMMIT ? "commit" : "abort" } as const)
        : number >= 0 && number < this.model.ballots && message < 0
          ? ({ kind: "phase-1a", ballot: ballotOf(number) } as const)
          : this.messages.all[message];
    const input =
      isTimeout || body === undefined || body === null
        ? ({ kind: "timeout", timer: "flush" } as const)
        : ({ kind: "message", from: LEADER, body, expired: false } as const);
    const absence =
      past.closed === null ? ({ kind: "fresh" } as const) : { kind: "closed" as const, closed: past.closed };
    const step =
      past.state === null ? this.machine.absent(env, ID, absence, input) : this.machine.step(env, past.state, input);
    if (step.ignored !== undefined) return this.past(past);
    const said = [...past.said];
    const accepted = new Set(past.accepted);
    for (const { body: answer } of step.sends ?? []) {
      if ((answer.kind === "phase-1b" || answer.kind === "forgotten") && body?.kind === "phase-1a")
        said[number] ??= answer;
      if (answer.kind !== "phase-2b") continue;
      const list =
        answer.membership === null
          ? this.membership.participants.map((participant) => ({ participant, value: "aborted" }))
          : answer.accepted;
      for (const { participant, value } of list)
        accepted.add(
          `${participant} ${answer.ballot.counter}${answer.ballot.node}${answer.ballot.incarnation} ${value}`,
        );
    }
    const records = [...past.records, ...(step.records ?? []).map(({ record }) => record)];
    // The words and timers of a state are of no matter here.
    const state = step.state === null ? null : { ...step.state, words: [], attempt: 0 };
    const closed = step.state === null ? (step.closed?.outcome ?? past.closed) : null;
    return this.past({ state, closed, records: state === null ? [] : records, said, accepted: [...accepted].sort() });
  }

  private past(past: Past): number {
    const { state, closed, said, accepted } = past;
    const sorted = state === null ? null : { ...state, casts: byName(state.casts), buffered: byName(state.buffered) };
    return this.pasts.of(JSON.stringify([sorted, closed?.outcome, said, accepted]), past);
  }
}

/** Messages that have no number of their own. */
const FLUSH = -50;
const CLOSE_COMMIT = -51;
const CLOSE_ABORT = -52;
const FIRST_1A = -20;

const PAIRS = [
  [0, 1],
  [0, 2],
  [1, 2],
] as const;
const SINGLES = [[0], [1], [2]] as const;

/** The coordinator that gave out the id: only that one may say `*`. Its lives lead a ballot each, and no death ends one. */
const LEADER = "C";

function ballotOf(number: number): { counter: number; node: NodeId; incarnation: number } {
  return { counter: 1, node: LEADER, incarnation: number + 1 };
}

/** Acceptors are alike: whichever of them has which past, it is one state. */
function changed(state: State, at: number, to: number): State {
  const after = state.map((each, index) => (index === at ? to : each));
  return at < 3 ? [...after.slice(0, 3).sort((a, b) => a - b), ...after.slice(3)] : after;
}

function byName<T extends { readonly participant: NodeId }>(list: readonly T[]): T[] {
  return list.toSorted((a, b) => (a.participant < b.participant ? -1 : 1));
}
