/** Prints `N passed, N failed` as the run's last line, for readers that take one line instead of a report. */
import type { Reporter, TestModule } from "vitest/node";

export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandled.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      // A file that did not load has no tests to count, and would otherwise pass unseen.
      if (module.errors().length > 0) count.failed += 1;
      for (const test of module.children.allTests()) count[test.result().state] += 1;
    }
    const failed = count.failed + count.pending;
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : "";
    process.once("exit", () => process.stdout.write(`\n${count.passed} passed, ${failed} failed${skipped}\n`));
  }
}
