/**
 * The judges see every planted bug, by the rules and with the schedules that the shipped machines pass. docs/lab.md has
 * what was found from seeds drawn at random: `HUNT=1 npx vitest run test/lab/bugs.test.ts` writes that table anew.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Bug } from "../../lab/bugs/bug.ts";
import { bugs, withBug } from "../../lab/bugs/plant.ts";
import { found, type RuleName } from "../../lab/simulate/judges.ts";
import { runSchedule } from "../../lab/simulate/run.ts";
import { drawSchedule } from "../../lab/simulate/schedule.ts";

const isHunt = process.env["HUNT"] === "1";
const SEEDS = isHunt ? 300_000 : 20_000;
const BEGIN = "<!-- bugs: HUNT=1 npx vitest run test/lab/bugs.test.ts -->";
const END = "<!-- /bugs -->";
const page = new URL("../../docs/lab.md", import.meta.url);

interface Found {
  readonly rule: RuleName;
  readonly seed: number;
  readonly schedules: number;
}

function hunt(
  { name, protocol, workload = "operations" }: Bug,
  rules: readonly RuleName[],
  first: number,
): Promise<Found | null> {
  return withBug(name, protocol, async (options) => {
    for (let seed = first; seed < first + SEEDS; seed += 1) {
      const { violations } = await runSchedule(drawSchedule(protocol, seed, { workload }), {
        ...options,
        until: rules,
      });
      const violation = found(violations, rules);
      if (violation !== null) return { rule: violation.rule, seed, schedules: seed - first + 1 };
    }
    return null;
  });
}

test("there are at least thirty, and their names differ", () => {
  expect(new Set(bugs.map(({ name }) => name)).size).toBe(bugs.length);
  expect(bugs.length).toBeGreaterThanOrEqual(30);
});

// Those of the explorer are found in test/protocols: three-phase/bugs.test.ts and schedules.test.ts, paxos-commit/explore.test.ts.
test.skipIf(isHunt).each(bugs.filter(({ foundBy }) => foundBy === undefined))(
  "$name: $what",
  async (bug) => {
    expect(await hunt(bug, bug.seenBy, 1)).not.toBeNull();
    if (bug.writeAhead === true) expect(await hunt(bug, ["write-ahead"], 1)).not.toBeNull();
  },
  120_000,
);

test("the table of docs/lab.md has each of them", () => {
  const text = readFileSync(page, "utf8");
  const table = text.slice(text.indexOf(BEGIN), text.indexOf(END));
  expect([...table.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name)).toEqual(bugs.map(({ name }) => name));
});

test.runIf(isHunt)(
  "writes the table of docs/lab.md",
  async () => {
    const rows: string[][] = [["bug", "protocol", "what is wrong", "rule", "seed", "schedules"]];
    for (const bug of bugs) {
      const { name, protocol, what, seenBy, foundBy } = bug;
      const first = Math.floor(Math.random() * 1_000_000);
      const so = foundBy === undefined ? await hunt(bug, seenBy, first) : null;
      const end = so === null ? ["explorer", "–"] : [String(so.seed), so.schedules.toLocaleString("en-US")];
      rows.push([`\`${name}\``, `\`${protocol}\``, what, so?.rule ?? seenBy.join(", "), ...end]);
    }
    expect(rows.filter((row) => row[4] === "explorer")).toHaveLength(
      bugs.filter((bug) => bug.foundBy !== undefined).length,
    );
    const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0))) ?? [];
    const line = (row: readonly string[], fill = " ") =>
      `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0, fill)).join(" | ")} |`;
    const [head = [], ...rest] = rows;
    const dashes = line(
      head.map(() => "-"),
      "-",
    );
    const table = [line(head), dashes, ...rest.map((row) => line(row))].join("\n");
    const text = readFileSync(page, "utf8");
    writeFileSync(
      page,
      `${text.slice(0, text.indexOf(BEGIN))}${BEGIN}\n\n${table}\n\n${text.slice(text.indexOf(END))}`,
    );
  },
  3_600_000,
);
