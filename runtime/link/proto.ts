/** The services of proto/nemcon/v1, loaded once, with the types that `npm run generate` wrote. */

import { fileURLToPath } from "node:url";
import { makeClientConstructor, type ChannelCredentials, type ClientOptions } from "@grpc/grpc-js";
import { loadSync, type PackageDefinition } from "@grpc/proto-loader";
import type { CoordinatorClient, CoordinatorDefinition } from "./gen/nemcon/v1/Coordinator.ts";
import type { OperatorClient, OperatorDefinition } from "./gen/nemcon/v1/Operator.ts";
import type { ParticipantClient, ParticipantDefinition } from "./gen/nemcon/v1/Participant.ts";
import type { PeerClient, PeerDefinition } from "./gen/nemcon/v1/Peer.ts";

/** Beside the sources in the repository, beside the built files in the package. */
export const protoFolder = fileURLToPath(new URL("../../proto/", import.meta.url));

const loaded: PackageDefinition = loadSync(
  ["coordinator", "operator", "participant", "peer"].map((name) => `nemcon/v1/${name}.proto`),
  // The same as in tools/generate.ts: the types say what these options make of a message.
  { includeDirs: [protoFolder], longs: String, enums: String, bytes: Buffer, defaults: true, oneofs: true },
);

function definition(service: string): unknown {
  const found = loaded[`nemcon.v1.${service}`];
  if (found === undefined) throw new TypeError(`${protoFolder} has no service ${service}`);
  return found;
}

/** The services' definitions, for `Server.addService`. */
export const services = {
  coordinator: definition("Coordinator") as CoordinatorDefinition,
  operator: definition("Operator") as OperatorDefinition,
  participant: definition("Participant") as ParticipantDefinition,
  peer: definition("Peer") as PeerDefinition,
} as const;

type ClientConstructor<T> = new (address: string, credentials: ChannelCredentials, options?: ClientOptions) => T;

function client<T>(service: keyof typeof services): ClientConstructor<T> {
  return makeClientConstructor(services[service], service) as unknown as ClientConstructor<T>;
}

export const PeerStub = client<PeerClient>("peer");
export const CoordinatorStub = client<CoordinatorClient>("coordinator");
export const OperatorStub = client<OperatorClient>("operator");
export const ParticipantStub = client<ParticipantClient>("participant");
