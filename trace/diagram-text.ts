/** A diagram in plain text: lifelines and arrows of box characters, the time on the left. */

import type { Mark } from "./diagram-label.ts";
import type { Column, Diagram, Row } from "./diagram-row.ts";

/** What it should not be wider than; many nodes need more all the same. */
const MOST_CHARACTERS = 120;
const NARROWEST = 16;
const WIDEST = 34;
/** Around a message's label: both ends of its arrow, and a space on each side. */
const AROUND_LABEL = 6;
/** Before a mark's text: its sign and a space, and a space behind. */
const AROUND_MARK = 3;

const signs: Readonly<Record<Mark["kind"], string>> = { forced: "■", written: "□", answer: "→" };

/** @returns lines, each with its end */
export function diagramText(diagram: Diagram): string {
  const { title, summary, columns, rows } = diagram;
  const left = Math.max(2, ...rows.map(({ atMs }) => timeOf(atMs).length)) + 2;
  const sheet = new Sheet(columns, left, pitchOf(diagram, left));
  const lines: string[] = [];
  let before = "";
  for (const [place, row] of rows.entries()) {
    const time = timeOf(row.atMs);
    const [first = "", ...more] = sheet.lines(row, place);
    lines.push(`${(time === before ? "" : time).padStart(left - 2)}  ${first}`.trimEnd());
    lines.push(...more.map((line) => `${" ".repeat(left)}${line}`.trimEnd()));
    before = time;
  }
  const legend = legendOf(rows);
  return `${[
    title,
    summary,
    "",
    `${"ms".padStart(left - 2)}  ${sheet.words(columns.map(({ node }) => node))}`.trimEnd(),
    `${" ".repeat(left)}${sheet.words(columns.map(({ role }) => role))}`.trimEnd(),
    `${" ".repeat(left)}${sheet.lifelines(-1).join("")}`.trimEnd(),
    ...lines,
    ...(legend.length === 0 ? [] : ["", legend.join("   ")]),
  ].join("\n")}\n`;
}

function timeOf(atMs: number): string {
  return String(Math.round(atMs));
}

/** From one lifeline to the next. */
function pitchOf({ columns, rows }: Diagram, left: number): number {
  const needed = rows.flatMap((row) => {
    if (row.kind === "step") return row.marks.map(({ text }) => text.length + AROUND_MARK);
    if (row.kind === "start" || row.kind === "crash") return [lifeText(row).length + AROUND_MARK];
    if (!("label" in row) || row.from === row.to) return [];
    return [(textOf(row).length + AROUND_LABEL) / Math.abs(row.from - row.to)];
  });
  const names = columns.map(({ node }) => node.length + 2);
  const room = Math.floor((MOST_CHARACTERS - left) / Math.max(1, columns.length));
  const wanted = Math.ceil(Math.max(...needed, ...names));
  return Math.max(NARROWEST, Math.min(WIDEST, room, wanted));
}

/** A message's label; what takes two rows has its number, and what left from nowhere or came twice says so. */
function textOf(row: Extract<Row, { label: string }>): string {
  if (row.kind === "message") return row.label;
  const numbered = row.number === null ? row.label : `[${row.number}] ${row.label}`;
  if (row.kind === "send") return numbered;
  if (row.send === null) return `${numbered} from nowhere`;
  return row.isCopy ? `${numbered} again` : numbered;
}

function lifeText(row: Extract<Row, { kind: "start" | "crash" }>): string {
  return row.kind === "crash" ? `crash: ${row.why}` : `starts, incarnation ${row.incarnation}`;
}

class Sheet {
  private readonly columns: readonly Column[];
  private readonly left: number;
  private readonly pitch: number;

  constructor(columns: readonly Column[], left: number, pitch: number) {
    this.columns = columns;
    this.left = left;
    this.pitch = pitch;
  }

  /** Each above its lifeline. */
  words(words: readonly string[]): string {
    return words.map((word) => cut(word, this.pitch - 1).padEnd(this.pitch)).join("");
  }

  /** @param place of a row; -1: above the first */
  lifelines(place: number): string[] {
    return this.columns.flatMap(({ runs }) => [
      runs.some(({ from, to }) => from <= place && place <= to) ? "│" : " ",
      ...Array.from({ length: this.pitch - 1 }, () => " "),
    ]);
  }

