/** What is derived from proto/ is current: `npm run generate` would change nothing. */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("the types of the services and the descriptor set are current", () => {
  const program = fileURLToPath(new URL("../../../tools/generate.ts", import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [program, "--check"], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
});
