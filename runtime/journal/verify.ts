/** Proves a journal's rows whole, in order and its own, from the anchor to the witness (protocols W6). */

import type Database from "better-sqlite3";

import type { NemconError } from "../errors/index.ts";
import { checksumOf, formatOf, isWhole, readHeader, ROW_FORMAT } from "./codec.ts";
import { damaged, refused } from "./errors.ts";
import type { Meta } from "./meta.ts";
import { witnessFile, type Witnessed } from "./witness.ts";

export interface Row {
  readonly sequence: number;
  readonly body: Buffer;
}

/** Where a journal's rows end. */
export interface End {
  readonly sequence: number;
  readonly chain: number;
}

const PAGE_ROWS = 256;

/** All rows in order, a page at a time, so that the connection is free in between. @throws SqliteError where pages are damaged */
export function* rowsOf(database: Database.Database): Generator<Row> {
  const page = database.prepare<[number], Row>(
    `SELECT sequence, body FROM nemcon_journal WHERE sequence > ? ORDER BY sequence LIMIT ${PAGE_ROWS}`,
  );
  let after = Number.MIN_SAFE_INTEGER;
  for (;;) {
    const rows = page.all(after);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE_ROWS) return;
    after = last.sequence;
  }
}

/** What is wrong with one row, given where the rows before it end; null: nothing. */
export function judgeRow(file: string, before: End, row: Row, incarnation: number): NemconError | null {
  const { sequence, body } = row;
  if (sequence !== before.sequence + 1) return damaged(file, missing(before.sequence + 1, sequence - 1));
  if (!isWhole(body)) return damaged(file, `row ${sequence} fails its checksum`);
  const format = formatOf(body);
  if (format !== ROW_FORMAT)
    return refused(
      "JOURNAL_FORMAT",
      file,
      `row ${sequence} has format ${format}, and this version reads ${ROW_FORMAT}. Run the version that wrote it, or a newer one.`,
    );
  const header = readHeader(body);
  if (header.sequence !== sequence)
    return damaged(file, `row ${sequence} holds what was written as row ${header.sequence}`);
  if (header.chain !== before.chain)
    return damaged(
      file,
      `row ${sequence} does not follow the row before it: one of them comes from another journal, or another copy of this one`,
    );
  if (header.incarnation > incarnation)
    return damaged(
      file,
      `row ${sequence} is of incarnation ${header.incarnation}, and nemcon_meta says that there were ${incarnation}`,
    );
  return null;
}

export function endOf(row: Row): End {
  return { sequence: row.sequence, chain: checksumOf(row.body) };
}

function missing(first: number, last: number): string {
  return last < first
    ? `row ${last + 1} is where row ${first} should be`
    : first === last
      ? `row ${first} is missing`
      : `rows ${first} to ${last} are missing`;
}

/** Compares what the journal holds with what its witness saw. */
export class WitnessCheck {
  private readonly file: string;
  private readonly meta: Meta;
  private readonly witnessed: Witnessed;
  private differs = false;

  constructor(file: string, meta: Meta, witnessed: Witnessed) {
    this.file = file;
    this.meta = meta;
    this.witnessed = witnessed;
    this.at({ sequence: meta.anchor.sequence - 1, chain: meta.anchor.chain });
  }

  /** Sees every row go by. */
  at(end: End): void {
    if (typeof this.witnessed === "object" && end.sequence === this.witnessed.sequence)
      this.differs = end.chain !== this.witnessed.chain;
  }

  /** @returns null where the two agree */
  verdict(last: number): NemconError | null {
    const { file, meta, witnessed } = this;
    const beside = witnessFile(file);
    const accept = `If it is sure that nothing is missing: nemcon doctor --journal ${file} --accept`;
    // Made and never served: the witness is written before the first incarnation is.
    if (witnessed === "missing" && meta.incarnation === 0) return null;
    if (witnessed === "missing" || witnessed === "torn")
      return refused(
        "JOURNAL_SHORTENED",
        file,
        `${beside} is ${witnessed === "missing" ? "missing" : "unreadable"}, so that nothing shows that the journal is complete. ` +
          `Bring it back: it moves with the database. ${accept}`,
      );
    if (witnessed.log !== meta.log)
      return refused(
        "JOURNAL_FOREIGN",
        file,
        `${beside} belongs to the log ${witnessed.log}, and the journal is ${meta.log}: one of the two files came from elsewhere. Bring the right one back. ${accept}`,
      );
    if (witnessed.incarnation > meta.incarnation)
      return refused(
        "JOURNAL_RESTORED",
        file,
        `the journal is an older copy: it ends in incarnation ${meta.incarnation} with row ${last}, and ${beside} saw incarnation ${witnessed.incarnation} and row ${witnessed.sequence}. ` +
          `What was promised in between is gone from it. Bring the newest files back, the -wal file too. ${accept}`,
      );
    if (witnessed.sequence > last)
      return refused(
        "JOURNAL_SHORTENED",
        file,
        `the journal ends with row ${last}, and ${beside} saw row ${witnessed.sequence}: rows that others rely on are gone. ` +
          `Was the -wal file deleted, or an older copy put in place? Bring the newest files back. ${accept}`,
      );
    if (this.differs)
      return refused(
        "JOURNAL_RESTORED",
        file,
        `row ${witnessed.sequence} is not the one that ${beside} saw: the journal is a copy that went on by itself. Bring the newest files back. ${accept}`,
      );
    return null;
  }
}
