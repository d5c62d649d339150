/** The judges see every planted bug, by the rules and with the schedules that the shipped machines pass. */
import { expect, test } from "vitest";
import type { Bug } from "../../lab/bugs/bug.ts";
import { bugs, withBug } from "../../lab/bugs/plant.ts";
import { found, type RuleName, type Violation } from "../../lab/simulate/judges.ts";
import { runSchedule } from "../../lab/simulate/run.ts";
import { drawSchedule } from "../../lab/simulate/schedule.ts";

const SEEDS = 20_000;

function hunt({ name, protocol }: Bug, rules: readonly RuleName[]): Promise<Violation | null> {
  return withBug(name, protocol, async (options) => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { violations } = await runSchedule(drawSchedule(protocol, seed), { ...options, until: rules });
      const violation = found(violations, rules);
      if (violation !== null) return violation;
    }
    return null;
  });
}

test("there are at least thirty, and their names differ", () => {
  expect(new Set(bugs.map(({ name }) => name)).size).toBe(bugs.length);
  expect(bugs.length).toBeGreaterThanOrEqual(30);
});

// Those of the explorer: test/protocols/three-phase/schedules.test.ts, test/protocols/paxos-commit/explore.test.ts.
test.each(bugs.filter(({ foundBy }) => foundBy === undefined))(
  "$name: $what",
  async (bug) => {
    expect(await hunt(bug, bug.seenBy)).not.toBeNull();
    if (bug.writeAhead === true) expect(await hunt(bug, ["write-ahead"])).not.toBeNull();
  },
  120_000,
);
