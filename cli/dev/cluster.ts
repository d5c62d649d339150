/** The servers of a development cluster: names, ports, files, and how each is started. */

import { mkdirSync, mkdtempSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { NemconError } from "../../runtime/errors/index.ts";
import { describePortHolder } from "../../runtime/link/index.ts";
import { whyTaken } from "../ports.ts";
import { Supervisor, type SupervisorEvents } from "./supervisor.ts";

export interface ClusterOptions {
  /** null: a fresh one. */
  readonly directory: string | null;
  readonly coordinators: number;
  readonly participants: number;
  /** An odd number, or none. */
  readonly acceptors: number;
  /** The first port; 0: any free ones. */
  readonly port: number;
}

export interface Member {
  readonly name: string;
  readonly address: string;
}

export interface Layout {
  readonly directory: string;
  readonly coordinators: readonly Member[];
  readonly participants: readonly (Member & { readonly database: string })[];
  readonly acceptors: readonly Member[];
}

const HOST = "127.0.0.1";
const COORDINATORS_FROM = 10;
const PARTICIPANTS_FROM = 20;
const ACCEPTORS_FROM = 50;
/** Ports between two sorts of servers. */
const MOST = 10;
const LETTERS = 26;
/** Of which two may be lost. */
const MOST_ACCEPTORS = 5;

/** Where everything will be. The ports are free, or PORT_TAKEN names the holder. @throws NemconError */
export async function layOut({
  directory,
  coordinators,
  participants,
  acceptors,
  port,
}: ClusterOptions): Promise<Layout> {
  if (coordinators < 1 || participants < 1)
    throw new NemconError("USAGE", "A cluster needs at least one coordinator and one participant.");
  if (coordinators > MOST || participants > LETTERS)
    throw new NemconError(
      "USAGE",
      `A development cluster has at most ${MOST} coordinators and ${LETTERS} participants.`,
    );
  if (acceptors > MOST_ACCEPTORS || (acceptors > 0 && acceptors % 2 === 0))
    throw new NemconError(
      "USAGE",
      `A group has 1, 3 or 5 acceptors, or none at all, and ${acceptors} were asked for: an even number tolerates no more losses than one less.`,
    );
  const count = coordinators + participants + acceptors;
  const ports =
    port === 0
      ? await freePorts(count)
      : [
          ...Array.from({ length: coordinators }, (_, index) => port + COORDINATORS_FROM + index),
          ...Array.from({ length: participants }, (_, index) => port + PARTICIPANTS_FROM + index),
          ...Array.from({ length: acceptors }, (_, index) => port + ACCEPTORS_FROM + index),
        ];
  for (const each of ports) await checkFree(each);
  const where = directory === null ? mkdtempSync(join(tmpdir(), "nemcon-dev-")) : resolve(directory);
  mkdirSync(where, { recursive: true });
  const address = (index: number): string => `${HOST}:${ports[index]}`;
  return {
    directory: where,
    coordinators: Array.from({ length: coordinators }, (_, index) => ({
      name: `coordinator-${index + 1}`,
      address: address(index),
    })),
    participants: Array.from({ length: participants }, (_, index) => {
      const name = `bank-${String.fromCharCode(97 + index)}`;
      return { name, address: address(coordinators + index), database: join(where, `${name}.db`) };
    }),
    acceptors: Array.from({ length: acceptors }, (_, index) => ({
      name: `acceptor-${index + 1}`,
      address: address(coordinators + participants + index),
    })),
  };
}

/**
 * Starts every server, whoever is dialled first; resolves when all serve.
 *
 * @param allowUnsafe protocols that lose atomicity under faults that do happen
 */
export async function startCluster(
  layout: Layout,
  allowUnsafe: boolean,
  events: SupervisorEvents,
): Promise<Supervisor> {
  const { directory, coordinators, participants, acceptors } = layout;
  const supervisor = new Supervisor(events);
  const logFile = (name: string): string => join(directory, `${name}.log`);
  const dial = coordinators.map(({ address }) => address).join(",");
  const group = acceptors.map(({ name, address }) => `${name}@${address}`).join(",");
  const more = [
    ...(group === "" ? [] : ["--acceptors", group]),
    ...(allowUnsafe ? ["--protocol-unsafe", "allowed"] : []),
  ];
  try {
    await Promise.all(
      acceptors.map(({ name, address }) =>
        supervisor.start({
          name,
          logFile: logFile(name),
          args: ["acceptor", "--node", name, "--listen", address, "--directory", join(directory, name)],
        }),
      ),
    );
    await Promise.all(
      coordinators.map(({ name, address }) =>
        supervisor.start({
          name,
          logFile: logFile(name),
          args: ["coordinator", "--node", name, "--listen", address, "--directory", join(directory, name), ...more],
        }),
      ),
    );
    await Promise.all(
      participants.map(({ name, address, database }) =>
        supervisor.start({
          name,
          logFile: logFile(name),
          args: ["participant", "--node", name, "--listen", address, "--database", database, "--coordinators", dial],
        }),
      ),
    );
    return supervisor;
  } catch (thrown) {
    await supervisor.stop();
    throw thrown;
  }
}

async function checkFree(port: number): Promise<void> {
  const why = await whyTaken({ host: HOST, port });
  if (why === null) return;
  const holder = describePortHolder(port);
  throw new NemconError(
    "PORT_TAKEN",
    `Port ${port} is not free (${why}): ${holder} Stop it, or choose other ports with --port (0: any free ones).`,
  );
}

/** Ports that the system had free a moment ago, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer().once("error", reject);
          server.listen(0, HOST, () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
