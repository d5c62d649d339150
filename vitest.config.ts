/** Three tiers of tests: unit (values in, values out), integration (one process), system (real processes). */
import { defineConfig } from "vitest/config";

const system = "test/system/**/*.test.ts";
const integration = "test/integration/**/*.test.ts";

export default defineConfig({
  test: {
    reporters: ["default", "./tools/tally-reporter.ts"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [integration, system],
          testTimeout: 60_000,
        },
      },
      { test: { name: "integration", include: [integration], testTimeout: 30_000, hookTimeout: 30_000 } },
      {
        test: {
          name: "system",
          include: [system],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Whole clusters, which mostly wait for disks and for each other: more than two at once do not on a small machine.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
