/**
 * What an engine does, as events of a trace (trace/event.ts). Each is stamped with Lamport's clock, and a message
 * carries its stamp, so that traces of several processes can be merged. Without a tracer none of this runs.
 */

import type { LogRecord, Message, NodeId, ProtocolName, Step, TransactionId } from "../../protocols/index.ts";
import type { Fields, Happening, TraceEvent } from "../../trace/index.ts";
import type { Clock, Envelope, Journal, Network, Observer } from "./ports.ts";

export interface TracerOptions {
  readonly node: NodeId;
  readonly role: string;
  readonly host: string;
  readonly incarnation: number;
  /** The last row of its journal when it starts. */
  readonly sequence: number;
  /** Its last stamp of an earlier life: the clock never runs back. */
  readonly after: number;
  readonly clock: Pick<Clock, "calendarMs">;
  /** Takes one event. It is where it stays when this returns: a message leaves only after its event. */
  readonly write: (event: TraceEvent) => void;
}

export class Tracer {
  private readonly options: TracerOptions;
  private lamport: number;

  constructor(options: TracerOptions) {
    this.options = options;
    this.lamport = options.after;
    this.event({ kind: "start", role: options.role, sequence: options.sequence });
  }

  /** The same observer, that tells the trace of every step too. */
  observer(inner: Observer): Observer {
    return {
      ...inner,
      stepped: (id, protocol, step) => {
        inner.stepped?.(id, protocol, step);
        this.event(happeningOf(id, protocol, step));
      },
    };
  }

  /** The same journal, that tells when what was written is durable. */
  journal(inner: Journal): Journal {
    return {
      transact: (inside) => {
        const sequence = inner.transact(inside);
        this.event({ kind: "durable", sequence });
        return sequence;
      },
      append: (entries) => inner.append(entries),
      flush: () => {
        inner.flush();
        this.event({ kind: "durable", sequence: inner.size.nextSequence - 1 });
      },
      get size() {
        return inner.size;
      },
      sequenceForBytes: (bytes) => inner.sequenceForBytes(bytes),
    };
  }

  /** The same network; what leaves is stamped and told. */
  network<N extends Network>(inner: N): N {
    return {
      ...inner,
      send: (to: NodeId, envelopes: readonly Envelope[]) =>
        inner.send(
          to,
          envelopes.map((each) => this.sent(to, each)),
        ),
    };
  }

  /** To be called before the engine gets them. */
  received(from: NodeId, envelopes: readonly Envelope[]): void {
    for (const { transaction, protocol, body, stamp } of envelopes) {
      this.lamport = Math.max(this.lamport, stamp ?? 0);
      this.event({ kind: "receive", transaction, protocol, from, sent: stamp ?? null, message: fieldsOf(body) });
    }
  }

  private sent(to: NodeId, envelope: Envelope): Envelope {
    const { transaction, protocol, body } = envelope;
    this.event({ kind: "send", transaction, protocol, to, message: fieldsOf(body) });
    return { ...envelope, stamp: this.lamport };
  }

  private event(happening: Happening): void {
    const { node, host, incarnation, clock, write } = this.options;
    this.lamport += 1;
    write({ lamport: this.lamport, node, host, incarnation, atMs: clock.calendarMs(), ...happening });
  }
}

function happeningOf(
  transaction: TransactionId,
  protocol: ProtocolName,
  { records, closed, sends, effects }: Step<unknown, LogRecord>,
): Happening {
  const resource: string[] = [];
  const answers: string[] = [];
  for (const effect of effects ?? []) {
    if (effect.kind === "resource") resource.push(effect.request.act);
    if (effect.kind === "reply") answers.push(effect.answer.outcome);
  }
  return {
    kind: "step",
    transaction,
    protocol,
    records: (records ?? []).map(({ record, force }) => ({
      kind: record.kind,
      forced: force,
      ...(record.kind === "decided" ? { decision: record.decision } : {}),
    })),
    outcome:
      closed === undefined
        ? null
        : { outcome: closed.outcome.outcome, reason: closed.outcome.reason, forced: closed.force },
    sends: (sends ?? []).map(({ body }) => body.kind),
    resource,
    answers,
  };
}

function fieldsOf(body: Message): Fields {
  return shortened(body) as Fields;
}

/** Bytes are of no use to a reader of a trace, and users' data do not belong into one. */
function shortened(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: value.length };
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shortened(each)]));
}
