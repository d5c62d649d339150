/** `nemcon bench`, a quick run on real processes: the shape of its report, and that it is honest. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { nemcon, start } from "../cli/nemcon.ts";

const directory = mkdtempSync(join(tmpdir(), "nemcon-bench-test-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const small = ["--quick", "--rows", "20000", "--directory", directory];

interface Report {
  readonly verdict: string;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly figures: readonly { readonly name: string; readonly reached: boolean | null; readonly invalid: string }[];
  readonly measurements: readonly {
    readonly name: string;
    readonly system: string;
    readonly committed: number;
    readonly compared: number;
    readonly perSecond: number;
    readonly violations: readonly string[];
    readonly cpuMicros: { readonly total: number; readonly processes: Readonly<Record<string, number>> };
  }[];
  readonly storage: readonly { readonly forcedWrites: Readonly<Record<string, number>>; readonly perSecond: number }[];
  readonly limits: readonly Readonly<Record<string, unknown>>[];
}

test("a run with a planted slow baseline reports all that it measured, is valid, and calls that one ratio invalid", async () => {
  const page = join(directory, "page.md");
  const { code, stdout, stderr } = await nemcon([
    "bench",
    ...small,
    "--json",
    "--write",
    page,
    "--plant",
    "slow-baseline",
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const report = JSON.parse(stdout) as Report;
  expect(report.verdict).toBe("valid");
  expect(report.machine).toMatchObject({ cores: expect.any(Number), node: process.versions.node });

  expect(new Set(report.measurements.map(({ system }) => system))).toEqual(
    new Set(["2pc", "2pc-unsynced", "paxos-commit", "fan-out"]),
  );
  for (const { name, committed, compared, perSecond, violations, cpuMicros } of report.measurements) {
    expect({ name, violations }).toEqual({ name, violations: [] });
    expect(committed).toBeGreaterThan(0);
    expect(compared).toBeGreaterThanOrEqual(committed);
    expect(perSecond).toBeGreaterThan(0);
    const sum = Object.values(cpuMicros.processes).reduce((all, micros) => all + micros, 0);
    expect(cpuMicros.total).toBeCloseTo(sum, 6);
  }
  const processesOf = (system: string): string[] => {
    const measured = report.measurements.find((each) => each.system === system);
    return Object.keys(measured!.cpuMicros.processes).toSorted();
  };
  const servers = ["bank-a", "bank-b", "bank-c", "client", "coordinator"];
  expect(processesOf("2pc")).toEqual(servers);
  expect(processesOf("paxos-commit")).toEqual(["acceptor-1", "acceptor-2", "acceptor-3", ...servers]);
  const [streamed] = report.measurements;
  // A participant forces a yes and a commit, the coordinator a decision: group commit makes them fewer.
  const [{ forcedWrites } = { forcedWrites: {} }] = report.storage;
  for (const count of Object.values(forcedWrites)) {
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThanOrEqual(2 * streamed!.compared);
  }
  expect(report.limits).toHaveLength(1);

  expect(report.figures.find(({ name }) => name === "paxos")).toMatchObject({
    reached: expect.any(Boolean),
    invalid: null,
  });

  const unary = report.figures.find(({ name }) => name === "unary");
  expect(unary).toMatchObject({ reached: null, invalid: expect.stringContaining("too slow to compare with") });
  expect(readFileSync(page, "utf8")).toContain("- unary: the plain client is too slow");
  expect(readdirSync(directory)).toEqual(["page.md"]);
});

test("a committed write that is gone makes the run invalid, and no figure of it is reached", async () => {
  const { code, stdout } = await nemcon([
    "bench",
    ...small,
    "--only",
    "streamed,paxos",
    "--plant",
    "lost-write",
    "--json",
  ]);
  const { verdict, measurements, figures } = JSON.parse(stdout) as Report;
  expect({ code, verdict }).toEqual({ code: 1, verdict: "invalid" });
  const gone = [expect.stringMatching(/key \d+ of bank-a/)];
  expect(measurements.map(({ system, violations }) => [system, violations])).toEqual([
    ["2pc", gone],
    ["paxos-commit", gone],
  ]);
  expect(figures.map(({ reached }) => reached)).toEqual(figures.map(() => null));
});

/**
 * A coordinator and three participants three times, three acceptors, three servers of the fan-out, four that write alone,
 * client, echo, limits.
 */
const PROCESSES = 25;

/** As Linux lists them. */
function childrenOf(parent: number): number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const [, ppid] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(ppid) === parent ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("Ctrl-C ends every process and leaves nothing behind", async () => {
  const { child, finished } = start(["bench", ...small, "--rounds", "9"]);
  onTestFinished(() => void child.kill("SIGKILL"));
  let pids: number[] = [];
  while (pids.length < PROCESSES && child.exitCode === null) {
    await setImmediate();
    pids = childrenOf(child.pid!);
  }
  child.kill("SIGINT");
  expect(await finished).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("Stopped") });
  expect(pids.filter(isAlive)).toEqual([]);
  expect(readdirSync(directory).filter((name) => name.startsWith("nemcon-bench-"))).toEqual([]);
});
