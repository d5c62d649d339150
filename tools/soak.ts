/**
 * `npm run soak -- --minutes M`: random schedules, random statements and random kills from fresh seeds, round
 * after round, until the time is over or one fails. Each round prints its seed; a failure prints how to replay.
 */

import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) {
  process.stderr.write("usage: npm run soak -- --minutes M\n");
  process.exit(64);
}

const suites = ["test/conformance", "test/participant/differential.test.ts", "test/system/kill-at-random.test.ts"];
const KILLS = 20;
const endMs = Date.now() + minutes * 60_000;
let rounds = 0;
while (Date.now() < endMs) {
  rounds += 1;
  const seed = (Date.now() % 1_000_000_000) + rounds;
  process.stdout.write(`round ${rounds}, SEED=${seed}\n`);
  const seeds = {
    SEED: String(seed),
    SEEDS: "3000",
    KILLS: String(KILLS),
    NEMCON_DIFFERENTIAL_SEED: String(seed),
    NEMCON_DIFFERENTIAL_RUNS: "300",
  };
  const env = { ...process.env, ...seeds };
  const { status } = spawnSync(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...suites], {
    stdio: "inherit",
    env,
  });
  if (status !== 0) {
    process.stdout.write(
      `round ${rounds} failed. To replay it: ${Object.entries(seeds)
        .map((pair) => pair.join("="))
        .join(" ")} npx vitest run ${suites.join(" ")}\n`,
    );
    process.exit(1);
  }
}
process.stdout.write(`${rounds} rounds passed\n`);
