/** What a world is made of and what its nodes may know of it. */

import type { AcceptorGroup, Env, NodeId, ProtocolName, Times, TransactionId } from "../../protocols/index.ts";
import type { Entry, Journal, Network, Random, Resource, RetentionTimes, Start } from "../../runtime/engine/index.ts";
import type { Tail } from "./disk.ts";
import type { TraceEvent } from "../../trace/index.ts";
import type { Probe } from "./probe.ts";
import type { Timeline } from "./timeline.ts";

/** Bugs that a test plants in the ports; those in machines go into the registry (planted.ts). */
export interface PlantedInPorts {
  /** Rows that are reported as durable and are not. */
  readonly lies?: (entries: readonly Entry[]) => boolean;
  /** Who reads takes no lock. */
  readonly unlockedReads?: boolean;
  /** Who reads is told what was there before it waited for its lock. */
  readonly staleReads?: boolean;
  /** What a watermark names as open. */
  readonly except?: (open: readonly TransactionId[]) => readonly TransactionId[];
}

/** What a participant keeps, where that is not the lab's own disk and resource: a real database, say. */
export interface Store {
  /** A life begins, on what the last one left. */
  open(): {
    readonly journal: Journal;
    readonly resource: Resource;
    readonly rows: Iterable<{ readonly sequence: number; readonly entries: readonly Entry[] }>;
  };
  /** The process dies. */
  crash(tail: Tail): void;
  /** The journal's last durable row, and the begins of its incarnations. */
  readonly sequence: number;
  readonly starts: readonly Start[];
}

export interface WorldOptions {
  /** By role; absent: C, C2 …, P1 …, A1 …. */
  readonly names?: Readonly<Record<"coordinators" | "participants" | "acceptors", readonly NodeId[]>>;
  /** null, or absent: the lab's own. */
  readonly store?: (participant: NodeId) => Store | null;
  /** Of transactions that name none. */
  readonly protocol: ProtocolName;
  readonly participants: number;
  /** C, C2 … */
  readonly coordinators: number;
  /** A1 …, in one group; 0: none. */
  readonly acceptors: number;
  /** S1 …: acceptors that are in no group until somebody puts them there. */
  readonly spares: number;
  readonly random: Random;
  /** One of its own for each node, so that what one draws changes nothing for another; absent: `random` for all. */
  readonly randomOf?: (node: NodeId) => Random;
  /** Takes every event of the run, in the schema of real processes (trace/event.ts); absent: no trace is made. */
  readonly trace?: (event: TraceEvent) => void;
  readonly times: Times;
  readonly retention: RetentionTimes;
  readonly lockWaitMs: number;
  readonly latencyMs: number;
}

export type Work = Readonly<Record<NodeId, readonly string[]>>;

export const defaultTimes: Times = {
  voteMs: 2_000,
  acknowledgementMs: 400,
  decisionMs: 600,
  retryCapMs: 3_000,
  idleMs: 4_000,
};

export const C = "C";

/** What a machine may know, of a node that knows no other. */
export function envOf(self: NodeId, known: Partial<Env> = {}): Env {
  return {
    self,
    incarnation: 1,
    times: defaultTimes,
    sharesLog: true,
    coordinators: () => [C],
    groups: () => [],
    ...known,
  };
}

/** What a node has of the world that it is in. */
export interface Surroundings {
  readonly options: WorldOptions;
  readonly planted: PlantedInPorts;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly probes: readonly Probe[];
  readonly network: {
    /** @param afterMs that much later, in milliseconds */
    send(from: NodeId, to: NodeId, envelopes: Parameters<Network["send"]>[1], afterMs: number): void;
    sendWatermark(
      from: NodeId,
      to: NodeId,
      watermark: { readonly below: TransactionId; readonly except: readonly TransactionId[] },
    ): void;
  };
  readonly turnMs: () => number;
  /** One group of all acceptors but the spare ones, where there are any. */
  readonly groups: readonly AcceptorGroup[];
  isUp(a: NodeId, b: NodeId): boolean;
  linksChanged(): void;
}
