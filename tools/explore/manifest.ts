/** tools/explore/explored.json: what is explored with large budgets, and what was found when it was. */

import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";

const budget = z.union([z.int().nonnegative(), z.literal("any")]);

const found = z.strictObject({
  distinct: z.int().positive(),
  /** Levels of the search, the initial states' being the first. */
  depth: z.int().positive(),
  /** null: everything was seen. */
  stopped: z.enum(["seconds", "memory"]).nullable(),
  /** Rules that are broken. */
  broken: z.array(z.string()),
  minutes: z.number().nonnegative(),
  /** At most; null where the system does not tell it. */
  memoryMiB: z.int().positive().nullable(),
});

const entry = z.strictObject({
  name: z.string(),
  /** As the options of `nemcon explore` have it; what is left out is as there by default. */
  protocol: z.string(),
  budgets: z.strictObject({
    participants: z.int().positive(),
    acceptors: z.int().positive().optional(),
    crashes: z.int().nonnegative(),
    losses: budget,
    duplicates: budget,
    suspicions: z.int().nonnegative().optional(),
    timers: budget,
  }),
  /** Absent: it has not been run. */
  found: found.optional(),
});

const manifest = z.array(entry);

export type Found = z.infer<typeof found>;
export type Entry = z.infer<typeof entry>;

/** @param file path of explored.json; throws where it is none */
export function readManifest(file: string): readonly Entry[] {
  return manifest.parse(JSON.parse(readFileSync(file, "utf8")));
}

export function writeManifest(file: string, entries: readonly Entry[]): void {
  writeFileSync(file, `${JSON.stringify(entries, null, 2)}\n`);
}

/** For `nemcon explore`. */
export function optionsOf({ protocol, budgets }: Entry): readonly string[] {
  return ["--protocol", protocol, ...Object.entries(budgets).flatMap(([name, value]) => [`--${name}`, String(value)])];
}

/** What differs from what was found before; "" where nothing does. Where not everything was seen only rules are compared. */
export function difference(before: Found, now: Found): string {
  const added = now.broken.filter((rule) => !before.broken.includes(rule));
  if (added.length > 0) return `broken: ${added.join(", ")}`;
  if (before.stopped !== null || now.stopped !== null) return "";
  const missing = before.broken.filter((rule) => !now.broken.includes(rule));
  if (missing.length > 0) return `not broken any more: ${missing.join(", ")}`;
  return before.distinct === now.distinct && before.depth === now.depth
    ? ""
    : `expected ${before.distinct.toLocaleString("en-US")} states, ${before.depth} deep`;
}
