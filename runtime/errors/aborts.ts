/**
 * What each abort reason tells a person. The reasons themselves are `abortReasons` in protocols; this leaf
 * imports no room, so a test holds the two equal.
 */

export interface AbortEntry {
  readonly meaning: string;
  readonly remedy: string;
  /** true: the same transaction, begun anew, may well commit. */
  readonly retryable: boolean;
}

export const aborts: Readonly<Record<string, AbortEntry>> = {
  VOTED_NO: {
    meaning: "A participant voted no and gave no closer reason.",
    remedy: "See the detail, and the participant's log.",
    retryable: false,
  },
  CONFLICT: {
    meaning: "Another transaction holds a row that this one needs, and waiting for it could deadlock or took too long.",
    remedy: "Run the transaction again.",
    retryable: true,
  },
  EXPECTATION_FAILED: {
    meaning: "A statement changed, or returned, another number of rows than `expect.rows` says.",
    remedy: "The data is not as the application thought: read it, then decide.",
    retryable: false,
  },
  CONSTRAINT: {
    meaning: "A statement would break a constraint of the database: CHECK, UNIQUE, NOT NULL, a foreign key.",
    remedy: "Correct the values.",
    retryable: false,
  },
  STATEMENT_FAILED: {
    meaning: "The database could not run a statement: a mistake in it, an unknown table, a wrong parameter.",
    remedy: "Correct the statement as the detail says.",
    retryable: false,
  },
  STATEMENT_REFUSED: {
    meaning: "A statement is of a kind that a branch may not run: it would commit, change the schema or attach files.",
    remedy: "Leave it out; change schemas outside transactions.",
    retryable: false,
  },
  LIMIT_EXCEEDED: {
    meaning: "A branch went past one of its participant's limits: rows, bytes of results, operations.",
    remedy: "Split the transaction, or raise the limit.",
    retryable: false,
  },
  TIMEOUT: {
    meaning: "Not every vote came within the transaction's time.",
    remedy: "Run it again; if it happens often, look for a slow participant, or give it more time.",
    retryable: true,
  },
  IDLE_TIMEOUT: {
    meaning: "The transaction was open and saw no work for longer than `times.idleMs`.",
    remedy: "Commit sooner; hold no transaction open over a person's thinking time.",
    retryable: true,
  },
  CANCELLED: {
    meaning: "The client or an operator gave the transaction up before it was decided.",
    remedy: "It was asked for: there is nothing to do.",
    retryable: false,
  },
  PARTICIPANT_UNREACHABLE: {
    meaning: "A participant could not be reached before the transaction was decided.",
    remedy: "Run it again when the participant is back.",
    retryable: true,
  },
  BRANCH_LOST: {
    meaning: "A participant restarted and lost the branch's unprepared work.",
    remedy: "Run the transaction again from its beginning.",
    retryable: true,
  },
  COORDINATOR_RESTARTED: {
    meaning: "The coordinator restarted before it had decided.",
    remedy: "Run the transaction again.",
    retryable: true,
  },
  PRESUMED: {
    meaning:
      "The coordinator's log, proven complete, holds no decision: by the protocol's presumption that is an abort.",
    remedy: "Run the transaction again.",
    retryable: true,
  },
  RESOURCE_FAILED: {
    meaning:
      "A participant's database failed in a way that has nothing to do with the statement: a full disk, an I/O error.",
    remedy: "Mend the database, then run the transaction again.",
    retryable: true,
  },
};
