/** The serving end of a link: one stream, from the peer's hello to its end. */

import type { ServerDuplexStream } from "@grpc/grpc-js";
import { reasons } from "../errors/index.ts";
import type { LinkRequest__Output } from "./gen/nemcon/v1/LinkRequest.ts";
import type { LinkResponse } from "./gen/nemcon/v1/LinkResponse.ts";
import { helloOf, judge, refusal, type Identity, type Refusal } from "./handshake.ts";
import type { Host } from "./host.ts";
import type { Session, Wire } from "./session.ts";
import { toServiceError } from "./status.ts";

type Stream = ServerDuplexStream<LinkRequest__Output, LinkResponse>;

type State =
  | { readonly at: "hello" }
  | { readonly at: "answered"; readonly peer: Identity; readonly version: number }
  | { readonly at: "open"; readonly session: Session }
  | { readonly at: "over" };

/** Serves one stream of `Peer.Link`. */
export function accept(host: Host, stream: Stream): void {
  const { identity, accepts } = host.options;
  let state: State = { at: "hello" };

  const wire: Wire = {
    write: (frame, taken) => {
      stream.write({ frame }, taken);
    },
    end: (why) => finish(why),
  };

  const timer = setTimeout(() => {
    refuse(refusal("LINK_BROKEN", `No handshake within ${host.tuning.handshakeMs} ms.`), nameOf(state));
  }, host.tuning.handshakeMs);

  /** Ends the stream with a status that says why. */
  function finish(why: Refusal): void {
    state = { at: "over" };
    clearTimeout(timer);
    if (stream.cancelled || stream.writableEnded) return;
    stream.emit("error", toServiceError({ ...why, code: reasons[why.reason].code }));
  }

  function refuse(why: Refusal, node: string | null): void {
    if (state.at === "open") state.session.end(why);
    else finish(why);
    host.refused({ node, address: null, byPeer: false, reason: why.reason, message: why.message });
  }

  function onRequest(request: LinkRequest__Output): void {
    const { hello, frame, goodbye } = request;
    if (frame && state.at === "open") {
      state.session.receive(frame);
    } else if (hello && state.at === "hello") {
      const judged = judge(identity, accepts, hello);
      if (!judged.ok) return refuse(judged, hello.node || null);
      const admitted = host.admit(judged.peer);
      if (!admitted.ok) return refuse(admitted, judged.peer.node);
      state = { at: "answered", peer: judged.peer, version: judged.version };
      stream.write({ hello: helloOf(identity) });
    } else if (hello && state.at === "answered") {
      const judged = judge(identity, accepts, hello);
      if (!judged.ok) return refuse(judged, state.peer.node);
      if (judged.peer.node !== state.peer.node) {
        return refuse(
          refusal("LINK_BROKEN", `${state.peer.node} calls itself ${judged.peer.node} now.`),
          state.peer.node,
        );
      }
      clearTimeout(timer);
      const { peer, version } = state;
      const session = host.open(wire, peer, version);
      // A callback of the opening may have ended it again.
      if (!session.over) state = { at: "open", session };
    } else if (goodbye) {
      const node = nameOf(state);
      const { reason, message } = goodbye;
      gone(refusal("LINK_BROKEN", `The peer said goodbye: ${message}`));
      stream.end();
      host.refused({ node, address: null, byPeer: true, reason, message });
    } else if (state.at !== "over") {
      refuse(refusal("LINK_BROKEN", `Not expected now: ${request.kind ?? "an empty message"}.`), nameOf(state));
    }
  }

  /** The stream has ended from the other side, or by the network. */
  function gone(why: Refusal): void {
    const was = state;
    state = { at: "over" };
    clearTimeout(timer);
    if (was.at === "open") was.session.lost(why);
  }

  stream.on("data", onRequest);
  stream.on("end", () => {
    gone(refusal("SESSION_REPLACED", "The peer ended the link."));
    if (!stream.writableEnded) stream.end();
  });
  stream.on("cancelled", () => gone(refusal("PARTICIPANT_UNREACHABLE", "The connection was lost.")));
  stream.on("error", () => gone(refusal("PARTICIPANT_UNREACHABLE", "The connection was lost.")));
}

function nameOf(state: State): string | null {
  if (state.at === "answered") return state.peer.node;
  return state.at === "open" ? state.session.peer.node : null;
}
