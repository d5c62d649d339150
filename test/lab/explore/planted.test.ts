/**
 * Planted bugs that have a small model of their own are found in it, by `nemcon explore --bug NAME` as well; the shipped
 * machines keep every rule there as far.
 */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { withinBudgets } from "../../../lab/explore/machines/budgets.ts";
import { exploreMachines } from "../../../lab/explore/machines/index.ts";
import { plantedModel } from "../../../lab/bugs/explored.ts";
import { bugNamed, bugs } from "../../../lab/bugs/plant.ts";

/** What is broken first, among how many states, and after how many steps. */
type Found = readonly [bug: string, rule: string, distinct: number, steps: number];

const found: readonly Found[] = [
  ["s0-naive-timeouts", "agreement", 1069, 11],
  ["s2-unlocked-recovery", "agreement", 2905, 8],
  ["s3-without-coordinator", "agreement", 1362, 7],
  ["s4-no-abdication", "agreement", 45_864, 11],
  ["plain-precommit-unforced", "client truth", 4452, 9],
  ["precommit-unforced", "client truth", 580, 7],
  ["elected-unforced", "agreement", 107_597, 14],
  ["voter-without-record", "collected once, no alarm", 5371, 8],
  ["early-attempt-acknowledgement", "agreement", 1025, 8],
  ["small-quorum", "agreement", 679, 8],
  ["no-quorum-of-states", "agreement", 1311, 9],
  ["reused-election", "agreement", 165, 8],
  ["star-ignored", "client truth", 621_634, 25],
  ["acceptance-without-promise", "collected once, no alarm", 10_784, 9],
  ["vote-after-promise", "collected once, no alarm", 12_627, 9],
];

test("all that have such a model are here", () => {
  expect(found.map(([name]) => name).toSorted()).toEqual(
    bugs
      .filter(({ explored }) => explored !== undefined)
      .map(({ name }) => name)
      .toSorted(),
  );
});

describe.each(found)("%s", (name, rule, distinct, steps) => {
  const bug = bugNamed(name);

  test("is found", { timeout: 120_000 }, async () => {
    const exploration = await exploreMachines(plantedModel(bug), { untilBroken: true });
    expect(exploration).toMatchObject({ distinct, stopped: "broken" });
    expect(exploration.violations[0]).toMatchObject({ rule, trace: { length: steps + 1 } });
  });

  test("is not where the machines are those that ship", { timeout: 120_000 }, async () => {
    const { votes = ["yes"], ...budgets } = bug.explored ?? {};
    const shipped = withinBudgets(bug.protocol, budgets, { votes });
    expect((await exploreMachines(shipped, { states: distinct })).violations).toEqual([]);
  });
});

test.each(found.filter(([name]) => bugNamed(name).foundBy === "explorer"))(
  "docs/lab.md says how %s is found",
  (name, rule, distinct, steps) => {
    const row = readFileSync("docs/lab.md", "utf8").match(new RegExp(`^\\| \`${name}\` .*$`, "m"))?.[0];
    const cells = row?.split("|").map((cell) => cell.trim());
    expect(cells?.slice(4, 7)).toEqual([rule, `${steps} steps`, `${distinct.toLocaleString("en-US")} states`]);
  },
);
