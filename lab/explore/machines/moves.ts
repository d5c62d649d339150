/** What each node can do next, worked out once for each state that it is ever in. */

import type { Input, Timer } from "../../../protocols/index.ts";
import { envOf } from "../../simulate/setting.ts";
import { descriptorOf, FIRST, ID, groupOf, isTimed, nodesOf, type Model, type Node, type Vote } from "./model.ts";
import { Letters, roundOf } from "./network.ts";
import { normal, Register, textOf, type Counters } from "./normal.ts";
import { crashed, siteOf, written, type Facts, type Site } from "./site.ts";
import { noted, restarted, turn, type Nature, type Turn, type Watch } from "./turn.ts";

type AnyStep = Parameters<Watch>[0];

/** What a move makes of its node, and what it lets out; sites, letters and alarms by number. */
export interface Result {
  readonly site: number;
  readonly letters: readonly number[];
  /** TOLD_COMMIT, TOLD_ABORT. */
  readonly told: number;
  /** 0: none. */
  readonly alarm: number;
  /** The alarm tells a second decision. */
  readonly isSecond: boolean;
  /** The node, if it dies after its forced write and before anything leaves it; -1: it forces none. */
  readonly dead: number;
}

export const TOLD_COMMIT = 1;
export const TOLD_ABORT = 2;

export interface Move {
  readonly label: string;
  readonly costs: "nothing" | "crash" | "timer" | "suspicion" | "duplicate";
  /**
   * word: the first coordinator has said that the id is closed. up, down: that node is. reborn: it is up in a later
   * life.
   */
  readonly needs: "nothing" | "word" | "up" | "down" | "reborn";
  readonly node: number;
  readonly result: Result;
}

/** What the system looks up in a site all the time. */
export interface Look {
  readonly node: number;
  readonly isUp: boolean;
  readonly isReborn: boolean;
  readonly isLive: boolean;
  readonly isArmed: boolean;
  readonly isForgotten: boolean;
  /** Of the first coordinator: the id is closed, and it says so. */
  readonly saysClosed: boolean;
  readonly facts: Facts;
}

export const FLUSHES = " flushes its log";

/** A ballot or an election above the highest that may be opened. */
const CUT = null;

export class Moves {
  readonly sites = new Register<Site>();
  readonly looks: Look[] = [];
  readonly letters: Letters;
  readonly alarms = new Register<string>();
  readonly nodes: readonly Node[];
  private readonly model: Model;
  private readonly natures: readonly Nature[];
  private readonly counters: Counters;
  private readonly known: (readonly Move[] | undefined)[] = [];
  /** While moves are told once more: the steps of the one that is looked at, and the one that is asked for. */
  private steps: AnyStep[] | null = null;
  private told: { readonly label: string; readonly steps: readonly AnyStep[] } | null = null;
  /** By site, and then by letter, each in time and late. */
  private readonly delivered: ((Result | null | undefined)[] | undefined)[] = [];

  constructor(model: Model) {
    this.model = model;
    this.nodes = nodesOf(model);
    this.counters = { attempts: model.coordinators };
    this.letters = new Letters(
      this.nodes.map(({ name }) => name),
      this.counters,
    );
    this.natures = this.nodes.map((node) => this.natureOf(node));
    // 0: none.
    this.alarms.of("", () => "");
  }

  /** The node before anything has happened. */
  first(node: number, vote: Vote): number {
    const isBranch = this.role(node) === "participant";
    const site = siteOf(node, isBranch ? "working" : null, vote);
    if (this.model.oneShot || !isBranch) return this.siteNumber(site);
    return this.siteNumber(this.turn(site, this.workFor()).site);
  }

  movesOf(number: number): readonly Move[] {
    const known = this.known[number];
    if (known !== undefined) return known;
    const moves = this.allMoves(this.sites.at(number), number);
    this.known[number] = moves;
    return moves;
  }

