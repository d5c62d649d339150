/** The configuration of a participant. */

import { z } from "zod";
import { limits } from "../values/index.ts";
import { addresses, bytes, count, milliseconds, path } from "./kinds.ts";
import { cluster, host, listen, log, node, peers, trace, wal } from "./shared.ts";

const times = z
  .strictObject({
    decisionMs: milliseconds()
      .default(1000)
      .describe("First wait of a prepared branch before it asks for the decision; it doubles up to retryCapMs."),
    voteMs: milliseconds()
      .default(5000)
      .describe(
        "3pc: how long the coordinator may collect votes, its own times.voteMs. A prepared branch waits as long, and decisionMs more, before it starts an election.",
      ),
    retryCapMs: milliseconds().default(5000).describe("The longest wait between two tries."),
    idleMs: milliseconds().default(60_000).describe("An open branch without work for this long aborts on its own."),
    lockWaitMs: milliseconds(0)
      .default(1000)
      .describe("How long work may wait for another branch's lock; then it is a CONFLICT."),
  })
  .prefault({})
  .describe("Waits, in milliseconds.");

const nodeLimits = z
  .strictObject({
    rows: count(1, 1_000_000).default(limits.rowsPerResult).describe("Rows in a query's result."),
    // Half a message: the rest is the envelope and the encoding's own bytes.
    resultBytes: bytes(1024, limits.messageBytes / 2)
      .default(limits.resultBytesPerBranch)
      .describe("Bytes of a query's result."),
    peers,
  })
  .prefault({})
  .describe("Past these a query or a node is refused; what a branch may return is fixed (docs/limits.md).");

export const participantSchema = z
  .strictObject({
    cluster,
    node,
    host,
    listen: listen("127.0.0.1:7420"),
    database: path().describe(
      "The SQLite file: the application's tables, and the journal beside them in the same file.",
    ),
    coordinators: addresses().describe("The coordinators to connect to, host:port each."),
    times,
    limits: nodeLimits,
    wal,
    log,
    trace,
  })
  .describe("The configuration of a nemcon participant.");
