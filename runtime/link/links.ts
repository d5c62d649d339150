/** The links of a node to its peers: the engine's network, and the calls and notes beside it. */

import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import type { NodeId } from "../../protocols/index.ts";
import { seenOf, type Envelope, type Network, type PeerRole } from "../engine/index.ts";
import { NemconError } from "../errors/index.ts";
import { accept } from "./accept.ts";
import { Calls } from "./calls.ts";
import type { DecodedFrame } from "./codec.ts";
import { Dialer } from "./dial.ts";
import type { PeerHandlers } from "./gen/nemcon/v1/Peer.ts";
import { refusal, type Identity, type Refusal } from "./handshake.ts";
import type { Host } from "./host.ts";
import type { CallMethod, SideItem } from "./items.ts";
import { defaultTuning, type LinkOptions, type LinkTuning, type Peer, type Refused } from "./options.ts";
import { hostOf } from "./security.ts";
import { Session, type Wire } from "./session.ts";

/** A peer that has been linked since this process started, as people and metrics see it. */
export interface PeerStatus {
  readonly node: NodeId;
  readonly role: PeerRole;
  readonly up: boolean;
  /** Where it serves its own API; empty: nowhere that others can reach. */
  readonly address: string;
  readonly software: string;
  /** Waiting to leave for it. */
  readonly queuedBytes: number;
  /** Messages that found no room since this process started. */
  readonly shed: number;
  /** How long it has been up, or down. */
  readonly sinceMs: number;
}

interface Known {
  readonly hello: Identity;
  readonly session: Session | null;
  readonly changedMs: number;
  /** Shed by sessions before this one. */
  readonly shedBefore: number;
}

export class Links implements Network {
  private readonly options: LinkOptions;
  private readonly tuning: LinkTuning;
  private readonly known = new Map<NodeId, Known>();
  private readonly dialers = new Map<string, Dialer>();
  private readonly calls: Calls;
  private readonly host: Host;
  private closed = false;
  /** For `Server.addService(services.peer, …)`. */
  readonly serviceImplementation: PeerHandlers & UntypedServiceImplementation;

  constructor(options: LinkOptions) {
    this.options = options;
    this.tuning = { ...defaultTuning, ...options.tuning };
    this.calls = new Calls(this.tuning.openCalls);
    this.host = {
      options,
      tuning: this.tuning,
      admit: (peer) => (this.closed ? this.stopping() : options.admit(peer)),
      open: (wire, peer, version) => this.open(wire, peer, version),
      refused: (refused) => this.refused(refused),
    };
    this.serviceImplementation = { Link: (stream) => accept(this.host, stream) };
  }

  /**
   * Keeps a link to the server at `address` (`host:port`) up until `close`. A second dial of an address is none.
   *
   * @param expected who may serve there; nobody is named: whoever it is
   * @throws NemconError ADDRESS_INVALID
   */
  dial(address: string, ...expected: readonly NodeId[]): void {
    hostOf(address);
    if (this.closed || this.dialers.has(address)) return;
    this.dialers.set(address, new Dialer(this.host, address, expected));
  }

  /** Ends what `dial` of this address keeps up. */
  hangUp(address: string): void {
    this.dialers.get(address)?.close();
    this.dialers.delete(address);
  }

  /** One frame. Lost where the link is down; shed in part where the peer takes too little. Never throws. */
  send(to: NodeId, envelopes: readonly Envelope[]): void {
    this.sessionOf(to)?.send(envelopes);
  }

  /** A frame of its own for the item. false: lost or shed. */
  sendSide(to: NodeId, item: SideItem): boolean {
    return this.sessionOf(to)?.sendSide(item) ?? false;
  }

  /**
   * Asks a peer and waits for its return.
   *
   * @param payload the request, as the peer reads it
   * @returns the payload of its answer
   * @throws NemconError PARTICIPANT_UNREACHABLE, OVERLOADED, DEADLINE_EXCEEDED, or what the peer answered
   */
  async call(to: NodeId, method: CallMethod, payload: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const session = this.sessionOf(to);
    if (session === null) throw unreachable(to);
    return this.calls.start(to, timeoutMs, (id) => session.sendSide({ kind: "call", id, method, timeoutMs, payload }));
  }

