/** spec/expected.json: what TLC has to find in each configuration. */

import { readFileSync } from "node:fs";
import { z } from "zod";

const named = {
  /** The path of the .tla file under spec/, without its ending. */
  module: z.string(),
  /** The same of the .cfg file; an entry goes by this name. */
  config: z.string(),
};

const holds = z.strictObject({
  ...named,
  distinct: z.int().positive(),
  /** Levels of the search, the initial states' being the first. */
  depth: z.int().positive(),
  /** Takes minutes: only with `--all`. */
  large: z.literal(true).optional(),
  /** Actions that this configuration leaves no room for. Every other one must happen, or its rules say nothing of it. */
  idle: z.array(z.string()).optional(),
  /** The system in lab/explore that has as many states, and what `nemcon explore` is given for it. */
  explore: z
    .strictObject({
      spec: z.enum(["tcommit", "two-phase", "paxos-commit"]),
      rms: z.int().positive(),
      acceptors: z.int().positive().optional(),
      ballots: z.int().positive().optional(),
    })
    .optional(),
});

const fails = z.strictObject({
  ...named,
  /** The property that the planted error breaks. */
  violates: z.string(),
  /** States of the shortest way to it, the initial one included. */
  depth: z.int().positive(),
});

export type Holds = z.infer<typeof holds>;
export type Fails = z.infer<typeof fails>;
export type Expected = Holds | Fails;

const manifest = z.array(z.union([holds, fails]));

/** @param file path of expected.json; throws where it is none */
export function readManifest(file: string): readonly Expected[] {
  return manifest.parse(JSON.parse(readFileSync(file, "utf8")));
}
