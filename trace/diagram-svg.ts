/** A diagram as an SVG image that needs nothing else: no script, no font, no link; light or dark as the viewer is. */

import type { Column, Diagram, Row } from "./diagram-row.ts";
import { arrowOf } from "./svg-arrows.ts";
import { LEGEND_HEIGHT, legendOf } from "./svg-legend.ts";
import {
  AROUND_PILL,
  BOLD,
  GAP,
  HEAD_HEIGHT,
  MARGIN,
  Measures,
  NOTE_LINE,
  NOTE_PADDING,
  noteLines,
  noteWidth,
  PILL_STEP,
  pillOf,
  TIME_WIDTH,
  TITLE_HEIGHT,
  TITLE_SIZE,
  whyLines,
} from "./svg-measures.ts";
import { escaped, fitted, line, pill, PILL_HEIGHT, pillWidth, px, text, type Pill } from "./svg-shapes.ts";
import { ROOT, styleSheet } from "./svg-style.ts";

/** Past so many rows, names stand below the lifelines too. */
const LONG = 24;
const knownRoles = ["coordinator", "participant", "acceptor"];

/** @returns a document of its own, which may also stand inside of a page */
export function diagramSvg(diagram: Diagram): string {
  return new Drawing(diagram).document;
}

class Drawing {
  private readonly diagram: Diagram;
  private readonly measures: Measures;
  private readonly width: number;

  constructor(diagram: Diagram) {
    this.diagram = diagram;
    this.measures = new Measures(diagram);
    this.width = this.measures.width;
  }

  get document(): string {
    const { title, summary, columns, rows } = this.diagram;
    const isLong = rows.length > LONG;
    const end = this.measures.top(rows.length) + GAP;
    const legend = legendOf(rows, this.width - 2 * MARGIN, end + (isLong ? HEAD_HEIGHT : 0) + LEGEND_HEIGHT);
    const height = Math.ceil(legend.bottom + MARGIN);
    const arrows = rows.map((row, place) => arrowOf(row, place, this.measures));
    return `${[
      `<svg xmlns="http://www.w3.org/2000/svg" class="${ROOT}" role="img" aria-label="${escaped(`${title}: ${summary}`)}" width="${this.width}" height="${height}" viewBox="0 0 ${this.width} ${height}">`,
      `<title>${escaped(title)}</title>`,
      `<desc>${escaped(`Sequence diagram: ${summary}. Nodes: ${columns.map(({ node }) => node).join(", ")}.`)}</desc>`,
      `<style>${styleSheet()}</style>`,
      `<rect class="paper" width="${this.width}" height="${height}"/>`,
      text({ x: MARGIN, y: 26 }, "title", fitted(title, (this.width - 2 * MARGIN) / TITLE_SIZE)),
      text({ x: MARGIN, y: 44 }, "soft", fitted(summary, this.width - 2 * MARGIN)),
      ...columns.map((column, index) => this.lifeline(column, index, end)),
      ...this.heads(TITLE_HEIGHT),
      ...(isLong ? this.heads(end) : []),
      ...arrows.map(({ lines }) => lines),
      ...rows.map((row, place) => this.box(row, place)),
      ...arrows.map(({ labels }) => labels),
      ...this.times(),
      ...legend.shapes,
      "</svg>",
    ]
      .filter((each) => each !== "")
      .join("\n")}\n`;
  }

  private heads(y: number): string[] {
    const width = this.measures.pitch - 24;
    return this.diagram.columns.flatMap(({ node, role }, column) => {
      const x = this.measures.x(column);
      const box = `<rect class="head-box ${knownRoles.includes(role) ? role : ""}" x="${px(x - width / 2)}" y="${px(y)}" width="${px(width)}" height="${HEAD_HEIGHT}" rx="6"/>`;
      const nameY = role === "" ? y + 24 : y + 17;
      const name = `<g><title>${escaped(node)}</title>${text({ x, y: nameY }, "middle name", fitted(node, width / BOLD - GAP))}</g>`;
      return [box, name, ...(role === "" ? [] : [text({ x, y: y + 32 }, "middle role", fitted(role, width - GAP))])];
    });
  }

  private lifeline({ runs }: Column, column: number, end: number): string {
    const x = this.measures.x(column);
    const begin = TITLE_HEIGHT + HEAD_HEIGHT;
    const yOf = (place: number, isEnd: boolean): number =>
      place < 0
        ? begin
        : place >= this.diagram.rows.length
          ? end
          : isEnd
            ? this.measures.middle(place)
            : this.measures.top(place) + 12;
    const lines: string[] = [];
    let y = begin;
    for (const { from, to } of runs) {
      const [top, bottom] = [yOf(from, false), yOf(to, true)];
      if (top > y) lines.push(line({ x, y }, { x, y: top }, "down"));
      lines.push(line({ x, y: top }, { x, y: bottom }, "lifeline"));
      y = bottom;
    }
    if (y < end) lines.push(line({ x, y }, { x, y: end }, "down"));
    return lines.join("");
  }

  private times(): string[] {
    let before = "";
    return this.diagram.rows.map(({ atMs, kind }, place) => {
      const time = Math.round(atMs).toLocaleString("en-US");
      if (time === before) return "";
      before = time;
      const y = this.measures.top(place) + (kind === "message" || kind === "send" ? 24 : kind === "arrival" ? 12 : 16);
      return text({ x: MARGIN + TIME_WIDTH - 4, y }, "time", place === 0 ? `${time} ms` : time);
    });
  }

  private box(row: Row, place: number): string {
    const y = this.measures.top(place) + 4 + PILL_HEIGHT / 2;
    switch (row.kind) {
      case "step": {
        return row.marks.map((mark, index) => this.pillAt(row.column, y + index * PILL_STEP, pillOf(mark))).join("");
      }
      case "start": {
        const what = `starts, incarnation ${row.incarnation}`;
        return this.pillAt(row.column, y, { text: what, tone: "life", look: "outlined", disk: null });
      }
      case "crash": {
        const x = this.measures.x(row.column);
        const why = whyLines(row.why, this.measures.pitch).map((each, index) =>
          text({ x, y: y + PILL_HEIGHT / 2 + 14 + index * NOTE_LINE }, "label middle abort", each),
        );
        return [this.pillAt(row.column, y, { text: "crash", tone: "death", look: "solid", disk: null }), ...why].join(
          "",
        );
      }
      case "note":
        return this.note(row.text, this.measures.top(place));
      case "message":
      case "send":
      case "arrival":
        return "";
      default:
        return row satisfies never;
    }
  }

  /** On its lifeline, and on the next ones too where it is long; not outside of them all. */
  private pillAt(column: number, y: number, what: Pill): string {
    const room = 2 * this.measures.pitch - AROUND_PILL;
    const half = pillWidth(what, room) / 2;
    const [left, right] = [MARGIN + TIME_WIDTH + half, this.width - MARGIN - half];
    return pill({ x: Math.max(left, Math.min(right, this.measures.x(column))), y }, what, room);
  }

  private note(what: string, top: number): string {
    const lines = noteLines(what, this.width);
    const x = MARGIN + TIME_WIDTH;
    const height = lines.length * NOTE_LINE + 2 * NOTE_PADDING;
    return [
      `<g class="note"><rect x="${px(x)}" y="${px(top)}" width="${px(noteWidth(this.width))}" height="${height}" rx="4"/>`,
      ...lines.map((each, index) => text({ x: x + GAP, y: top + NOTE_PADDING + 12 + index * NOTE_LINE }, "", each)),
      "</g>",
    ].join("");
  }
}
