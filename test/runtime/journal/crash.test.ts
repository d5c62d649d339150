/** Protocols W1 and W2: what was reported durable is replayed after kill -9; of the unforced tail nothing need be. */
import { once } from "node:events";

import { expect, test } from "vitest";

import type { Entry } from "../../../runtime/engine/index.ts";
import { type JournalOptions, openJournal } from "../../../runtime/journal/index.ts";
import { prepared } from "./entries.ts";
import { coordinatorOptions, opened, refusal, runChild, startChild, temporaryDirectory, write } from "./journals.ts";

/** What `child.ts` writes in its turn `sequence`: the entry that waited, then the forced one. */
function turn(sequence: number): { readonly sequence: number; readonly entries: readonly Entry[] } {
  return { sequence, entries: [{ kind: "dropped", transaction: `unforced-${sequence}` }, prepared(sequence)] };
}

function turns(count: number): readonly ReturnType<typeof turn>[] {
  return Array.from({ length: count }, (_, index) => turn(index + 1));
}

const faults: readonly {
  readonly faults: NonNullable<JournalOptions["faults"]>;
  readonly reported: number;
  readonly durable: number;
}[] = [
  { faults: { killBeforeWrite: 1 }, reported: 0, durable: 0 },
  { faults: { killAfterWrite: 1 }, reported: 0, durable: 1 },
  { faults: { killBeforeWrite: 2 }, reported: 1, durable: 1 },
  { faults: { killAfterWrite: 2 }, reported: 1, durable: 2 },
  { faults: { killBeforeWrite: 7 }, reported: 6, durable: 6 },
  { faults: { killAfterWrite: 7 }, reported: 6, durable: 7 },
];

test.each(faults)(
  "killed at $faults: replays $durable turns, having reported $reported",
  ({ faults, reported, durable }) => {
    const options = coordinatorOptions(temporaryDirectory());
    const child = runChild({ file: options.file, turns: 10, atEnd: "close", faults });
    expect(child.signal).toBe("SIGKILL");
    expect(child.reported).toHaveLength(reported);
    expect(opened(options)).toMatchObject({ incarnation: 2, startSequence: durable + 1, replayed: turns(durable) });
  },
);

test("the unforced tail is lost in a crash, and the journal is whole without it", () => {
  const options = coordinatorOptions(temporaryDirectory());
  expect(runChild({ file: options.file, turns: 3, atEnd: "kill" }).reported).toEqual([1, 2, 3]);
  expect(opened(options).replayed).toEqual(turns(3));
});

test("entries that wait are written at the end, and by flush", () => {
  const options = coordinatorOptions(temporaryDirectory());
  const first = openJournal(options);
  expect(first.journal.append([prepared(1)])).toBe(1);
  expect(first.journal.append([prepared(2)])).toBe(1);
  expect(first.journal.durableSequence).toBe(0);
  first.journal.flush();
  expect(first.journal.durableSequence).toBe(1);
  first.journal.flush();
  expect(first.journal.append([prepared(3)])).toBe(2);
  first.journal.close();
  expect(opened(options).replayed).toEqual([
    { sequence: 1, entries: [prepared(1), prepared(2)] },
    { sequence: 2, entries: [prepared(3)] },
  ]);
});

test(
  "killed from outside at any moment, again and again: nothing that was reported is missing",
  { timeout: 60_000 },
  async () => {
    const options = coordinatorOptions(temporaryDirectory());
    let durable = 0;
    for (let life = 1; life <= 5; life += 1) {
      const child = startChild({ file: options.file, turns: 1_000_000, walBytes: 1024 * 1024, atEnd: "stay" });
      const exit = once(child, "exit");
      let output = "";
      for await (const chunk of child.stdout ?? []) {
        output += String(chunk);
        if (output.length > 300 * life) break;
      }
      child.kill("SIGKILL");
      await exit;
      const reported = Number(output.slice(0, output.lastIndexOf("\n")).split("\n").at(-1));
      const { journal, replayed, startSequence, incarnation } = openJournal(options);
      expect(startSequence).toBeGreaterThan(reported);
      expect(reported).toBeGreaterThan(durable);
      expect(incarnation).toBe(2 * life);
      expect([...replayed].map(({ sequence }) => sequence)).toEqual(
        Array.from({ length: startSequence - 1 }, (_, index) => index + 1),
      );
      durable = startSequence - 1;
      journal.close();
    }
  },
);

test("a second process is refused while the first lives, and named the first; after kill -9 it is let in", async () => {
  const options = coordinatorOptions(temporaryDirectory());
  const holder = startChild({ file: options.file, turns: 2, atEnd: "stay" });
  let output = "";
  for await (const chunk of holder.stdout ?? []) {
    output += String(chunk);
    if (output.includes("ready")) break;
  }
  const second = runChild({ file: options.file, turns: 1, atEnd: "close" });
  expect(second.status).toBe(75);
  expect(second.stderr).toContain(`process ${holder.pid}`);
  expect(refusal(() => openJournal(options))).toMatchObject({ reason: "JOURNAL_LOCKED", exitCode: 75 });
  const exit = once(holder, "exit");
  holder.kill("SIGKILL");
  await exit;
  expect(opened(options).replayed).toEqual(turns(2));
});

test("one process does not open a journal twice either", () => {
  const options = coordinatorOptions(temporaryDirectory());
  const first = openJournal(options);
  expect(refusal(() => openJournal(options)).reason).toBe("JOURNAL_LOCKED");
  write(first, 1);
  first.journal.close();
  expect(opened(options).startSequence).toBe(2);
});

const fullDisks = [
  { name: "in the forced write itself", redoBytes: 3_000_000, walBytes: 64 * 1024 },
  { name: "when the log is moved into the database", redoBytes: 20_000, walBytes: 512 * 1024 },
];

test.each(fullDisks)(
  "a file that may not grow, $name, stops the process with exit 74; what was reported is kept",
  ({ redoBytes, walBytes }) => {
    const options = coordinatorOptions(temporaryDirectory());
    const child = runChild({ file: options.file, turns: 500, redoBytes, walBytes, atEnd: "close" }, 1024);
    expect(child).toMatchObject({
      status: 74,
      signal: null,
      stderr: expect.stringMatching(/could not .*SQLITE_(FULL|IOERR)/) as string,
    });
    const { replayed } = opened(options);
    expect(replayed.length).toBeGreaterThanOrEqual(child.reported.length);
    expect(replayed.length).toBeLessThan(500);
  },
);

test("a disk too full to begin: refused with exit 74 before anything was served", () => {
  const options = coordinatorOptions(temporaryDirectory());
  const child = runChild({ file: options.file, turns: 1, walBytes: 4 * 1024 * 1024, atEnd: "close" }, 1024);
  expect(child).toMatchObject({ status: 74, reported: [] });
  expect(opened(options)).toMatchObject({ replayed: [] });
});
