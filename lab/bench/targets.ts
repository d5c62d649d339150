/** What the load is sent to: the product as it is installed, or three servers that know nothing of each other. */

import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { protocols, type ProtocolName } from "../../protocols/index.ts";
import type { Bank } from "../index.ts";
import type { Processes } from "./processes.ts";
import { keyValue, type WorkloadOptions } from "./workload.ts";

/** Whom the transactions are sent to. */
export interface Target {
  /** What they run under; null: what a coordinator takes by default, or nothing. */
  readonly protocol: ProtocolName | null;
  /** A coordinator's address, or by participant that of each server of the fan-out. */
  readonly servers: string | Readonly<Record<string, string>>;
  readonly banks: readonly Bank[];
  /** Whose CPU time is counted, by name; this process comes by itself, as "client". */
  readonly pids: Readonly<Record<string, number>>;
}

const NAMES = ["bank-a", "bank-b", "bank-c"];
/** 2F + 1 with F = 1. */
const ACCEPTORS = ["acceptor-1", "acceptor-2", "acceptor-3"];
const ANY_PORT = ["--listen", "127.0.0.1:0"];

/** Databases with their rows, in a directory of their own. */
export function makeBanks(directory: string, workload: WorkloadOptions): Bank[] {
  const banks = banksIn(directory);
  keyValue(banks, "ascending", workload).prepare(banks);
  return banks;
}

/** The same again. @param of not yet open anywhere */
export function copyBanks(of: readonly Bank[], directory: string): Bank[] {
  const banks = banksIn(directory);
  for (const [index, { file }] of banks.entries()) copyFileSync(of[index]?.file ?? "", file);
  return banks;
}

function banksIn(directory: string): Bank[] {
  mkdirSync(directory);
  return NAMES.map((name) => ({ name, file: join(directory, `${name}.db`) }));
}

export interface Cluster extends Target {
  readonly servers: string;
  /** Where each process writes its journal, by name. */
  readonly journals: Readonly<Record<string, string>>;
}

export interface ClusterOptions {
  readonly protocol?: ProtocolName;
  /** Flags that every server gets. */
  readonly flags?: readonly string[];
}

/**
 * A coordinator and three participants, a process each, with default settings; three acceptors where the protocol has
 * some.
 */
export async function startCluster(
  processes: Processes,
  directory: string,
  banks: readonly Bank[],
  { protocol, flags: more = [] }: ClusterOptions = {},
): Promise<Cluster> {
  const home = join(directory, "coordinator");
  const needsAcceptors = protocol !== undefined && protocols[protocol].acceptor !== null;
  const acceptors = await Promise.all(
    (needsAcceptors ? ACCEPTORS : []).map((name) =>
      processes.server(directory, name, ["acceptor", ...ANY_PORT, "--directory", join(directory, name), ...more]),
    ),
  );
  const group = acceptors.map(({ name, address }) => `${name}@${address}`).join(",");
  const coordinator = await processes.server(directory, "coordinator", [
    "coordinator",
    ...ANY_PORT,
    "--directory",
    home,
    ...(group === "" ? [] : ["--acceptors", group]),
    ...more,
  ]);
  const participants = await Promise.all(
    banks.map(({ name, file }) =>
      processes.server(directory, name, [
        "participant",
        ...ANY_PORT,
        ...dial(coordinator),
        "--database",
        file,
        ...more,
      ]),
    ),
  );
  return {
    protocol: protocol ?? null,
    servers: coordinator.address,
    banks,
    pids: Object.fromEntries([coordinator, ...participants, ...acceptors].map(({ name, pid }) => [name, pid])),
    journals: {
      coordinator: join(home, "journal.db"),
      ...Object.fromEntries(banks.map(({ name, file }) => [name, file])),
    },
  };
}

function dial({ address }: { readonly address: string }): string[] {
  return ["--coordinators", address];
}

export async function startFanOut(processes: Processes, banks: readonly Bank[]): Promise<Target> {
  const servers = await Promise.all(
    banks.map(async ({ name, file }) => {
      const worker = processes.worker(`fan-out-${name}`, "fan-out");
      return { name, pid: worker.pid, address: await worker.call<string>("serve", { file }) };
    }),
  );
  return {
    protocol: null,
    servers: Object.fromEntries(servers.map(({ name, address }) => [name, address])),
    banks,
    pids: Object.fromEntries(servers.map(({ name, pid }) => [name, pid])),
  };
}
