/** The journals show how the product wrote: a row for each forced transaction, of the size that it had. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { lastRow, rowsAfter } from "../../../lab/bench/turns.ts";

function journalOf(rows: readonly (readonly [sequence: number, bytes: number])[]): string {
  const directory = mkdtempSync(join(tmpdir(), "nemcon-turns-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, "journal.db");
  const database = new Database(file);
  database.exec("CREATE TABLE nemcon_journal(sequence INTEGER PRIMARY KEY, body BLOB NOT NULL)");
  const insert = database.prepare("INSERT INTO nemcon_journal VALUES (?, zeroblob(?))");
  for (const row of rows) insert.run(row);
  database.close();
  return file;
}

test.each([
  { what: "an empty journal", rows: [], after: 0, last: 0, sizes: [] },
  {
    what: "rows after a sequence",
    rows: [
      [1, 10],
      [2, 20],
      [3, 30],
    ],
    after: 1,
    last: 3,
    sizes: [20, 30],
  },
  {
    what: "rows that were dropped since: others stand in",
    rows: [
      [4, 40],
      [5, 50],
    ],
    after: 2,
    last: 5,
    sizes: [40, 50, 40],
  },
] as const)("$what", ({ rows, after, last, sizes }) => {
  const file = journalOf(rows);
  expect({ last: lastRow(file), sizes: rowsAfter(file, after) }).toEqual({ last, sizes });
});
