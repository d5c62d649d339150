/**
 * In which order a diagram shows events: causes before effects, what is concurrent by the calendar. A message takes
 * one row where that turns nothing round, and two where it was under way while its sender or receiver did other things.
 */

import type { Happening, Stamp, TraceEvent } from "./event.ts";

export type Of<K extends Happening["kind"]> = Stamp & Extract<Happening, { kind: K }>;

export interface Messages {
  /** Where each arrival comes from, as far as the trace has it. */
  readonly sentAs: ReadonlyMap<Of<"receive">, Of<"send">>;
  /** The first arrival of each send: others are copies. */
  readonly arrival: ReadonlyMap<Of<"send">, Of<"receive">>;
  /** Sends of one turn have the same number: their order says nothing. */
  readonly turns: ReadonlyMap<TraceEvent, number>;
}

/** @param events every one after its causes, as `mergeTraces` gives them */
export function messagesOf(events: readonly TraceEvent[]): Messages {
  const sends = new Map<string, Of<"send">>();
  const sentAs = new Map<Of<"receive">, Of<"send">>();
  const arrival = new Map<Of<"send">, Of<"receive">>();
  const turns = new Map<TraceEvent, number>();
  /** By node its last event: in a turn steps come first, then sends. */
  const last = new Map<string, TraceEvent>();
  for (const event of events) {
    if (event.kind === "send") {
      sends.set(`${event.node} ${event.lamport}`, event);
      const before = last.get(event.node);
      turns.set(event, (before?.kind === "send" ? turns.get(before) : null) ?? turns.size);
    }
    if (event.kind !== "note") last.set(event.node, event);
    if (event.kind !== "receive") continue;
    const send = sends.get(`${event.from} ${event.sent}`);
    if (send === undefined || send.to !== event.node) continue;
    sentAs.set(event, send);
    if (!arrival.has(send)) arrival.set(send, event);
  }
  return { sentAs, arrival, turns };
}

/** The same events: what no cause orders is ordered by the calendar, and then as it was. */
export function byTime(events: readonly TraceEvent[], { sentAs }: Messages): TraceEvent[] {
  const places = new Map(events.map((event, place) => [event, place]));
  const nodes = [...Map.groupBy(events, ({ node }) => node).values()].map((all) => ({ all, next: 0 }));
  const done = new Set<TraceEvent>();
  const ordered: TraceEvent[] = [];
  const isReady = (event: TraceEvent): boolean => {
    const send = event.kind === "receive" ? sentAs.get(event) : undefined;
    return send === undefined || done.has(send);
  };
  const isBefore = (a: TraceEvent, b: TraceEvent): boolean =>
    a.atMs < b.atMs || (a.atMs === b.atMs && (places.get(a) ?? 0) < (places.get(b) ?? 0));
  while (ordered.length < events.length) {
    let first: { node: (typeof nodes)[number]; event: TraceEvent } | null = null;
    for (const node of nodes) {
      const event = node.all[node.next];
      if (event === undefined || !isReady(event)) continue;
      if (first === null || isBefore(event, first.event)) first = { node, event };
    }
    // Sends stand before their arrivals, so that the foremost of what is left is always ready.
    if (first === null) throw new Error("an event waits for itself");
    first.node.next += 1;
    done.add(first.event);
    ordered.push(first.event);
  }
  return ordered;
}

/** What one row shows: an event, or a message with its arrival. */
export type Shown =
  | TraceEvent
  | {
      readonly kind: "message";
      readonly send: Of<"send">;
      readonly receive: Of<"receive">;
      /** Whose place it has. */
      readonly at: "send" | "receive";
    };

/** @param events in the order of `byTime` */
export function inRows(events: readonly TraceEvent[], messages: Messages): Shown[] {
  const rows = new Rows(events, messages);
  for (const [send, receive] of messages.arrival) rows.join(send, receive);
  return rows.shown;
}

class Rows {
  private readonly events: readonly TraceEvent[];
  private readonly turns: Messages["turns"];
  private readonly places: ReadonlyMap<TraceEvent, number>;
  /** By node, the places of its events, and by place its index there. */
  private readonly lines = new Map<string, number[]>();
  private readonly indexes = new Map<number, number>();
  /** Of each place the row that it is drawn on; at first its own. */
  private readonly drawn: number[];
  private readonly joined = new Map<number, Shown>();

  constructor(events: readonly TraceEvent[], { turns }: Messages) {
    this.events = events;
    this.turns = turns;
    this.places = new Map(events.map((event, place) => [event, place]));
    this.drawn = events.map((_, place) => place);
    for (const [place, { node, kind }] of events.entries()) {
      // What is said about the run comes between nothing that is done.
      if (kind === "note") continue;
      const line = this.lines.get(node) ?? [];
      this.lines.set(node, line);
      this.indexes.set(place, line.push(place) - 1);
    }
  }

  get shown(): Shown[] {
    return this.events.flatMap((event, place) => {
      const joined = this.joined.get(place);
      if (joined !== undefined) return [joined];
      return this.drawn[place] === place ? [event] : [];
    });
  }

  join(send: Of<"send">, receive: Of<"receive">): void {
    const [from, to] = [this.places.get(send), this.places.get(receive)];
    if (from === undefined || to === undefined || send.node === receive.node) return;
    // Where its sender did something meanwhile that leaves a trace, it must not look as if it had come at once.
    const at = this.fits(from, to, to)
      ? "receive"
      : this.isQuiet(from, to) && this.fits(from, to, from)
        ? "send"
        : null;
    if (at === null) return;
    const row = at === "send" ? from : to;
    this.drawn[from] = row;
    this.drawn[to] = row;
    this.joined.set(row, { kind: "message", send, receive, at });
  }

  /** Whether a node did nothing but send and receive between a place of its own and another one. */
  private isQuiet(own: number, until: number): boolean {
    const line = this.lineOf(own);
    for (let index = (this.indexes.get(own) ?? 0) + 1; (line[index] ?? until) < until; index += 1) {
      const kind = this.events[line[index] ?? own]?.kind;
      if (kind !== "send" && kind !== "receive") return false;
    }
    return true;
  }

  /** Whether both lifelines keep their order with the message on that row. */
  private fits(from: number, to: number, row: number): boolean {
    return [from, to].every((own) => this.keeps(own, -1, (at) => at <= row) && this.keeps(own, 1, (at) => at >= row));
  }

  /**
   * Whether the rows of what comes next to a place on its lifeline are on their side of it. What is farther away is
   * farther away, but for sends of one turn, which have no order among themselves.
   */
  private keeps(own: number, direction: 1 | -1, isRight: (row: number) => boolean): boolean {
    const line = this.lineOf(own);
    let near: number | null = null;
    for (let index = (this.indexes.get(own) ?? 0) + direction; ; index += direction) {
      const place = line[index];
      if (place === undefined || (near !== null && !this.areOfOneTurn(near, place))) return true;
      if (this.areOfOneTurn(place, own)) continue;
      if (!isRight(this.drawn[place] ?? place)) return false;
      near = place;
    }
  }

  private areOfOneTurn(a: number, b: number): boolean {
    const [one, other] = [this.events[a], this.events[b]];
    const turn = one === undefined ? undefined : this.turns.get(one);
    return turn !== undefined && other !== undefined && turn === this.turns.get(other);
  }

  private lineOf(place: number): readonly number[] {
    return this.lines.get(this.events[place]?.node ?? "") ?? [];
  }
}
