/** Addresses, `host:port` or `[ipv6]:port`, and whether only this machine reaches them. */

import { isIP } from "node:net";
import { NemconError } from "../errors/index.ts";

export interface Address {
  /** Without brackets. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

const SHAPE = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/;
const LARGEST_PORT = 65_535;

/** The parts of an address, or null where the text is none. */
export function readAddress(text: string): Address | null {
  const match = SHAPE.exec(text);
  if (match === null) return null;
  const [, bracketed, plain, digits] = match;
  const port = Number(digits);
  if (port > LARGEST_PORT) return null;
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? { host: bracketed, port } : null;
  return plain === undefined ? null : { host: plain, port };
}

/** @throws ADDRESS_INVALID */
export function parseAddress(text: string): Address {
  const address = readAddress(text);
  if (address !== null) return address;
  throw new NemconError("ADDRESS_INVALID", `"${text}" is not an address. Write host:port, like 127.0.0.1:7410.`);
}

/** As it is written: the inverse of `parseAddress`. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** true: no other machine reaches it. A name other than localhost may resolve to anything, so it does not count. */
export function isLoopback({ host }: Address): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
