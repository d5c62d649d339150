/**
 * Every protocol of the registry, and the safe ones side by side, unchanged real engine and wiring, random schedules
 * with every fault of protocols §0.1 W1–W3: the rules of §D.3 hold on every prefix, and after the faults stop everything
 * ends.
 */
import { expect, test } from "vitest";
import { names } from "../../lab/simulate/capabilities.ts";
import { Trace } from "../../lab/simulate/trace.ts";
import { runSchedule } from "../../lab/simulate/run.ts";
import { drawSchedule } from "../../lab/simulate/schedule.ts";

const { SEED, SEEDS, CI } = process.env;
const first = Number(SEED ?? 1);
const count = Number(SEEDS ?? (SEED === undefined ? (CI === "true" ? 10_000 : 1_500) : 1));

test.each([...names, "mixed"] as const)(
  `%s: the rules hold on seeds ${first} to ${first + count - 1}`,
  async (protocol) => {
    for (let seed = first; seed < first + count; seed += 1) {
      const { violations } = await runSchedule(drawSchedule(protocol, seed));
      if (violations.length === 0) continue;
      const trace = new Trace();
      await runSchedule(drawSchedule(protocol, seed), { probes: [trace] });
      const again = `SEED=${seed} npx vitest run test/conformance/random.test.ts -t ${protocol}`;
      expect.fail(
        `${violations.map(({ rule, what }) => `${rule}: ${what}`).join("\n")}\n\nAgain: ${again}\n\n${trace.text}`,
      );
    }
  },
  600_000,
);
