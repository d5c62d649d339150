/** Where in a workload file something is, and the error that says so. */

import { NemconError } from "../../../runtime/errors/index.ts";

export interface Where {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export function wrongAt({ file, line }: Where, what: string): NemconError {
  return new NemconError("USAGE", `${file}:${line}: ${what}`);
}
