/** The table of docs/lab.md, of all that was run. */

import type { Entry, Found } from "./manifest.ts";

const BEGIN = "<!-- explored -->";
const END = "<!-- /explored -->";

/** The page with the table between its marks; throws where they are not there. */
export function withTable(page: string, entries: readonly Entry[]): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the page has no place for the table: ${BEGIN} … ${END}`);
  return `${page.slice(0, begin)}${BEGIN}\n\n${table(entries)}\n\n${page.slice(end)}`;
}

export function table(entries: readonly Entry[]): string {
  const head = ["machines", "budgets", "distinct states", "depth", "complete", "rules", "minutes", "peak memory"];
  const rows = entries.flatMap((entry) => (entry.found === undefined ? [] : [rowOf(entry, entry.found)]));
  const all = [head, ...rows];
  const widths = head.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[], fill = " "): string =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0, fill)).join(" | ")} |`;
  const dashes = line(
    head.map(() => "-"),
    "-",
  );
  return [line(head), dashes, ...rows.map((row) => line(row))].join("\n");
}

function rowOf({ protocol, budgets }: Entry, found: Found): readonly string[] {
  const { participants, acceptors } = budgets;
  const nodes = [
    counted(participants, "participant"),
    ...(acceptors === undefined ? [] : [counted(acceptors, "acceptor")]),
  ];
  return [
    `${protocol}, ${nodes.join(", ")}`,
    budgetWords(budgets),
    found.distinct.toLocaleString("en-US"),
    String(found.depth),
    found.stopped === null ? "yes" : `no, stopped by ${found.stopped === "seconds" ? "time" : "memory"}`,
    found.broken.length === 0
      ? found.stopped === null
        ? "hold"
        : "hold so far"
      : `broken: ${found.broken.join(", ")}`,
    found.minutes.toFixed(1),
    found.memoryMiB === null ? "–" : memoryWords(found.memoryMiB),
  ];
}

function budgetWords({ crashes, losses, duplicates, suspicions = 0, timers }: Entry["budgets"]): string {
  const messages =
    losses === "any"
      ? "any losses and copies"
      : `${counted(losses, "loss", "losses")}, ${counted(Number(duplicates), "copy", "copies")}`;
  return [
    counted(crashes, "crash", "crashes"),
    messages,
    ...(suspicions === 0 ? [] : [counted(suspicions, "suspicion")]),
    timers === "any" ? "any timers" : counted(timers, "timer"),
  ].join(", ");
}

function memoryWords(mebibytes: number): string {
  return mebibytes < 1024 ? `${mebibytes} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`;
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
