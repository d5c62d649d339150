/** The databases of a run: made before it, and compared with every answer after each measurement. */

import Database from "better-sqlite3";
import type { Bank } from "../index.ts";
import type { Answered } from "./drive.ts";

/** Makes the table at a participant that has none yet. */
export function fillRows({ file }: Bank, rows: number): void {
  const database = new Database(file);
  try {
    database.pragma("journal_mode = WAL");
    database.transaction(() => {
      database.exec("CREATE TABLE kv(key INTEGER PRIMARY KEY, value INTEGER NOT NULL)");
      const insert = database.prepare("INSERT INTO kv VALUES (?, 0)");
      for (let key = 1; key <= rows; key += 1) insert.run(key);
    })();
  } finally {
    database.close();
  }
}

const VIOLATIONS_SHOWN = 5;

/**
 * Every participant must hold, under each key, the number of the same committed transaction: one that no other
 * committed transaction of that key followed. A client that was told *aborted* must find nothing of it.
 * @param firstNumber rows with a lower number were written before these answers
 */
export function compareRows(banks: readonly Bank[], answers: readonly Answered[], firstNumber: number): string[] {
  const violations: string[] = [];
  const writers = new Map<number, Answered[]>();
  for (const answer of answers) {
    const { key } = answer.planned;
    const others = writers.get(key);
    if (others === undefined) writers.set(key, [answer]);
    else others.push(answer);
  }
  const held = banks.map(({ name, file }) => ({ name, values: valuesOf(file) }));
  for (const [key, all] of writers) {
    const [first, ...others] = held.map(({ values }) => values.get(key) ?? -1);
    if (others.some((value) => value !== first)) {
      violations.push(`key ${key} has ${held.map(({ name, values }) => `${values.get(key)} at ${name}`).join(", ")}`);
      continue;
    }
    const last = all.find(({ planned }) => planned.number === first);
    const wrong = last === undefined ? lost(all, first ?? -1, firstNumber) : overtaken(all, last);
    if (wrong !== null) violations.push(`key ${key} holds ${first}: ${wrong}`);
  }
  const more = violations.length - VIOLATIONS_SHOWN;
  return more > 0 ? [...violations.slice(0, VIOLATIONS_SHOWN), `and ${more} more`] : violations;
}

/** Nobody of these wrote what is there. */
function lost(all: readonly Answered[], value: number, firstNumber: number): string | null {
  if (value >= firstNumber) return "nobody submitted that";
  const committed = all.find(({ told }) => told === "committed");
  return committed === undefined ? null : `${committed.planned.number} was told committed`;
}

function overtaken(all: readonly Answered[], last: Answered): string | null {
  if (last.told === "aborted") return "its client was told aborted";
  const later = all.find(({ told, startedMs }) => told === "committed" && startedMs > last.endedMs);
  return later === undefined ? null : `${later.planned.number} began later and was told committed`;
}

function valuesOf(file: string): Map<number, number> {
  const database = new Database(file, { readonly: true });
  try {
    return new Map(database.prepare<[], [number, number]>("SELECT key, value FROM kv").raw(true).all());
  } finally {
    database.close();
  }
}
