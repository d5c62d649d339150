/** The door: links between nodes, gRPC servers, the services' types, errors on the wire. */

export { Links, type PeerStatus } from "./links.ts";
export { defaultKeepalive, linkMessageBytes } from "./options.ts";
export type { Keepalive, LinkEvents, LinkLog, LinkOptions, LinkTuning, Peer, Refused } from "./options.ts";
export {
  judge,
  type Admission,
  type Identity,
  type PeerHello,
  type Refusal as LinkRefusal,
  type Seen,
} from "./handshake.ts";
export type { Call, CallMethod, Return, SideItem, Watermark } from "./items.ts";
export { describePortHolder } from "./port-holder.ts";
export { channelCredentials, serverCredentials } from "./security.ts";
export { fromServiceError, toServiceError, type StatusToSend, type WireError } from "./status.ts";
export { CoordinatorStub, ParticipantStub, protoFolder, services } from "./proto.ts";
export { serve, type RunningServer, type ServedService, type ServeOptions } from "./server.ts";
