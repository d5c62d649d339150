/** The changes of an interactive branch so far, put back on the work connection before its next statements. */

import { counted, writeImages } from "./images.ts";
import { Refusal } from "./refusal.ts";
import type { Changes } from "./redo.ts";
import type { Schema, Table } from "./schema.ts";
import { isSymbol, isWord, nameOf, type Token } from "./tokens.ts";
import type { WorkConnection } from "./work-connection.ts";

/**
 * Neither user triggers nor foreign keys may act again. Both are compiled in from the schema, and foreign_keys
 * can't be switched inside a transaction: so the schema is read without them for as long as the images are
 * written, then put back. All of it is rolled back with the branch's savepoint.
 *
 * @throws Refusal RESOURCE_FAILED where the schema was changed under the branch
 */
export function replay(work: WorkConnection, changes: Changes): void {
  const { schema } = work;
  for (const [id, signature] of changes.signatures)
    if (schema.tables.get(id)?.signature !== signature)
      throw new Refusal("RESOURCE_FAILED", `The table ${id} was migrated while the transaction was open. Begin again.`);
  if (changes.rows.length === 0) return;
  const acting = actingTables(schema, changes);
  const write = (): void => counted(work.rows, () => writeImages(work.rows, schema, changes));
  if (acting.length === 0) write();
  else withBareSchema(work, acting, write);
}

/** Tables whose triggers or foreign keys a write to the changes' rows would set off. */
function actingTables(schema: Schema, changes: Changes): Table[] {
  const acting = new Set<Table>();
  for (const id of changes.signatures.keys()) {
    const table = schema.tables.get(id);
    if (table === undefined) continue;
    if (table.triggers.length > 0 || table.foreignKeys.length > 0) acting.add(table);
    for (const { child } of table.referencedBy) {
      const other = schema.tables.get(child);
      if (other !== undefined) acting.add(other);
    }
  }
  return [...acting];
}

interface Entry {
  readonly rowid: number;
  readonly type: string;
  readonly name: string;
  readonly tbl_name: string;
  readonly rootpage: number;
  readonly sql: string;
}

function withBareSchema(work: WorkConnection, tables: readonly Table[], write: () => void): void {
  const { db } = work;
  const names = new Set(tables.map((table) => table.id));
  const entries = db
    .prepare<[], Entry>(
      "SELECT rowid, type, name, tbl_name, rootpage, sql FROM main.sqlite_schema WHERE type IN ('table', 'trigger')",
    )
    .all()
    .filter((entry) => names.has(entry.tbl_name.toLowerCase()));
  // Only this lifts SQLite's guard on its schema table.
  db.unsafeMode(true);
  try {
    db.pragma("writable_schema = ON");
    const drop = db.prepare("DELETE FROM main.sqlite_schema WHERE rowid = ?");
    const rewrite = db.prepare("UPDATE main.sqlite_schema SET sql = ? WHERE rowid = ?");
    for (const entry of entries) {
      if (entry.type === "trigger") drop.run(entry.rowid);
      else
        rewrite.run(
          withoutForeignKeys(tables.find((table) => table.id === entry.tbl_name.toLowerCase())?.tokens ?? []),
          entry.rowid,
        );
    }
    db.pragma("writable_schema = RESET");
    write();
    db.pragma("writable_schema = ON");
    const restore = db.prepare(
      "INSERT INTO main.sqlite_schema(rowid, type, name, tbl_name, rootpage, sql) VALUES (?, ?, ?, ?, ?, ?)",
    );
    for (const entry of entries) {
      if (entry.type === "trigger")
        restore.run(entry.rowid, entry.type, entry.name, entry.tbl_name, entry.rootpage, entry.sql);
      else rewrite.run(entry.sql, entry.rowid);
    }
    db.pragma("writable_schema = RESET");
  } catch (error) {
    // Or the connection would go on with a schema that lacks triggers which the file has.
    db.exec("ROLLBACK TO nemcon_branch");
    db.pragma("writable_schema = RESET");
    throw error;
  } finally {
    db.pragma("writable_schema = OFF");
    db.unsafeMode(false);
  }
}

/** CREATE TABLE without its references; a table constraint leaves CHECK (1), a column's constraint name may stand alone. */
export function withoutForeignKeys(tokens: readonly Token[]): string {
  const kept: string[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    if (isWord(tokens[at], "FOREIGN") && isWord(tokens[at + 1], "KEY")) {
      kept.push("CHECK (1)");
      at = afterParentheses(tokens, at + 2);
    }
    if (isWord(tokens[at], "REFERENCES")) at = afterReference(tokens, at) - 1;
    else kept.push(tokens[at]?.text ?? "");
  }
  return kept.join(" ");
}

function afterParentheses(tokens: readonly Token[], start: number): number {
  if (!isSymbol(tokens[start], "(")) return start;
  let at = start;
  while (at < tokens.length && !isSymbol(tokens[at], ")")) at += 1;
  return at + 1;
}

function afterReference(tokens: readonly Token[], references: number): number {
  let at = afterParentheses(tokens, references + 2);
  for (;;) {
    if (isWord(tokens[at], "ON")) at += isWord(tokens[at + 2], "SET", "NO") ? 4 : 3;
    else if (isWord(tokens[at], "MATCH") && nameOf(tokens[at + 1]) !== null) at += 2;
    else if (isWord(tokens[at], "NOT") && isWord(tokens[at + 1], "DEFERRABLE")) at += 1;
    else if (isWord(tokens[at], "DEFERRABLE")) at += 1;
    else if (isWord(tokens[at], "INITIALLY")) at += 2;
    else return at;
  }
}
