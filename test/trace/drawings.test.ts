/** Diagrams as text and as images: golden ones, and what must hold of each whatever the trace says. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { diagramOf, diagramSvg, diagramText, parseTrace, type Diagram, type TraceEvent } from "../../trace/index.ts";
import { Processes } from "./processes.ts";
import { deathAfterTheDecision } from "./stories.ts";

const golden = (file: string): string => new URL(`../golden/diagrams/${file}`, import.meta.url).pathname;

/** Of real processes: Paxos Commit, whose coordinator was killed and one of whose acceptors was gone; recorded once. */
const takeover = (): TraceEvent[] => parseTrace(readFileSync(golden("takeover.trace"), "utf8"));

const hostile = '<script>alert("&")</script>\u001b[2J\u202e\u0000';

/** So many nodes that all tell each other, under names and with words of every length. */
function crowd(nodes: number): Diagram {
  const all = new Processes();
  const names = Array.from({ length: nodes }, (_, index) => `node-${"x".repeat(index * 5)}-${index}`);
  const role = (index: number): string => ["coordinator", "participant", "acceptor"][index % 3] ?? "";
  for (const [index, name] of names.entries()) all.start(name, role(index));
  for (const from of names) {
    all.atMs += 1_234;
    for (const to of names) if (from !== to) all.pass(from, to, { kind: "state-report", state: "precommitted" });
    all.step(from, {
      records: [
        { kind: "paxos-prepare", forced: true },
        { kind: "told", forced: false },
      ],
      outcome: { outcome: "aborted", reason: "PARTICIPANT_UNREACHABLE", forced: true },
      answers: ["aborted"],
    });
    all.send(from, names[0] ?? "", "prepare");
  }
  all.at(names[1] ?? "", { kind: "note", text: "a rule is broken: ".repeat(30) });
  all.at(names[1] ?? "", { kind: "crash", why: "killed before its third forced write reached the disk" });
  return diagramOf(all.merged);
}

function withHostileWords(): Diagram {
  const all = new Processes(`T${hostile}`);
  all.start(`C${hostile}`, `coordinator${hostile}`);
  all.pass(`C${hostile}`, `P${hostile}`, { kind: hostile, vote: hostile });
  all.step(`P${hostile}`, { records: [{ kind: hostile, forced: true }], answers: [hostile] });
  all.at(`P${hostile}`, { kind: "note", text: hostile.repeat(40) });
  all.at(`P${hostile}`, { kind: "crash", why: hostile });
  return diagramOf(all.merged);
}

const diagrams: readonly (readonly [name: string, diagram: () => Diagram])[] = [
  ["death-after-the-decision", () => diagramOf(deathAfterTheDecision())],
  ["takeover", () => diagramOf(takeover(), { transaction: "c.0001.00000001" })],
];
const all: typeof diagrams = [
  ...diagrams,
  ...[1, 2, 4, 8].map((nodes) => [`${nodes} nodes`, () => crowd(nodes)] as const),
  ["hostile words", withHostileWords],
  ["nothing", () => diagramOf([])],
];

describe("golden", () => {
  test.each(diagrams)("%s, as text", async (name, diagram) => {
    await expect(diagramText(diagram())).toMatchFileSnapshot(golden(`${name}.txt`));
  });

  test.each(diagrams)("%s, as an image", async (name, diagram) => {
    await expect(diagramSvg(diagram())).toMatchFileSnapshot(golden(`${name}.svg`));
  });
});

test("docs/trace.md shows the golden one", () => {
  const page = readFileSync(new URL("../../docs/trace.md", import.meta.url), "utf8");
  expect(page).toContain(diagramText(diagramOf(deathAfterTheDecision())));
});

