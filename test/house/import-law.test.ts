/** The import law of the house holds, and the reading that says so sees what it should. */
import { globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { violations } from "./import-law.ts";

const root = new URL("../../", import.meta.url);
const outside = /^(node_modules|dist|coverage)\b|^[^/]+\.ts$/;

function sourcesOfTheHouse(): Map<string, string> {
  const files = globSync("*/**/*.ts", { cwd: root, exclude: ["node_modules", "dist"] });
  const inRooms = files.map((file) => file.replaceAll("\\", "/")).filter((file) => !outside.test(file));
  return new Map(inRooms.map((file) => [file, readFileSync(new URL(file, root), "utf8")]));
}

test("every import in the house keeps the law", () => {
  const sources = sourcesOfTheHouse();
  expect(sources.has("test/house/import-law.test.ts")).toBe(true);
  expect(violations(sources)).toEqual([]);
});

describe("a planted violation is found:", () => {
  test.each<[rule: string, file: string, source: string, found: RegExp]>([
    [
      "a machine imports no package",
      "protocols/a.ts",
      `import fs from "node:fs";`,
      /may not import the package node:fs/,
    ],
    ["a machine imports no type of one", "protocols/a.ts", `import type { X } from "pino";`, /the package pino/],
    [
      "a machine imports no other room",
      "protocols/p/a.ts",
      `import "../../runtime/index.ts";`,
      /may not import runtime/,
    ],
    ["the engine knows no journal", "runtime/engine/a.ts", `export * from "../journal/index.ts";`, /runtime\/journal/],
    ["the engine knows no link", "runtime/engine/a.ts", `await import("../link/index.ts");`, /runtime\/link/],
    ["the engine imports no package", "runtime/engine/a.ts", `import "node:fs";`, /the package node:fs/],
    ["the journal knows no link", "runtime/journal/a.ts", `import "../link/index.ts";`, /runtime\/link/],
    ["the journal knows no gRPC", "runtime/journal/a.ts", `import "@grpc/grpc-js";`, /@grpc/],
    ["the link knows no SQLite", "runtime/link/a.ts", `import "better-sqlite3";`, /better-sqlite3/],
    ["a leaf hangs on no branch", "runtime/values/a.ts", `import "../engine/index.ts";`, /runtime\/engine/],
    ["coordinators import no participant", "coordinator/a.ts", `import "../participant/index.ts";`, /participant/],
    ["participants import no coordinator", "participant/a.ts", `import "../coordinator/index.ts";`, /coordinator/],
    ["a client imports no machine", "client/a.ts", `import "../protocols/index.ts";`, /protocols/],
    ["a client imports no engine", "client/a.ts", `import "../runtime/engine/index.ts";`, /runtime\/engine/],
    ["the lab runs wirings, no servers", "lab/simulate/a.ts", `import "../../coordinator/index.ts";`, /not a door/],
    ["nothing imports test", "cli/a.ts", `import "../test/fake.ts";`, /may not import test/],
    ["a room is entered by its door", "cli/a.ts", `import "../client/inner.ts";`, /not a door of client/],
    ["runtime's folders too", "coordinator/a.ts", `import "../runtime/link/codec.ts";`, /not a door of runtime\/link/],
    ["wiring knows no gRPC", "coordinator/wiring.ts", `import "@grpc/grpc-js";`, /reaches the package @grpc/],
    ["a room without a row is refused", "attic/a.ts", `import "node:fs";`, /no row/],
    ["no file imports itself", "cli/a.ts", `import "./a.ts";`, /a cycle/],
  ])("%s", (_rule, file, source, found) => {
    expect(violations(new Map([[file, source]])).join("\n")).toMatch(found);
  });

  test("what is forbidden through another file", () => {
    const sources = new Map([
      ["participant/wiring.ts", `import { open } from "./resources/sqlite.ts";`],
      ["participant/resources/sqlite.ts", `import Database from "better-sqlite3";`],
    ]);
    expect(violations(sources)).toEqual(["participant/wiring.ts: reaches the package better-sqlite3"]);
  });

  test("a cycle of several files", () => {
    const next: Record<string, string> = { "cli/a.ts": "b", "cli/b.ts": "c", "cli/c.ts": "a" };
    const sources = new Map(Object.entries(next).map(([file, to]) => [file, `export * from "./${to}.ts";`]));
    expect(violations(sources)).toEqual(["cli/a.ts -> cli/b.ts -> cli/c.ts -> cli/a.ts: a cycle"]);
  });
});

test.each([
  ["a comment", `/** import { connect } from "nemcon"; */\n  // import "node:fs";\nexport const one = 1;`],
  ["a call", `export const letters = Array.from("nemcon");`],
])("%s is no import", (_what, source) => {
  expect(violations(new Map([["protocols/a.ts", source]]))).toEqual([]);
});
