/**
 * A run of explored machines as a trace like those of real processes (trace/event.ts), so that the same judges read it
 * and the same diagrams draw it.
 */

import type { Message, ProtocolName } from "../../../protocols/index.ts";
import { Tracer, type Journal } from "../../../runtime/engine/index.ts";
import type { TraceEvent } from "../../../trace/index.ts";
import { ID, type Node } from "./model.ts";
import type { Watch } from "./turn.ts";

type AnyStep = Parameters<Watch>[0];

interface Life {
  readonly tracer: Tracer;
  readonly incarnation: number;
}

/** What nodes do, one after the other. */
export class Teller {
  readonly events: TraceEvent[] = [];
  private readonly protocol: ProtocolName;
  private readonly nodes: readonly Node[];
  private readonly lives: Life[];
  /** By node: how many rows its journal has. */
  private readonly rows: number[];
  /** By node: its last stamp. */
  private readonly stamps: number[];
  /** By letter: the stamp with which it left last. */
  private readonly sent = new Map<number, number>();

  constructor(protocol: ProtocolName, nodes: readonly Node[]) {
    this.protocol = protocol;
    this.nodes = nodes;
    this.rows = nodes.map(() => 0);
    this.stamps = nodes.map(() => 0);
    this.lives = [];
    for (const node of nodes.keys()) this.starts(node);
  }

  starts(node: number): void {
    const { name, role } = this.nodes[node] ?? { name: "", role: "participant" };
    const incarnation = (this.lives[node]?.incarnation ?? 0) + 1;
    const tracer = new Tracer({
      node: name,
      role,
      host: name,
      incarnation,
      sequence: this.rows[node] ?? 0,
      after: this.stamps[node] ?? 0,
      clock: { calendarMs: () => this.events.length },
      write: (event) => {
        this.stamps[node] = event.lamport;
        this.events.push(event);
      },
    });
    this.lives[node] = { tracer, incarnation };
  }

  /** @param letter its number. One that nobody was seen to send is one that its sender could send as it was: it does now */
  receives(node: number, letter: number, from: number, body: Message): void {
    if (!this.sent.has(letter)) this.sends(from, letter, node, body);
    const stamp = this.sent.get(letter) ?? 0;
    const envelope = { transaction: ID, protocol: this.protocol, body, stamp };
    this.tracerOf(node).received(this.nodes[from]?.name ?? "", [envelope]);
  }

  /** @param dies with its row written, and before that is known to anybody */
  steps(node: number, steps: readonly AnyStep[], dies = false): void {
    const observer = this.tracerOf(node).observer({ alarm: () => undefined, ignored: () => undefined });
    for (const step of steps) if (step.ignored === undefined) observer.stepped?.(ID, this.protocol, step);
    if (!steps.some(isForced)) return;
    if (dies) this.rows[node] = (this.rows[node] ?? 0) + 1;
    else this.flushes(node);
  }

  /** All that its journal had to write is durable. */
  flushes(node: number): void {
    const rows = (): number => (this.rows[node] = (this.rows[node] ?? 0) + 1);
    const journal = { transact: rows } as unknown as Journal;
    this.tracerOf(node)
      .journal(journal)
      .transact(() => ({ entries: [], force: true, dropBelow: 0 }));
  }

  sends(node: number, letter: number, to: number, body: Message): void {
    const network = this.tracerOf(node).network({
      send: (_to, [envelope]) => void this.sent.set(letter, envelope?.stamp ?? 0),
    });
    network.send(this.nodes[to]?.name ?? "", [{ transaction: ID, protocol: this.protocol, body }]);
  }

  /** @param isKept what it had not forced is there all the same */
  crashes(node: number, isKept: boolean): void {
    if (isKept) this.rows[node] = (this.rows[node] ?? 0) + 1;
    const { name = "" } = this.nodes[node] ?? {};
    const lamport = (this.stamps[node] ?? 0) + 1;
    this.stamps[node] = lamport;
    const incarnation = this.lives[node]?.incarnation ?? 1;
    this.events.push({
      lamport,
      node: name,
      host: name,
      incarnation,
      atMs: this.events.length,
      kind: "crash",
      why: "killed",
    });
  }

  private tracerOf(node: number): Tracer {
    const life = this.lives[node];
    if (life === undefined) throw new Error(`no node ${node}`);
    return life.tracer;
  }
}

function isForced({ records, closed }: AnyStep): boolean {
  return closed?.force === true || records?.some(({ force }) => force) === true;
}