  /** null: not within the highest round. */
  deliver(number: number, letter: number, isLate: boolean): Result | null {
    const row = (this.delivered[number] ??= []);
    const key = letter * 2 + (isLate ? 1 : 0);
    const known = row[key];
    if (known !== undefined) return known;
    const site = this.sites.at(number);
    const { from, body } = this.letters.at(letter);
    const input: Input = { kind: "message", from: this.name(from), body, expired: isLate };
    const result = this.resultOf(site, this.turn(site, input));
    row[key] = result;
    return result;
  }

  name(node: number): string {
    return this.nodes[node]?.name ?? "";
  }

  /** Whether a crash that led from one site to the other left anything that was not forced. */
  keeps(before: number, after: number): boolean {
    const { disk, tail } = this.sites.at(before);
    return tail.length > 0 && textOf(this.sites.at(after).disk) !== textOf(normal(disk, this.counters));
  }

  /** The steps of a move once more. */
  stepsOf(number: number, label: string): readonly AnyStep[] {
    this.told = { label, steps: [] };
    this.watched(() => this.allMoves(this.sites.at(number), number));
    const { steps } = this.told;
    this.told = null;
    return steps;
  }

  /** The steps that a letter makes its receiver take, once more. */
  stepsOn(number: number, letter: number, isLate: boolean): readonly AnyStep[] {
    const { from, body } = this.letters.at(letter);
    const site = this.sites.at(number);
    return this.watched(() => this.turn(site, { kind: "message", from: this.name(from), body, expired: isLate }));
  }

  private watched(run: () => unknown): readonly AnyStep[] {
    const steps: AnyStep[] = [];
    this.steps = steps;
    run();
    this.steps = null;
    return steps;
  }

  private turn(site: Site, input: Input, isFirst = false): Turn {
    return turn(this.nature(site.node), site, input, isFirst, this.watch);
  }

  private get watch(): Watch | null {
    const { steps } = this;
    return steps === null ? null : (step) => steps.push(step);
  }

  private role(node: number): Node["role"] {
    return this.nature(node).role;
  }

  private nature(node: number): Nature {
    const nature = this.natures[node];
    if (nature === undefined) throw new Error(`no node ${node}`);
    return nature;
  }

  private allMoves(site: Site, number: number): Move[] {
    const moves: Move[] = [];
    const name = this.name(site.node);
    const add = (label: string, result: Result | null, more: Partial<Move> = {}): void => {
      const steps = this.steps?.splice(0) ?? [];
      if (this.told?.label === label) this.told = { label, steps };
      if (result === CUT) return;
      const isIdle = result.site === number && result.letters.length + result.told + result.alarm === 0;
      if (!isIdle) moves.push({ label, costs: "nothing", needs: "nothing", node: site.node, result, ...more });
    };
    const on = (input: Input, from = site): Result | null => this.resultOf(from, this.turn(from, input));
    if (!site.isUp) {
      add(
        `${name} starts again`,
        this.resultOf(site, restarted(this.nature(site.node), site, this.lifeAfter(site), this.watch)),
      );
      return moves;
    }
    for (const timer of site.timers) add(`${name}: ${timer} timer`, this.fired(site, timer), { costs: "timer" });
    if (this.role(site.node) === "coordinator") this.coordinatorMoves(site, on, add);
    else this.followerMoves(site, on, add);
    for (const about of this.nodes) this.suspicions(site, about, on, add);
    if (this.role(site.node) !== "coordinator" || site.isBegun || name !== FIRST)
      for (let kept = site.tail.length; kept >= 0; kept -= 1) {
        const tail = site.tail.length === 0 ? "" : `, of ${site.tail.length} unforced entries ${kept} stay`;
        add(`${name} crashes${tail}`, this.still(crashed(site, kept)), { costs: "crash" });
      }
    return moves;
  }

  private fired(site: Site, timer: Timer): Result | null {
    const without = { ...site, timers: site.timers.filter((each) => each !== timer) };
    return this.resultOf(site, this.turn(without, { kind: "timeout", timer }));
  }

