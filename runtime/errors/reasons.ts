/**
 * Every error that can go wrong in operation, by its stable reason: what it means, what to do, and how it
 * shows as a gRPC status and as an exit code. docs/errors.md is this table as a page.
 */

import { code, exit, type Code, type ExitCode } from "./codes.ts";

/** How an error behaves, whoever meets it. */
export interface ReasonEntry {
  /** What happened, in general; the error's message has the particulars. */
  readonly meaning: string;
  /** What whoever meets it should do. */
  readonly remedy: string;
  readonly code: Code;
  readonly exit: ExitCode;
  /** true: the same request may succeed later, and nothing was promised or begun. */
  readonly retryable: boolean;
}

const table = {
  UNKNOWN_PARTICIPANT: {
    meaning: "The transaction names a participant that never connected to this coordinator.",
    remedy: "Check the name against the participant's `node`, and the participant's `coordinators` and `cluster`.",
    code: code.notFound,
    exit: exit.failed,
    retryable: false,
  },
  UNKNOWN_TRANSACTION: {
    meaning: "No transaction with this id is known here, and none can have been decided here.",
    remedy: "Check the id. Never take this for an abort: ask the coordinator that the id names.",
    code: code.notFound,
    exit: exit.unknown,
    retryable: false,
  },
  INVALID_TRANSACTION_ID: {
    meaning: "The text is not a transaction id: `<coordinator>.<incarnation>.<sequence>`.",
    remedy: "Use an id as the coordinator gave it out.",
    code: code.invalidArgument,
    exit: exit.usage,
    retryable: false,
  },
  INVALID_REQUEST: {
    meaning: "A field of the request is missing, malformed or contradicts another one.",
    remedy: "Correct the request as the message says.",
    code: code.invalidArgument,
    exit: exit.usage,
    retryable: false,
  },
  UNKNOWN_PROTOCOL: {
    meaning: "No commit protocol has this name.",
    remedy: "Use one of the names in the message, or none for the coordinator's default.",
    code: code.invalidArgument,
    exit: exit.usage,
    retryable: false,
  },
  PROTOCOL_NOT_AVAILABLE: {
    meaning: "The protocol exists, but this coordinator does not run it, or lacks what it needs, say acceptors.",
    remedy: "Choose another protocol, or give the node what the message names.",
    code: code.unimplemented,
    exit: exit.failed,
    retryable: false,
  },
  PROTOCOL_UNSAFE: {
    meaning:
      "The protocol can break a promise in a way that the message tells, and this coordinator does not allow that.",
    remedy: "Choose another protocol. Where it is only tried out, start the coordinator with `--allow-unsafe`.",
    code: code.failedPrecondition,
    exit: exit.failed,
    retryable: false,
  },
  NOT_ACTIVE: {
    meaning: "The transaction takes no more work: its commit has started, or it is over.",
    remedy: "Ask for its outcome; put further work into a new transaction.",
    code: code.failedPrecondition,
    exit: exit.failed,
    retryable: false,
  },
  NOT_IN_DOUBT: {
    meaning:
      "An operator's decision was asked for where nothing waits for one: it is decided, over, or not prepared yet.",
    remedy: "See what waits: `nemcon operator in-doubt`. What is not prepared ends by its own time, or by an abort.",
    code: code.failedPrecondition,
    exit: exit.failed,
    retryable: false,
  },
  NOT_HEURISTIC: {
    meaning: "Nothing here was ended against the protocol and waits to be looked after.",
    remedy: "See what does: `nemcon operator in-doubt`.",
    code: code.failedPrecondition,
    exit: exit.failed,
    retryable: false,
  },
  TRANSACTION_FORGOTTEN: {
    meaning: "The transaction finished so long ago that its outcome is no longer kept.",
    remedy: "Look at the data. Keep outcomes for longer with `outcomes.keepMs` if this happens in operation.",
    code: code.notFound,
    exit: exit.unknown,
    retryable: false,
  },
  NOT_MINE: {
    meaning: "The transaction belongs to another coordinator, which alone can say what became of it.",
    remedy: "Ask the coordinator that is the first part of the id.",
    code: code.failedPrecondition,
    exit: exit.failed,
    retryable: false,
  },
  MESSAGE_TOO_LARGE: {
    meaning: "The request, or a branch's work in it, is larger than a message may be.",
    remedy: "Split the transaction, or move the large values outside it.",
    code: code.invalidArgument,
    exit: exit.failed,
    retryable: false,
  },
  TOO_MANY_OPERATIONS: {
    meaning: "A branch has more operations than `limits.operations` allows.",
    remedy: "Split the transaction, or combine statements.",
    code: code.invalidArgument,
    exit: exit.failed,
    retryable: false,
  },
  TOO_MANY_PARTICIPANTS: {
    meaning: "The transaction has more branches than `limits.participants` allows.",
    remedy: "Split the transaction.",
    code: code.invalidArgument,
    exit: exit.failed,
    retryable: false,
  },
  TOO_MANY_ROWS: {
    meaning: "A result has more rows or bytes than `limits.rows` and `limits.resultBytes` allow.",
    remedy: "Ask for fewer rows: LIMIT, a narrower WHERE, fewer columns.",
    code: code.failedPrecondition,
    exit: exit.failed,
    retryable: false,
  },
  OVERLOADED: {
    meaning: "The queue at the door is full; the request was refused before anything was promised.",
    remedy: "Try again after the time that the error carries, with fewer requests at once.",
    code: code.resourceExhausted,
    exit: exit.tryAgain,
    retryable: true,
  },
  DEADLINE_EXCEEDED: {
    meaning: "The caller's time ran out before the outcome was known. A deadline is not a verdict.",
    remedy: "Ask for the outcome with the transaction's id: `nemcon tx show ID`.",
    code: code.deadlineExceeded,
    exit: exit.unknown,
    retryable: false,
  },
  PARTICIPANT_UNREACHABLE: {
    meaning: "The participant is known but not connected now.",
    remedy: "Try again; if it lasts, see that the participant runs and reaches its coordinators.",
    code: code.unavailable,
    exit: exit.tryAgain,
    retryable: true,
  },
  ACCEPTOR_UNREACHABLE: {
    meaning: "An acceptor that is to be used from now on did not link in time, or too few of them are linked.",
    remedy: "Nothing was changed. See that each runs, under the name and at the address that you gave; then try again.",
    code: code.unavailable,
    exit: exit.tryAgain,
    retryable: true,
  },
  COORDINATOR_UNREACHABLE: {
    meaning: "No connection to the coordinator.",
    remedy: "See that it runs at this address. If a transaction was on its way, ask for its outcome by its id.",
    code: code.unavailable,
    exit: exit.tryAgain,
    retryable: true,
  },
  CLIENT_CLOSED: {
    meaning: "The application closed its client before or during the call.",
    remedy: "Close the client last. If a transaction was on its way, ask for its outcome by its id.",
    code: code.cancelled,
    exit: exit.unknown,
    retryable: false,
  },
  OPERATION_FAILED: {
    meaning:
      "An operation of an open transaction failed and was undone; the branch is as it was before and may go on. The detail `abortReason` says why.",
    remedy: "Correct the operation as the message says, or abort the transaction.",
    code: code.failedPrecondition,
    exit: exit.failed,
    retryable: false,
  },
  QUERY_REFUSED: {
    meaning: "The statement is not one that may be queried outside a transaction: one SELECT or VALUES that reads.",
    remedy: "Put a statement that writes into a transaction's branch.",
    code: code.invalidArgument,
    exit: exit.failed,
    retryable: false,
  },
  QUERY_FAILED: {
    meaning: "The database could not run the query.",
    remedy: "Correct the statement as the database's message says.",
    code: code.failedPrecondition,
    exit: exit.failed,
    retryable: false,
  },
  SHUTTING_DOWN: {
    meaning: "The server is stopping and takes no new work.",
    remedy: "Try again at another coordinator, or when this one is back.",
    code: code.unavailable,
    exit: exit.tryAgain,
    retryable: true,
  },
  ADDRESS_NOT_LOOPBACK: {
    meaning: "The server was told to listen where other machines reach it, and it has no TLS to do so safely.",
    remedy: "Listen on 127.0.0.1 or [::1].",
    code: code.failedPrecondition,
    exit: exit.configuration,
    retryable: false,
  },
  ADDRESS_INVALID: {
    meaning: "The text is not an address: `host:port`, or `[ipv6]:port`.",
    remedy: "Write it like 127.0.0.1:7410.",
    code: code.invalidArgument,
    exit: exit.configuration,
    retryable: false,
  },
  PORT_TAKEN: {
    meaning: "Another process listens on the address.",
    remedy: "Stop the other process, or choose another port (0 takes any free one).",
    code: code.unavailable,
    exit: exit.tryAgain,
    retryable: true,
  },
  DIRECTORY_UNWRITABLE: {
    meaning: "The data directory cannot be created or written.",
    remedy: "Give the server's user the right to write there, or name another directory.",
    code: code.failedPrecondition,
    exit: exit.configuration,
    retryable: false,
  },
  DIRECTORY_FOREIGN: {
    meaning: "The data directory holds files that are not nemcon's, or another role's.",
    remedy: "Name an empty directory, or the one that this node used before.",
    code: code.failedPrecondition,
    exit: exit.configuration,
    retryable: false,
  },
  DATABASE_UNUSABLE: {
    meaning: "The participant's database cannot be opened, or is not one that nemcon can keep its promises in.",
    remedy: "Check the path and the file's rights; `nemcon doctor` says more.",
    code: code.failedPrecondition,
    exit: exit.configuration,
    retryable: false,
  },
  JOURNAL_DAMAGED: {
    meaning: "Rows of the journal fail their checksum, or are missing from its middle.",
    remedy: "Stop, keep a copy of all files, and look with `nemcon doctor --journal`. Don't delete the journal.",
    code: code.dataLoss,
    exit: exit.journalDamaged,
    retryable: false,
  },
  JOURNAL_SHORTENED: {
    meaning: "The journal ends before what it was known to hold: promises that others rely on are gone.",
    remedy:
      "Bring the lost files back (the -wal file belongs to the journal); `nemcon doctor --journal` says what is missing.",
    code: code.dataLoss,
    exit: exit.journalDamaged,
    retryable: false,
  },
  JOURNAL_FOREIGN: {
    meaning: "The journal belongs to another node, cluster or role.",
    remedy: "Start the node that it belongs to, or name another directory or database.",
    code: code.failedPrecondition,
    exit: exit.configuration,
    retryable: false,
  },
  JOURNAL_RESTORED: {
    meaning: "The journal, or its peer's, is an older copy of itself: it lacks what others have seen of it.",
    remedy: "Bring the newest files back; never run a node from a backup while others remember more.",
    code: code.dataLoss,
    exit: exit.journalDamaged,
    retryable: false,
  },
  JOURNAL_FORMAT: {
    meaning: "The journal was written in a format that this version does not read.",
    remedy: "Run the version that wrote it, or a newer one.",
    code: code.failedPrecondition,
    exit: exit.configuration,
    retryable: false,
  },
  JOURNAL_LOCKED: {
    meaning: "Another process has the journal open.",
    remedy: "Stop the other process of this node; two of them would give two answers.",
    code: code.unavailable,
    exit: exit.tryAgain,
    retryable: true,
  },
  WRITE_FAILED: {
    meaning: "The disk refused a forced write. The process stops: what is in the log decides at the next start.",
    remedy: "Free space or mend the disk, then start the node again.",
    code: code.internal,
    exit: exit.writeFailed,
    retryable: false,
  },
  CONFIG_INVALID: {
    meaning: "The configuration has unknown keys or wrong values; the message lists every one with its place.",
    remedy: "Correct them; docs/configuration.md has every key.",
    code: code.invalidArgument,
    exit: exit.configuration,
    retryable: false,
  },
  CONFIG_UNREADABLE: {
    meaning: "The configuration file cannot be read, or is not YAML.",
    remedy: "Check the path, the rights and the line that the message names.",
    code: code.invalidArgument,
    exit: exit.configuration,
    retryable: false,
  },
  USAGE: {
    meaning: "The command was called in a way that it does not have.",
    remedy: "See the command's --help.",
    code: code.invalidArgument,
    exit: exit.usage,
    retryable: false,
  },
  CLUSTER_MISMATCH: {
    meaning: "The two nodes belong to different clusters and don't talk.",
    remedy: "Give both the same `cluster`, or correct the address.",
    code: code.failedPrecondition,
    exit: exit.configuration,
    retryable: false,
  },
  IDENTITY_MISMATCH: {
    meaning: "A node of this name is known, and this is not it: its journal has another identity.",
    remedy: "Give the new node a name of its own, or bring the old journal back.",
    code: code.failedPrecondition,
    exit: exit.configuration,
    retryable: false,
  },
  VERSION_MISMATCH: {
    meaning: "The two nodes have no version of the peer link in common.",
    remedy: "Upgrade the older one of them.",
    code: code.failedPrecondition,
    exit: exit.configuration,
    retryable: false,
  },
  NODE_NAME_TAKEN: {
    meaning: "The node at the other end of a link has this node's own name.",
    remedy: "Give each node of the cluster a name of its own, or correct the address.",
    code: code.failedPrecondition,
    exit: exit.configuration,
    retryable: false,
  },
  WRONG_NODE: {
    meaning: "At an address where one node was expected another one serves.",
    remedy: "Correct the address, or the name that is given with it.",
    code: code.failedPrecondition,
    exit: exit.configuration,
    retryable: false,
  },
  ROLE_NOT_ACCEPTED: {
    meaning: "Nodes of these two roles have nothing to say to each other.",
    remedy: "Give a participant the addresses of coordinators.",
    code: code.failedPrecondition,
    exit: exit.configuration,
    retryable: false,
  },
  TOO_MANY_PEERS: {
    meaning: "The node is new to its peer, which knows as many nodes as `limits.peers` allows.",
    remedy: "Start it under the name that it had before, or raise `limits.peers` at the peer.",
    code: code.failedPrecondition,
    exit: exit.configuration,
    retryable: false,
  },
  SESSION_REPLACED: {
    meaning: "A newer link from the same node took this one's place.",
    remedy: "There is nothing to do, unless it goes on: then two nodes run under one name.",
    code: code.unavailable,
    exit: exit.tryAgain,
    retryable: true,
  },
  LINK_BROKEN: {
    meaning: "What came over a peer link is not what the link's version says; the link was ended and begins anew.",
    remedy: "If it goes on, see that nothing between the nodes changes their traffic, and report it.",
    code: code.invalidArgument,
    exit: exit.tryAgain,
    retryable: true,
  },
  NOT_AVAILABLE: {
    meaning: "This build does not have the part that was asked for.",
    remedy: "Leave it out, or use a build that has it.",
    code: code.unimplemented,
    exit: exit.failed,
    retryable: false,
  },
  FAULTS_NOT_ALLOWED: {
    meaning: "Planted faults were asked for on a server that others can reach.",
    remedy: "Plant faults only on a loopback address.",
    code: code.permissionDenied,
    exit: exit.configuration,
    retryable: false,
  },
  INTERNAL: {
    meaning: "A defect of nemcon.",
    remedy: "Please report it, with the message and the log around it.",
    code: code.internal,
    exit: exit.failed,
    retryable: false,
  },
} as const satisfies Record<string, ReasonEntry>;

/** A stable name of an error; new ones may come, none changes its meaning. */
export type Reason = keyof typeof table;

export const reasons: Readonly<Record<Reason, ReasonEntry>> = table;

/** Whether a text from the wire is a reason that this version knows. */
export function isReason(text: string): text is Reason {
  return Object.hasOwn(table, text);
}
