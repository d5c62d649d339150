/** What is published about configurations is what the code holds. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { keysOf, loadConfig, roles } from "../../../runtime/index.ts";
import { configurationPage, exampleFiles, schemaFile } from "./pages.ts";

const docs = new URL("../../../docs/", import.meta.url);

test.each(roles)("the JSON schema of a %s is current", async (role) => {
  await expect(schemaFile(role)).toMatchFileSnapshot(new URL(`schema/${role}.schema.json`, docs).pathname);
});

test("docs/configuration.md is current", async () => {
  await expect(configurationPage()).toMatchFileSnapshot(new URL("configuration.md", docs).pathname);
});

test.each(roles)("the example of a %s on the page loads", (role) => {
  const directory = mkdtempSync(join(tmpdir(), "nemcon-config-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, "example.yaml");
  writeFileSync(file, exampleFiles[role]);
  expect(loadConfig(role, { file, environment: {}, flags: {} }).cluster).toBe("nemcon");
});

test.each(roles)("every key of a %s is described, and has a variable and a flag of its own", (role) => {
  const keys = keysOf(role);
  expect(keys.filter((key) => key.description === "")).toEqual([]);
  expect(new Set(keys.map((key) => key.variable)).size).toBe(keys.length);
  expect(new Set(keys.map((key) => key.flag)).size).toBe(keys.length);
});
