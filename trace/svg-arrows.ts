/** Messages of a diagram's drawing: arrows that fall on their way, crosses where they end, labels above them. */

import type { Row } from "./diagram-row.ts";
import { AROUND_LABEL, isLabelled, type Measures } from "./svg-measures.ts";
import { arrowhead, cross, escaped, fitted, line, text, widthOf, type Point } from "./svg-shapes.ts";

type MessageRow = Extract<Row, { label: string }>;

/** From an arrow to the foot of its label. */
const LABEL_RISE = 7;
/** From a lifeline to a label that begins there. */
const LABEL_INDENT = 12;
/** Where a lost message ends before the lifeline that it does not reach. */
const SHORT_OF = 18;
/** The head hides the end of its line. */
const UNDER_HEAD = 4;

/** The arrow and its label, which is drawn above all arrows; both are empty for what is no message. */
export function arrowOf(row: Row, place: number, measures: Measures): { lines: string; labels: string } {
  if (!("label" in row) || !isLabelled(row)) return { lines: "", labels: "" };
  const title = `<title>${escaped(row.detail)}</title>`;
  const [from, to] = endsOf(row, place, measures);
  if (row.from === row.to) {
    const at = { x: from.x + LABEL_INDENT, y: to.y - LABEL_RISE };
    return { lines: "", labels: `<g>${title}${text(at, `label ${row.tone}`, `↻ ${row.label}`)}</g>` };
  }
  const sign = Math.sign(to.x - from.x);
  const isLost = row.kind === "send" && row.arrival === null;
  const isHalfKnown = row.kind === "arrival" || (row.kind === "send" && row.arrival === "untraced");
  const tip = { x: to.x - sign * (isLost ? SHORT_OF : 1), y: to.y };
  const classes = ["arrow", row.tone, ...(isLost ? ["lost"] : isHalfKnown ? ["dashed"] : [])].join(" ");
  const end = isLost ? cross(tip, "cross") : arrowhead(from, tip, row.tone);
  const stroke = line(from, isLost ? tip : { x: tip.x - sign * UNDER_HEAD, y: tip.y }, classes);
  return { lines: `<g>${title}${stroke}${end}</g>`, labels: `<g>${title}${labelOf(row, from, to, measures)}</g>` };
}

/** On the sender's lifeline, and on the receiver's. */
function endsOf(row: MessageRow, place: number, measures: Measures): [from: Point, to: Point] {
  const send = row.kind === "arrival" ? row.send : place;
  const arrival = row.kind === "send" && typeof row.arrival === "number" ? row.arrival : place;
  const to = { x: measures.x(row.to), y: measures.arrives(arrival) };
  return [{ x: measures.x(row.from), y: send === null ? to.y : measures.leaves(send) }, to];
}

/** Beside the node where it happens: over the first part of the arrow, or the last one of what arrives. */
function labelOf(row: MessageRow, from: Point, to: Point, { pitch }: Measures): string {
  const what = row.kind === "arrival" ? `${row.label} ${row.isCopy ? "again" : "from nowhere"}` : row.label;
  const [near, far] = row.kind === "arrival" ? [to, from] : [from, to];
  const sign = Math.sign(far.x - near.x);
  const span = Math.abs(far.x - near.x);
  if (widthOf(what) > pitch - AROUND_LABEL) {
    const at = { x: near.x + sign * LABEL_INDENT, y: near.y - LABEL_RISE };
    return text(at, `label ${sign < 0 ? "end " : ""}${row.tone}`, fitted(what, span - 2 * LABEL_INDENT));
  }
  // What falls over many rows has a row of its own for its label.
  const fall = row.kind === "message" ? (to.y - from.y) * (pitch / 2 / span) : 0;
  const at = { x: near.x + (sign * pitch) / 2, y: near.y + fall - LABEL_RISE };
  return text(at, `label middle ${row.tone}`, what);
}
