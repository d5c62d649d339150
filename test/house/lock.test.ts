/** package-lock.json installs on every platform that the house names, and from whatever registry the user has. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Entry {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const root = new URL("../../", import.meta.url);
const lock = read("package-lock.json") as { packages: Readonly<Record<string, Entry>> };
const manifest = read("package.json") as Required<Entry> & { devDependencies: Readonly<Record<string, string>> };

function read(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, root), "utf8"));
}

/** As Node resolves: from the package's own node_modules outwards. */
function isLocked(packages: Readonly<Record<string, Entry>>, from: string, name: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    if (`${folder === "" ? "" : `${folder}/`}node_modules/${name}` in packages) return true;
    if (folder === "") return false;
  }
}

function missing(packages: Readonly<Record<string, Entry>>): string[] {
  return Object.entries(packages).flatMap(([from, entry]) =>
    Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })
      .filter((name) => !isLocked(packages, from, name))
      .map((name) => `${from} wants ${name}`),
  );
}

test("every package that the lock names has an entry, so that npm ci accepts it", () => {
  expect(missing(lock.packages)).toEqual([]);
});

test("a platform's package without an entry is found", () => {
  const packages = {
    "node_modules/a": { optionalDependencies: { "a-linux": "1.0.0", "a-windows": "1.0.0" } },
    "node_modules/a/node_modules/a-linux": { version: "1.0.0" },
  };
  expect(missing(packages)).toEqual(["node_modules/a wants a-windows"]);
});

test("the lock names no registry", () => {
  const named = Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined);
  expect(named).toEqual([]);
});

test.each(["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "win-x64"])(
  "Node comes with it on %s",
  (platform) => {
    const names = Object.keys(manifest.optionalDependencies).filter((name) => name.endsWith(`-${platform}`));
    expect(names).toHaveLength(1);
    expect(lock.packages[`node_modules/${names[0]}`]?.version).toBe("26.10.0");
  },
);

test("every version in package.json is exact", () => {
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  const ranges = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
  expect(ranges.filter(([, range]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range))).toEqual([]);
});
