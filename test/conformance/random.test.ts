/**
 * Every protocol of the registry, and the safe ones side by side, unchanged real engine and wiring, random schedules
 * with every fault of protocols §0.1 W1–W3: the rules of §D.3 hold on every prefix, and after the faults stop everything
 * ends.
 */
import { expect, test } from "vitest";
import { names, type Protocols } from "../../lab/simulate/capabilities.ts";
import { Trace } from "../../lab/simulate/trace.ts";
import { runSchedule } from "../../lab/simulate/run.ts";
import { drawSchedule, type Workload } from "../../lab/simulate/schedule.ts";

const { SEED, SEEDS, CI } = process.env;
const first = Number(SEED ?? 1);
const count = Number(SEEDS ?? (SEED === undefined ? (CI === "true" ? 10_000 : 1_500) : 1));

test.each([...names, "mixed"] as const)(
  `%s: the rules hold on seeds ${first} to ${first + count - 1}`,
  async (protocol) => expect(await broken(protocol, count)).toBe(""),
  600_000,
);

// Of mixed runs every other one moves money as it is.
const transfers = Math.ceil(count / 5);
test.each(names)(
  `%s, money: the rules hold on seeds ${first} to ${first + transfers - 1}`,
  async (protocol) => expect(await broken(protocol, transfers, "money")).toBe(""),
  600_000,
);

/** @returns the first schedule that breaks a rule, in words and as a trace; "": none does */
async function broken(protocol: Protocols, schedules: number, workload?: Workload): Promise<string> {
  const draw = (seed: number) => drawSchedule(protocol, seed, workload && { workload });
  for (let seed = first; seed < first + schedules; seed += 1) {
    const { violations } = await runSchedule(draw(seed));
    if (violations.length === 0) continue;
    const trace = new Trace();
    await runSchedule(draw(seed), { probes: [trace] });
    const name = workload === undefined ? protocol : `"${protocol}, ${workload}"`;
    const again = `SEED=${seed} npx vitest run test/conformance/random.test.ts -t ${name}`;
    return `${violations.map(({ rule, what }) => `${rule}: ${what}`).join("\n")}\n\nAgain: ${again}\n\n${trace.text}`;
  }
  return "";
}
