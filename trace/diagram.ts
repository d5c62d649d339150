/**
 * A trace laid out as a sequence diagram: a column for each node, a row for each thing that happens. How it is drawn is
 * the business of diagram-text.ts and diagram-svg.ts.
 */

import { clean, marksOf, messageLabel, messageTone } from "./diagram-label.ts";
import { byTime, inRows, messagesOf, type Messages, type Of, type Shown } from "./diagram-order.ts";
import type { Diagram, MessageRow, Row } from "./diagram-row.ts";
import { isUpBefore, pickedFrom, runsOf } from "./diagram-scope.ts";
import type { TraceEvent } from "./event.ts";

export interface DiagramOptions {
  /** Only what belongs to it. */
  readonly transaction?: string;
  /** Default: the transaction and its protocol. */
  readonly title?: string;
}

/** @param events of one run, in the order of `mergeTraces`: causes before effects */
export function diagramOf(events: readonly TraceEvent[], { transaction, title }: DiagramOptions = {}): Diagram {
  const messages = messagesOf(events);
  const ordered = byTime(events, messages);
  const picked = pickedFrom(ordered, transaction ?? null);
  const shown = inRows(picked, messages);
  const names = namesOf(picked);
  const columns = columnsOf(ordered, picked);
  const traced = new Set(ordered.map(({ node }) => node));
  const { rows } = new Layout({ shown, messages, columns, names, traced });
  const only = names.size === 1 ? picked.find((event) => "transaction" in event) : undefined;
  return {
    title: clean(title ?? titleOf(only, names)),
    summary: summaryOf(columns, rows),
    columns: columns.map(({ node, role }, column) => ({
      node: clean(node),
      role: clean(role),
      runs: runsOf(rows, column, isUpBefore(ordered, picked[0], node)),
    })),
    rows,
  };
}

/** So many transactions are named in a title. */
const NAMED = 6;

function titleOf(only: TraceEvent | undefined, names: ReadonlyMap<string, string>): string {
  if (only !== undefined && "transaction" in only) return `${only.transaction} under ${only.protocol}`;
  const named = [...names].slice(0, NAMED).map(([id, name]) => `${name}${id}`);
  return [...named, ...(names.size > NAMED ? [`and ${names.size - NAMED} more`] : [])].join(", ");
}

/** By transaction what labels begin with; nothing where there is only one. */
function namesOf(picked: readonly TraceEvent[]): Map<string, string> {
  const ids = [...new Set(picked.flatMap((event) => ("transaction" in event ? [event.transaction] : [])))];
  return new Map(ids.map((id, index) => [id, ids.length === 1 ? "" : `T${index + 1} `]));
}

interface Node {
  readonly node: string;
  readonly role: string;
}

const roles = ["coordinator", "participant", "acceptor"];

function columnsOf(all: readonly TraceEvent[], picked: readonly TraceEvent[]): Node[] {
  const known = new Map(all.flatMap((event) => (event.kind === "start" ? [[event.node, event.role]] : [])));
  const nodes = new Set(
    picked.flatMap((event) => {
      if (event.kind === "note") return [];
      if (event.kind === "send") return [event.node, event.to];
      return event.kind === "receive" ? [event.node, event.from] : [event.node];
    }),
  );
  const rank = (role: string): number => (roles.includes(role) ? roles.indexOf(role) : roles.length);
  return [...nodes]
    .map((node) => ({ node, role: known.get(node) ?? "" }))
    .toSorted((a, b) => rank(a.role) - rank(b.role) || a.node.localeCompare(b.node, "en", { numeric: true }));
}

interface LayoutOptions {
  readonly shown: readonly Shown[];
  readonly messages: Messages;
  readonly columns: readonly Node[];
  readonly names: ReadonlyMap<string, string>;
  /** Nodes that keep a trace. */
  readonly traced: ReadonlySet<string>;
}

/** What the time of a row is taken from. */
function eventOf(shown: Shown): TraceEvent {
  return shown.kind === "message" ? shown[shown.at] : shown;
}

/** Turns what is shown into rows, by columns. */
class Layout {
  readonly rows: readonly Row[];
  private readonly messages: Messages;
  private readonly columns: ReadonlyMap<string, number>;
  private readonly names: ReadonlyMap<string, string>;
  private readonly traced: ReadonlySet<string>;
  /** On which row an event is. */
  private readonly places: ReadonlyMap<TraceEvent, number>;
  private readonly numbers = new Map<TraceEvent, number>();
  private readonly firstMs: number;

