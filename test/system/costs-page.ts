/** The tables of docs/protocols.md that tell what a commit costs, as it was measured. */

import type { Counts } from "../../trace/index.ts";
import type { Setting, Topology, Placement } from "./costs.ts";

export interface Measured extends Setting {
  readonly cell: string;
}

/** Each table stands under its heading. */
const headings: Readonly<Record<Topology, Readonly<Record<Placement, string>>>> = {
  initiated: {
    apart: "### Begun by a participant, computers apart",
    together: "### Begun by a participant, computers shared",
  },
  submitted: {
    apart: "### Submitted to a coordinator, computers apart",
    together: "### Submitted to a coordinator, computers shared",
  },
};

/** Messages, delays, forced writes. Where the delays are chance, all that they may be. */
export function cellOf({ paperMessages, forcedWrites }: Counts, delays: readonly number[]): string {
  return `${paperMessages} / ${delays.join(" or ")} / ${forcedWrites}`;
}

/**
 * @returns the page with what was measured in it; the rest of its tables stays as it is
 * @throws where a table has no such row or column
 */
export function withCosts(page: string, measured: readonly Measured[]): string {
  const lines = page.split("\n");
  for (const [topology, places] of Object.entries(headings))
    for (const [placement, heading] of Object.entries(places)) {
      const here = measured.filter((each) => each.topology === topology && each.placement === placement);
      const from = lines.findIndex((line, at) => at > lines.indexOf(heading) && line.startsWith("|"));
      if (!lines.includes(heading) || from < 0) throw new Error(`no table under "${heading}"`);
      const rest = lines.slice(from).findIndex((line) => !line.startsWith("|"));
      lines.splice(from, rest, ...tableOf(lines.slice(from, from + rest), here));
    }
  return lines.join("\n");
}

function tableOf(lines: readonly string[], measured: readonly Measured[]): string[] {
  const [head = [], , ...rows] = lines.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  for (const { N, F, protocol, cell } of measured) {
    const row = rows.find(([n, f]) => n === `${N}` && f === `${F}`);
    const column = head.indexOf(`\`${protocol}\``);
    if (row === undefined || column < 0) throw new Error(`no cell for ${protocol}, N = ${N}, F = ${F}`);
    row[column] = cell;
  }
  // As the formatter of the house lays tables out.
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const lineOf = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [lineOf(head), lineOf(widths.map((width) => "-".repeat(width))), ...rows.map(lineOf)];
}
