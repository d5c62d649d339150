/** Shapes of a diagram's drawing, as SVG: text that is escaped, arrows, pills, the disk of a written record. */

import type { Tone } from "./diagram-label.ts";

export const PILL_HEIGHT = 20;
const PILL_PADDING = 9;
const DISK_WIDTH = 10;
const DISK_GAP = 5;
const ARROW_LENGTH = 9;
const ARROW_HALF_WIDTH = 4;
const CROSS_HALF = 5;

// The viewer's font is not known: widths at 12 pixels of the widest that is common.
const NARROW = 4;
const USUAL = 7.1;
const WIDE = 8.1;
const WIDEST = 11.5;
const FULL_WIDTH = 12.5;
const BOLD = 1.1;

export interface Point {
  readonly x: number;
  readonly y: number;
}

function widthOfOne(character: string): number {
  if (/[ iljt.,:;'|!()[\]]/.test(character)) return NARROW;
  if (/[mwMW]/.test(character)) return WIDEST;
  if (/[A-Z]/.test(character)) return WIDE;
  return (character.codePointAt(0) ?? 0) > 0x2e7f ? FULL_WIDTH : USUAL;
}

/** In pixels, at a size of 12. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += widthOfOne(character);
  return width;
}

/** As much of it as the room has place for, with an ellipsis where that is not all. */
export function fitted(text: string, room: number): string {
  if (widthOf(text) <= room) return text;
  let kept = "";
  let width = widthOfOne("…");
  for (const character of text) {
    width += widthOfOne(character);
    if (width > room) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Lines of at most that width, broken at spaces. */
export function linesOf(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || widthOf(longer) <= room) line = fitted(longer, room);
    else {
      lines.push(line);
      line = fitted(word, room);
    }
  }
  return [...lines, line];
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Two digits are finer than any screen, and make the same picture the same text. */
export function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}

export function line(from: Point, to: Point, classes: string): string {
  return `<line class="${classes}" x1="${px(from.x)}" y1="${px(from.y)}" x2="${px(to.x)}" y2="${px(to.y)}"/>`;
}

export function text(at: Point, classes: string, what: string): string {
  return `<text class="${classes}" x="${px(at.x)}" y="${px(at.y)}">${escaped(what)}</text>`;
}

export function arrowhead(from: Point, tip: Point, classes: string): string {
  const length = Math.hypot(tip.x - from.x, tip.y - from.y) || 1;
  const [ux, uy] = [(tip.x - from.x) / length, (tip.y - from.y) / length];
  const [bx, by] = [tip.x - ux * ARROW_LENGTH, tip.y - uy * ARROW_LENGTH];
  const [nx, ny] = [-uy * ARROW_HALF_WIDTH, ux * ARROW_HALF_WIDTH];
  const points = [tip, { x: bx + nx, y: by + ny }, { x: bx - nx, y: by - ny }];
  return `<polygon class="head ${classes}" points="${points.map(({ x, y }) => `${px(x)},${px(y)}`).join(" ")}"/>`;
}

export function cross({ x, y }: Point, classes: string): string {
  const [low, high] = [-CROSS_HALF, CROSS_HALF];
  return [
    line({ x: x + low, y: y + low }, { x: x + high, y: y + high }, classes),
    line({ x: x + low, y: y + high }, { x: x + high, y: y + low }, classes),
  ].join("");
}

/** A cylinder, as disks are drawn; its left upper corner is the place. */
export function disk({ x, y }: Point, classes: string): string {
  const side = `M${px(x)} ${px(y + 2)}v7a5 2 0 0 0 10 0v-7`;
  return `<g class="disk ${classes}"><path d="${side}"/><ellipse cx="${px(x + DISK_WIDTH / 2)}" cy="${px(y + 2)}" rx="5" ry="2"/></g>`;
}

export interface Pill {
  readonly text: string;
  readonly tone: Tone | "life" | "death";
  /** solid: told to somebody. */
  readonly look: "outlined" | "solid";
  readonly disk: "forced" | "written" | null;
}

function aroundText(icon: Pill["disk"]): number {
  return 2 * PILL_PADDING + (icon === null ? 0 : DISK_WIDTH + DISK_GAP);
}

/** At most the room. */
export function pillWidth({ text: what, look, disk: icon }: Pill, room: number): number {
  return Math.min(room, widthOf(what) * (look === "solid" ? BOLD : 1) + aroundText(icon));
}

/** Centred on the place; what is too long for the room is cut. */
export function pill({ x, y }: Point, what: Pill, room: number): string {
  const { tone, look, disk: icon } = what;
  const width = pillWidth(what, room);
  const label = fitted(what.text, (width - aroundText(icon)) / (look === "solid" ? BOLD : 1) + 0.01);
  const left = x - width / 2;
  const textAt = { x: x + (icon === null ? 0 : (DISK_WIDTH + DISK_GAP) / 2), y: y + 4 };
  return [
    `<g class="pill ${tone} ${look}"><title>${escaped(what.text)}</title>`,
    `<rect x="${px(left)}" y="${px(y - PILL_HEIGHT / 2)}" width="${px(width)}" height="${PILL_HEIGHT}" rx="${look === "solid" ? PILL_HEIGHT / 2 : 4}"/>`,
    icon === null ? "" : disk({ x: left + PILL_PADDING, y: y - 5.5 }, icon),
    text(textAt, "middle", label),
    "</g>",
  ].join("");
}
