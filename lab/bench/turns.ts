/** How the product wrote: the rows of its journals, of which each is one forced transaction. */

import Database from "better-sqlite3";

/** The last row's sequence. */
export function lastRow(file: string): number {
  return read(file, (database) =>
    Number(database.prepare("SELECT coalesce(max(sequence), 0) FROM nemcon_journal").pluck().get()),
  );
}

/** Bytes of each row after `sequence`, in order. Of rows that were dropped since, the sizes of others stand in. */
export function rowsAfter(file: string, sequence: number): number[] {
  return read(file, (database) => {
    const rows = database
      .prepare<[number], [number, number]>(
        "SELECT sequence, length(body) FROM nemcon_journal WHERE sequence > ? ORDER BY sequence",
      )
      .raw()
      .all(sequence);
    const sizes = rows.map(([, bytes]) => bytes);
    const count = (rows.at(-1)?.[0] ?? sequence) - sequence;
    return Array.from({ length: count }, (_, index) => sizes[index % sizes.length] ?? 0);
  });
}

function read<T>(file: string, act: (database: Database.Database) => T): T {
  const database = new Database(file, { readonly: true });
  try {
    return act(database);
  } finally {
    database.close();
  }
}
