/** The largest rowids that open branches insert, by table: automatic rowids of others go past them. */

import type { TransactionId } from "../../../protocols/index.ts";
import type { Changes, RowChange } from "./redo.ts";

interface Inserts {
  /** Each branch's own highest. */
  readonly rows: Map<TransactionId, RowChange>;
  /** The highest of all; null: to be looked for. */
  top: { readonly transaction: TransactionId; readonly row: RowChange } | null;
}

export class HighestInserts {
  private readonly tables = new Map<string, Inserts>();

  /** @param changes the whole branch's */
  take(transaction: TransactionId, changes: Changes): void {
    this.release(transaction);
    for (const row of changes.rows) {
      const rowid = rowidOf(row);
      if (rowid === null) continue;
      let inserts = this.tables.get(row.table);
      if (inserts === undefined) this.tables.set(row.table, (inserts = { rows: new Map(), top: null }));
      const own = inserts.rows.get(transaction);
      if (own !== undefined && (rowidOf(own) ?? rowid) > rowid) continue;
      inserts.rows.set(transaction, row);
      const { top } = inserts;
      if (inserts.rows.size === 1 || (top !== null && (rowidOf(top.row) ?? rowid) <= rowid))
        inserts.top = { transaction, row };
    }
  }

  release(transaction: TransactionId): void {
    for (const [table, inserts] of this.tables) {
      if (!inserts.rows.delete(transaction)) continue;
      if (inserts.top?.transaction === transaction) inserts.top = null;
      if (inserts.rows.size === 0) this.tables.delete(table);
    }
  }

  /** The highest of branches other than the one given; null where there is none. */
  besides(self: TransactionId, table: string): RowChange | null {
    const inserts = this.tables.get(table);
    if (inserts === undefined) return null;
    inserts.top ??= highestOf(inserts.rows, null);
    const found = inserts.top?.transaction === self ? highestOf(inserts.rows, self) : inserts.top;
    return found?.row ?? null;
  }
}

function highestOf(rows: ReadonlyMap<TransactionId, RowChange>, except: TransactionId | null): Inserts["top"] {
  let highest: Inserts["top"] = null;
  for (const [transaction, row] of rows)
    if (transaction !== except && (highest === null || (rowidOf(row) ?? 0n) > (rowidOf(highest.row) ?? 0n)))
      highest = { transaction, row };
  return highest;
}

/** null where the row is not inserted, or has no rowid. */
function rowidOf({ before, after, key }: RowChange): bigint | null {
  const [rowid] = key;
  return before === null && after !== null && key.length === 1 && typeof rowid === "bigint" ? rowid : null;
}
