/** Where log lines leave: all of them and in order where somebody reads, in bounded time and memory where nobody does. */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { Lines } from "../../../runtime/logs/lines.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "nemcon-lines-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}\n`);

test("every line, in order, by itself and by a flush", async () => {
  const file = join(directory, "log");
  const fd = openSync(file, "w");
  const lines = new Lines(fd);
  const all = numbered(10_000);
  for (const line of all.slice(0, 5_000)) lines.write(line);
  await vi.waitFor(() => expect(readFileSync(file, "utf8")).toBe(all.slice(0, 5_000).join("")));
  for (const line of all.slice(5_000)) lines.write(line);
  await vi.waitFor(() => expect(readFileSync(file, "utf8")).toBe(all.join("")));
  // Before the first asynchronous write: the flush has them all.
  const another = new Lines(fd);
  lines.flush();
  another.flush();
  expect(readFileSync(file, "utf8")).toBe(all.join(""));
  closeSync(fd);
});

test("a reader that is gone: lines go nowhere, a flush returns, nothing is thrown", () => {
  const fd = openSync(join(directory, "log"), "w");
  closeSync(fd);
  const lines = new Lines(fd);
  expect(() => {
    for (const line of numbered(10)) lines.write(line);
    lines.flush();
    lines.write("more\n");
    lines.flush();
  }).not.toThrow();
});

test("a reader that stands still: memory is bounded, a flush returns, and later it is told what was dropped", async () => {
  const fifo = join(directory, "fifo");
  execFileSync("mkfifo", [fifo]);
  const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  const lines = new Lines(fd);
  const line = `${"x".repeat(1_023)}\n`;
  for (let count = 0; count < 20_000; count += 1) lines.write(line);
  const buffer = Buffer.alloc(1024 * 1024);
  let text = "";
  await vi.waitFor(
    () => {
      try {
        for (;;) text += buffer.toString("latin1", 0, readSync(fd, buffer));
      } catch {
        // Nothing there now.
      }
      expect(text).toMatch(/"msg":"\d+ lines of this log were dropped/);
    },
    { timeout: 5_000, interval: 1 },
  );
  const whole = text.split("\n").filter((each) => each.startsWith("x"));
  expect(whole.length).toBeLessThan(10_000);
  expect(new Set(whole)).toEqual(new Set([line.trim()]));
  for (let count = 0; count < 1_000; count += 1) lines.write(line);
  const startMs = performance.now();
  lines.flush();
  expect(performance.now() - startMs).toBeLessThan(5_000);
  closeSync(fd);
});

test.each([
  ["reads", false],
  ["is gone", true],
])("a process whose log's reader %s ends with its exit code", async (_what, gone) => {
  const main = fileURLToPath(new URL("fatal-process.ts", import.meta.url));
  const child = spawn(process.execPath, [main], { stdio: ["ignore", "ignore", "pipe", "ipc"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said += text));
  await once(child, "message");
  if (gone) child.stderr?.destroy();
  const closed = once(child, "close");
  child.send("end");
  expect(await closed).toEqual([74, null]);
  expect(said.includes("WRITE_FAILED")).toBe(!gone);
});