  /** Every peer that was ever up, by name. */
  peers(): PeerStatus[] {
    const nowMs = performance.now();
    return [...this.known.values()]
      .map(({ hello: { node, role, address, software }, session, changedMs, shedBefore }) => ({
        node,
        role,
        up: session !== null,
        address,
        software,
        queuedBytes: session?.queuedBytes ?? 0,
        shed: shedBefore + (session?.shed ?? 0),
        sinceMs: nowMs - changedMs,
      }))
      .sort((a, b) => (a.node < b.node ? -1 : 1));
  }

  /** Ends every link. No callback comes after it. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    const why = this.stopping();
    for (const dialer of this.dialers.values()) dialer.close();
    for (const { session } of this.known.values()) session?.end(why);
    this.calls.drop(null, new NemconError("SHUTTING_DOWN", why.message));
  }

  private stopping(): Refusal {
    return refusal("SHUTTING_DOWN", `${this.options.identity.node} stops.`);
  }

  private sessionOf(node: NodeId): Session | null {
    return this.known.get(node)?.session ?? null;
  }

  private open(wire: Wire, peer: Identity, version: number): Session {
    const session: Session = new Session(wire, {
      peer,
      version,
      bounds: this.tuning.bounds,
      ownSequence: this.options.sequence,
      onFrame: (frame) => this.onFrame(peer.node, frame),
      onEnd: (why) => this.ended(session, why),
    });
    if (this.closed) {
      session.end(this.stopping());
      return session;
    }
    this.sessionOf(peer.node)?.end(refusal("SESSION_REPLACED", `${peer.node} opened a newer link.`));
    const shedBefore = this.known.get(peer.node)?.shedBefore ?? 0;
    this.known.set(peer.node, { hello: peer, session, changedMs: performance.now(), shedBefore });
    const { node, role, address, software } = peer;
    const { incarnation } = seenOf(peer);
    this.options.log.info(
      { peer: node, peerRole: role, address, incarnation, software, version },
      `Linked with ${role} ${node}`,
    );
    this.options.events.onUp(describe(session));
    return session;
  }

  private ended(session: Session, why: Refusal): void {
    const { peer } = session;
    const known = this.known.get(peer.node);
    if (known?.session !== session) return;
    const shedBefore = known.shedBefore + session.shed;
    this.known.set(peer.node, { hello: peer, session: null, changedMs: performance.now(), shedBefore });
    if (this.closed) return;
    const { node, role } = peer;
    this.options.log.warn(
      { peer: node, peerRole: role, reason: why.reason },
      `Link with ${role} ${node} is down: ${why.message}`,
    );
    this.calls.drop(node, unreachable(node));
    this.options.events.onDown(describe(session));
  }

  private onFrame(from: NodeId, { envelopes, side }: DecodedFrame): void {
    const { events } = this.options;
    if (envelopes.length > 0) events.onEnvelopes(from, envelopes);
    for (const item of side) {
      if (item.kind === "return") this.calls.returned(from, item);
      else events.onSide(from, item);
    }
  }

  private refused(refused: Refused): void {
    if (this.closed) return;
    const { node, address, byPeer, reason, message } = refused;
    const text = byPeer ? "The peer refused this node" : "Refused a link";
    this.options.log.warn({ peer: node, address, reason }, `${text}: ${message}`);
    this.options.events.onRefused?.(refused);
  }
}

function describe(session: Session): Peer {
  const { node, role, address } = session.peer;
  return { node, role, address, seen: { ...seenOf(session.peer), sequence: session.peerSequence } };
}

function unreachable(node: NodeId): NemconError {
  return new NemconError("PARTICIPANT_UNREACHABLE", `No link to ${node} now.`, { retryAfterMs: 1_000 });
}
