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
const SCHEDULES = 2_000;

interface Part {
  /** To replay it. */
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

function suitesFrom(seed: number): Part {
  const environment = {
    SEED: String(seed),
    SEEDS: "3000",
    KILLS: String(KILLS),
    DIFFERENTIAL_SEED: String(seed),
    DIFFERENTIAL_RUNS: "300",
  };
  const seeds = Object.entries(environment).map((pair) => pair.join("="));
  return {
    command: [...seeds, "npx vitest run", ...suites].join(" "),
    args: ["node_modules/vitest/vitest.mjs", "run", ...suites],
    environment,
  };
}

/** On all processors; what breaks is shown shrunk, with the command that runs that one schedule again. */
function simulationFrom(seed: number, workload: "operations" | "money"): Part {
  const words = ["simulate", "--protocol", "safe", "--workload", workload, "--seed", String(seed)];
  const args = [...words, "--schedules", String(SCHEDULES)];
  return { command: `npx nemcon ${args.join(" ")}`, args: ["cli/main.ts", ...args], environment: {} };
}

const endMs = Date.now() + minutes * 60_000;
let rounds = 0;
while (Date.now() < endMs) {
  rounds += 1;
  const seed = (Date.now() % 1_000_000_000) + rounds;
  process.stdout.write(`round ${rounds}, SEED=${seed}\n`);
  const parts = [suitesFrom(seed), simulationFrom(seed, "operations"), simulationFrom(seed, "money")];
  for (const { command, args, environment } of parts) {
    const { status } = spawnSync(process.execPath, args, { stdio: "inherit", env: { ...process.env, ...environment } });
    if (status === 0) continue;
    process.stdout.write(`round ${rounds} failed. To replay it: ${command}\n`);
    process.exit(1);
  }
}
process.stdout.write(`${rounds} ${rounds === 1 ? "round" : "rounds"} passed\n`);
