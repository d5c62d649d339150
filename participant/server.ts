/** A participant as a process: configuration, journal and resource in one SQLite file, links and services around the wiring. */

import type { Network } from "../runtime/engine/index.ts";
import { NemconError } from "../runtime/errors/index.ts";
import {
  exitWith,
  loggedObserver,
  networkOver,
  openLinks,
  openNode,
  operatorService,
  systemClock,
  systemRandom,
  systemScheduler,
  type Log,
  type OperatedNode,
  type ParticipantConfig,
} from "../runtime/index.ts";
import type { SqliteJournal } from "../runtime/journal/index.ts";
import { serve, serverCredentials, services, unary, type ParticipantHandlers } from "../runtime/link/index.ts";
import { Forward } from "./forward.ts";
import { Neighbours } from "./neighbours.ts";
import { Reads } from "./reads.ts";
import { openSqliteResource, type SqliteResource } from "./resources/sqlite/index.ts";
import { Participant } from "./wiring.ts";

export interface RunningParticipant {
  readonly node: string;
  /** `host:port`, with the port that was taken. */
  readonly address: string;
  readonly incarnation: number;
  /** The wiring, for a process that embeds a participant. */
  readonly participant: Participant;
  close(): Promise<void>;
}

export interface ServeParticipant {
  readonly log: Log;
  readonly software?: string;
  /** Trouble that ends the process. Default: it exits with the error's code. */
  readonly onFatal?: (error: NemconError) => never;
}

const GRACE_MS = 2_000;
const SWEEP_MS = 60_000;
/** Rows of closed transactions are dropped when the journal in the users' file takes more than this. */
const JOURNAL_BYTES = 32 * 1024 * 1024;
const DAY_MS = 86_400_000;

/** @throws NemconError where the configuration, the database or the address does not allow to serve */
export async function serveParticipant(
  config: ParticipantConfig,
  { log, software = "nemcon", onFatal = exitWith(log) }: ServeParticipant,
): Promise<RunningParticipant> {
  const { cluster, node, listen, database: file, times } = config;
  serverCredentials(listen, null);
  const opening = openNode("participant", config, { file, own: false }, { log, onFatal });
  const { journal, journalPort, replayed, incarnation, logId, tracing } = opening;
  const opened: { close(): unknown }[] = [opening];
  try {
    const resource = openResource(file, journal, log);
    opened.unshift(resource);
    const participant = new Participant({
      node,
      incarnation,
      times: {
        voteMs: times.voteMs,
        acknowledgementMs: times.decisionMs,
        decisionMs: times.decisionMs,
        retryCapMs: times.retryCapMs,
        idleMs: times.idleMs,
      },
      lockWaitMs: times.lockWaitMs,
      limits: config.limits,
      retention: { keepMs: DAY_MS, maxBytes: JOURNAL_BYTES, sweepMs: SWEEP_MS },
      clock: systemClock,
      scheduler: systemScheduler,
      random: systemRandom,
      journal: journalPort,
      network: networkOver<Network>({ send: (to, envelopes) => links.send(to, envelopes) }, tracing),
      resource,
      observer: loggedObserver(log, tracing),
    });
    const reads = new Reads(node, participant, resource, {
      rows: config.limits.rows,
      bytes: config.limits.resultBytes,
    });
    let address = listen;
    const neighbours = new Neighbours(node, {
      dial: (to, nodes) => links.dial(to, ...nodes),
      hangUp: (to) => links.hangUp(to),
    });
    const links = openLinks({
      cluster,
      node,
      role: "participant",
      accepts: ["coordinator", "participant", "acceptor"],
      software,
      logId,
      journal,
      address: () => address,
      member: participant,
      onSide: (from, item) => {
        if (item.kind === "watermark") participant.onWatermark(from, item.below, item.except);
        else if (item.kind === "roster" && participant.engine.peer(from)?.role === "coordinator")
          neighbours.take(item.members);
        else if (item.kind === "call") links.sendSide(from, reads.answer(item.id, item.method, item.payload));
      },
      onLinked: (peer, isUp) => neighbours.linked(peer.node, isUp),
      tracing,
      log,
      onFatal,
    });
    opened.unshift(links, participant);
    participant.open(replayed);
    opening.replayDone();
    const forward = new Forward(
      (coordinator) => links.peers().find((peer) => peer.node === coordinator && peer.up)?.address ?? null,
    );
    opened.unshift(forward);
    const operated: OperatedNode = {
      node,
      role: "participant",
      engine: participant.engine,
      log,
      isConnected: (peer) => links.peers().some((each) => each.node === peer && each.up),
      locks: (transaction) => resource.locks(transaction),
      missing: () => "",
      groups: null,
    };
    const server = await serve({
      address: listen,
      tls: null,
      services: [
        { definition: services.participant, implementation: { ...handlers(node, reads, forward) } },
        { definition: services.peer, implementation: links.serviceImplementation },
        { definition: services.operator, implementation: { ...operatorService(operated) } },
      ],
    });
    address = server.address;
    for (const coordinator of config.coordinators) links.dial(coordinator);
    server.setServing(true);
    const close = async (): Promise<void> => {
      links.close();
      await server.shutdown(GRACE_MS);
      forward.close();
      participant.close();
      log.info({ ways: resource.ways }, "calls of branches, by the way in which they were prepared (docs/sqlite.md)");
      resource.close();
      opening.close();
    };
    return { node, address, incarnation, participant, close };
  } catch (thrown) {
    for (const each of opened) each.close();
    throw thrown;
  }
}

function openResource(file: string, journal: SqliteJournal, log: Log): SqliteResource {
  try {
    // The driver's default is ON, and images of rows come one by one: a parent goes before it comes again.
    journal.database.pragma("foreign_keys = OFF");
    const resource = openSqliteResource({
      file,
      journalDatabase: journal.database,
      onOutsideWrite: (transaction, detail) => log.error({ transaction, alarm: "outside-write" }, detail),
    });
    journal.setGuard(resource.guard);
    return resource;
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new NemconError("DATABASE_UNUSABLE", `${file} can't be a participant's database: ${what}.`, { cause });
  }
}

function handlers(node: string, reads: Reads, forward: Forward): ParticipantHandlers {
  return {
    Execute: unary((request, call) => forward.execute(node, request, call.getDeadline())),
    Query: unary((request) => reads.query(request)),
    ListBranches: unary(({ participant }) => reads.branches(participant)),
  };
}
