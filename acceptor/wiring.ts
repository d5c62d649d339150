/** The acceptor as a library: the machines and the engine joined over ports; no gRPC, no SQLite. */

import {
  protocols,
  parseTransactionId,
  type LogRecord,
  type Machine,
  type NodeId,
  type Step,
  type Times,
  type TransactionId,
} from "../protocols/index.ts";
import {
  Engine,
  admitPeer,
  closedIdentity,
  namesOf,
  type AnyMachine,
  type Clock,
  type Entry,
  type Envelope,
  type Journal,
  type Network,
  type Observer,
  type Random,
  type RetentionTimes,
  type Return,
  type Returning,
  type Scheduler,
} from "../runtime/engine/index.ts";

export interface AcceptorOptions {
  readonly node: NodeId;
  readonly incarnation: number;
  readonly times: Times;
  readonly retention: RetentionTimes;
  /** Nodes that may be known, by name. */
  readonly limits: { readonly peers: number };
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly journal: Journal;
  readonly network: Network;
  readonly observer: Observer;
}

export class Acceptor {
  readonly engine: Engine;
  private readonly options: AcceptorOptions;

  constructor(options: AcceptorOptions) {
    this.options = options;
    const { node, incarnation, times, clock, scheduler, random, journal, network, observer, retention } = options;
    this.engine = new Engine({
      env: {
        self: node,
        incarnation,
        times,
        coordinators: () => namesOf(this.engine, "coordinator"),
        groups: () => [],
      },
      machines: (protocol) => protocols[protocol].acceptor ?? bystander,
      identity: closedIdentity,
      clock,
      scheduler,
      random,
      journal,
      network,
      resource: null,
      observer,
      retention,
      lockWaitMs: 0,
      flushMs: 100,
    });
  }

  /** Replays the journal; then, and only then, anything is answered. */
  open(rows: Iterable<{ readonly sequence: number; readonly entries: readonly Entry[] }>): void {
    this.engine.restore(rows);
  }

  onEnvelopes(from: NodeId, envelopes: readonly Envelope[]): void {
    this.engine.deliver(from, envelopes);
  }

  /** A coordinator's word on its own ids; about another's it has no say. */
  onWatermark(from: NodeId, below: TransactionId, except: readonly string[]): void {
    if (parseTransactionId(below)?.coordinator === from) this.engine.close(from, below, except);
  }

  admit(hello: Returning): Return {
    return admitPeer(this.engine, hello, this.options.limits.peers);
  }

  onUp(node: NodeId): void {
    this.engine.suspect(node, false);
  }

  onDown(node: NodeId, seen: { readonly log: string; readonly incarnation: number; readonly sequence: number }): void {
    const known = this.engine.peer(node);
    if (known === undefined) return;
    const { log, incarnation, sequence } = seen;
    this.engine.notePeer(node, { ...known, log, incarnation, sequence }, false);
  }

  close(): void {
    this.engine.shutdown();
  }
}

/** For protocols without acceptors: nobody has anything to tell it, and whoever does is reported. */
const bystander: AnyMachine = {
  init: () => null,
  step: () => ({ state: null, ignored: "nothing-to-do" }),
  restore: () => ({ state: null }),
  absent: (_env, _id, _absence, input): Step<unknown, LogRecord> =>
    input.kind === "message"
      ? {
          state: null,
          effects: [
            {
              kind: "alarm",
              alarm: "impossible-message",
              detail: `${input.from} sent ${input.body.kind} of a protocol that has no acceptors`,
            },
          ],
        }
      : { state: null, ignored: "nothing-to-do" },
  view: () => ({ state: "active", participants: [], coordinator: null }),
} satisfies Machine<unknown, LogRecord>;
