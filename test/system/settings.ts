/** What a cluster needs so that every transaction runs under one protocol, and can be finished when any one node dies. */

import { isProtocolName, protocols, type ProtocolName } from "../../protocols/index.ts";
import type { ClusterOptions } from "./processes.ts";

/** @param among null: all */
export function safeProtocols(among: readonly ProtocolName[] | null): ProtocolName[] {
  return Object.keys(protocols)
    .filter(isProtocolName)
    .filter((name) => protocols[name].unsafe === null && (among === null || among.includes(name)));
}

export function settingFor(protocol: ProtocolName): ClusterOptions {
  const coordinatorArgs = ["--protocol-default", protocol];
  return protocols[protocol].acceptor === null ? { coordinatorArgs } : { coordinatorArgs, acceptors: 3, standbys: 1 };
}
