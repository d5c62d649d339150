/** Messages between the nodes, by number. */

import type { Message } from "../../../protocols/index.ts";
import { normal, Register, textOf, type Counters } from "./normal.ts";

export interface Letter {
  /** Places among the nodes. */
  readonly from: number;
  readonly to: number;
  readonly body: Message;
  /** It starts no work after its time. */
  readonly expires: boolean;
  /** For people. */
  readonly words: string;
}

export class Letters {
  private readonly register = new Register<Letter>();
  private readonly names: readonly string[];
  private readonly counters: Counters;

  constructor(names: readonly string[], counters: Counters) {
    this.names = names;
    this.counters = counters;
  }

  of(from: number, toName: string, body: Message, expires: boolean): number {
    const to = this.names.indexOf(toName);
    if (to < 0) throw new Error(`${this.names[from]} sends ${body.kind} to "${toName}", who is no node`);
    const plain = normal(body, this.counters);
    const words = `${wordsOf(body)} from ${this.names[from]} to ${toName}`;
    return this.register.of(textOf([from, to, plain, expires]), () => ({ from, to, body: plain, expires, words }));
  }

  at(number: number): Letter {
    return this.register.at(number);
  }
}

/** The highest ballot or election that a message opens or goes on with; 0: it does neither. */
export function roundOf(body: Message): number {
  switch (body.kind) {
    case "phase-1a":
      return body.ballot.counter;
    case "state-request":
    case "precommit":
    case "preabort":
      return body.election.round;
    default:
      return 0;
  }
}

function wordsOf(body: Message): string {
  switch (body.kind) {
    case "vote":
      return `vote ${body.vote}`;
    case "decision":
      return body.decision;
    case "ack":
      return `acknowledgement of ${body.decision}`;
    case "decision-reply":
      return `answer "${body.answer}"`;
    case "one-phase-result":
      return `result "${body.outcome}"`;
    case "state-report":
      return `state "${body.state}"`;
    case "close":
      return `close (${body.decision})`;
    case "state-request":
    case "precommit":
    case "preabort":
    case "attempt-ack":
      return `${body.kind} (election ${body.election.round}${body.election.node})`;
    case "phase-1a":
    case "phase-1b":
    case "nack":
      return `${body.kind} (ballot ${body.ballot.counter}${body.ballot.node})`;
    case "phase-2a":
      return `${body.kind} (ballot ${body.ballot.counter}${body.ballot.node}: ${valuesOf(body.membership === null ? null : body.proposals)})`;
    case "phase-2b":
      return `${body.kind} (ballot ${body.ballot.counter}${body.ballot.node}: ${valuesOf(body.membership === null ? null : body.accepted)})`;
    default:
      return body.kind;
  }
}

function valuesOf(list: readonly { readonly participant: string; readonly value: string }[] | null): string {
  if (list === null) return "* aborted";
  return list.map(({ participant, value }) => `${participant} ${value}`).join(", ");
}
