/** Who listens on a port, for the person who finds it taken. */

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const LISTENING = "0A";

/** A sentence on the process that listens on `port`: its name where the system tells, else how to look. */
export function describePortHolder(port: number): string {
  const pid = process.platform === "linux" ? holderOf(port) : null;
  if (pid === null) return `To see what holds it: ${howToLook(port)}`;
  return `Process ${pid} (${readText(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim()}) holds it.`;
}

function howToLook(port: number): string {
  if (process.platform === "win32") return `netstat -ano | findstr :${port}`;
  return process.platform === "linux" ? `ss -ltnp "sport = :${port}"` : `lsof -nP -iTCP:${port} -sTCP:LISTEN`;
}

/** null: nothing listens, or it is another user's and the system does not tell. */
function holderOf(port: number): number | null {
  const sockets = new Set([...inodesListening("/proc/net/tcp", port), ...inodesListening("/proc/net/tcp6", port)]);
  if (sockets.size === 0) return null;
  for (const name of names("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const folder = `/proc/${name}/fd`;
    for (const descriptor of names(folder)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkText(`${folder}/${descriptor}`))?.[1];
      if (inode !== undefined && sockets.has(inode)) return Number(name);
    }
  }
  return null;
}

/** Lines of /proc/net/tcp: number, local address, remote address, state, …, and the inode as the tenth field. */
function inodesListening(table: string, port: number): string[] {
  const hexadecimal = port.toString(16).toUpperCase().padStart(4, "0");
  return readText(table)
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(`:${hexadecimal}`) === true && fields[3] === LISTENING)
    .flatMap((fields) => fields[9] ?? []);
}

// Processes end while they are looked at, and other users' are closed: both read as nothing.

function names(folder: string): string[] {
  return orNothing(() => readdirSync(folder), []);
}

function readText(file: string): string {
  return orNothing(() => readFileSync(file, "utf8"), "");
}

function linkText(file: string): string {
  return orNothing(() => readlinkSync(file), "");
}

function orNothing<T>(read: () => T, nothing: T): T {
  try {
    return read();
  } catch {
    return nothing;
  }
}
