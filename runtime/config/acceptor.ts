/** The configuration of an acceptor. */

import { z } from "zod";
import { milliseconds, path } from "./kinds.ts";
import { cluster, doorless, host, listen, log, node, trace, wal } from "./shared.ts";

const times = z
  .strictObject({
    flushMs: milliseconds()
      .default(50)
      .describe("How long to wait for the votes of all branches before those that are there are written and told."),
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
