/** A process that owns a journal, for tests that kill it. Prints the sequence of each row that it was told is durable. */
import { writeSync } from "node:fs";

import { openJournal } from "../../../runtime/journal/index.ts";
import { type ChildTask, prepared } from "./entries.ts";

const task = JSON.parse(process.argv[2] ?? "") as ChildTask;
const { file, turns, redoBytes, walBytes = 64 * 1024, faults = {} } = task;

try {
  const { journal } = openJournal({
    file,
    own: true,
    cluster: "demo",
    node: "c-1",
    role: "coordinator",
    walBytes,
    faults,
  });
  for (let turn = 1; turn <= turns; turn += 1) {
    journal.append([{ kind: "dropped", transaction: `unforced-${turn}` }]);
    writeSync(1, `${journal.transact(() => ({ entries: [prepared(turn, redoBytes)], force: true }))}\n`);
  }
  if (task.atEnd === "close") journal.close();
  if (task.atEnd === "kill") {
    journal.append([prepared(turns + 1)]);
    process.kill(process.pid, "SIGKILL");
  }
  writeSync(1, "ready\n");
  if (task.atEnd === "stay") process.stdin.resume();
} catch (thrown) {
  writeSync(2, `${String(thrown)}\n`);
  process.exit(thrown instanceof Error && "exitCode" in thrown ? Number(thrown.exitCode) : 1);
}
