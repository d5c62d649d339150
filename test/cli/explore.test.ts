/** `nemcon explore`: what scripts and people see. */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Output } from "../../cli/output.ts";
import { run } from "../../cli/program.ts";
import { Shell } from "../../cli/shell.ts";
import { nemcon } from "./nemcon.ts";

test("gives the counts as JSON, and exits 0 where every rule is kept", async () => {
  const { code, stdout, stderr } = await nemcon(["explore", "--spec", "two-phase", "--rms", "3", "--json"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout)).toEqual({
    spec: "two-phase",
    distinct: 288,
    generated: 1146,
    depth: 11,
    complete: true,
    violations: [],
    collisionProbability: expect.any(Number),
  });
});

test("takes acceptors and ballots for Paxos Commit", async () => {
  const args = ["explore", "--spec", "paxos-commit", "--rms", "2", "--acceptors", "3", "--ballots", "1", "--json"];
  expect(JSON.parse((await nemcon(args)).stdout)).toMatchObject({ distinct: 545, complete: true });
});

test("shows a shortest counterexample, and exits 1", async () => {
  const { code, stdout } = await nemcon(["explore", "--spec", "paxos-commit", "--rms", "1", "--quorum", "1"]);
  expect(code).toBe(1);
  expect(stdout).toContain("broken: refines TCommit (420 times");
  expect(stdout).toMatch(/^10 {2}RMRcvAbortMsg\(r1\) {3}r1: aborted$/m);
  expect(stdout).toContain("INVALID");
  const json = await nemcon(["explore", "--spec", "paxos-commit", "--rms", "1", "--quorum", "1", "--json"]);
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout)).toMatchObject({
    violations: expect.arrayContaining([{ rule: "refines TCommit", count: 420, trace: expect.any(Array) }]),
  });
});

test("explores the shipped machines within budgets", async () => {
  const args = ["explore", "--protocol", "2pc", "--participants", "1", "--crashes", "2"];
  const { code, stdout } = await nemcon([...args, "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    protocol: "2pc",
    budgets: { participants: 1, crashes: 2, losses: "any", duplicates: "any", suspicions: 0, timers: "any" },
    distinct: 673,
    complete: true,
    violations: [],
  });
  const counted = await nemcon([...args, "--losses", "2", "--duplicates", "1"]);
  expect(counted.stdout).toContain("1 participant; 2 crashes, 2 losses, 1 copy, 2 timers");
  expect(counted.stdout).toContain("VALID");
});

test("shows how plain three-phase commit splits one participant from its coordinator in seven steps", async () => {
  const args = ["--participants", "1", "--crashes", "0", "--losses", "1", "--suspicions", "2"];
  const { code, stdout } = await nemcon(["explore", "--protocol", "3pc-plain", ...args]);
  expect(code).toBe(1);
  expect(stdout).toContain("broken: agreement");
  expect(stdout).toMatch(/^7 {2}P1: decision timer .*aborted/m);
});

test("explores a planted bug in its own budgets until a rule is broken, or in those that are given", async () => {
  const { code, stdout } = await nemcon(["explore", "--bug", "reused-election", "--json"]);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    protocol: "3pc",
    bug: "reused-election",
    budgets: { participants: 1, crashes: 0, losses: "any" },
    distinct: 165,
    complete: false,
    violations: expect.arrayContaining([{ rule: "agreement", count: expect.any(Number), trace: expect.any(Array) }]),
  });
  const more = await nemcon(["explore", "--protocol", "3pc", "--bug", "reused-election", "--crashes", "1", "--json"]);
  expect(JSON.parse(more.stdout)).toMatchObject({ budgets: { participants: 1, crashes: 1 } });
  const shown = await nemcon(["explore", "--bug", "reused-election"]);
  expect(shown.stdout).toContain("broken: agreement");
  expect(shown.stdout).toContain("3pc with the bug reused-election can do");
});

test("writes a counterexample as a trace that is judged like any other, and draws it", async () => {
  const directory = mkdtempSync(join(tmpdir(), "nemcon-explore-"));
  try {
    const file = join(directory, "run.ndjson");
    const { stdout } = await nemcon(["explore", "--bug", "reused-election", "--trace", file]);
    expect(stdout).toMatch(/^ms +C +P1/m);
    expect(stdout).toContain(`nemcon check ${file}`);
    const judged = await nemcon(["check", file]);
    expect(judged.code).toBe(1);
    expect(judged.stdout).toMatch(/^agreement: /m);
    const none = join(directory, "none.ndjson");
    const quiet = await nemcon([
      "explore",
      "--protocol",
      "2pc",
      "--participants",
      "1",
      "--crashes",
      "0",
      "--trace",
      none,
    ]);
    expect([quiet.code, quiet.stderr]).toEqual([0, expect.stringContaining("Nothing was written")]);
    expect(existsSync(none)).toBe(false);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test.each([
  [["--bug", "lost-promise"], "nemcon simulate --bug lost-promise"],
  [["--spec", "tcommit", "--trace", "x"], "--trace is for the shipped machines"],
  [["--bug", "reused-election", "--trace", "/nowhere/x"], "can't be written to /nowhere/x"],
  [["--bug", "small-quorum", "--protocol", "2pc"], "a bug of 3pc, and not of 2pc"],
  [["--bug", "small-quorum", "--spec", "tcommit"], "--bug is for the shipped machines"],
])("refuses %j and says why", async (args, why) => {
  const { code, stderr } = await nemcon(["explore", ...args]);
  expect(code).toBe(64);
  expect(stderr).toContain(why);
});

test("where a budget is used up the verdict is unknown, and it exits 2", async () => {
  const { code, stdout } = await nemcon(["explore", "--spec", "two-phase", "--rms", "9", "--states", "1000"]);
  expect(code).toBe(2);
  expect(stdout).toContain("UNKNOWN");
  const json = await nemcon(["explore", "--spec", "two-phase", "--rms", "9", "--states", "1000", "--json"]);
  expect(JSON.parse(json.stdout)).toMatchObject({ complete: false, violations: [] });
});

test("a terminal shows how far it is; Ctrl-C ends it with what was seen", async () => {
  const stop = new AbortController();
  let stdout = "";
  let shown = "";
  const stderr = {
    isTTY: true,
    write(text: string): void {
      shown += text;
      if (text.includes("distinct states")) stop.abort();
    },
  };
  const screen = { write: (text: string) => void (stdout += text) };
  const shell = new Shell(new Output({ json: true, stdout: screen, stderr, environment: {} }));
  Object.defineProperty(shell, "signal", { value: stop.signal });
  await run(["explore", "--spec", "two-phase", "--rms", "30", "--json"], shell);
  expect(shown).toMatch(/[\d,]+ distinct states, [\d,]+ generated, depth \d+, \d+ s/);
  expect(JSON.parse(stdout)).toMatchObject({ complete: false, violations: [] });
  expect(shell.exitCode).toBe(2);
});
