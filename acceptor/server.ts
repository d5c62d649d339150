/** An acceptor as a process: configuration, journal and links around the wiring. Clients have no business with it. */

import type { Network } from "../runtime/engine/index.ts";
import type { NemconError } from "../runtime/errors/index.ts";
import {
  exitWith,
  loggedObserver,
  networkOver,
  openLinks,
  openNode,
  systemClock,
  systemRandom,
  systemScheduler,
  type AcceptorConfig,
  type Log,
} from "../runtime/index.ts";
import { journalFile } from "../runtime/journal/index.ts";
import { serve, serverCredentials, services } from "../runtime/link/index.ts";
import { Acceptor } from "./wiring.ts";

export interface RunningAcceptor {
  readonly node: string;
  /** `host:port`, with the port that was taken. */
  readonly address: string;
  readonly incarnation: number;
  /** The wiring, for a process that embeds an acceptor. */
  readonly acceptor: Acceptor;
  close(): Promise<void>;
}

export interface ServeAcceptor {
  readonly log: Log;
  readonly software?: string;
  /** Trouble that ends the process. Default: it exits with the error's code. */
  readonly onFatal?: (error: NemconError) => never;
}

/** An acceptor waits for no vote and no acknowledgement. */
const UNUSED = { voteMs: 0, acknowledgementMs: 0, decisionMs: 0, retryCapMs: 0, idleMs: 0 };
const GRACE_MS = 2_000;
const SWEEP_MS = 60_000;
/** Tombstones go when their coordinators say that nobody can ask for them; rows before that are carried along. */
const JOURNAL_BYTES = 32 * 1024 * 1024;
const DAY_MS = 86_400_000;

/** @throws NemconError where the configuration, the journal or the address does not allow to serve */
export async function serveAcceptor(
  config: AcceptorConfig,
  { log, software = "nemcon", onFatal = exitWith(log) }: ServeAcceptor,
): Promise<RunningAcceptor> {
  const { cluster, node, listen, directory, times, limits } = config;
  serverCredentials(listen, null);
  const opening = openNode("acceptor", config, { file: journalFile(directory), own: true }, { log, onFatal });
  const { journal, journalPort, replayed, incarnation, logId, tracing } = opening;
  const opened: { close(): unknown }[] = [opening];
  try {
    const acceptor = new Acceptor({
      node,
      incarnation,
      times: { ...UNUSED, flushMs: times.flushMs },
      limits,
      retention: { keepMs: DAY_MS, maxBytes: JOURNAL_BYTES, sweepMs: SWEEP_MS },
      clock: systemClock,
      scheduler: systemScheduler,
      random: systemRandom,
      journal: journalPort,
      network: networkOver<Network>({ send: (to, envelopes) => links.send(to, envelopes) }, tracing),
      observer: loggedObserver(log, tracing),
    });
    let address = listen;
    const links = openLinks({
      cluster,
      node,
      role: "acceptor",
      accepts: ["coordinator", "participant"],
      software,
      logId,
      journal,
      address: () => address,
      member: acceptor,
      onSide: (from, item) => {
        if (item.kind === "watermark") acceptor.onWatermark(from, item.below, item.except);
      },
      tracing,
      log,
      onFatal,
    });
    opened.unshift(links, acceptor);
    acceptor.open(replayed);
    opening.replayDone();
    const server = await serve({
      address: listen,
      tls: null,
      services: [{ definition: services.peer, implementation: links.serviceImplementation }],
    });
    address = server.address;
    server.setServing(true);
    const close = async (): Promise<void> => {
      links.close();
      await server.shutdown(GRACE_MS);
      acceptor.close();
      opening.close();
    };
    return { node, address, incarnation, acceptor, close };
  } catch (thrown) {
    for (const each of opened) each.close();
    throw thrown;
  }
}
