/** What a diagram is made of, before anybody draws it. */

import type { Mark, Tone } from "./diagram-label.ts";

export interface Diagram {
  readonly title: string;
  /** What it shows, in a sentence. */
  readonly summary: string;
  /** Coordinators, participants, acceptors. */
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

export interface Column {
  readonly node: string;
  /** "": the trace does not say. */
  readonly role: string;
  /** Rows between which the node runs; -1 is above the first one, and their number below the last. */
  readonly runs: readonly { readonly from: number; readonly to: number }[];
}

export interface MessageRow {
  /** Columns. */
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly tone: Tone;
  /** More about it, for who looks twice. */
  readonly detail: string;
}

export type Row = { /** Since the earliest event. */ readonly atMs: number } & (
  | (MessageRow & { readonly kind: "message" })
  // What takes two rows has a number, the same on both.
  /** It leaves here. `arrival`: on which row it arrives; null: nowhere in the trace; "untraced": its receiver keeps no trace. */
  | (MessageRow & {
      readonly kind: "send";
      readonly arrival: number | null | "untraced";
      readonly number: number | null;
    })
  /** It arrives here. `send`: on which row it left; null: the trace does not have it. */
  | (MessageRow & {
      readonly kind: "arrival";
      readonly send: number | null;
      readonly number: number | null;
      readonly isCopy: boolean;
    })
  | { readonly kind: "step"; readonly column: number; readonly marks: readonly Mark[] }
  | { readonly kind: "start"; readonly column: number; readonly incarnation: number }
  | { readonly kind: "crash"; readonly column: number; readonly why: string }
  | { readonly kind: "note"; readonly text: string }
);
