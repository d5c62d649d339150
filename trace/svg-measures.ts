/** How large a diagram's drawing is: the columns, and each row. */

import type { Mark } from "./diagram-label.ts";
import type { Diagram, Row } from "./diagram-row.ts";
import { linesOf, widthOf, type Pill } from "./svg-shapes.ts";

export const MARGIN = 20;
export const TIME_WIDTH = 44;
export const TITLE_HEIGHT = 58;
export const HEAD_HEIGHT = 40;
export const MESSAGE_HEIGHT = 34;
const ARRIVAL_HEIGHT = 16;
export const PILL_STEP = 25;
export const NOTE_LINE = 17;
export const NOTE_PADDING = 6;
export const GAP = 8;
/** What a message falls on its way, so that it looks like one. */
const SLOPE = 7;
const UNDER_ARROW = 5;
/** What a pill's text has around it, and a gap to the next. */
export const AROUND_PILL = 44;

const NARROWEST = 128;
const WIDEST = 250;
/** What the columns together should not be wider than; many nodes need more all the same. */
const MOST_WIDTH = 1_180;
/** Both ends of an arrow beside its label. */
export const AROUND_LABEL = 34;
const AROUND_WHY = 12;
/** Of bold letters, to those that are measured. */
export const BOLD = 1.1;
const AROUND_NAME = 40;
/** Of the title's letters, to those that are measured. */
export const TITLE_SIZE = 1.3;

/** Where everything of a diagram is drawn. */
export class Measures {
  /** From one lifeline to the next. */
  readonly pitch: number;
  readonly width: number;
  private readonly rows: readonly Row[];
  /** Of each row its upper edge; at the end the lower one of the last. */
  private readonly tops: readonly number[];

  constructor(diagram: Diagram) {
    const { columns, rows, title, summary } = diagram;
    this.rows = rows;
    this.pitch = pitchOf(diagram);
    const words = Math.max(widthOf(title) * TITLE_SIZE, widthOf(summary)) + 2 * MARGIN;
    const lifelines = TIME_WIDTH + 2 * MARGIN + columns.length * this.pitch;
    this.width = Math.ceil(Math.max(lifelines, Math.min(words, MOST_WIDTH)));
    const tops = [TITLE_HEIGHT + HEAD_HEIGHT + GAP];
    for (const row of rows) tops.push((tops.at(-1) ?? 0) + heightOf(row, this.pitch, this.width));
    this.tops = tops;
  }

  /** A column's lifeline. */
  x(column: number): number {
    return MARGIN + TIME_WIDTH + (column + 0.5) * this.pitch;
  }

  /** The upper edge of a row; past the last, its lower one. */
  top(place: number): number {
    return this.tops[Math.min(place, this.tops.length - 1)] ?? 0;
  }

  middle(place: number): number {
    return (this.top(place) + this.top(place + 1)) / 2;
  }

  /** Where a message leaves its sender's lifeline. */
  leaves(place: number): number {
    return this.top(place) + MESSAGE_HEIGHT - SLOPE - UNDER_ARROW;
  }

  /** Where one meets its receiver's. */
  arrives(place: number): number {
    const row = this.rows[place];
    const isLow = row !== undefined && "label" in row && !isLabelled(row);
    return isLow ? this.top(place) + ARRIVAL_HEIGHT / 2 : this.leaves(place) + SLOPE;
  }
}

function pitchOf({ columns, rows }: Diagram): number {
  const needed = rows.flatMap((row) => {
    if (row.kind === "step") return row.marks.map((mark) => widthOf(pillOf(mark).text) + AROUND_PILL);
    if (row.kind === "start") return [widthOf("starts, incarnation 10") + AROUND_PILL];
    if (!("label" in row) || row.from === row.to) return [];
    return [(widthOf(row.label) + AROUND_LABEL) / Math.abs(row.from - row.to)];
  });
  const names = columns.map(({ node }) => widthOf(node) * BOLD + AROUND_NAME);
  const room = MOST_WIDTH / Math.max(1, columns.length);
  return Math.round(Math.max(NARROWEST, Math.min(WIDEST, room, Math.max(...needed, ...names))));
}

export function pillOf({ kind, text: what, tone }: Mark): Pill {
  return kind === "answer"
    ? { text: `client: ${what}`, tone, look: "solid", disk: null }
    : { text: what, tone, look: "outlined", disk: kind };
}

/** What a row takes from top to bottom in a drawing of that width. */
function heightOf(row: Row, pitch: number, width: number): number {
  switch (row.kind) {
    case "message":
    case "send":
      return MESSAGE_HEIGHT;
    case "arrival":
      return isLabelled(row) ? MESSAGE_HEIGHT : ARRIVAL_HEIGHT;
    case "step":
      return row.marks.length * PILL_STEP + GAP;
    case "start":
      return PILL_STEP + GAP;
    case "crash":
      return PILL_STEP + whyLines(row.why, pitch).length * NOTE_LINE + GAP;
    case "note":
      return noteLines(row.text, width).length * NOTE_LINE + 2 * NOTE_PADDING + GAP;
    default:
      return row satisfies never;
  }
}

/** The line of a message that takes two rows is drawn, and its label, where it leaves; that of a copy where it arrives. */
export function isLabelled(row: Extract<Row, { label: string }>): boolean {
  return row.kind !== "arrival" || row.send === null || row.isCopy;
}

/** Why a node crashed, below that it did. */
export function whyLines(why: string, pitch: number): string[] {
  return why === "" ? [] : linesOf(why, pitch - AROUND_WHY);
}

export function noteWidth(width: number): number {
  return width - TIME_WIDTH - 2 * MARGIN;
}

export function noteLines(text: string, width: number): string[] {
  return linesOf(text, noteWidth(width) - 2 * GAP);
}
