/** The configuration of an acceptor. */

import { z } from "zod";
import { milliseconds, path } from "./kinds.ts";
import { cluster, doorless, host, listen, log, node, trace, wal } from "./shared.ts";

const times = z
  .strictObject({
    nudgeMs: milliseconds()
      .default(30_000)
      .describe(
        "A transaction that is open here for this long is put before the coordinators again; the wait doubles up to retryCapMs.",
      ),
    retryCapMs: milliseconds().default(300_000).describe("The longest wait between two tries."),
  })
  .prefault({})
  .describe("Waits, in milliseconds.");

export const acceptorSchema = z
  .strictObject({
    cluster,
    node,
    host,
    listen: listen("127.0.0.1:7450"),
    directory: path().describe(
      "Where the journal lies; made if it is missing. What the acceptor promised stands there and nowhere else: without it, start another acceptor under a new name.",
    ),
    times,
    limits: doorless,
    wal,
    log,
    trace,
  })
  .describe("The configuration of a nemcon acceptor.");
