/** Who may listen and dial, and with what proof: the one place where credentials are chosen. */

import { isIPv4, isIPv6 } from "node:net";
import { ChannelCredentials, ServerCredentials } from "@grpc/grpc-js";
import { NemconError } from "../errors/index.ts";

/**
 * The credentials for a server at `address` (`host:port`).
 *
 * @param tls what TLS brings; null: none is configured, and only this machine may connect
 * @throws NemconError ADDRESS_NOT_LOOPBACK, ADDRESS_INVALID
 */
export function serverCredentials(address: string, tls: ServerCredentials | null): ServerCredentials {
  if (tls !== null) return tls;
  if (isLoopback(hostOf(address))) return ServerCredentials.createInsecure();
  throw new NemconError(
    "ADDRESS_NOT_LOOPBACK",
    `${address} can be reached from other machines, and without TLS anyone there could commit and abort. Listen on 127.0.0.1 or [::1].`,
    { details: { address } },
  );
}

/** The credentials for a client. */
export function channelCredentials(tls: ChannelCredentials | null): ChannelCredentials {
  return tls ?? ChannelCredentials.createInsecure();
}

/** @throws NemconError ADDRESS_INVALID */
export function hostOf(address: string): string {
  const name = hostOrNull(address);
  if (name !== null) return name;
  throw new NemconError("ADDRESS_INVALID", `"${address}" is no address: write host:port, or [ipv6]:port.`);
}

export function isAddress(text: string): boolean {
  return hostOrNull(text) !== null;
}

function hostOrNull(address: string): string | null {
  const host = /^(?:\[([^\]]+)\]|([^:[\]]+)):\d{1,5}$/.exec(address);
  return host?.[1] ?? host?.[2] ?? null;
}

/** Whether only this machine reaches `host`. */
export function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith("127.");
  if (isIPv6(host)) return host === "::1";
  return host === "localhost";
}
