/** A coordinator as a process: configuration, journal, links and services around the wiring. */

import type { ProtocolName } from "../protocols/index.ts";
import type { GroupEntry } from "../runtime/engine/index.ts";
import type { NemconError } from "../runtime/errors/index.ts";
import {
  exitWith,
  loggedObserver,
  networkOver,
  openLinks,
  openNode,
  operatorService,
  readMember,
  systemClock,
  systemRandom,
  systemScheduler,
  type CoordinatorConfig,
  type Log,
  type OperatedNode,
} from "../runtime/index.ts";
import { journalFile } from "../runtime/journal/index.ts";
import { serve, serverCredentials, services } from "../runtime/link/index.ts";
import { coordinatorService } from "./api.ts";
import { Linked } from "./linked.ts";
import { Reconfiguration } from "./reconfiguration.ts";
import { participantRelay } from "./relay.ts";
import { Roster } from "./roster.ts";
import { Coordinator, type CoordinatorNetwork } from "./wiring.ts";

export interface RunningCoordinator {
  readonly node: string;
  /** `host:port`, with the port that was taken. */
  readonly address: string;
  readonly incarnation: number;
  /** The wiring, for a process that embeds a coordinator. */
  readonly coordinator: Coordinator;
  /** Takes no new calls, lets those that run finish for a moment, and closes the journal. */
  close(): Promise<void>;
}

export interface ServeCoordinator {
  readonly log: Log;
  readonly software?: string;
  /** Trouble that ends the process: a failed forced write, a journal that was restored from a copy. Default: it exits. */
  readonly onFatal?: (error: NemconError) => never;
}

const GRACE_MS = 2_000;
/** How often the log says that load is refused. */
const REFUSALS_MS = 5_000;
const SWEEP_MS = 60_000;
/** How long an acceptor that an operator names may take to link. */
const REACH_MS = 5_000;

/** @throws NemconError where the configuration, the journal or the address does not allow to serve */
export async function serveCoordinator(
  config: CoordinatorConfig,
  { log, software = "nemcon", onFatal = exitWith(log) }: ServeCoordinator,
): Promise<RunningCoordinator> {
  const { cluster, node, listen, directory, times, limits, outcomes } = config;
  serverCredentials(listen, null);
  const opening = openNode("coordinator", config, { file: journalFile(directory), own: true }, { log, onFatal });
  const { journal, journalPort, replayed, incarnation, logId, tracing } = opening;

  const network: CoordinatorNetwork = {
    send: (to, envelopes) => links.send(to, envelopes),
    sendWatermark: (to, below, except) => void links.sendSide(to, { kind: "watermark", below, except }),
    isUp: (peer) => linked.has(peer),
    acceptorsChanged: () => {
      reconfiguration.follow();
      roster.acceptorsAre(coordinator.groups.members());
    },
  };
  const linked = new Linked(systemScheduler);
  const acceptors = config.acceptors.map(readMember).filter((member) => member !== null);
  const coordinator = new Coordinator({
    allowUnsafe: config.protocol.unsafe === "allowed",
    acceptors,
    node,
    incarnation,
    times: { ...times, decisionMs: times.acknowledgementMs },
    defaultProtocol: defaultProtocol(config),
    retention: { ...outcomes, sweepMs: SWEEP_MS },
    limits,
    clock: systemClock,
    scheduler: systemScheduler,
    random: systemRandom,
    journal: journalPort,
    network: networkOver(network, tracing),
    observer: loggedObserver(log, tracing),
  });
  let address = listen;
  const links = openLinks({
    cluster,
    node,
    role: "coordinator",
    accepts: ["participant", "acceptor"],
    software,
    logId,
    journal,
    address: () => address,
    member: coordinator,
    onSide: () => undefined,
    onLinked: (peer, isUp) => {
      linked.changed(peer.node, isUp);
      roster.changed(peer, isUp);
    },
    tracing,
    log,
    onFatal,
  });
  const staying = coordinator.open(replayed);
  if (staying !== null) warnOfStaying(log, staying);
  const roster = new Roster(coordinator.groups.members(), (to, members) =>
    links.sendSide(to, { kind: "roster", members }),
  );
  const reconfiguration = new Reconfiguration({
    coordinator,
    linked,
    links,
    roleOf: (peer) => coordinator.engine.peer(peer)?.role,
    waitMs: REACH_MS,
  });
  const refusals = setInterval(() => {
    const refused = coordinator.refusals();
    if (refused !== null)
      log.warn(
        refused,
        `More is asked for than can be answered in time: ${refused.refused} requests were refused in ${REFUSALS_MS / 1_000} s`,
      );
  }, REFUSALS_MS).unref();
  opening.replayDone();

  const operated: OperatedNode = {
    node,
    role: "coordinator",
    engine: coordinator.engine,
    log,
    isConnected: (peer) => linked.has(peer),
    locks: () => [],
    missing: (id) => coordinator.missing(id),
    groups: {
      list: () => coordinator.keptGroups(),
      reconfigure: (group, reason) => reconfiguration.to(group, reason),
    },
  };
  const relay = (
    to: string,
    method: "query" | "list-branches",
    payload: Uint8Array,
    timeoutMs: number,
  ): Promise<Uint8Array> => links.call(to, method, payload, timeoutMs);
  try {
    const server = await serve({
      address: listen,
      tls: null,
      services: [
        { definition: services.coordinator, implementation: { ...coordinatorService(coordinator, limits.operations) } },
        {
          definition: services.participant,
          implementation: { ...participantRelay(coordinator, relay, limits.operations) },
        },
        { definition: services.operator, implementation: { ...operatorService(operated) } },
        { definition: services.peer, implementation: links.serviceImplementation },
      ],
    });
    address = server.address;
    reconfiguration.follow();
    server.setServing(true);
    const close = async (): Promise<void> => {
      clearInterval(refusals);
      coordinator.drain();
      links.close();
      await server.shutdown(GRACE_MS);
      coordinator.close();
      opening.close();
    };
    return { node, address, incarnation, coordinator, close };
  } catch (thrown) {
    clearInterval(refusals);
    links.close();
    coordinator.close();
    opening.close();
    throw thrown;
  }
}

/** Until the configuration is the same, what it says of acceptors is not what is in force. */
function warnOfStaying(log: Log, { version, acceptors, reason }: GroupEntry): void {
  const names = acceptors.map(({ node, address }) => `${node}@${address}`);
  log.warn(
    { version, acceptors: names, reason },
    `Other acceptors are in force than the configuration names: an operator named ${names.join(", ")}. Put the same into the configuration.`,
  );
}

function defaultProtocol({ acceptors, protocol }: CoordinatorConfig): ProtocolName {
  if (protocol.default !== "auto") return protocol.default;
  return acceptors.length > 0 ? "paxos-commit" : "2pc";
}
