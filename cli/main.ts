#!/usr/bin/env node
/** The command `nemcon`. */

import { leave, report, wantsJson } from "./exit.ts";
import { Output } from "./output.ts";
import { run } from "./program.ts";
import { Shell } from "./shell.ts";

const args = process.argv.slice(2);
const { stdout, stderr, env: environment } = process;
const output = new Output({ json: wantsJson(args), stdout, stderr, environment });
const shell = new Shell(output);

// A reader that has seen enough (`nemcon tx list | head`) is no error.
stdout.on("error", () => process.exit(shell.exitCode));
// Nobody hears what is said beside the answer; the exit code still tells.
stderr.on("error", () => undefined);

try {
  await run(args, shell);
} catch (error) {
  shell.exitCode = report(error, output);
}
await leave(shell.exitCode);
