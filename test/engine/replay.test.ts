/** Nothing is answered before the journal is replayed (protocols W6): silence of half a log is no silence. */
import { expect, test } from "vitest";
import { protocols, type LogRecord, type Message } from "../../protocols/index.ts";
import { Engine } from "../../runtime/engine/index.ts";
import { Disk } from "../../lab/simulate/disk.ts";
import { FakeJournal } from "../../lab/simulate/journal.ts";
import { steady } from "../../lab/simulate/random.ts";
import { envOf } from "../../lab/simulate/setting.ts";
import { Timeline } from "../../lab/simulate/timeline.ts";

const ID = "C.0001.00000001";

test("what comes before the replay is taken after it, and answered from what was replayed", async () => {
  const timeline = new Timeline();
  const sent: Message[] = [];
  const told: string[] = [];
  const disk = new Disk("log of C");
  const commit: LogRecord = { kind: "commit", participants: ["P1", "P2"] };
  disk.add([{ kind: "record", transaction: ID, protocol: "2pc", record: commit }], null);
  const engine = new Engine({
    env: envOf("C", { incarnation: 2 }),
    machines: () => protocols["2pc"].coordinator,
    identity: { absence: () => ({ kind: "lost" }) },
    clock: { nowMs: () => timeline.nowMs, calendarMs: () => timeline.nowMs },
    scheduler: {
      soon: (turn) => void timeline.after(0, turn),
      after: (delayMs, fire) => timeline.after(delayMs, fire),
    },
    random: steady,
    journal: new FakeJournal(disk, {
      crashAt: () => null,
      wrote: () => undefined,
      appended: () => undefined,
      lies: () => false,
    }),
    network: { send: (_to, envelopes) => void sent.push(...envelopes.map(({ body }) => body)) },
    resource: null,
    observer: { alarm: (_id, alarm) => told.push(alarm) },
    retention: { keepMs: 1e9, maxBytes: 1e9, sweepMs: 1e6 },
    lockWaitMs: 0,
    flushMs: 100,
  });
  engine.ask(ID, "2pc", ({ outcome }) => told.push(outcome));
  engine.deliver("P1", [{ transaction: ID, protocol: "2pc", body: { kind: "inquire" } }]);
  await timeline.run(100);
  expect([sent, told]).toEqual([[], []]);

  engine.restore(disk.rows);
  await timeline.run(110);
  expect(told).toEqual(["committed"]);
  expect(new Set(sent.map((body) => (body.kind === "decision" ? body.decision : body.kind)))).toEqual(
    new Set(["commit"]),
  );
});
