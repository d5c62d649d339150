/**
 * One event of a trace: what a process did, in a form that every room and every language reads. A trace is a file
 * of such events, one JSON document a line; docs/trace.md lists the fields.
 */

/** Who, where and when; in every event. */
export interface Stamp {
  /** Lamport's clock: larger than that of every event that may have caused this one, also in other processes. */
  readonly lamport: number;
  readonly node: string;
  /** The computer that the node runs on: what travels between nodes of one computer is no message to count (protocols §C.8). */
  readonly host: string;
  readonly incarnation: number;
  /** Calendar milliseconds, for people. */
  readonly atMs: number;
}

/** A message's fields; bytes are given by their length alone. */
export type Fields = Readonly<Record<string, unknown>> & { readonly kind: string };

export type Happening =
  /** What follows is of this incarnation. `sequence`: the last row that its journal holds. */
  | { readonly kind: "start"; readonly role: string; readonly sequence: number }
  /** All that the node's steps had written by now, in rows up to `sequence`, will survive its end. */
  | { readonly kind: "durable"; readonly sequence: number }
  /** The event's `lamport` names the message. */
  | {
      readonly kind: "send";
      readonly transaction: string;
      readonly protocol: string;
      readonly to: string;
      readonly message: Fields;
    }
  | {
      readonly kind: "receive";
      readonly transaction: string;
      readonly protocol: string;
      readonly from: string;
      /** The send's `lamport`; null: the sender keeps no trace. */
      readonly sent: number | null;
      readonly message: Fields;
    }
  /** A machine's step. What it sends follows, when all that it forced is durable. */
  | {
      readonly kind: "step";
      readonly transaction: string;
      readonly protocol: string;
      readonly records: readonly {
        readonly kind: string;
        readonly forced: boolean;
        /** "commit" or "abort", where the record is a decision and its kind does not say which. */
        readonly decision?: string;
      }[];
      /** The end of the transaction here; null: it goes on. */
      readonly outcome: { readonly outcome: string; readonly reason: string | null; readonly forced: boolean } | null;
      /** Kinds of the messages that it wants sent. */
      readonly sends: readonly string[];
      /** What the resource was asked for: work, prepare, commit, abort, adopt. */
      readonly resource: readonly string[];
      /** What callers are told. */
      readonly answers: readonly string[];
    }
  /** The node dies, and what was not durable with it. Told by whoever kills it: a process that is killed can't. */
  | { readonly kind: "crash"; readonly why: string }
  /** Said about the run, and done by nobody: a fault that was planted, a rule that is broken. */
  | { readonly kind: "note"; readonly text: string };

export type TraceEvent = Stamp & Happening;

/** @returns the events of a file's text, in its order. A last line without its end was cut by a crash and is left out. @throws SyntaxError where a whole line is no event */
export function parseTrace(text: string): TraceEvent[] {
  const lines = text.split("\n");
  lines.pop();
  return lines.filter((line) => line !== "").map((line, at) => eventOf(line, at + 1));
}

export function traceLine(event: TraceEvent): string {
  return `${JSON.stringify(event)}\n`;
}

/** By kind, whether what else such an event needs is there. */
const shapes: Readonly<Record<Happening["kind"], (event: Readonly<Record<string, unknown>>) => boolean>> = {
  start: ({ role }) => typeof role === "string",
  durable: ({ sequence }) => typeof sequence === "number",
  send: ({ to, message, ...event }) => typeof to === "string" && isOfTransaction(event) && isMessage(message),
  receive: ({ from, message, ...event }) => typeof from === "string" && isOfTransaction(event) && isMessage(message),
  step: (event) =>
    isOfTransaction(event) && ["records", "sends", "resource", "answers"].every((field) => Array.isArray(event[field])),
  crash: ({ why }) => typeof why === "string",
  note: ({ text }) => typeof text === "string",
};

function isOfTransaction({ transaction, protocol }: Readonly<Record<string, unknown>>): boolean {
  return typeof transaction === "string" && typeof protocol === "string";
}

function isMessage(message: unknown): boolean {
  return typeof message === "object" && message !== null && typeof (message as { kind?: unknown }).kind === "string";
}

function eventOf(line: string, number: number): TraceEvent {
  const event: unknown = JSON.parse(line);
  if (typeof event !== "object" || event === null) throw new SyntaxError(`line ${number} is no event`);
  const known = event as Readonly<Record<string, unknown>>;
  const shape = Object.hasOwn(shapes, String(known["kind"])) ? shapes[known["kind"] as Happening["kind"]] : null;
  if (typeof known["node"] !== "string" || typeof known["lamport"] !== "number" || shape?.(known) !== true)
    throw new SyntaxError(`line ${number} is no event of a trace`);
  return event as TraceEvent;
}
