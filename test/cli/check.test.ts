/** `nemcon check --diagram`: which transaction is drawn, where the drawing goes, and where the verdict does. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exit } from "../../runtime/errors/index.ts";
import { traceLine, type TraceEvent } from "../../trace/index.ts";
import { Processes } from "../trace/processes.ts";
import { deathAfterTheDecision } from "../trace/stories.ts";
import { freshDirectory, nemcon } from "./nemcon.ts";

const DIED = "c.0001.00000001";

/** A file for each node, as servers write them. */
function files(events: readonly TraceEvent[]): string[] {
  const directory = freshDirectory();
  return [...Map.groupBy(events, ({ node }) => node)].map(([node, all]) => {
    const file = join(directory, `${node}.trace`);
    writeFileSync(file, all.map(traceLine).join(""));
    return file;
  });
}

/** The second of two transactions breaks a rule: a vote before its record is there. */
function twoTransactions(): TraceEvent[] {
  const all = new Processes("c.0001.00000001");
  all.start("c", "coordinator");
  all.start("p", "participant");
  const ask = (): void => all.pass("c", "p", { kind: "prepare", participants: ["p"] });
  ask();
  all.ends("p", "aborted", false);
  all.transaction = "c.0001.00000002";
  ask();
  all.step("p", { records: [{ kind: "prepare", forced: true }] });
  all.pass("p", "c", { kind: "vote", vote: "yes" });
  return all.merged;
}

test("the only transaction of a trace is drawn as text; the verdict goes to stderr", async () => {
  const { code, stdout, stderr } = await nemcon(["check", ...files(deathAfterTheDecision()), "--diagram", "text"]);
  expect(stdout.split("\n")[0]).toBe(`${DIED} under 2pc`);
  expect(stdout).toContain("╳ crash: killed after its first");
  expect(stderr).toMatch(/^VALID: \d+ events of 1 transaction keep/);
  expect(code).toBe(0);
});

test("with --out the drawing goes there, and the verdict to stdout", async () => {
  const out = join(freshDirectory(), "one.svg");
  const given = ["check", ...files(twoTransactions()), "--diagram", "svg", "--transaction", DIED, "--out", out];
  const { stdout } = await nemcon(given);
  expect(readFileSync(out, "utf8")).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
  expect(stdout).toContain("INVALID");
  expect(stdout).not.toContain("<svg");
});

test("as JSON the drawing is part of the document", async () => {
  const { stdout } = await nemcon(["check", ...files(deathAfterTheDecision()), "--diagram", "text", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ transactions: 1, diagram: expect.stringContaining("■ forced write") });
});

test("of several transactions one must be chosen, and those that break a rule are named first", async () => {
  const { code, stderr, stdout } = await nemcon(["check", ...files(twoTransactions()), "--diagram", "text"]);
  expect({ code, stdout }).toEqual({ code: exit.usage, stdout: "" });
  expect(stderr).toContain("Which of 2 transactions");
  expect(stderr).toContain("c.0001.00000002, c.0001.00000001");
});

test("what breaks a rule stands in the drawing, where it came to light", async () => {
  const given = ["check", ...files(twoTransactions()), "--diagram", "text", "--transaction", "c.0001.00000002"];
  const { code, stdout } = await nemcon(given);
  expect(code).toBe(1);
  expect(stdout).toMatch(/■ prepare[\s\S]*▸ write-ahead: vote to c leaves p before prepare/);
  expect(stdout).not.toContain("aborted");
});

test.each([
  ["a transaction that is not there", ["--diagram", "text", "--transaction", "c.0009.00000001"], "it has c.0001"],
  ["a transaction without a drawing", ["--transaction", DIED], "it goes with --diagram"],
  ["a file without a drawing", ["--out", "x.svg"], "it goes with --diagram"],
  ["a form that there is not", ["--diagram", "png"], "Allowed choices are text, svg"],
  ["a place that can't be written", ["--diagram", "svg", "--transaction", DIED, "--out", "/"], "can't be written"],
])("%s is a mistake", async (_name, args, said) => {
  const { code, stdout, stderr } = await nemcon(["check", ...files(twoTransactions()), ...args]);
  expect({ code, stdout }).toEqual({ code: exit.usage, stdout: "" });
  expect(stderr).toContain(said);
});

test("a trace without a transaction has nothing to draw", async () => {
  const all = new Processes();
  all.start("c", "coordinator");
  const { code, stderr } = await nemcon(["check", ...files(all.merged), "--diagram", "svg"]);
  expect(code).toBe(exit.usage);
  expect(stderr).toContain("no transaction");
});

test("says how many events were not judged, since a sender's file ends before what they rest on", async () => {
  const all = twoTransactions();
  // The file of c was read after its first message, and that of p at the end.
  const first = all.findIndex(({ node, kind }) => node === "c" && kind === "send");
  const given = files(all.filter(({ node }, at) => node === "p" || at <= first));
  const told = await nemcon(["check", ...given]);
  expect(told.stderr).toMatch(/^Not judged: [1-9]\d* events? that rest on messages/m);
  expect(told.stdout).toMatch(/VALID: \d+ events of 1 transaction keep/);
  const { stdout } = await nemcon(["check", ...given, "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ leftOut: expect.any(Number), violations: [] });
  const whole = await nemcon(["check", ...files(all), "--json"]);
  expect(JSON.parse(whole.stdout)).toMatchObject({ leftOut: 0 });
});
