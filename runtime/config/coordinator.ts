/** The configuration of a coordinator. */

import { z } from "zod";
import { isProtocolName, protocols } from "../../protocols/index.ts";
import { limits } from "../values/index.ts";
import { acceptorList, bytes, count, milliseconds, oneOf, path, retentionMilliseconds } from "./kinds.ts";
import { cluster, host, listen, log, node, peers, trace, wal } from "./shared.ts";

const MiB = 1024 * 1024;

/** The protocols of the registry; "auto": Paxos Commit where there are acceptors, else two-phase commit. */
const protocolNames = ["auto", ...Object.keys(protocols).filter(isProtocolName)] as const;

const protocol = z
  .strictObject({
    unsafe: oneOf(["refused", "allowed"])
      .default("refused")
      .describe(
        "Protocols that lose atomicity under faults that do happen, such as 3pc-plain, for those who study them.",
      ),
    default: oneOf(protocolNames)
      .default("auto")
      .describe(
        "What runs where a transaction names no protocol; auto: paxos-commit where acceptors are configured, 2pc elsewhere. One that the rest of the configuration does not allow is refused at start.",
      ),
  })
  .prefault({})
  .describe("Commit protocols; each transaction may name its own.");

const times = z
  .strictObject({
    voteMs: milliseconds()
      .default(5000)
      .describe("How long votes may take where the client names no timeout; then the transaction aborts."),
    acknowledgementMs: milliseconds()
      .default(200)
      .describe("First wait before a decision is sent again; it doubles up to retryCapMs."),
    retryCapMs: milliseconds().default(5000).describe("The longest wait between two tries."),
    idleMs: milliseconds().default(60_000).describe("An open transaction without work for this long aborts."),
  })
  .prefault({})
  .describe("Waits, in milliseconds.");

const outcomes = z
  .strictObject({
    keepMs: retentionMilliseconds()
      .default(86_400_000)
      .describe("Outcomes are kept this long after the end, so that a client may still ask."),
    maxBytes: bytes(MiB, 1024 * 1024 * MiB)
      .default(24 * MiB)
      .describe(
        "The journal's size at which the oldest outcomes go, even before keepMs. A start reads it all, and what is kept is in memory.",
      ),
  })
  .prefault({})
  .describe("How long the outcomes of finished transactions are kept.");

const doorLimits = z
  .strictObject({
    queue: count(1, 1_000_000)
      .default(10_000)
      .describe(
        "Transactions under way at once; past it a request is refused as OVERLOADED before anything is promised.",
      ),
    participants: count(1, 1024).default(limits.participantsPerTransaction).describe("Branches in a transaction."),
    operations: count(1, 100_000).default(limits.operationsPerBranch).describe("Operations in a branch."),
    peers,
  })
  .prefault({})
  .describe("Past these a request is refused at the door.");

/**
 * What a default protocol needs of the rest of the configuration, in words; null: it can run. Without this check every
 * transaction that names no protocol would be refused, one by one, by a coordinator that looks well.
 */
function lackingFor(name: string, unsafe: "refused" | "allowed", acceptors: number): string | null {
  if (!isProtocolName(name)) return null;
  const protocol = protocols[name];
  if (protocol.unsafe !== null && unsafe === "refused")
    return `a protocol that is safe, or protocol.unsafe: allowed (${name} is not safe: ${protocol.unsafe})`;
  if (protocol.acceptor !== null && acceptors === 0)
    return `a protocol that needs no acceptors, or 1, 3 or 5 of them in acceptors (${name} is decided by them)`;
  return null;
}

export const coordinatorSchema = z
  .strictObject({
    cluster,
    node,
    host,
    listen: listen("127.0.0.1:7410"),
    directory: path().describe(
      "Where the journal lies; made if it is missing. Relative paths in a file start at the file.",
    ),
    acceptors: acceptorList()
      .default([])
      .describe(
        "The acceptors of Paxos Commit, name@host:port each: 1, 3 or 5, of which none, one or two may be lost. Other names make a new group for new transactions. What an operator has named since (nemcon operator reconfigure) stays in force until this names the same.",
      ),
    protocol,
    times,
    outcomes,
    limits: doorLimits,
    wal,
    log,
    trace,
  })
  .superRefine(({ protocol: { default: name, unsafe }, acceptors }, context) => {
    const message = lackingFor(name, unsafe, acceptors.length);
    if (message !== null) context.addIssue({ code: "custom", path: ["protocol", "default"], message });
  })
  .describe("The configuration of a nemcon coordinator.");
