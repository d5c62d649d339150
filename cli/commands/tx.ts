/** `nemcon tx`: transactions from the command line. */

import { readFileSync } from "node:fs";
import { Option, type Command } from "commander";
import { positive, timeoutMs, usage } from "../arguments.ts";
import { documentFromJson, parseJson, type TransactionDocument } from "../json.ts";
import { withExamples, withJson, type Example, type Shell } from "../shell.ts";
import { Branches } from "../tx/branches.ts";

interface Common {
  readonly coordinator: string;
}

interface Timed extends Common {
  readonly timeoutMs: number;
}

interface Starting extends Timed {
  readonly protocol?: string;
}

const STDIN = 0;

const timeout = ["--timeout-ms <number>", "how long it may take; 0: the server's default"] as const;

function subcommand(parent: Command, usageText: string, description: string, examples: readonly Example[]): Command {
  const command = withJson(parent.command(usageText).description(description)).addOption(
    new Option("--coordinator <address>", "the coordinator").default("127.0.0.1:7410").env("NEMCON_COORDINATOR"),
  );
  return withExamples(command, examples);
}

const actions = () => import("../tx/actions.ts");

function readDocument(file: string): TransactionDocument {
  const name = file === "-" ? "stdin" : file;
  try {
    return documentFromJson(parseJson(readFileSync(file === "-" ? STDIN : file, "utf8"), name));
  } catch (error) {
    if (error instanceof Error && "syscall" in error) throw usage(`${name} cannot be read: ${error.message}.`);
    throw error;
  }
}

function documentOf(file: string | undefined, branches: Branches, options: Starting): TransactionDocument {
  const given = branches.taken();
  if (file !== undefined && given.length > 0) throw usage("Give a file or --on, not both.");
  if (file === undefined && given.length === 0) throw usage("What should run? Give a file, - for stdin, or --on.");
  const document = file === undefined ? { protocol: null, timeoutMs: null, branches: given } : readDocument(file);
  return {
    branches: document.branches,
    protocol: options.protocol ?? document.protocol,
    timeoutMs: options.timeoutMs === 0 ? document.timeoutMs : options.timeoutMs,
  };
}

function defineSubmit(parent: Command, shell: Shell): void {
  const command = subcommand(parent, "submit [file]", "Runs a whole transaction in one call: all of it, or nothing.", [
    [
      'nemcon tx submit --on bank-a "UPDATE account SET balance = balance - 10 WHERE id = 1" --on bank-b "UPDATE account SET balance = balance + 10 WHERE id = 7"',
      "move money between two databases",
    ],
    [
      `nemcon tx submit --on bank-a "UPDATE account SET balance = balance - ? WHERE id = ?" --parameters '[10, 1]' --expect-rows 1`,
      "with parameters; vote no unless exactly one row changes",
    ],
    ["nemcon tx submit transfer.json --json", "from a file, the outcome as JSON"],
    [
      `echo '{"branches":[{"participant":"bank-a","operations":[{"sql":"DELETE FROM cart"}]}]}' | nemcon tx submit -`,
      "from stdin",
    ],
  ]);
  const branches = Branches.addTo(command);
  command
    .option("--protocol <name>", "the commit protocol; otherwise the coordinator's default")
    .option(...timeout, timeoutMs, 0)
    .option("--id <transaction>", "an id that this coordinator gave out before: a retry gets the same outcome")
    .action(async (file: string | undefined, options: Starting & { readonly id?: string }) => {
      const document = documentOf(file, branches, options);
      await (await actions()).submit(shell, options.coordinator, document, options.id ?? null);
    });
}

function defineBegin(parent: Command, shell: Shell): void {
  subcommand(parent, "begin", "Opens a transaction and prints its id; then exec, then commit or abort.", [
    ["ID=$(nemcon tx begin)", "keep the id"],
    ["nemcon tx begin --protocol 2pc --json", "the id and how long it may idle, as JSON"],
    ["nemcon tx begin --initiator bank-a", "bank-a's last work, exec --last, begins the commit"],
  ])
    .option("--protocol <name>", "the commit protocol; otherwise the coordinator's default")
    .option("--initiator <participant>", "who begins the commit with its last work, where the protocol allows it")
    .option(...timeout, timeoutMs, 0)
    .action(
      async ({ coordinator, protocol = "", timeoutMs, initiator = "" }: Starting & { readonly initiator?: string }) =>
        (await actions()).begin(shell, coordinator, protocol, timeoutMs, initiator),
    );
}

