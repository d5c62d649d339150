/** `nemcon acceptor`: one acceptor in this process. */

import type { Command } from "commander";
import { serve, withConfigOptions, type Service } from "../serve.ts";
import { withExamples, type Shell } from "../shell.ts";

const service: Service<"acceptor"> = {
  role: "acceptor",
  // Loaded when the configuration has been found good: a fault in it is told at once.
  serve: async (config, context) => (await import("../../acceptor/index.ts")).serveAcceptor(config, context),
  describe: ({ directory }) => ({ directory }),
};

export function define(command: Command, shell: Shell): void {
  command.description(
    "Serves an acceptor of Paxos Commit: it keeps votes, so that any coordinator can finish a transaction.",
  );
  withConfigOptions(command, "acceptor").action(() => serve(service, command, shell));
  withExamples(command, [
    ["nemcon acceptor --config acceptor-1.yaml", "as the file says"],
    ["nemcon acceptor --node acceptor-1 --directory data/acceptor-1", "without a file"],
    ["nemcon acceptor --node acceptor-2 --directory data/acceptor-2 --listen 127.0.0.1:7451", "a second one beside it"],
  ]);
}