  constructor({ shown, messages, columns, names, traced }: LayoutOptions) {
    this.messages = messages;
    this.names = names;
    this.traced = traced;
    this.columns = new Map(columns.map(({ node }, column) => [node, column]));
    this.places = new Map(
      shown.flatMap((each, row) =>
        each.kind === "message"
          ? [
              [each.send, row],
              [each.receive, row],
            ]
          : [[each, row]],
      ),
    );
    const all = shown.flatMap((each) => (each.kind === "message" ? [each.send, each.receive] : [each]));
    this.firstMs = all.reduce((least, { atMs }) => Math.min(least, atMs), Number.POSITIVE_INFINITY);
    this.rows = shown.map((each) => this.rowOf(each));
  }

  private rowOf(shown: Shown): Row {
    const event = eventOf(shown);
    const atMs = event.atMs - this.firstMs;
    const column = this.columnOf(event.node);
    switch (shown.kind) {
      case "message":
        return { kind: "message", atMs, ...this.message(shown.send, shown.send.node, shown.receive.node) };
      case "send": {
        const arrival = this.arrivalOf(shown);
        const number = typeof arrival === "number" ? this.numberOf(shown) : null;
        return { kind: "send", atMs, ...this.message(shown, shown.node, shown.to), arrival, number };
      }
      case "receive": {
        const send = this.messages.sentAs.get(shown);
        return {
          kind: "arrival",
          atMs,
          ...this.message(shown, shown.from, shown.node),
          send: (send === undefined ? undefined : this.places.get(send)) ?? null,
          number: send === undefined ? null : this.numberOf(send),
          isCopy: send !== undefined && this.messages.arrival.get(send) !== shown,
        };
      }
      case "step":
        return { kind: "step", atMs, column, marks: marksOf(shown, this.names.get(shown.transaction) ?? "") };
      case "start":
        return { kind: "start", atMs, column, incarnation: shown.incarnation };
      case "crash":
        return { kind: "crash", atMs, column, why: clean(shown.why) };
      case "note":
        return { kind: "note", atMs, text: clean(shown.text) };
      case "durable":
        throw new Error("what is durable has no row");
      default:
        return shown satisfies never;
    }
  }

  private message(event: Of<"send"> | Of<"receive">, from: string, to: string): MessageRow {
    const { message, transaction } = event;
    const label = `${this.names.get(transaction) ?? ""}${messageLabel(message)}`;
    const sent = event.kind === "send" ? event : this.messages.sentAs.get(event);
    const came = event.kind === "receive" ? event : this.messages.arrival.get(event);
    const when = [
      sent === undefined ? "" : `, sent at ${Math.round(sent.atMs - this.firstMs)} ms`,
      came === undefined ? "" : `, there at ${Math.round(came.atMs - this.firstMs)} ms`,
    ];
    return {
      from: this.columnOf(from),
      to: this.columnOf(to),
      label,
      tone: messageTone(message),
      detail: clean(`${label}: ${from} → ${to}${when.join("")}`),
    };
  }

  private arrivalOf(send: Of<"send">): number | null | "untraced" {
    const receive = this.messages.arrival.get(send);
    if (receive !== undefined) return this.places.get(receive) ?? null;
    return this.traced.has(send.to) ? null : "untraced";
  }

  private numberOf(event: TraceEvent): number {
    const number = this.numbers.get(event) ?? this.numbers.size + 1;
    this.numbers.set(event, number);
    return number;
  }

  private columnOf(node: string): number {
    return this.columns.get(node) ?? 0;
  }
}

function summaryOf(columns: readonly Node[], rows: readonly Row[]): string {
  const messages = rows.filter(({ kind }) => kind === "message" || kind === "send");
  const lost = rows.filter((row) => row.kind === "send" && row.arrival === null).length;
  const marks = rows.flatMap((row) => (row.kind === "step" ? row.marks : []));
  const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
  return [
    counted(columns.length, "node"),
    `${counted(messages.length, "message")}${lost === 0 ? "" : `, ${lost} of which did not arrive`}`,
    counted(marks.filter(({ kind }) => kind === "forced").length, "forced write"),
  ].join("; ");
}
