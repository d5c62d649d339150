/** Checks of the installation: Node, the native module, the ports of `nemcon dev`. */

import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { formatAddress, parseAddress } from "../../runtime/index.ts";
import { whyTaken } from "../ports.ts";
import { failed, ok, warning, type Check } from "./check.ts";

/** The first one that runs TypeScript as it is. */
const oldestNode = [22, 18] as const;

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  const [neededMajor, neededMinor] = oldestNode;
  return major > neededMajor || (major === neededMajor && minor >= neededMinor)
    ? ok("node", `${version} at ${process.execPath}`)
    : failed("node", `${version} is too old: nemcon needs ${oldestNode.join(".")} or newer`);
}

const probe = `
  const Database = require(process.argv[1]);
  const database = new Database(":memory:");
  process.stdout.write(database.prepare("select sqlite_version()").pluck().get());
`;

/** In a child, since a module built for another Node may end the whole process. */
export function checkDatabaseModule(): Check {
  const name = "better-sqlite3";
  try {
    const path = createRequire(import.meta.url).resolve(name);
    const child = spawnSync(process.execPath, ["-e", probe, path], { encoding: "utf8", timeout: 20_000 });
    if (child.status === 0) return ok(name, `SQLite ${child.stdout}`);
    const why = child.signal === null ? child.stderr.trim().split("\n").at(-1) : `it was ended by ${child.signal}`;
    return failed(name, `does not work under Node ${process.version}: ${why}. Install anew with this Node: npm ci`);
  } catch {
    return failed(name, "is not installed. Install the packages: npm ci");
  }
}

/** Where `nemcon dev` serves unless told otherwise: gateway, first coordinator, first participant, first acceptor. */
const usualPorts = [7400, 7410, 7420, 7450] as const;

export async function checkPorts(): Promise<readonly Check[]> {
  return Promise.all(usualPorts.map((port) => checkPort(`port ${port}`, `127.0.0.1:${port}`)));
}

/** A taken port is a warning: it may be the server itself that runs. */
export async function checkPort(name: string, listen: string): Promise<Check> {
  const address = parseAddress(listen);
  if (address.port === 0) return ok(name, "any free one");
  const why = await whyTaken(address);
  if (why === null) return ok(name, `${formatAddress(address)} is free`);
  if (why !== "EADDRINUSE") return failed(name, `${formatAddress(address)}: ${why}`);
  const { describePortHolder } = await import("../../runtime/link/index.ts");
  return warning(name, `${formatAddress(address)} is taken. ${describePortHolder(address.port)}`);
}
