/** What TLC prints is read and compared; the manifest is about the files that are there, and agrees with the explorer. */

import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { explore, specNamed } from "../../lab/index.ts";
import { findTools, proveJar } from "../../tools/spec/java.ts";
import { readManifest } from "../../tools/spec/manifest.ts";
import { difference, readReport } from "../../tools/spec/report.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const entries = readManifest(join(root, "spec/expected.json"));

function note(code: number, severity: number, text: string): string {
  return `@!@!@STARTMSG ${code}:${severity} @!@!@\n${text}\n@!@!@ENDMSG ${code} @!@!@\n`;
}

/** Counts on the way, which are less than those at the end; and an action in two places. */
const counted = [
  note(2201, 0, "The coverage statistics at 2026-11-30 17:32:33"),
  note(2772, 0, "<Commit line 86, col 1 to line 86, col 8 of module M>: 0:0"),
  note(2202, 0, "End of statistics."),
  note(2201, 0, "The coverage statistics at 2026-11-30 17:33:33"),
  note(2773, 0, "<Init line 44, col 1 to line 44, col 4 of module M>: 1:1"),
  note(2772, 0, "<Prepare line 54, col 1 to line 54, col 12 of module M>: 64:1,156"),
  note(2221, 0, "  line 55, col 6 to line 55, col 22 of module M: 1020"),
  note(2772, 0, "<Commit line 86, col 1 to line 86, col 8 of module M>: 0:24"),
  note(2772, 0, "<Forget line 90, col 1 to line 90, col 8 of module M>: 0:0"),
  note(2772, 0, "<Crash line 94, col 1 to line 94, col 8 of module M>: 0:0"),
  note(2772, 0, "<Crash line 95, col 1 to line 95, col 8 of module M>: 2:3"),
  note(2202, 0, "End of statistics."),
].join("");

const clean = [
  note(2262, 0, "TLC2 Version 2.18 of 20 March 2023"),
  note(2193, 0, "Model checking completed. No error has been found.\n  Estimates of the probability"),
  note(2199, 0, "17647567 states generated, 1,321,761 distinct states found, 0 states left on queue."),
  note(2194, 0, "The depth of the complete state graph search is 28."),
  counted,
].join("");

function broken(code: number, text: string): string {
  return [
    note(code, 1, text),
    note(2121, 1, "The behavior up to this point is:"),
    note(2217, 4, '1: <Initial predicate>\n/\\ rm = (r1 :> "working")\n'),
    note(2217, 4, '2: <RMPrepare line 82, col 3 to line 85, col 23 of module M>\n/\\ rm = (r1 :> "prepared")\n'),
    note(2199, 0, "771 states generated, 256 distinct states found, 143 states left on queue."),
    note(2194, 0, "The depth of the complete state graph search is 7."),
  ].join("");
}

const holds = { module: "M", config: "M", distinct: 1_321_761, depth: 28, idle: ["Forget"] };
const fails = { module: "M", config: "M", violates: "Refinement", depth: 2 };
const refinement = "Action property line 59, col 17 to line 59, col 27 of module TCommit is violated.";

describe("what TLC prints", () => {
  test("gives states and depth where it saw everything", () => {
    const report = readReport(clean);
    expect(report).toMatchObject({ distinct: 1_321_761, depth: 28, violated: null, trouble: "" });
    expect(difference(holds, report)).toBe("");
  });

  test("counts the steps of each action", () => {
    const steps = { Prepare: 1156, Commit: 24, Forget: 0, Crash: 3 };
    expect(Object.fromEntries(readReport(clean).actions)).toEqual(steps);
  });

  test.each([
    [2110, "Invariant Agreement is violated.", "Agreement"],
    [2107, "Invariant TypeOK is violated by the initial state:", "TypeOK"],
    [2112, "Action property PromisesGrow is violated.", "PromisesGrow"],
    [2112, refinement, "Refinement"],
  ])("names the property of message %i: %s", (code, text, property) => {
    const report = readReport(broken(code, text));
    expect(report).toMatchObject({ violated: property, depth: 2, steps: ["RMPrepare"], trouble: "" });
    expect(report.trace).toContain('/\\ rm = (r1 :> "prepared")');
  });

  test("an error that is no violation is trouble", () => {
    const report = readReport(note(3002, 1, "TLC encountered a non-enumerable quantifier bound."));
    expect(difference(holds, report)).toContain("non-enumerable");
    expect(difference(fails, report)).toContain("non-enumerable");
  });

  test("an end without a verdict is trouble", () => {
    expect(difference(holds, readReport("Error: Could not reserve enough space for object heap"))).toContain(
      "object heap",
    );
  });
});

