/** `nemcon tx`: transactions from the command line. */

import { readFileSync } from "node:fs";
import { Option, type Command } from "commander";
import { exit } from "../../runtime/errors/index.ts";
import { count, timeoutMs, usage } from "../arguments.ts";
import { documentFromJson, parseJson, type TransactionDocument } from "../json.ts";
import { withExamples, withJson, type Example, type Shell } from "../shell.ts";
import { Api } from "../tx/api.ts";
import { Branches } from "../tx/branches.ts";
import {
  changeText,
  exitOf,
  printOutcome,
  printResults,
  printSubmitted,
  resultsJson,
  transactionJson,
  transactionTable,
  transactionText,
} from "../tx/show.ts";

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
const PAGE = 1000;
const over = ["committed", "aborted", "heuristic", "forgotten"];

const timeout = ["--timeout-ms <number>", "how long it may take; 0: the server's default"] as const;

function subcommand(parent: Command, usageText: string, description: string, examples: readonly Example[]): Command {
  const command = withJson(parent.command(usageText).description(description)).addOption(
    new Option("--coordinator <address>", "the coordinator").default("127.0.0.1:7410").env("NEMCON_COORDINATOR"),
  );
  return withExamples(command, examples);
}

/** Runs `work` with the API, and closes the connection whatever comes of it. */
async function using(shell: Shell, { coordinator }: Common, work: (api: Api) => Promise<void>): Promise<void> {
  const api = new Api(coordinator, shell.signal);
  try {
    await shell.output.progress(`waiting for ${coordinator}`, work(api));
  } finally {
    api.close();
  }
}

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
    .action((file: string | undefined, options: Starting & { readonly id?: string }) => {
      const document = documentOf(file, branches, options);
      return using(shell, options, async (api) => {
        shell.exitCode = printSubmitted(await api.submit(document, options.id ?? null), shell.output);
      });
    });
}

function defineBegin(parent: Command, shell: Shell): void {
  subcommand(parent, "begin", "Opens a transaction and prints its id; then exec, then commit or abort.", [
    ["ID=$(nemcon tx begin)", "keep the id"],
    ["nemcon tx begin --protocol 2pc --json", "the id and how long it may idle, as JSON"],
  ])
    .option("--protocol <name>", "the commit protocol; otherwise the coordinator's default")
    .option(...timeout, timeoutMs, 0)
    .action((options: Starting) =>
      using(shell, options, async (api) => {
        const { transaction, protocol, idleTimeoutMs } = await api.begin(options.protocol ?? "", options.timeoutMs);
        if (shell.output.json) shell.output.document({ transaction, protocol, idleTimeoutMs });
        else shell.output.answer(transaction);
      }),
    );
}

function defineExec(parent: Command, shell: Shell): void {
  const command = subcommand(parent, "exec <id>", "Runs statements in branches of an open transaction.", [
    ['nemcon tx exec $ID --on bank-a "SELECT balance FROM account WHERE id = 1"', "read inside the transaction"],
    [`nemcon tx exec $ID --on bank-a "DELETE FROM cart WHERE user = :u" --parameters '{"u": 7}'`, "named parameters"],
  ]);
  const branches = Branches.addTo(command);
  command.option(...timeout, timeoutMs, 0).action((id: string, options: Timed) => {
    const given = branches.taken();
    if (given.length === 0) throw usage("What should run? Give --on PARTICIPANT SQL.");
    return using(shell, options, async (api) => {
      const { output } = shell;
      const done = [];
      for (const { participant, operations } of given) {
        const { results, aborted } = await api.execute(id, participant, operations, options.timeoutMs);
        if (aborted !== null) {
          shell.exitCode = printOutcome(aborted, output);
          return;
        }
        printResults(participant, results, output);
        done.push({ participant, results: resultsJson(results) });
      }
      if (output.json) output.document({ transaction: id, branches: done });
    });
  });
}

function defineEnds(parent: Command, shell: Shell): void {
  subcommand(parent, "commit <id>", "Commits an open transaction, if nobody votes no.", [
    ["nemcon tx commit $ID", "exit code 0: committed, 1: aborted, 2: not known yet"],
    ["nemcon tx commit $ID --timeout-ms 2000 --json", "wait no longer than two seconds for votes"],
  ])
    .option(...timeout, timeoutMs, 0)
    .action((id: string, options: Timed) =>
      using(shell, options, async (api) => {
        shell.exitCode = printOutcome(await api.commit(id, options.timeoutMs), shell.output);
      }),
    );
  subcommand(parent, "abort <id>", "Gives an open transaction up.", [
    ["nemcon tx abort $ID", "exit code 0: aborted, 1: it had committed, 2: not known yet"],
  ]).action((id: string, options: Common) =>
    using(shell, options, async (api) => {
      const code = printOutcome(await api.abort(id), shell.output);
      // Here the abort is what was asked for.
      if (code !== exit.unknown) shell.exitCode = code === exit.failed ? exit.done : exit.failed;
      else shell.exitCode = code;
    }),
  );
}

function defineShow(parent: Command, shell: Shell): void {
  subcommand(parent, "show <id>", "Says what became of a transaction.", [
    ["nemcon tx show coordinator-1.0001.00000001", "exit code 0: committed, 1: aborted, 2: no verdict"],
    ["nemcon tx show coordinator-1.0001.00000001 --json", "as JSON"],
  ]).action((id: string, options: Common) =>
    using(shell, options, async (api) => {
      const transaction = await api.get(id);
      const { output } = shell;
      if (output.json) output.document(transactionJson(transaction));
      else output.answer(transactionText(transaction, output));
      shell.exitCode = exitOf(transaction.state);
    }),
  );
}

function defineList(parent: Command, shell: Shell): void {
  subcommand(parent, "list", "Lists the transactions that the coordinator knows, newest first.", [
    ["nemcon tx list", "the last hundred"],
    ["nemcon tx list --state in-doubt", "those in one state"],
    ["nemcon tx list --limit 10000 --json", "many, as JSON"],
  ])
    .option("--state <state>", "active, preparing, committing, aborting, committed, aborted, in-doubt or heuristic", "")
    .option("--limit <number>", "how many at most", count, 100)
    .action((options: Common & { readonly state: string; readonly limit: number }) =>
      using(shell, options, async (api) => {
        const { output } = shell;
        const found = [];
        let token = "";
        do {
          const page = await api.list(options.state, Math.min(PAGE, options.limit - found.length), token);
          found.push(...page.transactions);
          token = page.next;
        } while (token !== "" && found.length < options.limit);
        if (output.json) output.document({ transactions: found.map(transactionJson), more: token !== "" });
        else output.answer(found.length === 0 ? "No transactions." : transactionTable(found));
        if (token !== "") output.note(`There are more: raise --limit.`);
      }),
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
  ).action(async (id: string | undefined, options: Common) => {
    const { output } = shell;
    const api = new Api(options.coordinator, shell.signal);
    try {
      let shown = "";
      for await (const transaction of api.watch(id ?? "")) {
        const now = `${transaction.transaction} ${transaction.state}`;
        if (now === shown) continue;
        shown = now;
        if (output.json) output.document(transactionJson(transaction));
        else output.answer(changeText(transaction, output));
        if (id === undefined || !over.includes(transaction.state)) continue;
        shell.exitCode = exitOf(transaction.state);
        return;
      }
      shell.exitCode = id === undefined ? exit.done : exit.unknown;
    } finally {
      api.close();
    }
  });
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
