/** What the signs of a diagram's drawing mean: below it, only those that are there. */

import type { Row } from "./diagram-row.ts";
import { MARGIN } from "./svg-measures.ts";
import { arrowhead, cross, disk, line, text, widthOf, type Point } from "./svg-shapes.ts";

export const LEGEND_HEIGHT = 22;
/** Of a sign, and with the gap to its words; then that to the next sign. */
const SIGN_WIDTH = 20;
const BEFORE_WORDS = 28;
const BEHIND_WORDS = 20;

interface Item {
  readonly words: string;
  readonly isThere: (row: Row) => boolean;
  /** @param at its left end, in the middle of its height */
  readonly sign: (at: Point) => string;
}

const has = (row: Row, kind: "forced" | "written"): boolean =>
  row.kind === "step" && row.marks.some((mark) => mark.kind === kind);
const right = ({ x, y }: Point): Point => ({ x: x + SIGN_WIDTH, y });

const items: readonly Item[] = [
  {
    words: "forced write",
    isThere: (row) => has(row, "forced"),
    sign: ({ x, y }) => disk({ x: x + 8, y: y - 5.5 }, "forced"),
  },
  {
    words: "written, not forced",
    isThere: (row) => has(row, "written"),
    sign: ({ x, y }) => disk({ x: x + 8, y: y - 5.5 }, "written"),
  },
  {
    words: "did not arrive",
    isThere: (row) => row.kind === "send" && row.arrival === null,
    sign: (at) => line(at, right(at), "arrow lost") + cross(right(at), "cross"),
  },
  {
    words: "a copy, or a node without a trace",
    isThere: (row) =>
      (row.kind === "arrival" && (row.isCopy || row.send === null)) ||
      (row.kind === "send" && row.arrival === "untraced"),
    sign: (at) => line(at, right(at), "arrow dashed") + arrowhead(at, right(at), "plain"),
  },
];

/**
 * In as many lines as it takes.
 *
 * @param room from the left margin on
 * @param top of the first line's letters the foot
 * @returns the shapes, and the foot of the last line's letters
 */
export function legendOf(rows: readonly Row[], room: number, top: number): { shapes: string[]; bottom: number } {
  const shown = items.filter(({ isThere }) => rows.some(isThere));
  const at = { x: MARGIN, y: top };
  const shapes = shown.flatMap(({ words, sign }) => {
    const width = BEFORE_WORDS + widthOf(words) + BEHIND_WORDS;
    if (at.x > MARGIN && at.x + width - BEHIND_WORDS > MARGIN + room)
      Object.assign(at, { x: MARGIN, y: at.y + LEGEND_HEIGHT });
    const shape = [sign({ x: at.x, y: at.y - 4 }), text({ x: at.x + BEFORE_WORDS, y: at.y }, "soft", words)];
    at.x += width;
    return shape;
  });
  return { shapes, bottom: shown.length === 0 ? top - LEGEND_HEIGHT : at.y };
}