  private coordinatorMoves(site: Site, on: On, add: Add): void {
    const name = this.name(site.node);
    const begin = {
      kind: "start",
      descriptor: descriptorOf(this.model, this.nodes),
      reply: 1,
      cancelled: null,
    } as const;
    if (name === FIRST && !site.isBegun) {
      if (site.life === 1)
        add(
          `the client asks ${name} to commit`,
          this.resultOf(site, this.turn({ ...site, isBegun: true }, begin, true)),
        );
      return;
    }
    const isLive = site.state !== null;
    // It goes to the coordinator that has the id; another one would only be asked by who is in doubt.
    if (name === FIRST && !isLive) add(`the client asks ${name} to commit again`, on(begin));
    if (name === FIRST && (isLive || this.model.machines.acceptor === null))
      add(`the client asks ${name} how it stands`, on({ kind: "ask", reply: 2 }));
    if (site.tail.length > 0 && !isLive) add(`${name}${FLUSHES}`, this.still(flushed(site)));
    if (!isLive && written(site).row?.until === "retention")
      add(`${name} drops the outcome`, this.still(noted(site, { kind: "forgotten" }, true)));
  }

  private followerMoves(site: Site, on: On, add: Add): void {
    const name = this.name(site.node);
    const { row, isForgotten } = written(site);
    if (!isForgotten || row !== null) {
      const closed = noted(site, { kind: "forgotten" }, false);
      const result = site.state === null ? this.still(closed) : on({ kind: "closed" }, closed);
      add(`${name} hears that the id is closed`, result, { needs: "word" });
    }
    if (this.role(site.node) !== "participant" || this.model.oneShot) return;
    const isActive = site.state !== null && this.nature(site.node).machine.view(site.state).state === "active";
    if (isActive) add(`${name} hears that ${FIRST} is back`, on({ kind: "closed" }), { needs: "reborn", node: 0 });
    add(`a late copy of its work reaches ${name}`, on(this.workFor()), { costs: "duplicate" });
  }

  private suspicions(site: Site, about: Node, on: On, add: Add): void {
    if (site.state === null) return;
    const { name, machine } = this.nature(site.node);
    const { participants, coordinator, others } = machine.view(site.state);
    if (coordinator !== about.name && !participants.includes(about.name) && others?.includes(about.name) !== true)
      return;
    const node = this.nodes.indexOf(about);
    const rest = site.suspects.filter((each) => each !== about.name);
    const isSuspected = rest.length < site.suspects.length;
    if (isSuspected) {
      const back = on({ kind: "suspicion", node: about.name, suspected: false }, { ...site, suspects: rest });
      add(`${name} has a link to ${about.name} again`, back, { needs: "up", node });
      return;
    }
    const without = { ...site, suspects: [...rest, about.name].toSorted() };
    const gone = () => on({ kind: "suspicion", node: about.name, suspected: true }, without);
    add(`${name} suspects ${about.name}`, gone(), { needs: "up", node, costs: "suspicion" });
    // Where silence has to mean death, a death is told.
    if (isTimed(this.model)) add(`${name} learns that ${about.name} is down`, gone(), { needs: "down", node });
  }

  private workFor(): Input {
    return {
      kind: "message",
      from: FIRST,
      body: { kind: "work", token: null, item: 1, work: new Uint8Array(1) },
      expired: false,
    };
  }

  private lifeAfter({ node, life }: Site): number {
    // A ballot names its leader's life; elsewhere only the first one is told apart.
    const isLeader = this.role(node) === "coordinator" && this.model.machines.acceptor !== null;
    if (isLeader) return life + 1;
    return this.role(node) === "acceptor" ? 1 : 2;
  }

  /** Nothing leaves the node. */
  private still(site: Site): Result {
    return { site: this.siteNumber(site), letters: [], told: 0, alarm: 0, isSecond: false, dead: -1 };
  }

