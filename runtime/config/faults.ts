/** Faults that tests and measurements plant in a server: it kills itself at an exact write, or forces none. */

import { NemconError } from "../errors/index.ts";
import { isLoopback, parseAddress } from "./address.ts";

export interface Faults {
  /** SIGKILL right before the Nth forced write of this process, counted from 1. */
  readonly killBeforeWrite?: number;
  /** SIGKILL right after the Nth forced write is durable, before anything is sent. */
  readonly killAfterWrite?: number;
  /** The journal is never forced, to measure what forcing costs. A machine that stops loses what was promised. */
  readonly noSync?: true;
}

export const noFaults: Faults = {};

/** @throws FAULTS_NOT_ALLOWED where other machines could reach a server with faults */
export function refuseReachableFaults(faults: Faults, listen: string): void {
  const planted = Object.keys(faults).length > 0;
  if (!planted || isLoopback(parseAddress(listen))) return;
  throw new NemconError(
    "FAULTS_NOT_ALLOWED",
    `Planted faults are for tests and measurements on one machine, and ${listen} is not a loopback address. Leave the --fault flags out.`,
  );
}
