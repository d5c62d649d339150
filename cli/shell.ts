/** What every command is given: where to print, how it ends, and when it should stop. */

import type { Command } from "commander";
import { exit, type ExitCode } from "../runtime/errors/index.ts";
import type { Output } from "./output.ts";

const stopSignals = ["SIGINT", "SIGTERM"] as const;
const SIGNAL_EXIT = { SIGINT: 130, SIGTERM: 143 } as const;

/** The process around a command. */
export class Shell {
  readonly output: Output;
  exitCode: ExitCode = exit.done;
  private stop: AbortController | null = null;

  constructor(output: Output) {
    this.output = output;
  }

  /**
   * Aborts at Ctrl-C or SIGTERM, so that the command may stop cleanly; a second one ends the process at
   * once. A command that never asks for it is ended by the first.
   */
  get signal(): AbortSignal {
    if (this.stop !== null) return this.stop.signal;
    const stop = new AbortController();
    this.stop = stop;
    for (const name of stopSignals) {
      process.on(name, () => {
        if (stop.signal.aborted) process.exit(SIGNAL_EXIT[name]);
        stop.abort();
      });
    }
    return stop.signal;
  }
}

/** Fills a command's options, examples and action in. */
export type Define = (command: Command, shell: Shell) => void;

/** A line of the examples under --help. */
export type Example = readonly [command: string, explanation: string];

/** Adds examples to a command's help. */
export function withExamples(command: Command, examples: readonly Example[]): Command {
  const lines = examples.map(([line, explanation]) => `  # ${explanation}\n  $ ${line}`);
  return command.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
}

/** Every command has it. */
export function withJson(command: Command): Command {
  return command.option("--json", "machine-readable output on stdout");
}