  private resultOf(before: Site, { site, sends, told, alarm, isSecond, isForced }: Turn): Result | null {
    if (sends.some(({ body }) => roundOf(body) > this.model.rounds)) return CUT;
    const asked = sends.some(({ body }) => REQUESTS.has(body.kind));
    const isAgain = asked && (before.life > 1 || before.facts.decided !== null);
    const what = isAgain ? `${this.name(site.node)} asks for votes a second time` : alarm;
    return {
      site: this.siteNumber(site),
      letters: sends.map(({ to, body, timeoutMs }) => this.letters.of(site.node, to, body, timeoutMs !== undefined)),
      told: (told.includes("committed") ? TOLD_COMMIT : 0) | (told.includes("aborted") ? TOLD_ABORT : 0),
      alarm: this.alarms.of(what ?? "", () => what ?? ""),
      isSecond,
      dead: isForced && sends.length + told.length > 0 ? this.siteNumber(crashed(site, 0)) : -1,
    };
  }

  private siteNumber(site: Site): number {
    const { state, disk, tail } = site;
    const row = disk.row === null ? null : normal(disk.row, this.counters);
    const records = disk.records.map((record) => normal(record, this.counters));
    const plain: Site = {
      ...site,
      state: state === null ? null : normal(this.nature(site.node).used(state), this.counters),
      disk: { ...disk, row, records },
      tail: tail.map((entry) => normal(entry, this.counters)),
    };
    const text = textOf({ ...plain, timers: plain.timers.join(), disk: this.meaningOf(plain) });
    const number = this.sites.of(text, () => plain);
    this.looks[number] ??= this.lookOf(plain);
    return number;
  }

  /** What a start would make of its journal: records that come to the same are the same. */
  private meaningOf(site: Site): unknown {
    const { row, isForgotten, records } = site.disk;
    if (records.length === 0) return { row, isForgotten };
    const nature = this.nature(site.node);
    const { state, sends = [] } = nature.machine.restore(nature.envOf(site), ID, records);
    return { row, isForgotten, state: normal(state, this.counters), sends: normal(sends, this.counters) };
  }

  private lookOf(site: Site): Look {
    const { node, isUp, life, state, timers, isBegun, disk, tail, facts } = site;
    const isLive = state !== null;
    // One that leads by acceptors knows only of its own life what is over (coordinator/watermark.ts).
    const knows = life === 1 || this.model.machines.acceptor === null;
    return {
      node,
      isUp,
      isReborn: isUp && life > 1,
      isLive,
      isArmed: timers.length > 0,
      isForgotten: disk.isForgotten,
      saysClosed: node === 0 && isUp && isBegun && !isLive && tail.length === 0 && knows,
      facts,
    };
  }

  private natureOf({ name, role }: Node): Nature {
    const { machines } = this.model;
    const machine = machines[role];
    if (machine === null) throw new Error(`${this.model.protocol} has no ${role}`);
    const group = groupOf(this.nodes);
    const coordinators = this.nodes.filter((node) => node.role === "coordinator").map((node) => node.name);
    const groups = role === "coordinator" && group !== null ? [group] : [];
    return {
      name,
      role,
      machine,
      used: role === "coordinator" && group !== null ? usedByLeader : (state) => state,
      envOf: ({ life }) =>
        envOf(name, { incarnation: life, coordinators: () => coordinators, groups: () => groups, sharesLog: true }),
    };
  }
}

type On = (input: Input, from?: Site) => Result | null;
type Add = (label: string, result: Result | null, more?: Partial<Move>) => void;

const REQUESTS: ReadonlySet<string> = new Set([
  "prepare",
  "last-work",
  "commit-one-phase",
  "paxos-prepare",
  "paxos-last-work",
]);

/** A leader that knows the decision looks at no votes any more, and one that proposes at no promises. */
function usedByLeader(state: unknown): unknown {
  const leader = state as { readonly phase: string };
  if (leader.phase === "committing" || leader.phase === "aborting")
    return { ...leader, tally: [], promises: [], over: [], counter: 0, suspected: [] };
  return leader.phase === "proposing" ? { ...leader, promises: [], over: [] } : leader;
}

function flushed(site: Site): Site {
  return { ...site, disk: written(site), tail: [] };
}
