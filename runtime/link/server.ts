/** A gRPC server as every role runs it: health, reflection, keepalive, limits, and an honest word on a taken port. */

import {
  logVerbosity,
  Server,
  setLogVerbosity,
  type ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { NemconError } from "../errors/index.ts";
import { limits } from "../values/index.ts";
import { limitRequests, refuseTooLarge } from "./message-limit.ts";
import { defaultKeepalive, linkMessageBytes, type Keepalive } from "./options.ts";
import { describePortHolder } from "./port-holder.ts";
import { services } from "./proto.ts";
import { reflectionService } from "./reflection.ts";
import { hostOf, serverCredentials } from "./security.ts";

export interface ServedService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

export interface ServeOptions {
  /** `host:port`; port 0 takes any free one. */
  readonly address: string;
  /** null: no TLS, and then only a loopback address. */
  readonly tls: ServerCredentials | null;
  readonly services: readonly ServedService[];
  readonly keepalive?: Keepalive;
}

export interface RunningServer {
  /** `host:port`, with the port that was taken. */
  readonly address: string;
  readonly port: number;
  /** What health says of this server and each of its services; false until the first call. */
  setServing(serving: boolean): void;
  /** Takes no new calls, waits up to `graceMs` for those that run, and ends the rest; half a second more at most. */
  shutdown(graceMs: number): Promise<void>;
}

/** On one connection; clients hold further ones back. */
const CALLS_AT_ONCE = 2_048;

/** @throws NemconError PORT_TAKEN, ADDRESS_NOT_LOOPBACK, ADDRESS_INVALID */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { address, tls, keepalive = defaultKeepalive } = options;
  const credentials = serverCredentials(address, tls);
  // What gRPC prints on stderr comes back as errors too; there it would stand between the log's lines.
  if (process.env["GRPC_VERBOSITY"] === undefined) setLogVerbosity(logVerbosity.NONE);
  const server = new Server({
    "grpc.max_receive_message_length": linkMessageBytes,
    "grpc.max_send_message_length": linkMessageBytes,
    // Dead clients too hold streams and locks; the same for the link, whose sessions end by it.
    "grpc.keepalive_time_ms": keepalive.timeMs,
    "grpc.keepalive_timeout_ms": keepalive.timeoutMs,
    "grpc.enable_channelz": 0,
    "grpc.max_concurrent_streams": CALLS_AT_ONCE,
    interceptors: [refuseTooLarge(limits.messageBytes)],
  });
  for (const { definition, implementation } of options.services) {
    const limited = definition === services.peer ? definition : limitRequests(definition, limits.messageBytes);
    server.addService(limited, implementation);
  }
  const health = new HealthImplementation({});
  health.addToServer(server);
  reflectionService().addToServer(server);
  const names = ["", ...options.services.flatMap(({ definition }) => serviceName(definition))];
  const setServing = (serving: boolean): void => {
    for (const name of names) health.setStatus(name, serving ? "SERVING" : "NOT_SERVING");
  };
  setServing(false);
  const port = await bind(server, address, credentials);
  return {
    address: `${address.slice(0, address.lastIndexOf(":"))}:${port}`,
    port,
    setServing,
    shutdown: (graceMs) => {
      setServing(false);
      return shutdown(server, graceMs);
    },
  };
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(bindingError(address, error));
    });
  });
}

function bindingError(address: string, cause: Error): NemconError {
  const details = { address };
  if (cause.message.includes("EADDRINUSE")) {
    const port = Number(address.slice(address.lastIndexOf(":") + 1));
    const message = `${address} is taken. ${describePortHolder(port)} Another port, or 0 for any free one, will do.`;
    return new NemconError("PORT_TAKEN", message, { cause, details });
  }
  const message = `Can't listen on ${address} (host ${hostOf(address)}): ${cause.message}`;
  return new NemconError("ADDRESS_INVALID", message, { cause, details });
}

/** What is forced closed ends at once, but for a peer that keeps its half of a connection open: it holds a socket, and nothing else. */
const FORCED_MS = 500;

function shutdown(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    let timer = setTimeout(() => {
      server.forceShutdown();
      timer = setTimeout(resolve, FORCED_MS);
    }, graceMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** `/package.Service/Method` of any of its methods names it. */
function serviceName(definition: ServiceDefinition): string[] {
  return Object.values(definition)
    .slice(0, 1)
    .map(({ path }) => path.slice(1, path.lastIndexOf("/")));
}
