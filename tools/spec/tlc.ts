/** Runs TLC on one configuration. */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { Expected } from "./manifest.ts";
import { readReport, type Report } from "./report.ts";

/** Two at once with this much heap each: 4 GiB together. */
const HEAP = "-Xmx2g";

/** Actions are counted when all was seen; on the way only so often, since nobody reads that. */
const COUNT_EVERY_MINUTES = "60";

/** One TLC each, with one worker: only then is the search breadth first to the letter, and its depth a number to compare. */
export const AT_ONCE = Math.min(2, availableParallelism());

export interface Run {
  readonly report: Report;
  readonly seconds: number;
}

/** @param folder of the specifications, as an absolute path */
export async function runTlc(tools: { java: string; jar: string }, folder: string, entry: Expected): Promise<Run> {
  const scratch = mkdtempSync(join(tmpdir(), "nemcon-spec-"));
  const started = performance.now();
  const options = [
    HEAP,
    "-XX:+UseParallelGC",
    "-XX:ParallelGCThreads=1",
    // TLC unpacks its standard modules there.
    `-Djava.io.tmpdir=${scratch}`,
    // Mutations extend the modules of the folder above theirs.
    `-DTLA-Library=${folder}`,
    "-cp",
    tools.jar,
    "tlc2.TLC",
    "-tool",
    "-cleanup",
    "-workers",
    "1",
    // What was planted is found before everything was seen.
    ...("violates" in entry ? [] : ["-coverage", COUNT_EVERY_MINUTES]),
    "-metadir",
    scratch,
    "-config",
    `${basename(entry.config)}.cfg`,
    `${basename(entry.module)}.tla`,
  ];
  try {
    const output = await outputOf(tools.java, options, join(folder, dirname(entry.module)));
    return { report: readReport(output), seconds: (performance.now() - started) / 1000 };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function outputOf(program: string, options: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, options, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const take = (chunk: string): void => {
      output += chunk;
    };
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    child.on("error", reject).on("close", () => resolve(output));
  });
}
