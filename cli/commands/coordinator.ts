/** `nemcon coordinator`: one coordinator in this process. */

import type { Command } from "commander";
import { serve, withConfigOptions, type Service } from "../serve.ts";
import { withExamples, type Shell } from "../shell.ts";

const service: Service<"coordinator"> = {
  role: "coordinator",
  // Loaded when the configuration has been found good: a fault in it is told at once.
  serve: async (config, context) => (await import("../../coordinator/index.ts")).serveCoordinator(config, context),
  describe: ({ directory }) => ({ directory }),
};

export function define(command: Command, shell: Shell): void {
  command.description("Serves a coordinator: it takes transactions, asks for votes, decides and remembers.");
  withConfigOptions(command, "coordinator").action(() => serve(service, command, shell));
  withExamples(command, [
    ["nemcon coordinator --config coordinator.yaml", "as the file says"],
    ["nemcon coordinator --node coordinator-1 --directory data/coordinator-1", "without a file"],
    [
      "nemcon coordinator --config coordinator.yaml --listen 127.0.0.1:0 --json",
      "on any free port, which the ready line names",
    ],
  ]);
}