function defineExec(parent: Command, shell: Shell): void {
  const command = subcommand(parent, "exec <id>", "Runs statements in branches of an open transaction.", [
    ['nemcon tx exec $ID --on bank-a "SELECT balance FROM account WHERE id = 1"', "read inside the transaction"],
    [`nemcon tx exec $ID --on bank-a "DELETE FROM cart WHERE user = :u" --parameters '{"u": 7}'`, "named parameters"],
    ['nemcon tx exec $ID --last --on bank-a "DELETE FROM cart"', "the last work of its initiator, which commits it"],
  ]);
  const branches = Branches.addTo(command);
  command
    .option(
      "--last",
      "with the last of it the transaction's initiator begins the commit; the exit code is the outcome's",
    )
    .option(...timeout, timeoutMs, 0)
    .action(async (id: string, options: Timed & { readonly last?: true }) => {
      const given = branches.taken();
      if (given.length === 0) throw usage("What should run? Give --on PARTICIPANT SQL.");
      await (await actions()).execute(shell, options.coordinator, id, given, options.timeoutMs, options.last === true);
    });
}

function defineEnds(parent: Command, shell: Shell): void {
  subcommand(parent, "commit <id>", "Commits an open transaction, if nobody votes no.", [
    ["nemcon tx commit $ID", "exit code 0: committed, 1: aborted, 2: not known yet"],
    ["nemcon tx commit $ID --timeout-ms 2000 --json", "wait no longer than two seconds for votes"],
  ])
    .option(...timeout, timeoutMs, 0)
    .action(async (id: string, options: Timed) =>
      (await actions()).commit(shell, options.coordinator, id, options.timeoutMs),
    );
  subcommand(parent, "abort <id>", "Gives an open transaction up.", [
    ["nemcon tx abort $ID", "exit code 0: aborted, 1: it had committed, 2: not known yet"],
  ]).action(async (id: string, { coordinator }: Common) => (await actions()).abort(shell, coordinator, id));
}

function defineShow(parent: Command, shell: Shell): void {
  subcommand(parent, "show <id>", "Says what became of a transaction.", [
    ["nemcon tx show coordinator-1.0001.00000001", "exit code 0: committed, 1: aborted, 2: no verdict"],
    ["nemcon tx show coordinator-1.0001.00000001 --json", "as JSON"],
  ]).action(async (id: string, { coordinator }: Common) => (await actions()).show(shell, coordinator, id));
}

function defineList(parent: Command, shell: Shell): void {
  subcommand(parent, "list", "Lists the transactions that the coordinator knows, newest first.", [
    ["nemcon tx list", "the last hundred"],
    ["nemcon tx list --state in-doubt", "those in one state"],
    ["nemcon tx list --limit 10000 --json", "many, as JSON"],
  ])
    .option("--state <state>", "active, preparing, committing, aborting, committed, aborted, in-doubt or heuristic", "")
    .option("--limit <number>", "how many at most", positive, 100)
    .action(async (options: Common & { readonly state: string; readonly limit: number }) =>
      (await actions()).list(shell, options.coordinator, options.state, options.limit),
    );
}

function defineWatch(parent: Command, shell: Shell): void {
  subcommand(
    parent,
    "watch [id]",
    "Prints changes of state as they happen; with an id, until that transaction is over.",
    [
      ["nemcon tx watch", "everything, until Ctrl-C"],
      ["nemcon tx watch coordinator-1.0001.00000001", "wait for one outcome; the exit code tells it"],
      ["nemcon tx watch --json", "a JSON document a line"],
    ],
  ).action(async (id: string | undefined, { coordinator }: Common) =>
    (await actions()).watch(shell, coordinator, id ?? ""),
  );
}

export function define(command: Command, shell: Shell): void {
  command.description("Runs transactions over several participants, and tells what became of them.");
  for (const add of [defineSubmit, defineBegin, defineExec, defineEnds, defineShow, defineList, defineWatch])
    add(command, shell);
  withExamples(command, [
    ['nemcon tx submit --on bank-a "UPDATE account SET balance = 0 WHERE id = 1"', "a whole transaction in one call"],
    ["nemcon tx list --state in-doubt", "what waits for a decision"],
    ["nemcon tx submit --help", "more on one of them"],
  ]);
}
