/** The nouns that every protocol shares: ids, branches, descriptors, outcomes. */

export type NodeId = string;
/** `<coordinator>.<incarnation>.<sequence>`, both numbers in base 36 of fixed width: ids of one coordinator sort by time. */
export type TransactionId = string;

/** The protocols of docs/protocols.md; the registry says which of them this build runs. */
export type ProtocolName =
  | "2pc"
  | "2pc-presumed-nothing"
  | "2pc-presumed-commit"
  | "3pc"
  | "3pc-plain"
  | "paxos-commit"
  | "paxos-commit-fast";

/** Handed out at enlistment and never again (protocols §0.3): work lost in a restart can't be prepared as if it were whole. */
export interface BranchToken {
  readonly incarnation: number;
  readonly number: number;
}

/**
 * The 2F+1 acceptors that decide a transaction, in the order in which its branches use them: the first F+1 get
 * the votes (protocols §C.6-1). A group never changes; another one has another version.
 */
export interface AcceptorGroup {
  readonly version: number;
  readonly acceptors: readonly NodeId[];
}

/** One participant's part of a transaction, as the coordinator knows it. */
export interface BranchPlan {
  readonly participant: NodeId;
  /** null: one-shot, the work travels inside PREPARE. */
  readonly token: BranchToken | null;
  /** Work items acknowledged under the token. */
  readonly workCount: number;
  readonly work: Uint8Array | null;
}

/** Frozen when the commit request starts (protocols §0.1 W5). */
export interface Descriptor {
  readonly transaction: TransactionId;
  readonly protocol: ProtocolName;
  readonly coordinator: NodeId;
  readonly branches: readonly BranchPlan[];
  /** Pinned for the transaction's life; null where its protocol has none. */
  readonly group: AcceptorGroup | null;
  /** The branch that prepares unasked and begins the commit (§A.7-4, §C.6-4); null: the coordinator asks all. */
  readonly initiator: NodeId | null;
  /** How long votes may take, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * The number of an election of three-phase commit (protocols §B.9): unique, since its holder is part of it.
 * Compared by the round, then by the holder.
 */
export interface Election {
  /** 1 is the coordinator's own attempt, 0 none. */
  readonly round: number;
  readonly node: NodeId;
}

export type Decision = "commit" | "abort";

/** Why a transaction aborted: a value, never an error. docs/errors.md explains each. */
export const abortReasons = [
  "VOTED_NO",
  "CONFLICT",
  "EXPECTATION_FAILED",
  "CONSTRAINT",
  "STATEMENT_FAILED",
  "STATEMENT_REFUSED",
  "LIMIT_EXCEEDED",
  "TIMEOUT",
  "IDLE_TIMEOUT",
  "CANCELLED",
  "PARTICIPANT_UNREACHABLE",
  "BRANCH_LOST",
  "COORDINATOR_RESTARTED",
  "PRESUMED",
  "RESOURCE_FAILED",
] as const;
export type AbortReason = (typeof abortReasons)[number];

/** What is kept of a finished transaction. */
export interface Closed {
  /** read-only: a participant's vote that needs no decision. heuristic: a branch went against the decision (§A.10). */
  readonly outcome: "committed" | "aborted" | "heuristic" | "read-only";
  /** null where commit was decided. */
  readonly reason: AbortReason | null;
  readonly detail: string;
  /** Kept where a duplicate request must get the same reply (one-phase, protocols §A.7-2). */
  readonly result: Uint8Array | null;
  /**
   * At the coordinator: who had to be told. At a participant's abort: whom the branch knew, at least itself;
   * none, where its abort proves nothing about the transaction (two-phase/cooperation.ts).
   */
  readonly participants: readonly NodeId[];
  /** closed: until the transaction is closed at its coordinator (§0.3). acknowledged: until a person has seen to the damage. */
  readonly until: "retention" | "closed" | "acknowledged";
}

/**
 * Why there is no state for an id.
 * fresh: never seen, and provably so. lost: an earlier incarnation may have known it and the log, proven
 * complete, holds nothing. closed: finished, and this is kept. forgotten: finished, outcome no longer
 * kept. foreign: another coordinator's.
 */
export type Absence =
  | {
      readonly kind: "fresh";
      /** Begun since this node started: then a crash has not taken what was never forced either. */
      readonly sinceStart?: boolean;
    }
  | { readonly kind: "lost" }
  | { readonly kind: "closed"; readonly closed: Closed }
  | { readonly kind: "forgotten" }
  | { readonly kind: "foreign" };

const INCARNATION_WIDTH = 4;
const SEQUENCE_WIDTH = 8;

export function transactionId(coordinator: NodeId, incarnation: number, sequence: number): TransactionId {
  return `${coordinator}.${incarnation.toString(36).padStart(INCARNATION_WIDTH, "0")}.${sequence.toString(36).padStart(SEQUENCE_WIDTH, "0")}`;
}

export interface TransactionIdParts {
  readonly coordinator: NodeId;
  readonly incarnation: number;
  readonly sequence: number;
}

const NAME_LENGTH = 63;
/** Digits in base 36: incarnation and sequence. */
const INCARNATION_DIGITS = { least: INCARNATION_WIDTH, most: 8 } as const;
const SEQUENCE_DIGITS = { least: SEQUENCE_WIDTH, most: 11 } as const;

/** The parts of an id, or null where the text is no id. By hand: it is done for every submit and every branch. */
export function parseTransactionId(id: string): TransactionIdParts | null {
  const first = id.indexOf(".");
  const second = id.indexOf(".", first + 1);
  if (!isName(id, first)) return null;
  const incarnation = digits(id, first + 1, second, INCARNATION_DIGITS);
  const sequence = digits(id, second + 1, id.length, SEQUENCE_DIGITS);
  if (second < 0 || incarnation < 0 || sequence < 0) return null;
  return { coordinator: id.slice(0, first), incarnation, sequence };
}

/** Whether the text before `end` is a letter and then letters, digits, `_` or `-`. */
function isName(text: string, end: number): boolean {
  if (end < 1 || end > NAME_LENGTH || !isLetter(text.charCodeAt(0))) return false;
  for (let at = 1; at < end; at += 1) {
    const code = text.charCodeAt(at);
    // 0 to 9, underscore, hyphen
    if (!isLetter(code) && !(code >= 48 && code <= 57) && code !== 95 && code !== 45) return false;
  }
  return true;
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
}

/** The number that the text from `start` up to `end` is in base 36, lower case; -1 where it is none of the allowed length. */
function digits(text: string, start: number, end: number, length: { least: number; most: number }): number {
  if (end - start < length.least || end - start > length.most) return -1;
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 48 && code <= 57) value = value * 36 + (code - 48);
    else if (code >= 97 && code <= 122) value = value * 36 + (code - 87);
    else return -1;
  }
  return value;
}

/** Total order over all ids; equal only for equal ids. Waits for locks go from the younger to the older one, which has the smaller id. */
export function isOlder(a: TransactionId, b: TransactionId): boolean {
  return a < b;
}
