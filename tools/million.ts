/** `npm run million`: a million transactions through real processes, and what they left behind. `-- --transactions N` runs as many. */

import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { transactions: { type: "string", default: "1000000" } } });
if (!(Number(values.transactions) >= 24_000)) {
  process.stderr.write("usage: npm run million -- --transactions N    (24000 or more)\n");
  process.exit(64);
}
const { status } = spawnSync(
  process.execPath,
  ["node_modules/vitest/vitest.mjs", "run", "test/system/million.test.ts"],
  { stdio: "inherit", env: { ...process.env, TRANSACTIONS: values.transactions } },
);
process.exit(status ?? 1);
