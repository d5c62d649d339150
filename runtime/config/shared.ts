/** Keys that several roles have. */

import { z } from "zod";
import { address, bytes, count, nodeName, oneOf } from "./kinds.ts";

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

export const cluster = nodeName()
  .default("nemcon")
  .describe("The cluster's name; nodes of different clusters never talk.");

export const node = nodeName().describe(
  "This node's name, unique in the cluster and never given to another node: journals and transaction ids carry it.",
);

export function listen(standard: string): z.ZodDefault<z.ZodString> {
  return address().default(standard).describe("Where to serve: host:port, on loopback. Port 0 takes any free one.");
}

export const trace = z
  .string({ error: "a path" })
  .default("")
  .describe("A file that gets every step, message and forced write of this node (docs/trace.md); empty: none.");

export const peers = count(1, 100_000)
  .default(1_000)
  .describe(
    "Nodes that may be known: each name that ever linked is remembered for good, and past this a new one is refused.",
  );

/** Of a server that clients do not call. */
export const doorless = z.strictObject({ peers }).prefault({}).describe("Past these a node is refused.");

export const host = z
  .string({ error: "a name" })
  .max(255, { error: "a name of up to 255 characters" })
  .default("")
  .describe(
    "The computer that this node runs on, for counts of messages: what travels inside of one is none. Empty: one of its own.",
  );

export const wal = z
  .strictObject({
    extendBytes: bytes(0, 4 * GiB)
      .default(32 * MiB)
      .describe(
        "The write-ahead log is extended to this size at start, since forced writes into an extended file are faster, and checkpointed before it grows past it.",
      ),
  })
  .prefault({})
  .describe("SQLite's write-ahead log, in bytes.");

export const log = z
  .strictObject({
    level: oneOf(logLevels).default("info").describe("The least severe entries that are written."),
  })
  .prefault({})
  .describe("The log: JSON lines on stderr.");
