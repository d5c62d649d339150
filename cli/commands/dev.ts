/** `nemcon dev`: a whole cluster on this machine. */

import type { Command } from "commander";
import { NemconError } from "../../runtime/errors/index.ts";
import { count, port } from "../arguments.ts";
import { withExamples, type Shell } from "../shell.ts";

export function define(command: Command, _shell: Shell): void {
  command
    .description(
      "A whole cluster on this machine, every role a process of its own; for development and to look around.",
    )
    .option("--demo", "run the demonstration and print its verdict, then keep serving")
    .option("--once", "run the demonstration, print its verdict and stop")
    .option("--directory <directory>", "where data is kept (default: a fresh one that is named)")
    .option("--participants <number>", "how many participants", count, 3)
    .option("--acceptors <number>", "how many acceptors", count, 3)
    .option("--coordinators <number>", "how many coordinators", count, 2)
    .option("--port <port>", "the first port; 0: any free ones", port, 7400)
    .option("--allow-unsafe", "allow protocols that are unsafe outside the lab")
    .action(() => {
      throw new NemconError("NOT_AVAILABLE", "This build does not run a development cluster yet.");
    });
  withExamples(command, [
    ["nemcon dev", "two coordinators and three participants, until Ctrl-C"],
    ["nemcon dev --demo", "the same, with a demonstration first"],
    ["nemcon dev --once --json", "the demonstration alone, its verdict as JSON"],
    ["nemcon dev --port 0 --directory data", "on any free ports, with data that stays"],
  ]);
}
