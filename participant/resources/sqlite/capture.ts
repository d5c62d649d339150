/** Which rows a statement touches: TEMP triggers on every table call a function with old and new keys. */

import type Database from "better-sqlite3";
import type { Value } from "../../../runtime/values/index.ts";
import { type RowKey, rowKeyText } from "./rows.ts";
import type { Schema, Table } from "./schema.ts";
import { quoteName } from "./tokens.ts";

export interface Touched {
  readonly table: Table;
  readonly key: RowKey;
}

/**
 * Only keys are kept. What a row was and becomes is read by key afterwards: triggers and cascades change rows
 * in an order that no single call shows.
 */
export class Capture {
  private readonly touchedRows = new Map<string, Touched>();
  private readonly tables: readonly Table[];
  private isQuiet = false;

  /** @param db gets TEMP triggers; recursive_triggers must be on, or rows that REPLACE deletes go unseen */
  constructor(db: Database.Database, schema: Schema) {
    this.tables = [...schema.tables.values()].filter((table) => table.refusal === null);
    db.function(
      "nemcon_touch",
      { safeIntegers: true, varargs: true, directOnly: false, deterministic: false },
      (position: unknown, ...keys: unknown[]) => {
        this.note(Number(position), keys as Value[]);
        return null;
      },
    );
    for (const [at, table] of this.tables.entries())
      for (const event of ["INSERT", "UPDATE", "DELETE"] as const) db.exec(triggerSql(table, at, event));
  }

  private note(position: number, keys: readonly Value[]): void {
    const table = this.tables[position];
    if (table === undefined || this.isQuiet) return;
    const width = table.rowid === null ? table.key.length : 1;
    for (let start = 0; start < keys.length; start += width) {
      const key = keys.slice(start, start + width);
      const id = `${table.id}\0${rowKeyText(table, key)}`;
      if (!this.touchedRows.has(id)) this.touchedRows.set(id, { table, key });
    }
  }

  /** Changes that are ours and not the statement's. */
  quietly(change: () => void): void {
    this.isQuiet = true;
    try {
      change();
    } finally {
      this.isQuiet = false;
    }
  }

  /** What was touched since the last call. */
  take(): Touched[] {
    const touched = [...this.touchedRows.values()];
    this.touchedRows.clear();
    return touched;
  }
}

function triggerSql(table: Table, at: number, event: "INSERT" | "UPDATE" | "DELETE"): string {
  const names = table.rowid === null ? table.key.map((position) => table.columns[position]?.name ?? "") : [table.rowid];
  const of = (row: string): string[] => names.map((name) => `${row}.${quoteName(name)}`);
  const keys = [...(event === "INSERT" ? [] : of("old")), ...(event === "DELETE" ? [] : of("new"))];
  return `CREATE TEMP TRIGGER "nemcon_${event.toLowerCase()}_${at}" AFTER ${event} ON main.${quoteName(table.name)}
    BEGIN SELECT nemcon_touch(${[at, ...keys].join(", ")}); END`;
}
