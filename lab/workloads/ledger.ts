/** Ledgers: a transaction leaves its number at each participant that it touched, so that each answer can be compared. */

import type Database from "better-sqlite3";

export const VIOLATIONS_SHOWN = 20;

/** In the transaction that is under way. */
export function readLedger(database: Database.Database, table: string): ReadonlyMap<number, number> {
  return new Map(database.prepare<[], [number, number]>(`SELECT number, delta FROM ${table}`).raw().iterate());
}
