/** Runs one server in this process: configuration, log, ready, and a clean end at Ctrl-C or SIGTERM. */

import { Option, type Command } from "commander";
import { exit } from "../runtime/errors/index.ts";
import {
  keysOf,
  loadConfig,
  openLog,
  type Configs,
  type Faults,
  type Key,
  type Log,
  type Role,
} from "../runtime/index.ts";
import { forcedWrite } from "./arguments.ts";
import type { Json } from "./json.ts";
import type { Shell } from "./shell.ts";
import { version } from "./version.ts";

export interface ServeContext {
  readonly log: Log;
  /** Name and version, which peers are told. */
  readonly software: string;
}

/** A server that answers. */
export interface Server {
  /** Where it really listens: port 0 has become a port. */
  readonly address: string;
  /** Takes no new work, brings what is under way to an end, closes its files. */
  close(): Promise<void>;
}

/** What a role's room gives the command. */
export interface Service<R extends Role> {
  readonly role: R;
  serve(config: Configs[R], context: ServeContext): Promise<Server>;
  /** What the ready line says of it beside its name and address. */
  describe(config: Configs[R]): Readonly<Record<string, Json>>;
}

/** Keys that almost every start names; the rest is listed under a heading of its own. */
const main = ["node", "listen", "directory", "database", "coordinators", "cluster"];

function optionOf(key: Key): Option {
  const value = key.kind === "number" ? "number" : key.kind === "list" ? "a,b" : key.name.split(".").at(-1);
  const standard = key.standard === undefined ? "" : ` (default: ${key.standard})`;
  const option = new Option(`${key.flag} <${value}>`, `${key.description}${standard}`);
  return main.includes(key.name) ? option : option.helpGroup("More (docs/configuration.md):");
}

/** Adds --config, a flag for every key of the role, and the hidden flags that plant faults. */
export function withConfigOptions(command: Command, role: Role): Command {
  command.option("--config <file>", "YAML file; NEMCON_… variables and flags come before what it says");
  for (const key of keysOf(role)) command.addOption(optionOf(key));
  for (const when of ["before", "after"])
    command.addOption(new Option(`--fault-kill-${when}-write <number>`).argParser(forcedWrite).hideHelp());
  command.addOption(new Option("--fault-no-sync").hideHelp());
  // For a supervisor: the server stops when its stdin ends, so that it never outlives who started it.
  command.addOption(new Option("--stop-with-stdin").hideHelp());
  return command;
}

/** commander names options in camel case; keys have dots. */
function flagsOf(command: Command, role: Role): Record<string, string> {
  const given = command.opts<Readonly<Record<string, string | undefined>>>();
  const pairs = keysOf(role).map((key) => [key.name, given[new Option(key.flag).attributeName()]] as const);
  return Object.fromEntries(pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined));
}

interface OwnOptions {
  readonly config?: string;
  readonly faultKillBeforeWrite?: number;
  readonly faultKillAfterWrite?: number;
  readonly faultNoSync?: true;
  readonly stopWithStdin?: boolean;
}

function faultsOf({
  faultKillBeforeWrite: before,
  faultKillAfterWrite: after,
  faultNoSync: noSync,
}: OwnOptions): Faults {
  return {
    ...(before === undefined ? {} : { killBeforeWrite: before }),
    ...(after === undefined ? {} : { killAfterWrite: after }),
    ...(noSync === undefined ? {} : { noSync }),
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function stdinEnded(): Promise<void> {
  return new Promise((resolve) => {
    process.stdin.once("close", resolve).once("end", resolve).resume();
  });
}

/** Serves until it is told to stop. */
export async function serve<R extends Role>(service: Service<R>, command: Command, shell: Shell): Promise<void> {
  const { role } = service;
  const options = command.opts<OwnOptions>();
  const config = loadConfig(role, {
    file: options.config ?? null,
    environment: process.env,
    flags: flagsOf(command, role),
    faults: faultsOf(options),
  });
  const { output, signal } = shell;
  const { log, flush } = openLog({ level: config.log.level, bindings: { role, node: config.node } });
  if (config.faults.noSync === true)
    log.warn(
      "Nothing is forced to the disk: for measurements only. What this server promises, a power failure undoes.",
    );
  try {
    const server = await service.serve(config, { log, software: `nemcon ${version()}` });
    announce(server.address);
    await Promise.race(options.stopWithStdin === true ? [aborted(signal), stdinEnded()] : [aborted(signal)]);
    await server.close();
    shell.exitCode = exit.done;
  } finally {
    flush();
  }

  function announce(address: string): void {
    const { node, cluster } = config;
    if (output.json)
      output.document({ ready: true, role, node, cluster, address, pid: process.pid, ...service.describe(config) });
    else output.note(`The ${role} ${node} serves on ${address}. Ctrl-C stops it.`);
  }
}
