/** Servers as processes: the ready line, the clean end, what keeps one from starting. */

import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { freshDirectory, nemcon, serving, start } from "./nemcon.ts";

function coordinator(directory: string): string[] {
  return ["coordinator", "--node", "c1", "--directory", directory];
}

test("the ready line is the first of stdout, and says where", async () => {
  const directory = freshDirectory();
  const { ready, child, finished } = await serving(coordinator(directory));
  expect(ready).toMatchObject({
    ready: true,
    role: "coordinator",
    node: "c1",
    cluster: "nemcon",
    directory,
    pid: child.pid,
  });
  expect(ready["address"]).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
  child.kill("SIGTERM");
  expect((await finished).stdout.trim().split("\n")).toHaveLength(1);
});

test.each(["SIGTERM", "SIGINT"] as const)("%s ends a server cleanly", async (signal) => {
  const { child, finished } = await serving(coordinator(freshDirectory()));
  child.kill(signal);
  expect(await finished).toMatchObject({ code: 0, signal: null });
});

test("without --json people are told on stderr", async () => {
  const { child, finished } = start([...coordinator(freshDirectory()), "--listen", "127.0.0.1:0"]);
  const said = new Promise<string>((resolve) => {
    let text = "";
    child.stderr.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("Ctrl-C stops it.")) resolve(text);
    });
  });
  expect(await said).toContain("The coordinator c1 serves on 127.0.0.1:");
  child.kill("SIGINT");
  expect(await finished).toMatchObject({ code: 0, stdout: "" });
});

test("the log is JSON lines on stderr", async () => {
  const { child, finished } = await serving([...coordinator(freshDirectory()), "--log-level", "debug"]);
  child.kill("SIGTERM");
  const lines = (await finished).stderr.split("\n").filter((line) => line !== "");
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ node: "c1", role: "coordinator" });
});

test("a log that nobody reads any more does not keep a server from its end", async () => {
  const { child } = await serving([...coordinator(freshDirectory()), "--log-level", "trace"]);
  child.stderr.destroy();
  // On its streams only what its end brings is left: the exit itself is waited for.
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
});

describe("a second server", () => {
  test("on the same directory is told to try again", async () => {
    const directory = freshDirectory();
    await serving(coordinator(directory));
    const { code, stdout } = await nemcon([...coordinator(directory), "--listen", "127.0.0.1:0", "--json"]);
    expect(code).toBe(75);
    expect(stdout).toContain("JOURNAL_LOCKED");
  });

  test("on the same port is told who holds it", async () => {
    const { address, child } = await serving(coordinator(freshDirectory()));
    const { code, stdout } = await nemcon([...coordinator(join(freshDirectory(), "d")), "--listen", address, "--json"]);
    expect(code).toBe(75);
    const { error } = JSON.parse(stdout) as { error: { reason: string; message: string } };
    expect(error.reason).toBe("PORT_TAKEN");
    expect(error.message).toContain(process.platform === "linux" ? String(child.pid) : address);
  });
});

test("another node's directory is refused", async () => {
  const directory = freshDirectory();
  const { child, finished } = await serving(coordinator(directory));
  child.kill("SIGTERM");
  await finished;
  const other = ["coordinator", "--node", "c2", "--directory", directory, "--listen", "127.0.0.1:0", "--json"];
  const { code, stdout } = await nemcon(other);
  expect(code).toBe(78);
  expect(stdout).toContain("JOURNAL_FOREIGN");
});