  lines(row: Row, place: number): string[] {
    switch (row.kind) {
      case "message":
      case "send":
      case "arrival":
        return [row.from === row.to ? this.beside(place, row.to, `↻ ${textOf(row)}`) : this.arrow(row, place)].flat();
      case "step":
        return this.step(row, place);
      case "start":
        return this.beside(place, row.column, `◆ ${lifeText(row)}`);
      case "crash":
        return this.beside(place, row.column, `╳ ${lifeText(row)}`);
      case "note":
        return this.note(row.text);
      default:
        return row satisfies never;
    }
  }

  private step({ column, marks }: Extract<Row, { kind: "step" }>, place: number): string[] {
    const texts = marks.map(({ kind, text }) => `${signs[kind]} ${text}`);
    const together = texts.join("  ");
    if (together.length < this.pitch || column === this.columns.length - 1) return this.beside(place, column, together);
    return texts.flatMap((text) => this.beside(place, column, text));
  }

  /** From the lifeline on; what does not fit goes on below. */
  private beside(place: number, column: number, text: string): string[] {
    const isLast = column === this.columns.length - 1;
    const room = (isLast ? Math.max(this.pitch, MOST_CHARACTERS - this.left - column * this.pitch) : this.pitch) - 1;
    return wrapped(text, room).map((line, index) => {
      const cells = this.lifelines(place);
      put(cells, column * this.pitch + (index === 0 ? 0 : 2), line);
      return cells.join("");
    });
  }

  private note(text: string): string[] {
    return wrapped(`▸ ${text}`, MOST_CHARACTERS - this.left).map((line, index) => (index === 0 ? line : `  ${line}`));
  }

  private arrow(row: Extract<Row, { label: string }>, place: number): string {
    const cells = this.lifelines(place);
    const { from, to } = row;
    const right = to > from;
    const [start, end] = [from * this.pitch, to * this.pitch];
    const step = right ? 1 : -1;
    const isLost = row.kind === "send" && row.arrival === null;
    // Of a message that takes two rows, the half that is elsewhere is dotted.
    const isHalf = row.kind === "arrival" || (row.kind === "send" && typeof row.arrival === "number");
    const stroke = isLost || (row.kind === "send" && row.arrival === "untraced") ? "╌" : isHalf ? "┄" : "─";
    for (let at = start + step; at !== end; at += step) cells[at] = cells[at] === "│" && !isHalf ? "┼" : stroke;
    if (row.kind !== "arrival") cells[start] = right ? "├" : "┤";
    if (isLost) cells[end - step] = "✗";
    else if (row.kind !== "send" || row.arrival === "untraced") cells[end - step] = right ? "▶" : "◀";
    const room = Math.abs(end - start) - AROUND_LABEL + 1;
    const label = ` ${cut(textOf(row), room)} `;
    // At the end where it happens.
    const isAtStart = right === (row.kind !== "arrival");
    put(cells, isAtStart ? Math.min(start, end) + 2 : Math.max(start, end) - 1 - label.length, label);
    return cells.join("");
  }
}

function put(cells: string[], at: number, text: string): void {
  for (const [index, character] of Array.from(text).entries()) cells[at + index] = character;
}

function cut(text: string, room: number): string {
  const characters = Array.from(text);
  return characters.length <= room ? text : `${characters.slice(0, Math.max(0, room - 1)).join("")}…`;
}

/** Lines of at most so many characters, broken at spaces; lines after the first have room for an indent of two. */
function wrapped(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const space = room - (lines.length === 0 ? 0 : 2);
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= space || line === "") {
      line = cut(longer, space);
      continue;
    }
    lines.push(line);
    line = cut(word, room - 2);
  }
  return [...lines, line];
}

/** Only what is there. */
function legendOf(rows: readonly Row[]): string[] {
  const marks = new Set(rows.flatMap((row) => (row.kind === "step" ? row.marks.map(({ kind }) => kind) : [])));
  const has = (of: (row: Row) => boolean): boolean => rows.some(of);
  return [
    ...(marks.has("forced") ? ["■ forced write"] : []),
    ...(marks.has("written") ? ["□ written, not forced"] : []),
    ...(marks.has("answer") ? ["→ told to the client"] : []),
    ...(has((row) => row.kind === "send" && row.arrival === null) ? ["╌✗ did not arrive"] : []),
    ...(has((row) => row.kind === "send" && typeof row.arrival === "number") ? ["┄ [n] under way for longer"] : []),
    ...(has((row) => row.kind === "send" && row.arrival === "untraced") ? ["╌▶ to a node without a trace"] : []),
  ];
}
