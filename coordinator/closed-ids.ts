/**
 * What a coordinator says of its own ids: all below one are closed, but for the ones named (watermark.ts). It tells its
 * peers, and writes the word into its own journal where acceptors decide.
 */

import { protocols, type NodeId, type TransactionId } from "../protocols/index.ts";
import type { Engine, IdRange, Scheduler } from "../runtime/engine/index.ts";
import type { Groups } from "./groups.ts";
import type { Ids } from "./ids.ts";
import { closesAll, unknownAfter, watermarkOf, without, type Word } from "./watermark.ts";

const TICK_MS = 1_000;
/** Told again after so many of these, changed or not: an acceptor may hold what it has not heard to be closed. */
const AGAIN_TICKS = 10;

export interface ClosedIdsOptions {
  readonly node: NodeId;
  readonly incarnation: number;
  readonly engine: Engine;
  readonly groups: Groups;
  readonly ids: Ids;
  readonly scheduler: Scheduler;
  /** Ids that were begun and of which the engine has nothing yet. */
  readonly held: () => Iterable<TransactionId>;
  /** Peers whose link is up. */
  readonly up: () => Iterable<NodeId>;
  readonly send: (to: NodeId, below: TransactionId, except: readonly string[]) => void;
  /** Acceptors that no transaction needs any more were let go. */
  readonly acceptorsChanged: () => void;
}

export class ClosedIds {
  private readonly options: ClosedIdsOptions;
  /** Of earlier incarnations: what this one can't know to be closed. */
  private unknown: readonly IdRange[] = [];
  private lastNoted = "";
  /** The last word that all were told. */
  private lastTold = "";
  /** Ticks since it was last told. */
  private age = 0;
  private timer: { cancel(): void } | null = null;

  constructor(options: ClosedIdsOptions) {
    this.options = options;
  }

  /** The journal is replayed, and the groups are known. */
  begin(): void {
    if (!this.decidesAlone) {
      const { node, incarnation, engine } = this.options;
      this.unknown = unknownAfter(node, incarnation, engine.outcomes.watermark(node));
      this.learn([...engine.outcomes.entries()].map(([id]) => id));
    }
    this.later();
  }

  /** The last word of this life: ids that were not used by now never will be. */
  end(): void {
    this.timer?.cancel();
    this.note(watermarkOf(this.options.ids.end, this.open(), this.mayBeOpen));
  }

  /** Its own ids that are not over; it has no word on those of others. */
  open(): TransactionId[] {
    const { node, engine, held } = this.options;
    const prefix = `${node}.`;
    return [...engine.openIds().filter((id) => id.startsWith(prefix)), ...held()];
  }

  get mayBeOpen(): readonly IdRange[] {
    return this.decidesAlone ? [] : this.unknown;
  }

  /** Without acceptors the own log, proven complete, knows of every transaction that is not over. */
  get decidesAlone(): boolean {
    return this.options.groups.all().length === 0;
  }

  /** Something is new of these, such as their end. */
  changed(ids: readonly TransactionId[]): void {
    if (this.unknown.length > 0) this.learn(ids);
  }

  /** @param to null: all, where there is news or nothing was said for long */
  tell(to: NodeId | null): void {
    const { ids, groups, up, send, acceptorsChanged } = this.options;
    const word = watermarkOf(ids.end, this.open(), [...ids.unused(), ...this.mayBeOpen]);
    const { below, except } = word;
    const text = `${below} ${except.join(" ")}`;
    if (text !== this.lastNoted) this.note(word);
    this.lastNoted = text;
    // After the word that closes what it had, in the journal and on the links.
    const isRetired = groups.retire((from, before) => closesAll(word, from, before));
    const one = isRetired ? null : to;
    this.age += 1;
    if (one === null) {
      const isNews = text !== this.lastTold || isRetired;
      if (!isNews && this.age < AGAIN_TICKS) return;
      this.age = 0;
      this.lastTold = text;
    }
    for (const node of one === null ? up() : [one]) send(node, below, except);
    if (isRetired) acceptorsChanged();
  }

  private later(): void {
    this.timer = this.options.scheduler.after(TICK_MS, () => {
      this.tell(null);
      this.later();
    });
  }

  /** Of what no acceptor decides its log says it all: what ended is over, in whatever incarnation it was begun. */
  private learn(ids: readonly TransactionId[]): void {
    const { engine } = this.options;
    // Almost all are of this life, and above them all.
    const last = this.unknown.reduce((highest, range) => (range.last > highest ? range.last : highest), "");
    const over = ids.filter((id) => {
      if (id > last || !this.unknown.some(({ first, last }) => first <= id && id <= last) || engine.isLive(id))
        return false;
      const kept = engine.outcomes.get(id);
      return kept !== undefined && protocols[kept.protocol].acceptor === null;
    });
    if (over.length > 0) this.unknown = without(this.unknown, over);
  }

  /** Its own word in its own journal: after a restart nothing else says which of its ids are over. */
  private note({ below, except }: Word): void {
    if (!this.decidesAlone) this.options.engine.close(this.options.node, below, except);
  }
}
