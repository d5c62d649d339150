/** The rules that a trace is judged by (protocols §D.3), by the names that violations carry. */

export const rules = {
  agreement: "no two of participants, coordinators and clients learn different outcomes",
  stability: "nobody's outcome changes, across crashes neither",
  "commit validity": "a commit comes after every member's yes, and after its prepare record was durable",
  refinement: "every step is one of Gray and Lamport's TCommit, or changes nothing there",
  "write-ahead": "nothing leaves a node while a record that was to be forced is not durable",
  "client truth": "what a client is told is the outcome",
  "collected once": "votes are asked for once",
  chosen: "acceptors choose one value for a branch, in whatever ballots, and the decision follows from what is chosen",
  messages: "what arrives was sent before",
} as const;

export type Rule = keyof typeof rules;

export interface Violation {
  readonly rule: Rule;
  /** null: of no single transaction. */
  readonly transaction: string | null;
  readonly what: string;
  /** Where in the trace: the event's node and stamp. */
  readonly node: string;
  readonly lamport: number;
}
