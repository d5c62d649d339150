/** `nemcon dev` takes orders on stdin: `hold NAME` and `release NAME`, a line each. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, expect, test } from "vitest";
import { Orders } from "../../cli/dev/orders.ts";
import type { DemoFigures } from "../../cli/dev/demo.ts";
import { dev, isAlive, type Ready } from "./dev.ts";

const directory = mkdtempSync(join(tmpdir(), "nemcon-dev-orders-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("a server is held down and released by a line on stdin; a wrong order says what there is", async () => {
  const { child, ended, line, stderr, says } = dev(["--port", "0", "--directory", join(directory, "held")]);
  const { pids } = await line<Ready>();
  child.stdin.write("hold bank-b\n");
  await says("bank-b was killed and is held down");
  expect(isAlive(pids["bank-b"] ?? 0)).toBe(false);
  child.stdin.write("release bank-b\n");
  await says("bank-b serves (pid ");
  child.stdin.write("hold bank-z\nstop bank-a\n");
  await says("No server is called bank-z");
  await says("stop is no order here");
  child.kill("SIGTERM");
  expect(await ended, stderr()).toBe(0);
});

test("while the demonstration runs an order is refused with a word; after its verdict it is carried out", async () => {
  const { child, ended, line, stderr, says } = dev(["--demo", "--port", "0", "--directory", join(directory, "demo")]);
  const { pids } = await line<Ready>();
  const pid = pids["bank-b"] ?? 0;
  child.stdin.write("hold bank-b\nrelease coordinator-1\nstop bank-a\n");
  await says("hold bank-b: not now. The demonstration holds and releases servers itself");
  await says("release coordinator-1: not now.");
  await says("stop is no order here");
  expect(isAlive(pid)).toBe(true);
  const { demo } = await line<{ demo: DemoFigures }>();
  expect([demo.verdict.valid, demo.branchesLeft]).toEqual([true, 0]);
  expect(isAlive(pid)).toBe(true);
  child.stdin.write("hold bank-b\n");
  await says("bank-b was killed and is held down");
  expect(isAlive(pid)).toBe(false);
  child.kill("SIGTERM");
  expect(await ended, stderr()).toBe(0);
});

test("an empty line is no order, an order that fails says why, and none is read after `close`", async () => {
  const input = new PassThrough();
  const held: string[] = [];
  const said: string[] = [];
  const supervisor = {
    hold: (name: string) => Promise.resolve(void held.push(name)),
    release: () => Promise.reject(new Error("it does not start")),
  };
  const orders = new Orders(input, supervisor, (text) => void said.push(text));
  input.write("\n  \n hold   a \nrelease a\n");
  await expect
    .poll(() => said)
    .toEqual(["a was killed and is held down: release a brings it back.", "it does not start"]);
  orders.close();
  input.end("hold b\n");
  await expect.poll(() => input.writableFinished).toBe(true);
  expect(held).toEqual(["a"]);
});
