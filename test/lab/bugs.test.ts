/**
 * The judges see every planted bug, by the rules and with the schedules that the shipped machines pass. docs/lab.md has
 * what was found from seeds drawn at random: `HUNT=1 npx vitest run test/lab/bugs.test.ts` writes that table anew, and
 * `HUNT=explorer` the rows of the explorer, whose bugs are explored/planted.test.ts's.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Bug } from "../../lab/bugs/bug.ts";
import { plantedModel } from "../../lab/bugs/explored.ts";
import { bugs, withBug } from "../../lab/bugs/plant.ts";
import { exploreMachines } from "../../lab/explore/machines/index.ts";
import { found, type RuleName } from "../../lab/simulate/judges.ts";
import { runSchedule } from "../../lab/simulate/run.ts";
import { drawSchedule } from "../../lab/simulate/schedule.ts";

const isHunt = process.env["HUNT"] !== undefined;
const isRandom = process.env["HUNT"] !== "explorer";
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
  { name, protocol, mixed, workload }: Bug,
  rules: readonly RuleName[],
  first: number,
): Promise<Found | null> {
  const run = mixed === true ? "mixed" : protocol;
  return withBug(name, run, async (options) => {
    for (let seed = first; seed < first + SEEDS; seed += 1) {
      const { violations } = await runSchedule(drawSchedule(run, seed, workload && { workload }), {
        ...options,
        until: rules,
      });
      const violation = found(violations, rules);
      if (violation !== null) return { rule: violation.rule, seed, schedules: seed - first + 1 };
    }
    return null;
  });
}

/** The cells of docs/lab.md: rule, seed and schedules, or steps and states. */
async function cellsOf(bug: Bug): Promise<readonly string[]> {
  // It takes more than minutes: test/protocols/paxos-commit/explore.test.ts finds it where only acceptors are explored.
  if (bug.foundBy === "explorer" && bug.explored === undefined) return [bug.seenBy.join(", "), "explorer", "–"];
  if (bug.foundBy === "explorer") {
    const { violations, distinct } = await exploreMachines(plantedModel(bug), { untilBroken: true });
    const steps = (violations[0]?.trace.length ?? 0) - 1;
    return [violations[0]?.rule ?? "", `${steps} steps`, `${distinct.toLocaleString("en-US")} states`];
  }
  const first = Math.floor(Math.random() * 1_000_000);
  const so = await hunt(bug, bug.seenBy, first);
  return [so?.rule ?? "", String(so?.seed ?? ""), so?.schedules.toLocaleString("en-US") ?? ""];
}

test("there are at least thirty, and their names differ", () => {
  expect(new Set(bugs.map(({ name }) => name)).size).toBe(bugs.length);
  expect(bugs.length).toBeGreaterThanOrEqual(30);
});

// Those of the explorer are found in explore/planted.test.ts and test/protocols/paxos-commit/explore.test.ts.
test.skipIf(isHunt).each(bugs.filter(({ foundBy }) => foundBy === undefined))(
  "$name: $what",
  async (bug) => {
    expect(await hunt(bug, bug.seenBy, 1)).not.toBeNull();
    if (bug.writeAhead === true) expect(await hunt(bug, ["write-ahead"], 1)).not.toBeNull();
  },
  120_000,
);

function tableOf(text: string): Map<string, string[]> {
  const table = text.slice(text.indexOf(BEGIN), text.indexOf(END));
  const rows = [...table.matchAll(/^\| `([^`]+)`.*$/gm)];
  return new Map(
    rows.map(([row, name = ""]) => [
      name,
      row
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    ]),
  );
}

test("the table of docs/lab.md has each of them", () => {
  expect([...tableOf(readFileSync(page, "utf8")).keys()]).toEqual(bugs.map(({ name }) => name));
});

test.runIf(isHunt)(
  "writes the table of docs/lab.md",
  async () => {
    const text = readFileSync(page, "utf8");
    const before = tableOf(text);
    const rows: string[][] = [["bug", "protocol", "what is wrong", "rule", "seed", "schedules"]];
    for (const bug of bugs) {
      const { name, protocol, mixed, what, foundBy } = bug;
      const kept = isRandom || foundBy === "explorer" ? undefined : before.get(name)?.slice(3);
      const cells = kept ?? (await cellsOf(bug));
      expect(cells, name).not.toContain("");
      rows.push([`\`${name}\``, `\`${protocol}\`${mixed === true ? ", mixed" : ""}`, what, ...cells]);
    }
    const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0))) ?? [];
    const line = (row: readonly string[], fill = " ") =>
      `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0, fill)).join(" | ")} |`;
    const [head = [], ...rest] = rows;
    const dashes = line(
      head.map(() => "-"),
      "-",
    );
    const table = [line(head), dashes, ...rest.map((row) => line(row))].join("\n");
    writeFileSync(
      page,
      `${text.slice(0, text.indexOf(BEGIN))}${BEGIN}\n\n${table}\n\n${text.slice(text.indexOf(END))}`,
    );
  },
  3_600_000,
);