describe("a difference is", () => {
  test.each([
    ["another number of states", { ...holds, distinct: 34 }, clean, "expected 34 states, 28 deep"],
    ["another depth", { ...holds, depth: 27 }, clean, "expected 1,321,761 states, 27 deep"],
    [
      "an action that never happens",
      { ...holds, idle: [] },
      clean,
      "never happens, and is not expected to be idle: Forget",
    ],
    ["one that does", { ...holds, idle: ["Forget", "Crash"] }, clean, "expected to be idle, and is not: Crash"],
    ["one that is not there", { ...holds, idle: ["Forget", "Forge"] }, clean, "expected to be idle, and is not: Forge"],
    ["no count of actions", holds, clean.replace(counted, ""), "TLC counted no actions"],
    ["a violation", holds, broken(2110, "Invariant Agreement is violated."), "Agreement is violated"],
    ["none where one was planted", fails, clean, "nothing is violated, and Refinement must be"],
    ["another one than was planted", fails, broken(2110, "Invariant TypeOK is violated."), "TypeOK is violated, and"],
    ["a longer way to it", { ...fails, depth: 1 }, broken(2112, refinement), "has 2 states, not 1"],
  ])("%s", (_what, expected, output, found) => {
    expect(difference(expected, readReport(output))).toContain(found);
  });

  test("not the violation that was planted", () => {
    expect(difference(fails, readReport(broken(2112, refinement)))).toBe("");
  });
});

describe("the manifest", () => {
  const files = (ending: string): string[] =>
    globSync(`spec/**/*.${ending}`, { cwd: root }).map((file) => file.slice("spec/".length, -ending.length - 1));

  test("names every configuration once, and no other", () => {
    expect(entries.map(({ config }) => config).toSorted()).toEqual(files("cfg").toSorted());
  });

  test("leaves no module unchecked", () => {
    expect([...new Set(entries.map(({ module }) => module))].toSorted()).toEqual(files("tla").toSorted());
  });

  test("expects a violation of each mutation, and of nothing else", () => {
    const planted = entries.filter((entry) => "violates" in entry).map(({ module }) => module);
    expect(planted.toSorted()).toEqual(
      files("tla")
        .filter((file) => file.startsWith("mutations"))
        .toSorted(),
    );
  });

  test.each(entries.filter((entry) => "violates" in entry))("$config takes one rule away", ({ module, config }) => {
    const replaced = readFileSync(join(root, "spec", `${config}.cfg`), "utf8").match(/^\s*\w+ <- \w+/gm);
    expect(replaced?.length, `${module} changes something`).toBe(1);
  });
});

/** The largest that the sample explores; the others in CI. */
const SAMPLE = 100_000;
const shared = entries
  .flatMap((entry) => ("explore" in entry && entry.explore !== undefined ? [{ ...entry, explore: entry.explore }] : []))
  .filter(({ distinct }) => distinct < SAMPLE || process.env["CI"] === "true");

test.each(shared)(
  "the explorer has the states that TLC must find in $config",
  { timeout: 300_000 },
  async ({ explore: system, distinct, depth }) => {
    const { spec, rms, acceptors = 1, ballots = 1 } = system;
    const quorum = Math.floor(acceptors / 2) + 1;
    expect(await explore(specNamed(spec, { rms, acceptors, ballots, quorum }))).toMatchObject({
      distinct,
      depth,
      complete: true,
      violations: [],
    });
  },
);

function command(options: readonly string[], env: NodeJS.ProcessEnv = process.env): { status: number; output: string } {
  const done = spawnSync(process.execPath, ["tools/spec.ts", ...options], { cwd: root, env, encoding: "utf8" });
  return { status: done.status ?? -1, output: done.stdout + done.stderr };
}

describe("npm run spec", () => {
  const bare = { HOME: process.env["HOME"], PATH: "/nonexistent" };

  test("without Java runs nothing, says so and what to install, and is no failure", () => {
    const { status, output } = command([], bare);
    expect(output).toMatch(/^SKIPPED: .*no Java.*install a Java runtime/);
    expect(status).toBe(0);
  });

  test("without Java is a failure where it is required", () => {
    expect(command(["--require"], bare)).toMatchObject({ status: 1, output: expect.stringMatching(/^SKIPPED/) });
  });

  test("refuses a configuration that is not there, and lists those that are", () => {
    const { status, output } = command(["--only", "ThreePhaze"]);
    expect(status).toBe(64);
    expect(output).toContain("TCommit-3");
  });

  const tools = findTools(process.env, false);
  test.skipIf("missing" in tools)(
    `runs one configuration${"missing" in tools ? `: skipped, ${tools.missing}` : ""}`,
    { timeout: 120_000 },
    () => {
      const { status, output } = command(["--only", "TCommit-3", "--only", "mutations/PaxosQuorumOfOne"]);
      expect(output).toMatch(/^TCommit-3 +34 +7 +[\d.]+ +as expected$/m);
      expect(output).toMatch(/^mutations\/PaxosQuorumOfOne .* violates Refinement, as planted$/m);
      expect(status).toBe(0);
    },
  );

  test("refuses a jar that is not the one whose counts are known", () => {
    expect(() => proveJar(join(root, "package.json"))).toThrow(/package\.json is not de\.hhu\.stups.*SHA-256/);
  });
});
