/** `nemcon simulate`: what scripts and people see. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { nemcon } from "./nemcon.ts";

const directory = mkdtempSync(join(tmpdir(), "nemcon-simulate-"));
afterAll(() => rmSync(directory, { recursive: true }));

test("counts what happened as JSON, the same each time, and exits 0", async () => {
  const args = ["simulate", "--protocol", "2pc", "--seed", "5", "--schedules", "120", "--json"];
  const { code, stdout, stderr } = await nemcon(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const document = JSON.parse(stdout) as Record<string, unknown>;
  expect(document).toMatchObject({
    seed: 5,
    schedules: 120,
    violations: [],
    hash: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
  expect(document["events"]).toBeGreaterThan(10_000);
  expect(document["eventsPerSecond"]).toBeGreaterThan(0);
  expect((document["faults"] as Record<string, number>)["crash at write"]).toBeGreaterThan(0);
  const again = JSON.parse((await nemcon([...args, "--workers", "1"])).stdout) as Record<string, unknown>;
  expect(again["hash"]).toBe(document["hash"]);
});

test("shows a planted bug with its shrunk schedule and the command that runs it again, and exits 1", async () => {
  const args = ["simulate", "--bug", "lost-promise"];
  const { code, stdout } = await nemcon(args);
  expect(code).toBe(1);
  expect(stdout).toMatch(/broken: paxos: A\d answers phase-1b/);
  expect(stdout).toContain("INVALID");
  const again = /Again: nemcon (.*)/.exec(stdout)?.[1]?.split(" ") ?? [];
  expect(again).toContain("lost-promise");
  expect((await nemcon(again)).code).toBe(1);
});

test("writes a run as a trace that nemcon check reads", async () => {
  const file = join(directory, "run.ndjson");
  const args = ["simulate", "--protocol", "3pc", "--seed", "7", "--schedules", "1", "--trace", file];
  expect((await nemcon(args)).code).toBe(0);
  expect(readFileSync(file, "utf8").split("\n").length).toBeGreaterThan(20);
  expect((await nemcon(["check", file])).code).toBe(0);
});

test("a bug of another protocol is refused with a word", async () => {
  const { code, stderr } = await nemcon(["simulate", "--protocol", "2pc", "--bug", "lost-promise"]);
  expect(code).toBe(64);
  expect(stderr).toContain('"lost-promise" is a bug of paxos-commit');
});
