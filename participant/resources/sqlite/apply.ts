/** A prepared branch onto the file, inside the journal's transaction: it can't fail, or nothing of it is done. */

import type Database from "better-sqlite3";
import { codeOf } from "./failure.ts";
import { checkForeignKeys } from "./foreign-keys.ts";
import { counted, differenceFrom, writeImages } from "./images.ts";
import type { Changes } from "./redo.ts";
import type { FullRow, Rows } from "./rows.ts";
import type { Schema, Table } from "./schema.ts";

/**
 * Someone outside wrote to the file: each locked row, unique value and parent is looked at first.
 *
 * @returns what was found changed, for people, and then nothing was applied; null: applied
 */
export function applyChecked(db: Database.Database, rows: Rows, schema: Schema, changes: Changes): string | null {
  const difference = differenceFrom(rows, schema, changes);
  if (difference !== null) return difference;
  db.exec("SAVEPOINT nemcon_apply");
  const found = tryApply(rows, schema, changes);
  if (found !== null) db.exec("ROLLBACK TO nemcon_apply");
  db.exec("RELEASE nemcon_apply");
  return found;
}

function tryApply(rows: Rows, schema: Schema, changes: Changes): string | null {
  try {
    counted(rows, () => writeImages(rows, schema, changes));
  } catch (error) {
    // A value that the branch had reserved, or a rule that is new.
    if (error instanceof Error && codeOf(error).startsWith("SQLITE_CONSTRAINT")) return error.message;
    throw error;
  }
  const touched = changes.rows.flatMap((row) => {
    const table = schema.tables.get(row.table);
    const after = table === undefined || row.after === null ? null : rows.read(table, row.key);
    return table === undefined
      ? []
      : [{ table, before: row.before === null ? null : spread(table, row.before), after }];
  });
  return checkForeignKeys(rows, schema, touched).violation?.detail ?? null;
}

/** An image as a full row; generated columns, which no foreign key check may need, as NULL. */
function spread(table: Table, image: FullRow): FullRow {
  return table.columns.map((_, at) => {
    const position = table.stored.indexOf(at);
    return position === -1 ? null : (image[position] ?? null);
  });
}
