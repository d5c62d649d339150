/** The dialling end: keeps a link to one address up for ever. */

import type { ClientDuplexStream } from "@grpc/grpc-js";
import type { NodeId } from "../../protocols/index.ts";
import { isReason } from "../errors/index.ts";
import type { LinkRequest } from "./gen/nemcon/v1/LinkRequest.ts";
import type { LinkResponse__Output } from "./gen/nemcon/v1/LinkResponse.ts";
import { backoffMs } from "./backoff.ts";
import { helloOf, judge, refusal, type Identity, type Refusal } from "./handshake.ts";
import type { Host } from "./host.ts";
import { linkMessageBytes } from "./options.ts";
import { PeerStub } from "./proto.ts";
import type { Session, Wire } from "./session.ts";
import { fromServiceError } from "./status.ts";

type Stream = ClientDuplexStream<LinkRequest, LinkResponse__Output>;

/** What the window of one stream lets a peer send before it was read, in bytes. */
const flowControlBytes = 1024 * 1024;

export class Dialer {
  private readonly host: Host;
  private readonly address: string;
  private readonly expected: readonly NodeId[];
  private failures = 0;
  private timer: NodeJS.Timeout | null = null;
  private attempt: Attempt | null = null;
  private closed = false;
  /** The last trouble, so that the log says each one once and not at every attempt. */
  private lastTrouble = "";

  /** @param expected who may serve there; none: whoever it is */
  constructor(host: Host, address: string, expected: readonly NodeId[]) {
    this.host = host;
    this.address = address;
    this.expected = expected;
    this.begin();
  }

  close(): void {
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.attempt?.abandon(refusal("SHUTTING_DOWN", "This node stops."));
  }

  private begin(): void {
    this.timer = null;
    this.attempt = new Attempt(this.host, this.address, this.expected, (lived, why) => this.ended(lived, why));
  }

  private ended(livedMs: number, why: Refusal): void {
    this.attempt = null;
    if (this.closed) return;
    const { backoff, random } = this.host.tuning;
    // A session that ends at once, again and again, is no better than none: it must not reset the back-off.
    this.failures = livedMs >= backoff.capMs ? 1 : this.failures + 1;
    const delayMs = backoffMs(backoff, this.failures, random());
    if (livedMs > 0 || why.message !== this.lastTrouble) {
      this.host.options.log.warn({ address: this.address, reason: why.reason }, `No link: ${why.message}`);
    }
    this.lastTrouble = why.message;
    this.timer = setTimeout(() => this.begin(), delayMs);
  }
}

type State =
  | { readonly at: "hello" }
  | { readonly at: "open"; readonly session: Session; readonly openedMs: number }
  | { readonly at: "over" };

/** One connection, from its dial to its end. */
class Attempt {
  private readonly host: Host;
  private readonly address: string;
  private readonly expected: readonly NodeId[];
  private readonly onEnd: (livedMs: number, why: Refusal) => void;
  private readonly client: InstanceType<typeof PeerStub>;
  private readonly stream: Stream;
  private readonly timer: NodeJS.Timeout;
  private state: State = { at: "hello" };

  constructor(
    host: Host,
    address: string,
    expected: readonly NodeId[],
    onEnd: (livedMs: number, why: Refusal) => void,
  ) {
    this.host = host;
    this.address = address;
    this.expected = expected;
    this.onEnd = onEnd;
    const { options, tuning } = host;
    // A channel an attempt: a channel of its own would wait by its own back-off, which knows nothing of ours.
    this.client = new PeerStub(address, options.credentials, {
      "grpc.keepalive_time_ms": tuning.keepalive.timeMs,
      "grpc.keepalive_timeout_ms": tuning.keepalive.timeoutMs,
      "grpc.keepalive_permit_without_calls": 1,
      "grpc.use_local_subchannel_pool": 1,
      "grpc.max_receive_message_length": linkMessageBytes,
      "grpc.max_send_message_length": linkMessageBytes,
      "grpc.enable_retries": 0,
      "grpc.enable_channelz": 0,
      "grpc-node.flow_control_window": flowControlBytes,
    });
    this.stream = this.client.link();
    this.timer = setTimeout(() => {
      this.abandon(refusal("LINK_BROKEN", `No handshake with ${address} within ${tuning.handshakeMs} ms.`));
    }, tuning.handshakeMs);
    this.stream.on("data", (response: LinkResponse__Output) => this.onResponse(response));
    this.stream.on("error", (error) => this.failed(fromServiceError(error)));
    this.stream.on("end", () => this.over(refusal("SESSION_REPLACED", `${address} ended the link.`)));
    this.stream.write({ hello: helloOf(options.identity) });
  }

  /** Ends it from this side. */
  abandon(why: Refusal): void {
    if (this.state.at === "open") this.state.session.end(why);
    else this.over(why);
  }

  private readonly wire: Wire = {
    write: (frame, taken) => {
      this.stream.write({ frame }, taken);
    },
    end: (why) => this.over(why),
  };

  private onResponse({ hello, frame, kind }: LinkResponse__Output): void {
    if (frame && this.state.at === "open") this.state.session.receive(frame);
    else if (hello && this.state.at === "hello") this.onHello(hello);
    else if (this.state.at !== "over") {
      this.abandon(refusal("LINK_BROKEN", `Not expected now from ${this.address}: ${kind ?? "an empty message"}.`));
    }
  }

  private onHello(hello: NonNullable<LinkResponse__Output["hello"]>): void {
    const { identity, accepts } = this.host.options;
    const judged = judge(identity, accepts, hello);
    if (!judged.ok) return this.refuse(judged, hello.node || null);
    const { peer, version } = judged;
    if (this.expected.length > 0 && !this.expected.includes(peer.node)) {
      const message = `${this.expected.join(" or ")} was expected at ${this.address}, and ${peer.role} ${peer.node} serves there.`;
      return this.refuse(refusal("WRONG_NODE", message), peer.node);
    }
    const admitted = this.host.admit(peer);
    if (!admitted.ok) return this.refuse(admitted, peer.node);
    clearTimeout(this.timer);
    this.stream.write({ hello: helloOf(identity) });
    this.opened(peer, version);
  }

  private opened(peer: Identity, version: number): void {
    const session = this.host.open(this.wire, peer, version);
    // A callback of the opening may have ended it again.
    if (!session.over) this.state = { at: "open", session, openedMs: performance.now() };
  }

  private refuse(why: Refusal, node: string | null): void {
    const { reason, message } = why;
    this.host.refused({ node, address: this.address, byPeer: false, reason, message });
    this.stream.write({ goodbye: { reason, message } });
    // The server ends the stream once it has read this; the handshake's timer ends it where it does not.
    this.stream.end();
  }

  /** The stream's status: a refusal by the other side, or the network's trouble. */
  private failed({ reason, message }: { reason: string | null; message: string }): void {
    if (this.state.at === "over") return;
    if (reason === null) {
      this.over(refusal("COORDINATOR_UNREACHABLE", `${this.address}: ${message}`));
      return;
    }
    const node = this.state.at === "open" ? this.state.session.peer.node : null;
    this.over(refusal(isReason(reason) ? reason : "LINK_BROKEN", `${this.address}: ${message}`));
    this.host.refused({ node, address: this.address, byPeer: true, reason, message });
  }

  private over(why: Refusal): void {
    const was = this.state;
    if (was.at === "over") return;
    this.state = { at: "over" };
    clearTimeout(this.timer);
    if (was.at === "open") was.session.lost(why);
    this.stream.cancel();
    this.client.close();
    this.onEnd(was.at === "open" ? performance.now() - was.openedMs : 0, why);
  }
}