describe("as text", () => {
  test.each(all)("%s: no character steers a terminal, no line is ragged", (_name, diagram) => {
    const text = diagramText(diagram());
    expect(text.replaceAll("\n", "")).not.toMatch(/\p{C}/u);
    expect(text).not.toMatch(/ \n/);
  });

  test.each([1, 2, 3, 4, 5, 6, 7])("%s nodes fit into 120 characters", (nodes) => {
    const [, , ...lines] = diagramText(crowd(nodes)).split("\n");
    expect(Math.max(...lines.map((line) => Array.from(line).length))).toBeLessThanOrEqual(120);
  });

  test("a row for a crash and its reason leaves the other lifelines alone", () => {
    const lines = diagramText(diagramOf(deathAfterTheDecision())).split("\n");
    expect(lines.find((line) => line.includes("crash"))).toMatch(/^ +12 {2}╳ crash: killed.* │ +│$/);
  });
});

interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** Reads a document strictly; throws where it is not well formed. */
function tagsOf(document: string): Tag[] {
  const tags: Tag[] = [];
  const open: string[] = [];
  const rest = document.replaceAll(
    /<(\/?)([a-z]+)((?: [a-zA-Z\d-]+="[^"<]*")*)(\/?)>/g,
    (_all, end: string, name: string, attributes: string, alone: string) => {
      if (end !== "") expect(open.pop()).toBe(name);
      else {
        const pairs = [...attributes.matchAll(/ ([a-zA-Z\d-]+)="([^"]*)"/g)];
        tags.push({ name, attributes: new Map(pairs.map(([, key = "", value = ""]) => [key, value])) });
        expect(new Set(pairs.map(([, key]) => key)).size).toBe(pairs.length);
        if (alone === "") open.push(name);
      }
      return "";
    },
  );
  expect(open).toEqual([]);
  expect(rest).not.toMatch(/[<>]/);
  expect(rest.replaceAll(/&(amp|lt|gt|quot);/g, "")).not.toContain("&");
  return tags;
}

describe("as an image", () => {
  test.each(all)("%s: well formed, nothing but shapes and words", (_name, diagram) => {
    const document = diagramSvg(diagram());
    const tags = tagsOf(document);
    const known = ["svg", "title", "desc", "style", "rect", "line", "text", "g", "path", "ellipse", "polygon"];
    expect(tags.filter(({ name }) => !known.includes(name))).toEqual([]);
    expect(document.replace(' xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/https?:|url\(|@import/);
    expect(document.replaceAll("\n", "")).not.toMatch(/\p{C}/u);
  });

  test.each(all)("%s: has a name and a description, and looks by light and by dark", (_name, diagram) => {
    const document = diagramSvg(diagram());
    const [svg] = tagsOf(document);
    expect(svg?.attributes.get("role")).toBe("img");
    expect(svg?.attributes.get("aria-label")).toBeTruthy();
    expect(document).toMatch(/<title>[^<]*<\/title>\n<desc>Sequence diagram: [^<]+<\/desc>/);
    expect(document).toContain("@media (prefers-color-scheme:dark)");
  });

  test.each(all)("%s: everything is inside of it", (_name, diagram) => {
    const [svg, ...tags] = tagsOf(diagramSvg(diagram()));
    const [width, height] = ["width", "height"].map((key) => Number(svg?.attributes.get(key)));
    for (const { name, attributes } of tags) {
      const number = (key: string): number => Number(attributes.get(key) ?? 0);
      const at = JSON.stringify([name, ...attributes]);
      for (const key of ["x", "x1", "x2", "cx"]) expect(number(key), at).toBeLessThanOrEqual(width ?? 0);
      for (const key of ["y", "y1", "y2", "cy"]) expect(number(key), at).toBeLessThanOrEqual(height ?? 0);
      for (const key of ["x", "y", "x1", "y1", "x2", "y2"]) expect(number(key), at).toBeGreaterThanOrEqual(0);
      if (name === "rect") expect(number("x") + number("width"), at).toBeLessThanOrEqual(width ?? 0);
    }
  });

  test.each([2, 4, 8])("%s nodes are no wider than a screen", (nodes) => {
    const [svg] = tagsOf(diagramSvg(crowd(nodes)));
    expect(Number(svg?.attributes.get("width"))).toBeLessThanOrEqual(1_280);
  });
});
