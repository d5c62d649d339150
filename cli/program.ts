/** The command line: which commands there are. Only the one that is called is loaded. */

import { Command, CommanderError } from "commander";
import { exit, NemconError, suggestion } from "../runtime/errors/index.ts";
import { withExamples, withJson, type Define, type Shell } from "./shell.ts";
import { version } from "./version.ts";

interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly define: Define }>;
}

const commands: readonly Entry[] = [
  {
    name: "dev",
    summary: "a whole cluster on this machine",
    load: () => import("./commands/dev.ts"),
  },
  {
    name: "coordinator",
    summary: "serve a coordinator",
    load: () => import("./commands/coordinator.ts"),
  },
  {
    name: "participant",
    summary: "serve a participant on an SQLite database",
    load: () => import("./commands/participant.ts"),
  },
  {
    name: "acceptor",
    summary: "serve an acceptor of Paxos Commit",
    load: () => import("./commands/acceptor.ts"),
  },
  {
    name: "tx",
    summary: "run transactions, and ask for their outcomes",
    load: () => import("./commands/tx.ts"),
  },
  {
    name: "operator",
    summary: "look at what is stuck, and end it by hand",
    load: () => import("./commands/operator.ts"),
  },
  {
    name: "bench",
    summary: "throughput and latency of this machine, against its own measured limits",
    load: () => import("./commands/bench.ts"),
  },
  {
    name: "simulate",
    summary: "whole clusters in virtual time, with every fault that is known, from a seed",
    load: () => import("./commands/simulate.ts"),
  },
  {
    name: "explore",
    summary: "everything that a specification of a commit protocol can do",
    load: () => import("./commands/explore.ts"),
  },
  {
    name: "check",
    summary: "judge recorded traces",
    load: () => import("./commands/check.ts"),
  },
  {
    name: "doctor",
    summary: "what is wrong with this installation, a configuration, a data directory or a journal",
    load: () => import("./commands/doctor.ts"),
  },
];

/** What commander wanted to print about a mistake, kept back: the shell says it in its own form. */
class Complaint {
  text = "";
}

function configure(program: Command, complaint: Complaint): void {
  program
    .exitOverride()
    .configureOutput({ writeErr: (text) => void (complaint.text += text) })
    .configureHelp({ showGlobalOptions: false, sortSubcommands: false })
    .helpCommand(false);
}

/** commander complains "error: unknown option '--x'\n(Did you mean --y?)". */
function usageError(thrown: CommanderError, complaint: Complaint, args: readonly string[]): NemconError {
  const text = complaint.text
    .trim()
    .replace(/^error: /, "")
    .replace(/\n\(Did you mean (.*)\?\)/, "; did you mean $1?");
  const said = `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?]$/.test(text) ? "" : "."}`;
  const place = commands.some(({ name }) => name === args[0]) ? ` ${args[0]}` : "";
  return new NemconError("USAGE", `${said} See nemcon${place} --help.`, { cause: thrown });
}

function unknownCommand(name: string): NemconError {
  const meant = suggestion(
    name,
    commands.map((entry) => entry.name),
  );
  const hint = meant === null ? `There is ${commands.map((entry) => entry.name).join(", ")}` : `Did you mean ${meant}?`;
  return new NemconError(
    "USAGE",
    `nemcon has no command "${name}". ${hint}${meant === null ? "." : ""} See nemcon --help.`,
  );
}

/**
 * Runs one command line.
 * @param given without the program's own name
 * @throws NemconError; CommanderError of exit code 0 where help or version was asked for
 */
export async function run(given: readonly string[], shell: Shell): Promise<void> {
  const args = given[0] === "help" ? [...given.slice(1), "--help"] : given;
  const complaint = new Complaint();
  const program = withJson(new Command("nemcon"));
  configure(program, complaint);
  program
    .description("Atomic commit across services: a transaction commits only if nobody votes no.")
    .version(version(), "--version", "print the version");
  withExamples(program, [
    ["nemcon dev", "a whole cluster on this machine"],
    ["nemcon coordinator --node coordinator-1 --directory data", "one coordinator"],
    ['nemcon tx submit --on bank-a "UPDATE account SET balance = balance - 10 WHERE id = 1"', "one transaction"],
    ["nemcon doctor", "what is wrong here?"],
  ]);
  const asked = args.find((arg) => !arg.startsWith("-"));
  for (const { name, summary, load } of commands) {
    const command = withJson(program.command(name).summary(summary).description(summary));
    if (name === asked) (await load()).define(command, shell);
  }
  if (asked !== undefined && !commands.some(({ name }) => name === asked)) throw unknownCommand(asked);
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError) || error.exitCode === 0) throw error;
    if (error.code !== "commander.help") throw usageError(error, complaint, args);
    if (shell.output.json) throw new NemconError("USAGE", "A command is missing. See nemcon --help.");
    shell.output.note(complaint.text.trimEnd());
    shell.exitCode = exit.usage;
  }
}
