/** `nemcon operator`: what a person can look at and do where a protocol is stuck, or a node is lost. */

import { Option, type Command } from "commander";
import { withExamples, withJson, type Example, type Shell } from "../shell.ts";

interface Common {
  readonly at: string;
}

interface Acting extends Common {
  readonly reason?: string;
  readonly yes?: true;
}

const actions = () => import("../operator/actions.ts");

function subcommand(
  parent: Command,
  usageText: string,
  description: string,
  examples: readonly Example[],
  node = "the node: a coordinator, or the participant whose branch it is",
): Command {
  const command = withJson(parent.command(usageText).description(description)).addOption(
    new Option("--at <address>", node).default("127.0.0.1:7410").env("NEMCON_AT"),
  );
  return withExamples(command, examples);
}

function acting(command: Command): Command {
  return command
    .option("--reason <text>", "why, in your own words: it stays with what is done; asked for on a terminal")
    .option("--yes", "don't ask whether it is meant");
}

export function define(command: Command, shell: Shell): void {
  command.description(
    "What a person can look at and do where a protocol is stuck, or a node is lost: never automatic, never without a reason.",
  );
  subcommand(
    command,
    "in-doubt",
    "Lists what waits at a node for a decision that does not come, and what was ended by hand.",
    [
      [
        "nemcon operator in-doubt --at 127.0.0.1:7420",
        "at a participant: for how long, the locks, whether its coordinator is there",
      ],
      ["nemcon operator in-doubt --json", "at a coordinator, as JSON: what is missing"],
    ],
  ).action(async ({ at }: Common) => (await actions()).inDoubt(shell, at));
  acting(
    subcommand(
      command,
      "resolve <transaction>",
      "Ends what waits at a node as committed or aborted, against the protocol. It can leave the participants' data in disagreement: wait for the coordinator wherever you can.",
      [
        [
          'nemcon operator resolve coordinator-1.0001.00000001 --at 127.0.0.1:7420 --decision abort --reason "the coordinator\'s disk is lost"',
          "shows what it breaks, asks, and does it",
        ],
        [
          'nemcon operator resolve coordinator-1.0001.00000001 --at 127.0.0.1:7420 --decision commit --reason "ticket 1234" --yes --json',
          "from a script",
        ],
      ],
    ).addOption(new Option("--decision <what>", "how it ends").choices(["commit", "abort"]).makeOptionMandatory()),
  ).action(async (transaction: string, options: Acting & { readonly decision: "commit" | "abort" }) => {
    const { at, decision: act, reason, yes } = options;
    await (await actions()).act(shell, { at, transaction, act, reason: reason ?? null, yes: yes === true });
  });
  acting(
    subcommand(
      command,
      "forget <transaction>",
      "Lets the record of damage go, when the damage was looked after: at the coordinator, which tells the participants; at a participant only where its coordinator never comes back.",
      [
        [
          'nemcon operator forget coordinator-1.0001.00000001 --reason "bank-a corrected by hand, ticket 1234"',
          "at the coordinator",
        ],
        [
          'nemcon operator forget coordinator-1.0001.00000001 --at 127.0.0.1:7420 --reason "the coordinator is gone for good" --yes',
          "at a participant, from a script",
        ],
      ],
    ),
  ).action(async (transaction: string, { at, reason, yes }: Acting) =>
    (await actions()).act(shell, { at, transaction, act: "forget", reason: reason ?? null, yes: yes === true }),
  );
  acting(
    subcommand(
      command,
      "reconfigure [acceptor...]",
      "Replaces the acceptors of new transactions at a coordinator, such as one that is lost for good, by others under names that were never used: name@host:port of each. Transactions that were begun before finish with the acceptors that they have. Without arguments it shows which there are.",
      [
        ["nemcon operator reconfigure --at 127.0.0.1:7410", "which there are, and what keeps the older ones"],
        [
          'nemcon operator reconfigure acceptor-1@127.0.0.1:7450 acceptor-2@127.0.0.1:7451 acceptor-4@127.0.0.1:7453 --reason "the disk of acceptor-3 is lost"',
          "shows what changes, asks, and does it; then at the other coordinators",
        ],
        [
          'nemcon operator reconfigure acceptor-1@127.0.0.1:7450 acceptor-2@127.0.0.1:7451 acceptor-4@127.0.0.1:7453 --at 127.0.0.1:7411 --reason "ticket 1234" --yes --json',
          "from a script",
        ],
      ],
      "the coordinator",
    ),
  ).action(async (acceptors: string[], { at, reason, yes }: Acting) => {
    if (acceptors.length === 0) await (await actions()).acceptors(shell, at);
    else await (await actions()).reconfigure(shell, { at, acceptors, reason: reason ?? null, yes: yes === true });
  });
  withExamples(command, [
    ["nemcon operator in-doubt --at 127.0.0.1:7420", "what waits at a participant"],
    ["nemcon operator resolve --help", "what ends it"],
    ["nemcon operator reconfigure", "the acceptors of a coordinator"],
  ]);
}
