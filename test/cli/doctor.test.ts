/** The doctor finds what is wrong, and says it by its exit code. */

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkNode } from "../../cli/doctor/installation.ts";
import { journalFile, openJournal } from "../../runtime/journal/index.ts";
import { freshDirectory, nemcon } from "./nemcon.ts";

interface Report {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly verdict: string; readonly detail: string }[];
}

async function report(...args: string[]): Promise<Report & { readonly code: number | null }> {
  const { code, stdout } = await nemcon(["doctor", ...args, "--json"]);
  return { ...(JSON.parse(stdout) as Report), code };
}

function journalDirectory(): string {
  const directory = freshDirectory();
  const file = journalFile(directory);
  openJournal({ file, own: true, cluster: "nemcon", node: "c1", role: "coordinator", walBytes: 0 }).journal.close();
  return directory;
}

test.each<[version: string, verdict: string]>([
  ["v20.20.2", "failed"],
  ["v22.17.0", "failed"],
  ["v22.18.0", "ok"],
  ["v26.10.0", "ok"],
])("Node %s is %s", (version, verdict) => {
  expect(checkNode(version).verdict).toBe(verdict);
});

test("a sound installation passes", async () => {
  const { code, ok, checks } = await report();
  expect({ code, ok }).toEqual({ code: 0, ok: true });
  expect(checks.map(({ name }) => name)).toContain("better-sqlite3");
});

describe("a configuration", () => {
  test("that is sound passes, with what it points to", async () => {
    const file = join(freshDirectory(), "c.yaml");
    writeFileSync(file, "node: c1\ndirectory: data\nlisten: 127.0.0.1:0\n");
    const { code, checks } = await report("--config", file, "--role", "coordinator");
    expect(code).toBe(0);
    expect(checks.map(({ name }) => name)).toEqual([
      "node",
      "better-sqlite3",
      "configuration",
      "listen",
      "directory",
      "journal",
    ]);
  });

  test("with a fault fails with its place", async () => {
    const file = join(freshDirectory(), "c.yaml");
    writeFileSync(file, "node: c1\ndirektory: data\n");
    const { code, checks } = await report("--config", file, "--role", "coordinator");
    expect(code).toBe(78);
    expect(checks.at(-1)?.detail).toContain(`${file}:2:1: direktory: unknown key; did you mean directory?`);
  });

  test("that names a file which is no database fails", async () => {
    const directory = freshDirectory();
    writeFileSync(
      join(directory, "bank.db"),
      "this is no database, but it is long enough to be taken for one".repeat(100),
    );
    const file = join(directory, "p.yaml");
    writeFileSync(file, "node: bank-a\ndatabase: bank.db\ncoordinators: [127.0.0.1:7410]\nlisten: 127.0.0.1:0\n");
    const { code, checks } = await report("--config", file, "--role", "participant");
    expect(code).toBe(78);
    expect(checks.at(-1)).toMatchObject({ verdict: "failed" });
  });
});

describe("a journal", () => {
  test("that is whole is printed", async () => {
    const { code, stdout } = await nemcon(["doctor", "--journal", journalDirectory()]);
    expect(code).toBe(0);
    expect(stdout).toContain("coordinator c1");
  });

  test("without its witness exits 70, and 0 once an operator has accepted it", async () => {
    const directory = journalDirectory();
    rmSync(`${journalFile(directory)}-witness`);
    expect((await nemcon(["doctor", "--journal", directory])).code).toBe(70);
    expect((await report("--directory", directory)).code).toBe(70);
    const accepted = await nemcon(["doctor", "--journal", directory, "--accept", "--json"]);
    expect(accepted.code).toBe(0);
    expect(JSON.parse(accepted.stdout)).toMatchObject({ accepted: true });
    expect((await nemcon(["doctor", "--journal", directory])).code).toBe(0);
  });

  test("is one document with --json", async () => {
    const { stdout } = await nemcon(["doctor", "--journal", journalDirectory(), "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ node: "c1", role: "coordinator", damages: [] });
  });
});
