/** `nemcon participant`: one participant on an SQLite database in this process. */

import type { Command } from "commander";
import { serve, withConfigOptions, type Service } from "../serve.ts";
import { withExamples, type Shell } from "../shell.ts";

const service: Service<"participant"> = {
  role: "participant",
  // Loaded when the configuration has been found good: a fault in it is told at once.
  serve: async (config, context) => (await import("../../participant/index.ts")).serveParticipant(config, context),
  describe: ({ database, coordinators }) => ({ database, coordinators }),
};

export function define(command: Command, shell: Shell): void {
  command.description(
    "Serves a participant: branches of transactions on one SQLite database, all of a transaction or nothing of it.",
  );
  withConfigOptions(command, "participant").action(() => serve(service, command, shell));
  withExamples(command, [
    ["nemcon participant --config bank-a.yaml", "as the file says"],
    ["nemcon participant --node bank-a --database bank-a.db --coordinators 127.0.0.1:7410", "without a file"],
    ["NEMCON_LOG_LEVEL=debug nemcon participant --config bank-a.yaml", "and say more"],
  ]);
}
