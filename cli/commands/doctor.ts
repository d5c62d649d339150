/** `nemcon doctor`: what is wrong here. */

import { Option, type Command } from "commander";
import { exit } from "../../runtime/errors/index.ts";
import { roles, type Role } from "../../runtime/index.ts";
import { usage } from "../arguments.ts";
import { verdictOf, type Check } from "../doctor/check.ts";
import { checkConfig, checkDirectory, damageExit } from "../doctor/data.ts";
import { checkDatabaseModule, checkNode, checkPorts } from "../doctor/installation.ts";
import type { Json } from "../json.ts";
import type { Output } from "../output.ts";
import { withExamples, type Shell } from "../shell.ts";

interface Options {
  readonly config?: string;
  readonly role?: Role;
  readonly directory?: string;
  readonly journal?: string;
  readonly accept?: boolean;
}

const styles = { ok: "green", warning: "yellow", failed: "red" } as const;

function print(checks: readonly Check[], output: Output): void {
  if (output.json) {
    const passed = checks.every(({ verdict }) => verdict !== "failed");
    output.document({ ok: passed, checks: checks.map(({ name, verdict, detail }) => ({ name, verdict, detail })) });
    return;
  }
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { name, verdict, detail } of checks)
    output.answer(`${output.style(styles[verdict], verdict.padEnd(7))}  ${name.padEnd(width)}  ${detail}`);
}

async function examine({ config, role, directory }: Options, shell: Shell): Promise<void> {
  if (config !== undefined && role === undefined)
    throw usage(`--config needs --role: whose configuration is it, ${roles.join(" or ")}?`);
  const module = checkDatabaseModule();
  const checks = [checkNode(process.version), module];
  if (config === undefined && directory === undefined) checks.push(...(await checkPorts()));
  // With a module that ends the process, journals are better left alone.
  if (module.verdict !== "failed") {
    if (config !== undefined && role !== undefined) checks.push(...(await checkConfig(role, config)));
    if (directory !== undefined) checks.push(...(await checkDirectory(directory)));
  }
  print(checks, shell.output);
  shell.exitCode = verdictOf(checks);
}

async function showJournal(target: string, shell: Shell): Promise<void> {
  const { describeJournal, journalText } = await import("../../runtime/journal/index.ts");
  const journal = describeJournal(target);
  if (shell.output.json) shell.output.document(journal as unknown as Json);
  else shell.output.answer(journalText(journal).trimEnd());
  shell.exitCode = damageExit(journal);
}

async function accept(target: string, shell: Shell): Promise<void> {
  const { acceptJournal } = await import("../../runtime/journal/index.ts");
  const { log, incarnation, startSequence } = acceptJournal(target);
  if (shell.output.json) shell.output.document({ accepted: true, log, incarnation, startSequence });
  else
    shell.output.answer(
      `Accepted: the journal ${log} is taken for complete, its next row is ${startSequence}.\n` +
        `Its incarnation jumped to ${incarnation}, so that nothing of a lost part is handed out again.`,
    );
  shell.exitCode = exit.done;
}

export function define(command: Command, shell: Shell): void {
  command
    .description("Says what is wrong with this installation, a configuration, a data directory or a journal.")
    .option("--config <file>", "check a configuration file and what it points to; needs --role")
    .addOption(new Option("--role <role>", "whose configuration it is").choices(roles))
    .option("--directory <directory>", "check a data directory")
    .option("--journal <directory>", "print a journal and verify it: a data directory, or a participant's database")
    .option("--accept", "with --journal: take it for complete although its witness is missing or disagrees")
    .action(async (options: Options) => {
      if (options.accept === true && options.journal === undefined) throw usage("--accept needs --journal.");
      if (options.journal === undefined) await examine(options, shell);
      else if (options.accept === true) await accept(options.journal, shell);
      else await showJournal(options.journal, shell);
    });
  withExamples(command, [
    ["nemcon doctor", "Node, the database module, the usual ports"],
    ["nemcon doctor --config bank-a.yaml --role participant", "a configuration, and the database that it names"],
    ["nemcon doctor --journal data/coordinator-1", "every row of a journal; exit code 70 where it is damaged"],
    ["nemcon doctor --journal bank-a.db --json", "the same for machines"],
    [
      "nemcon doctor --journal data/coordinator-1 --accept",
      "an operator's word that nothing is missing; read docs/errors.md first",
    ],
  ]);
}
