/** The judges see every planted bug within the schedules that the real machines pass. */
import { describe, expect, test } from "vitest";
import { capabilitiesOf } from "../../../lab/simulate/capabilities.ts";
import { found, run } from "../../../lab/simulate/schedule.ts";
import type { RuleName, Violation } from "../../../lab/simulate/judges.ts";
import { withMachines } from "../../../lab/simulate/planted.ts";
import { type Bug, bugs } from "./bugs.ts";

const SEEDS = 3_000;

async function hunt(bug: Bug, rules: readonly RuleName[]): Promise<Violation | null> {
  const { protocol = "2pc", machines = {}, ports = {} } = bug;
  return withMachines(protocol, machines, async () => {
    const capabilities = capabilitiesOf(protocol);
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { violations } = await run({ protocol, seed, capabilities, planted: ports });
      const violation = found(violations, rules);
      if (violation !== null) return violation;
    }
    return null;
  });
}

describe("a planted bug is seen:", () => {
  test.each(bugs)(
    "$name",
    async (bug) => {
      expect(await hunt(bug, bug.seenBy)).not.toBeNull();
      if (bug.writeAhead === true) expect(await hunt(bug, ["write-ahead"])).not.toBeNull();
    },
    60_000,
  );
});
